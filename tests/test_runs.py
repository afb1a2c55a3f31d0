from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting
from ssgan.runs import Run

CONFIG = {"embedder": "hill@0.4", "seed": 1, "sizes": (64, 64)}


def test_the_same_settings_go_on_and_others_are_refused(tmp_path: Path) -> None:
    Run(tmp_path / "run", CONFIG).log(64, loss=0.7)
    again = Run(tmp_path / "run", CONFIG)
    assert list(again.stats()) == [{"images_seen": 64, "loss": 0.7}]
    with pytest.raises(InvalidSetting, match="seed"):
        Run(tmp_path / "run", {**CONFIG, "seed": 2})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 100), max_size=20), st.integers(0, 100))
def test_rewinding_keeps_what_was_seen_until_then(tmp_path: Path, seen: list[int], point: int) -> None:
    run = Run(tmp_path / "run", CONFIG)
    run.rewind(-1)
    for images in sorted(seen):
        run.log(images, loss=1.0)
    run.rewind(point)
    assert [line["images_seen"] for line in run.stats()] == [images for images in sorted(seen) if images <= point]


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    run = Run(tmp_path, CONFIG)
    run.log(1, loss=1.0)
    with (tmp_path / "stats.jsonl").open("a") as file:
        file.write('{"images_seen": 2, "lo')
    assert [line["images_seen"] for line in run.stats()] == [1]


def test_a_run_ends_with_its_result(tmp_path: Path) -> None:
    run = Run(tmp_path, CONFIG)
    assert not run.done
    run.finish({"p_e": 0.25})
    assert Run(tmp_path, CONFIG).done


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"config": 3}', "\x00"])
def test_what_is_no_run_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InvalidSetting, match="not a run"):
        Run.told(tmp_path)
    with pytest.raises(InvalidSetting, match="not a run"):
        Run(tmp_path, CONFIG)


def test_the_folder_says_with_what_it_was_made(tmp_path: Path) -> None:
    Run(tmp_path, CONFIG)
    made = Run.told(tmp_path)["made"]
    assert {"python", "torch", "numpy", "commit"} <= set(made)
