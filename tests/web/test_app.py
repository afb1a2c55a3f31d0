"""The page's jobs, asked as a program asks: all kinds, their files, their failures, and runs."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from ssgan import images
from ssgan.embedding.catalog import SCHEMES
from ssgan.errors import NothingFound, StorageFailed
from ssgan.messages.drawn_files import in_words
from ssgan.messages.keys import fresh_key
from ssgan.messages.ledger import Ledger
from ssgan.web import tasks, views
from tests.web.site import Site


def test_what_is_hidden_is_revealed_and_files_are_as_they_say(site: Site, cover: bytes) -> None:
    key = fresh_key().text().encode()
    done = site.ask("hide", cover=("a.png", cover), message="Meet me at nine", key_file=("k", key), scheme="wow")
    assert done["state"] == "done", done
    facts = done["result"]
    stego = images.read(site.file(done["id"], "stego.png")).samples
    changed = int((stego != images.read(cover).samples).sum())
    assert 0 < changed == facts["changed"]
    assert facts["scheme"] == "wow"
    assert facts["message_bytes"] == 15
    assert np.array_equal(images.read(site.file(done["id"], "cover.png")).samples, images.read(cover).samples)
    back = site.ask("reveal", stego=("s.png", site.file(done["id"], "stego.png")), key_file=("k", key))
    assert back["result"]["text"] == "Meet me at nine"
    assert site.file(back["id"], "message.bin") == b"Meet me at nine"
    other = site.ask("reveal", stego=("s.png", site.file(done["id"], "stego.png")), key_file=("k", fresh_key().text().encode()))
    nothing = site.ask("reveal", stego=("s.png", cover), key_file=("k", key))
    assert other["error"] == nothing["error"]
    assert other["error"]["exit_code"] == 3


def test_a_stego_that_does_not_come_back_is_not_given_out(
    cover: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = images.encode(images.read(cover).samples ^ np.uint8(1))
    given = {"cover": cover, "name": "a.png", "message": b"x", "scheme": "hill", "reuse": False, "no_ledger": False}
    given |= {"passphrase": "", "key_file": fresh_key().text().encode()}
    monkeypatch.setenv("SSGAN_LEDGER", str(tmp_path / "ledger"))
    encode_like = images.encode_like
    with monkeypatch.context() as patch:  # an encoder that is wrong
        patch.setattr(images, "encode_like", lambda *all, **more: replace(encode_like(*all, **more), content=other))
        with pytest.raises(StorageFailed, match="did not come back"):
            tasks.hide(given, lambda *_: None)
    assert not Ledger(tmp_path / "ledger").knows(images.read(cover).samples, layout="chw")


def test_a_passphrase_and_a_message_of_bytes(site: Site, cover: bytes) -> None:
    content = bytes(range(256))
    done = site.ask("hide", cover=("a.png", cover), payload=("f", content), passphrase="several words")
    back = site.ask("reveal", stego=("s.png", site.file(done["id"], "stego.png")), passphrase="several words")
    assert back["result"]["text"] is None
    assert site.file(back["id"], "message.bin") == content


def test_capacity_is_what_the_command_line_says(site: Site, cover: bytes) -> None:
    from ssgan.messages.container import capacity

    answer = site.ask("capacity", cover=("a.png", cover))["result"]
    assert answer == {"bytes": capacity(images.read(cover).samples), "width": 64, "height": 64}


def test_a_generated_cover_is_hidden_in(site: Site) -> None:
    wall = site.ask("generate", count="3", changed="yes")
    assert wall["result"]["seed"] is None
    assert len(wall["files"]) == 3
    chosen = f"{wall['id']}/cover-001.png"
    done = site.ask("hide", covers="changed", generated=chosen, message="x", passphrase="words")
    assert site.file(done["id"], "cover.png") == site.file(wall["id"], "cover-001.png")
    assert "error" in httpx.post(
        f"{site.address}/hide", headers=site.own, data={"generated": "gone/cover-001.png", "message": "x", "passphrase": "w"}
    ).json()  # fmt: skip


def test_a_message_draws_its_cover_and_is_revealed_without_an_option(site: Site, runs: Path) -> None:
    from ssgan.drawn.model import load

    model, key = load(runs / "artist" / "generator" / "drawn"), fresh_key().text().encode()
    asked = {"covers": "drawn", "generator": "artist"}
    answer = site.ask("capacity", **asked)["result"]
    assert answer == {"bytes": model.promise_bytes, "width": 32, "height": 32, "generator": "artist"}
    done = site.ask("hide", message="Not at all", key_file=("k", key), **asked)
    assert done["state"] == "done", done
    assert done["result"]["words"] == in_words("artist")
    content = site.file(done["id"], "drawn.png")
    assert content == images.encode(images.read(content).samples, "PNG")  # as `ssgan sample --drawn` writes honest ones
    assert done["files"] == ["drawn.png"]
    shown = httpx.get(f"{site.address}/jobs/{done['id']}", headers={**site.own, "accept": "text/html"}).text
    assert in_words("artist") in shown
    back = site.ask("reveal", stego=("s.png", content), key_file=("k", key))
    assert back["result"]["text"] == "Not at all"
    full = os.urandom(model.promise_bytes)
    assert site.ask("hide", payload=("f", full), key_file=("k", key), **asked)["state"] == "done"
    over = site.ask("hide", payload=("f", full + b"x"), key_file=("k", key), **asked)
    assert over["error"]["exit_code"] == 4


def test_drawn_covers_are_those_of_the_command_line_and_are_never_chosen(site: Site, runs: Path, tmp_path: Path) -> None:
    from ssgan.cli.app import run

    assert (
        run(["sample", str(runs / "artist" / "generator"), "-n", "2", "-o", str(tmp_path / "a"), "--drawn", "--seed", "5"]) == 0
    )
    same = site.ask("generate", count="2", seed="5", generator="artist")
    for number in range(2):
        assert site.file(same["id"], f"cover-{number:03}.png") == (tmp_path / "a" / f"{number:06}.png").read_bytes()
    wall = site.ask("generate", count="2", generator="artist")
    assert wall["result"]["drawn"]
    shown = httpx.get(f"{site.address}/jobs/{wall['id']}", headers={**site.own, "accept": "text/html"}).text
    assert "data-cover" not in shown
    chosen = {"covers": "changed", "generated": f"{wall['id']}/cover-000.png", "message": "x", "passphrase": "w"}
    response = httpx.post(f"{site.address}/hide", headers=site.own, data=chosen)
    assert response.status_code == 422
    assert "never chosen" in response.json()["error"]["message"]


def test_a_page_draws_exactly_once(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssgan.drawn import drawing

    draws, usual = [], drawing.draw

    def counted(*arguments: object) -> object:
        draws.append(arguments)
        return usual(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(drawing, "draw", counted)
    given = {"model": "artist", "runs": runs, "message": b"x", "key_file": fresh_key().text().encode()}
    tasks.hide(given, lambda *_: None)
    assert len(draws) == 1


def test_a_seed_gives_the_same_covers_and_a_way_between_two(site: Site) -> None:
    one, two = (site.ask("generate", count="2", seed="5", changed="yes") for _ in range(2))
    assert [site.file(one["id"], name) for name in one["files"]] == [site.file(two["id"], name) for name in two["files"]]
    way = site.ask("generate", count="4", seed="5", changed="yes", **{"from": "0", "to": "1"})
    assert len(way["files"]) == 4
    assert site.file(way["id"], way["files"][0]) == site.file(one["id"], one["files"][0])
    assert site.file(way["id"], way["files"][-1]) == site.file(one["id"], one["files"][1])


def test_the_bits_of_a_drawn_cover_are_shown_with_its_key_alone(site: Site, cover: bytes) -> None:
    key = fresh_key().text().encode()
    hidden = site.ask("hide", covers="drawn", generator="faces64", message="hello", key_file=("key", key))
    drawn = site.file(hidden["id"], hidden["files"][0])
    seen = site.ask("inspect", image=("a.png", drawn), key_file=("key", key))
    assert "error" not in seen, seen["error"]
    assert {"bits.png", "cover.png", "residual.png", "bit_planes.png"} == set(seen["files"])
    assert seen["result"]["drawn_by"] == "faces64"
    assert 1 < seen["result"]["bits"] / seen["result"]["samples"] < 5
    assert "carries many" in httpx.get(f"{site.address}/jobs/{seen['id']}", headers={**site.own, "accept": "text/html"}).text
    for picture, other in ((drawn, fresh_key().text().encode()), (cover, key)):
        begun = httpx.post(
            f"{site.address}/inspect", headers=site.own, files={"image": ("a.png", picture), "key_file": ("key", other)}
        )
        assert site.end(begun.json()["id"])["error"]["exit_code"] == NothingFound.exit_code
    both = httpx.post(
        f"{site.address}/inspect", headers=site.own,
        files={"image": ("a.png", drawn), "other": ("b.png", drawn), "key_file": ("key", key)},
    )  # fmt: skip
    assert "a second picture" in both.text


def test_pictures_are_judged_each_by_itself(site: Site, cover: bytes) -> None:
    both = [("images", ("a.png", cover)), ("images", ("../../b.txt", b"no picture"))]
    begun = httpx.post(f"{site.address}/detect", headers=site.own, files=both)
    rows = site.end(begun.json()["id"])["result"]["rows"]
    assert [row["name"] for row in rows] == ["b.txt", "a.png"]  # the suspicious first
    assert rows[0]["thumbnail"] == ""
    assert images.read(site.file(begun.json()["id"], rows[1]["thumbnail"])).samples.shape == (3, 64, 64)
    assert rows[0]["why"] == "not readable"
    assert rows[0]["verdict"] == "not read"
    assert images.read(site.file(begun.json()["id"], "sheet.png")).samples.shape[0] == 3


def test_a_picture_is_inspected_and_two_are_compared(site: Site, cover: bytes) -> None:
    seen = site.ask("inspect", image=("a.png", cover), scheme="hill", payload="0.4")
    assert {"bit_planes.png", "costs.png", "costs_wow.png"} <= set(seen["files"])
    samples = images.read(cover).samples.copy()
    samples[0, 0, 0] ^= 1
    apart = site.ask("inspect", image=("a.png", cover), other=("b.png", images.encode(samples)))
    assert apart["result"]["changed"] == 1
    assert "difference.png" in apart["files"]
    same = site.ask("inspect", image=("a.png", cover), other=("b.png", cover))
    assert same["result"]["changed"] == 0
    assert same["result"]["psnr"] is None


WRONG = [
    ("hide", {"message": "x", "passphrase": "w"}, "A cover is missing"),
    ("hide", {"cover": "PNG", "passphrase": "w"}, "no message"),
    ("hide", {"cover": "PNG", "message": "x"}, "no key"),
    ("reveal", {"passphrase": "w"}, "A stego is missing"),
    ("reveal", {"stego": "PNG"}, "no key"),
    ("detect", {}, "no picture"),
    ("inspect", {}, "A picture is missing"),
    ("inspect", {"image": "PNG", "payload": "many"}, "not a number"),
    ("inspect", {"image": "PNG", "payload": "nan"}, "not a number"),
    ("generate", {"seed": "-1"}, "is negative"),
    ("generate", {"seed": "one"}, "not a number"),
    ("generate", {"from": "1", "to": "2"}, "no series"),
    ("hide", {"covers": "changed", "message": "x", "passphrase": "w"}, "no cover is chosen"),
    ("hide", {"covers": "found", "message": "x", "passphrase": "w"}, "kind of cover"),
]
FAILING = [
    ("hide", {"cover": "PNG", "message": "x", "passphrase": "w", "scheme": "magic"}, 2),
    ("hide", {"cover": "PNG", "message": "x" * 9000, "passphrase": "w"}, 4),
    ("hide", {"cover": "junk", "message": "x", "passphrase": "w"}, 5),
    ("hide", {"cover": "PNG", "message": "x", "key_file": "junk"}, 2),
    ("reveal", {"stego": "junk", "passphrase": "w"}, 5),
    ("inspect", {"image": "PNG", "payload": "7"}, 4),
    ("inspect", {"image": "PNG", "scheme": "magic"}, 2),
    ("generate", {"count": "1000"}, 2),
    ("generate", {"count": "0"}, 2),
    ("generate", {"generator": "../../etc"}, 2),
    ("generate", {"generator": "away"}, 2),
    ("generate", {"from": "1", "to": "2", "changed": "yes"}, 2),
    ("generate", {"generator": "first"}, 2),
    ("capacity", {"covers": "drawn", "generator": "../../etc"}, 2),
    ("hide", {"covers": "drawn", "generator": "../../etc", "message": "x", "passphrase": "w"}, 2),
]


def _form(given: dict[str, str], cover: bytes) -> dict[str, object]:
    content = {"PNG": cover, "junk": b"junk"}
    return {name: ("a", content[value]) if value in content else value for name, value in given.items()}


@pytest.mark.parametrize(("kind", "given", "words"), WRONG)
def test_what_is_missing_is_said_at_once(site: Site, cover: bytes, kind: str, given: dict[str, str], words: str) -> None:
    form = _form(given, cover)
    files = {name: value for name, value in form.items() if isinstance(value, tuple)} or {"none": ("", b"")}
    data = {name: value for name, value in form.items() if not isinstance(value, tuple)}
    response = httpx.post(f"{site.address}/{kind}", headers=site.own, data=data, files=files)
    assert response.status_code == 422
    assert words in response.json()["error"]["message"]
    assert response.json()["error"]["hint"]


@pytest.mark.parametrize(
    ("method", "place"), [("GET", "/nothing"), ("GET", "/a/b"), ("PUT", "/hide"), ("GET", "/static/a"), ("POST", "/hide")]
)
def test_every_refusal_says_what_to_do(site: Site, method: str, place: str) -> None:
    headers = {**site.own, "content-type": "multipart/form-data; boundary=b"}
    body = b"--b\r\nno part" if method == "POST" else None
    response = httpx.request(method, site.address + place, headers=headers, content=body)
    assert 400 <= response.status_code < 500
    assert all(response.json()["error"][what] for what in ("message", "hint"))
    shown = httpx.request(method, site.address + place, headers={**headers, "accept": "text/html"}, content=body)
    assert shown.status_code == response.status_code
    assert 'role="alert"' in shown.text


@pytest.mark.parametrize(("kind", "given", "exit_code"), FAILING)
def test_what_cannot_be_done_fails_as_on_the_command_line(
    site: Site, cover: bytes, kind: str, given: dict[str, str], exit_code: int
) -> None:
    job = site.ask(kind, **_form(given, cover))
    assert job["state"] == "failed"
    assert job["error"]["exit_code"] == exit_code, job
    assert job["error"]["hint"]


def test_a_job_is_cancelled_and_the_next_one_is_done(site: Site, cover: bytes) -> None:
    large = images.encode(np.random.default_rng(2).integers(0, 255, (3, 1200, 1200), dtype=np.uint8))
    begun = httpx.post(f"{site.address}/inspect", headers=site.own, files={"image": ("a.png", large)}).json()["id"]
    httpx.delete(f"{site.address}/jobs/{begun}", headers=site.own)
    assert site.end(begun)["state"] == "cancelled"
    assert site.ask("capacity", cover=("a.png", cover))["state"] == "done"


def test_runs_are_shown_and_nothing_else(site: Site) -> None:
    listed = httpx.get(f"{site.address}/runs", headers=site.own).text
    assert "first" in listed
    assert "second" in listed
    assert "plain" not in listed
    assert "away" not in listed
    assert "<svg" in httpx.get(f"{site.address}/runs/first", headers=site.own).text
    assert httpx.get(f"{site.address}/runs/first/samples/0", headers=site.own).headers["content-type"] == "image/png"
    events = httpx.get(f"{site.address}/runs/second/events", headers=site.own).text
    assert events.startswith("event: done")
    assert json.loads(events.partition("data: ")[2])["images_seen"] == 1000
    assert 'value="first"' in httpx.get(f"{site.address}/generate", headers=site.own).text  # its generator can be chosen
    for name in ("plain", "away", "%2e%2e", "first/samples/7", "first/samples/x", "nothing/events"):
        assert httpx.get(f"{site.address}/runs/{name}", headers=site.own).status_code in (404, 422)


def test_the_schemes_are_those_of_the_catalog() -> None:
    assert {name: entry.title for name, entry in SCHEMES.items()} == views.SCHEMES
