from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.datasets import Geometry, Patches
from ssgan.errors import InvalidSetting
from ssgan.evaluation.grid import Grid, TrialProgress, fitting, run_grid, trials


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of 40 images: `small` and `other` of 32 x 32, `large` of 40 x 40."""
    made, rng = {}, np.random.default_rng(1)
    for name, side, noise in (("small", 32, 0.6), ("other", 32, 3.0), ("large", 40, 1.0)):
        made[name] = tmp_path_factory.mktemp("grid") / name
        made[name].mkdir()
        for i in range(40):
            ramp = np.linspace(60, 180, side)[None, :] + rng.normal(0, 20)
            samples = (ramp + rng.normal(0, noise, (side, side))).round().clip(1, 254).astype(np.uint8)[None]
            images.write(made[name] / f"{i:02d}.png", samples, durable=False)
    return made


def grid(*covers: Path, **changes: object) -> Grid:
    return Grid(covers, **({"embedders": ("lsb@1.0/plain",), "detectors": ("spam/ridge",)} | changes))  # type: ignore[arg-type]


def test_every_combination_is_there_once_with_its_controls(folders: dict[str, Path]) -> None:
    asked = grid(
        folders["small"],
        folders["other"],
        embedders=("lsb@0.4/plain", "hill@0.4", "lsb@0.40/plain"),
        detectors=("spam", "gncnn"),
        seeds=(0, 1, 2),
        against=folders["large"],
    )
    found = trials(asked)
    assert Counter(trial.kind for trial in found) == {"retrained": 2 * 2 * 2 * 3, "gross": 4, "null": 4, "conspicuous": 4}
    assert {trial.question.seed for trial in found if trial.kind != "retrained"} == {0}
    assert len({trial.name for trial in found}) == len(found)


def test_where_detectors_go_they_are_also_trained(folders: dict[str, Path]) -> None:
    found = trials(grid(folders["small"], transfer_to=folders["other"], seeds=(0, 1)))
    (one, two) = [trial for trial in found if trial.kind == "transfer"]
    assert {one.question.covers, two.question.covers} == {folders["other"]}
    for trial in (one, two):
        assert trial.home is not None
        homes = [other.question for other in found if other.kind == "retrained"]
        assert trial.home in homes
        assert trial.question in homes


def test_who_must_be_told_probabilities_has_no_run_without_stegos(folders: dict[str, Path]) -> None:
    found = trials(grid(folders["small"], embedders=("hill@0.4",), detectors=("maxsrmd2",)))
    assert [trial.kind for trial in found] == ["retrained", "gross"]
    assert all(trial.question.selection_channel for trial in found)


def test_a_duration_is_for_networks(folders: dict[str, Path]) -> None:
    found = trials(grid(folders["small"], detectors=("spam", "xunet"), duration_images=64))
    assert {(trial.question.detector, trial.question.duration_images) for trial in found} == {("spam", None), ("xunet", 64)}


def test_pictures_of_the_right_size_are_left_as_they_are(folders: dict[str, Path]) -> None:
    cut = Geometry(crop=36, size=32, gray=True)
    assert fitting(folders["small"], cut, ()) == Geometry(gray=True)
    assert fitting(folders["large"], cut, ()) == cut
    assert fitting(folders["large"], Patches(16), ()) == Patches(16)
    beside = [t.question for t in trials(grid(folders["small"], against=folders["large"], geometry=cut)) if t.question.against]
    assert (beside[0].geometry, beside[0].against_geometry) == (Geometry(gray=True), cut)


def test_a_grid_is_run_and_may_grow(folders: dict[str, Path], tmp_path: Path) -> None:
    reports: list[tuple[int, TrialProgress]] = []
    asked = grid(folders["small"], against=folders["large"], geometry=Geometry(size=32))
    results = run_grid(asked, tmp_path, threads=1, progress=lambda done, trial: reports.append((done, trial)))
    assert [result.kind for result in results] == ["retrained", "gross", "null", "conspicuous"]
    assert results[1].measures.p_e < 0.1
    assert (reports[0][0], reports[-1][0], reports[-1][1].total) == (0, 4, 4)
    more = run_grid(grid(folders["small"], geometry=Geometry(size=32), embedders=("lsb@1.0/plain", "lsb@0.5/plain")), tmp_path)
    assert more[0] == results[0]
    assert len(list((tmp_path / "trials").iterdir())) == 5
    with pytest.raises(InvalidSetting, match="other settings"):
        run_grid(grid(folders["small"], limit=35), tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"embedders": ()}, "no embedder"),
        ({"detectors": ()}, "no detector"),
        ({"seeds": ()}, "no seed is given"),
        ({"detectors": ("resnet",)}, "no detector 'resnet'"),
        ({"embedders": ("hill",)}, "not an embedder"),
    ],
)
def test_what_cannot_be_meant_is_said(changes: dict[str, object], said: str, folders: dict[str, Path]) -> None:
    with pytest.raises(InvalidSetting, match=said) as caught:
        trials(grid(folders["small"], **changes))
    assert caught.value.hint


def test_a_source_is_not_its_own_elsewhere(folders: dict[str, Path]) -> None:
    with pytest.raises(InvalidSetting, match="one of the covers already"):
        trials(grid(folders["small"], transfer_to=folders["small"]))
    with pytest.raises(InvalidSetting, match="no covers"):
        trials(grid())
