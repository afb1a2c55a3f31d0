"""The bundled detectors: whole, small, and refused when damaged."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan.detection.verdicts import bundled as trained
from ssgan.detection.verdicts.bundled import CARD, Scope, bundled, bundled_detectors, load
from ssgan.errors import RefusedModel
from ssgan.images.coefficients import Component, planes
from ssgan.images.new_jpeg import LUMA_STEPS, new_jpeg, steps
from ssgan.steganalysis import detectors
from ssgan.storage import weights
from tests.jpegs import texture

NAMES = ["generated-faces", "photographed-faces", "photographs"]
FOR_JPEGS = ["jpeg-75", "jpeg-80", "jpeg-87", "jpeg-91", "jpeg-95", "jpeg-97"]


def test_each_that_comes_with_the_package_has_its_card() -> None:
    assert [folder.name for folder in bundled()] == sorted([*NAMES, *FOR_JPEGS])
    for folder in bundled():
        assert (folder / CARD).read_text(encoding="utf-8").startswith(f"# {folder.name}\n")


def test_all_of_them_together_have_at_most_four_megabytes() -> None:
    assert sum(file.stat().st_size for folder in bundled() for file in folder.iterdir()) <= 4e6


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_detector_is_an_ordinary_one_as_well(name: str) -> None:
    one = {found.name: found for found in bundled_detectors()}[name]
    ordinary = detectors.load(trained.BUNDLED / name, threads=1)
    image = np.random.default_rng(1).integers(0, 256, (3, one.scope.side, one.scope.side), dtype=np.uint8)
    features = one.features(image)
    assert features is not None
    from ssgan.images import to_images

    assert ordinary.scores(to_images(image))[0] == pytest.approx(one.score(features), abs=1e-9)


@pytest.mark.parametrize("name", FOR_JPEGS)
def test_one_for_jpegs_is_an_ordinary_one_as_well(name: str) -> None:
    one = {found.name: found for found in bundled_detectors()}[name]
    ordinary = detectors.load(trained.BUNDLED / name, threads=1)
    assert one.scope.qualities is not None
    luma = new_jpeg(texture(264, 256, 3), sum(one.scope.qualities) // 2).cover.components[0]
    features = one.jpeg_features(luma)
    coefficients = torch.from_numpy(planes(luma.carriers)[None, None])
    assert ordinary.scores(coefficients, table=luma.table)[0] == pytest.approx(one.score(features), abs=1e-9)
    assert one.features(np.zeros((1, 256, 256), np.uint8)) is None


def test_those_for_jpegs_share_the_qualities_and_leave_other_tables_alone() -> None:
    for quality in range(1, 101):
        table = steps(LUMA_STEPS, quality)
        component = Component(np.zeros((32, 32, 8, 8), np.int16), table, (1, 1), (32, 32), (256, 256))
        asked = [one.name for one in bundled_detectors() if one.scope.blocks(component) is not None]
        assert len(asked) == (70 <= quality <= 98), quality
        small = replace(component, blocks=component.blocks[:, :31], whole=(32, 31))
        foreign = replace(component, table=np.full((8, 8), 7, np.uint16))
        assert not [one for one in bundled_detectors() for other in (small, foreign) if one.scope.blocks(other) is not None]


@pytest.mark.parametrize("name", [*NAMES, FOR_JPEGS[0]])
@given(data=st.data())
def test_one_changed_byte_is_refused(name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("damaged") / name
    shutil.copytree(trained.BUNDLED / name, folder)
    file = data.draw(st.sampled_from(sorted(path for path in folder.iterdir() if path.name != CARD)))
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    try:
        found = load(folder)
    except RefusedModel as refused:
        assert refused.hint
        return
    whole = load(trained.BUNDLED / name)  # white space between the lines of a manifest says nothing
    assert found.scope == whole.scope


@pytest.mark.parametrize(
    "change",
    [
        {"scope": None}, {"scope": {}}, {"scope": {"side": 0}}, {"scope": {"threshold": "high"}}, {"scope": {"channels": 3}},
        {"scope": {"calibration": {"slope": -1, "offset": 0}}}, {"scope": {"threshold": None}},
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_say_what_scores_mean_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    tensors, manifest = weights.load(trained.BUNDLED / "photographs")
    scope = change["scope"]
    manifest["scope"] = {**manifest["scope"], **scope} if isinstance(scope, dict) and scope else scope
    weights.save(tmp_path, tensors, manifest)
    with pytest.raises(RefusedModel):
        load(tmp_path)


def test_a_detector_without_its_domain_is_refused(tmp_path: Path) -> None:
    tensors, manifest = weights.load(trained.BUNDLED / "photographs")
    del tensors["domain_axes"]
    weights.save(tmp_path, tensors, manifest)
    with pytest.raises(RefusedModel):
        load(tmp_path)


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_squares_are_whole_evenly_spread_and_few(height: int, width: int) -> None:
    scope: Scope = next(one for one in bundled_detectors() if one.name == "photographs").scope
    image = np.broadcast_to(np.arange(width, dtype=np.int64) % 251, (1, height, width)).astype(np.uint8)
    squares = scope.squares(image)
    if min(height, width) < scope.side:
        assert squares is None
        return
    assert squares is not None
    assert squares.shape[1:] == (1, scope.side, scope.side)
    assert 1 <= len(squares) <= trained.MOST_A_SIDE**2
    np.testing.assert_array_equal(squares[0], image[:, : scope.side, : scope.side])
    top, left = (0 if length < 2 * scope.side else length - scope.side for length in (height, width))
    np.testing.assert_array_equal(squares[-1], image[:, top : top + scope.side, left : left + scope.side])


def test_the_manifest_is_plain_json() -> None:
    for folder in bundled():
        record = json.loads((folder / weights.MANIFEST).read_text(encoding="utf-8"))
        assert record["manifest"]["scope"]["threshold"] == load(folder).scope.threshold
