from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting, StorageFailed
from ssgan.storage.runs import CONFIG, Run, check_manifest, manifest, working_in, write_manifest

SETTINGS = {"embedder": "hill@0.4", "seed": 1, "sizes": (64, 64)}
CONFIG_OF_A, CONFIG_OF_B = {"seed": 1}, {"seed": 2}


def test_the_same_settings_go_on_and_others_are_refused(tmp_path: Path) -> None:
    Run(tmp_path / "run", SETTINGS).log(64, loss=0.7)
    again = Run(tmp_path / "run", SETTINGS)
    assert list(again.stats()) == [{"images_seen": 64, "loss": 0.7}]
    with pytest.raises(InvalidSetting, match="seed"):
        Run(tmp_path / "run", {**SETTINGS, "seed": 2})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 100), max_size=20), st.integers(0, 100))
def test_rewinding_keeps_what_was_seen_until_then(tmp_path: Path, seen: list[int], point: int) -> None:
    run = Run(tmp_path / "run", SETTINGS)
    run.rewind(-1)
    for images in sorted(seen):
        run.log(images, loss=1.0)
    run.rewind(point)
    assert [line["images_seen"] for line in run.stats()] == [images for images in sorted(seen) if images <= point]


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    run = Run(tmp_path, SETTINGS)
    run.log(1, loss=1.0)
    with (tmp_path / "stats.jsonl").open("a") as file:
        file.write('{"images_seen": 2, "lo')
    assert [line["images_seen"] for line in run.stats()] == [1]


def test_a_run_ends_with_its_result(tmp_path: Path) -> None:
    run = Run(tmp_path, SETTINGS)
    assert not run.done
    run.finish({"p_e": 0.25})
    assert Run(tmp_path, SETTINGS).done


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"config": 3}', "\x00"])
def test_what_is_no_run_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InvalidSetting, match="not a run"):
        Run.manifest(tmp_path)
    with pytest.raises(InvalidSetting, match="not a run"):
        Run(tmp_path, SETTINGS)


def test_the_folder_says_with_what_it_was_made(tmp_path: Path) -> None:
    Run(tmp_path, SETTINGS)
    made = Run.manifest(tmp_path)["made"]
    assert {"python", "torch", "numpy", "commit"} <= set(made)


def test_a_folder_with_nothing_but_its_config_belongs_to_the_next(tmp_path: Path) -> None:
    Run(tmp_path / "run", CONFIG_OF_A)
    run = Run(tmp_path / "run", CONFIG_OF_B)
    assert Run.manifest(tmp_path / "run")["config"] == CONFIG_OF_B
    run.log(1, loss=1.0)
    with pytest.raises(InvalidSetting, match="other settings"):
        Run(tmp_path / "run", CONFIG_OF_A)


def test_notes_may_differ_and_the_first_ones_stay(tmp_path: Path) -> None:
    notes = ("data", "question.covers")
    first = {"data": "a", "question": {"covers": "a", "seed": 1}}
    Run(tmp_path, first, notes=notes).log(1, loss=1.0)
    Run(tmp_path, {"data": "/b", "question": {"covers": "/b", "seed": 1}}, notes=notes)
    assert Run.manifest(tmp_path)["config"] == first
    with pytest.raises(InvalidSetting, match=r"other settings \(question\)"):
        Run(tmp_path, {"data": "a", "question": {"covers": "a", "seed": 2}}, notes=notes)


@pytest.mark.parametrize("before", [[], ["out/mine.txt"], ["out/cache/mine.npy"]])
@pytest.mark.parametrize("work", [[], ["checkpoint.npz"]])
def test_what_was_refused_before_any_work_leaves_nothing_behind(tmp_path: Path, before: list[str], work: list[str]) -> None:
    for name in before:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    out = tmp_path / "out" / "run" if before != ["out/cache/mine.npy"] else tmp_path / "out"

    def refused() -> None:
        with working_in(out, also=("cache",)):
            Run(out, CONFIG_OF_A)
            Run(out / "training", CONFIG_OF_A)
            for name in work:
                (out / name).write_text("x")
            raise InvalidSetting("no", hint="do not")

    with pytest.raises(InvalidSetting, match="no"):
        refused()
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    kept = [f"{out.relative_to(tmp_path).as_posix()}/{name}" for name in (CONFIG, f"training/{CONFIG}", *work)] if work else []
    assert left == sorted(before + kept)
    assert (tmp_path / "out").exists() == bool(before or work)


