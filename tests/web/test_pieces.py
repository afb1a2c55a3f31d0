"""What the page says of a job, in each of its states, and the list of what was made."""

from __future__ import annotations

import re
import time

import pytest

from ssgan.views.pages import sentence
from ssgan.web import forms, queue, views
from ssgan.web.queue import JobFailure, Jobs, PageJob
from ssgan.web.results import PageResult


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_progress_has_a_count_and_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    job = PageJob("detect", {}, "9 pictures")
    assert "Waiting for its turn Cancel" in words(views.piece(job))
    job.begin()
    job.done, job.of, job.doing = 3, 9, "looking at a.png"
    now[0] += 6
    shown = views.piece(job)
    assert "Looking at a.png · 3 of 9 done · 6 s, about 12 s left" in words(shown).replace("&middot;", "·")
    assert 'value="3" max="9"' in shown
    assert f'hx-get="/jobs/{job.id}"' in shown
    job.of = 3  # steps that differ, as of hiding, tell nothing of the end
    assert "left" not in words(views.piece(job))
    job.end("cancelled")
    now[0] += 50
    assert job.seconds == 6
    assert "hx-get" not in views.piece(job)


def test_a_failure_keeps_the_name_of_the_file_and_offers_its_remedies() -> None:
    for name in ("phone_00.jpg", "my phone.jpg"):
        job = PageJob("hide", {}, name, error=JobFailure(f"{name} cannot be used", "take another", 5, ("half",)))
        job.end("failed")
        shown = views.piece(job)
        assert f"{name} cannot be used Take another" in words(shown)
        assert 'data-remedy="half"' in shown
        assert f"Hide: {name}" in words(views.job_page(job, "token"))


@pytest.mark.parametrize(
    ("given", "shown"),
    [("no key", "No key"), ("a.png is broken", "a.png is broken"), ("photo_1 is", "photo_1 is"), ("x, y", "X, y"), ("", ""),
     ("Done", "Done")],
)  # fmt: skip
def test_a_sentence_begins_with_a_capital_unless_it_begins_with_a_name(given: str, shown: str) -> None:
    assert sentence(given) == shown


def test_what_was_made_is_listed_after_its_result_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs(workers=0, waiting=100)
    first, asked = jobs.submit("hide", {}, "a<b>.png"), jobs.submit("capacity", {}, "b.png", is_listed=False)
    second = jobs.submit("detect", {}, "3 pictures")
    second.error = JobFailure("broken", "", 1)
    for job in (first, asked, second):
        job.result = PageResult("hide", {})
        job.end("done" if job is not second else "failed")
    listed = views.page("results", "token", made=jobs.made())
    assert re.findall(r'href="/jobs/([^"]+)"', listed) == [second.id, first.id]
    assert "a&lt;b&gt;.png" in listed
    assert "Detect 3 pictures broken" in words(listed)
    monkeypatch.setattr(queue, "KEPT_SECONDS", -1.0)
    assert [(made.name, job) for made, job in jobs.made()] == [("3 pictures", None), ("a<b>.png", None)]
    listed = views.page("results", "token", made=jobs.made())
    assert "/jobs/" not in listed
    assert words(listed).count("forgotten") == 3  # two lines, and the footer
    jobs.close()


def test_every_kind_of_job_has_a_name() -> None:
    given = {
        "name": "a.png", "model": None, "other_name": "", "images": [("b.png", b"")], "count": 3, "generator": "faces64",
    }  # fmt: skip
    names = {kind: forms.name_of(kind, given) for kind in forms.GIVEN}
    assert names == {
        "capacity": "a.png", "convert": "a.png", "hide": "a.png", "reveal": "a.png", "inspect": "a.png", "detect": "b.png",
        "generate": "3 covers by faces64",
    }  # fmt: skip
    assert forms.name_of("hide", {**given, "model": "faces64"}) == "a cover drawn by faces64"
    assert forms.name_of("inspect", {**given, "other_name": "c.png"}) == "a.png and c.png"
    assert forms.name_of("detect", {"images": [("a", b""), ("b", b"")]}) == "2 pictures"