def test_what_is_done_stays_where_a_later_part_is_refused(tmp_path: Path) -> None:
    Run(tmp_path / "run", CONFIG_OF_A).finish({})
    with pytest.raises(InvalidSetting, match="no"), working_in(tmp_path / "run"):
        raise InvalidSetting("no", hint="do not")
    assert Run(tmp_path / "run", CONFIG_OF_A).done


@pytest.mark.parametrize("name", ["run.json", "_run.json", "sample.json"])
def test_a_folder_of_outcomes_is_of_one_job(name: str, tmp_path: Path) -> None:
    path, wanted = tmp_path / name, {"command": "x", "seed": 1, "sizes": (1, 2), "digest": 64 * "a"}
    assert manifest(path) == {}
    check_manifest(path, wanted, what="covers")
    write_manifest(path, wanted)
    check_manifest(path, wanted, what="covers")
    other = wanted | {"seed": 2, "digest": 64 * "b"}
    check_manifest(path, other, what="covers")  # nothing was done there yet
    (tmp_path / "000000.png").write_bytes(b"x")
    check_manifest(path, wanted, what="covers")
    check_manifest(path, other, what="covers", free=("seed", "digest"))
    with pytest.raises(InvalidSetting, match=r"holds covers of other settings: there, seed 1, digest 'a{16}$"):
        check_manifest(path, other, what="covers")
    path.write_text("{")
    with pytest.raises(InvalidSetting, match="cut off|no JSON|not"):
        check_manifest(path, wanted, what="covers")


def test_a_second_run_in_a_folder_is_refused_and_takes_nothing_away(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with working_in(folder):
        Run(folder, CONFIG_OF_A)
        with pytest.raises(StorageFailed, match="another run is writing into .*run$"), working_in(folder):
            raise AssertionError("two runs at once")
        assert (folder / CONFIG).exists()
    with working_in(folder):
        assert Run(folder, CONFIG_OF_A).folder == folder


@pytest.mark.parametrize("change", [{"batch": 8}, {"device": "cuda:1"}, {"batch": 8, "device": "cuda"}])
def test_a_batch_or_device_changes_by_explicit_word_alone_and_is_noted(tmp_path: Path, change: dict[str, Any]) -> None:
    def run(batch: int = 4, device: str = "cpu", **more: Any) -> Run:
        return Run(tmp_path, {"batch": batch, "alpha": 1}, device=device, changeable=("batch",), **more)

    run().log(1, loss=1.0)
    before = (tmp_path / "config.json").read_bytes()
    before_change = {"batch": 4, "device": "cpu"}
    named = " and ".join(f"{key} {before_change[key]}" for key in sorted(change))
    with pytest.raises(InvalidSetting, match=f"is a run of {named}$"):
        run(**change)
    run(**change, allow_changes=True)
    assert (tmp_path / "config.json").read_bytes() == before, "nothing is noted before the run resumes"
    run(**change, allow_changes=True).note_changes(12)
    run(**change).note_changes(13)
    run(**change, allow_changes=True).note_changes(14)
    after = {key: str(value).partition(":")[0] if key == "device" else value for key, value in change.items()}
    noted = {key: [before_change[key], value] for key, value in after.items()}
    assert Run.manifest(tmp_path)["changes"] == [{"images_seen": 12, **noted}]
    with pytest.raises(InvalidSetting, match=r"other settings \(alpha"):
        Run(tmp_path, {"batch": 4, "alpha": 2}, device="cpu", changeable=("batch",), allow_changes=True)


def test_a_run_that_does_not_know_its_device_resumes_on_any(tmp_path: Path) -> None:
    Run(tmp_path, SETTINGS).log(1, loss=1.0)
    assert Run(tmp_path, SETTINGS, device="cuda").changes == {}
