"""The JPEG rich model is what its definition says, written out with slow counts, and what the authors' program gives."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from ssgan.images import read_coefficients
from ssgan.images.coefficients import as_blocks
from ssgan.images.coefficients import planes as block_planes
from ssgan.images.fdct import quantized_blocks
from ssgan.steganalysis import calibration
from ssgan.steganalysis.features import jrm
from tests.steganalysis.features.jpeg_pictures import SEALS, extremes, picture, reference, seal


def _table(first: NDArray[np.int64], second: NDArray[np.int64], most: int, *, signed: bool) -> NDArray[np.float64]:
    """How often each pair of values occurs, truncated: first value by row, second by column."""
    least = -most if signed else 0
    pairs = np.stack([first.ravel(), second.ravel()]).clip(least, most) - least
    found = np.zeros((most - least + 1,) * 2)
    np.add.at(found, tuple(pairs), 1)
    return found


def _normal(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return table / table.sum() if table.sum() else table


def _half(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Averaged with its negative, half of it, column after column, and normalized."""
    mean = (table + table[::-1, ::-1]) / 2
    middle = len(mean) // 2
    kept = [mean[i, j] for j in range(len(mean)) for i in range(len(mean)) if (i, j) <= (middle, middle)]
    return _normal(np.array(kept))


def _by_mode(one: NDArray[np.int64], other: NDArray[np.int64], most: int, *, signed: bool) -> list[NDArray[np.float64]]:
    """All pairs of the paper's section 2.2, of planes in blocks (rows, columns, 8, 8)."""
    modes = [(a, b) for a in range(6) for b in range(6) if 0 < a + b < 6]
    lists = {
        "h": [(m, (0, 1)) for m in modes],
        "d": [(m, (1, 1)) for m in modes if m[0] <= m[1]] + [(m, (-1, 1)) for m in modes if 1 <= m[0] <= m[1] + 1],
        "oh": [(m, (0, 2)) for m in modes if sum(m) < 5],
        "x": [(m, (m[1] - m[0], m[0] - m[1])) for m in modes if m[0] < m[1]],
        "od": [(m, (2, 2)) for m in modes if m[0] <= m[1] and sum(m) < 5]
        + [((a, b), (-2, 2)) for a in range(2, 6) for b in range(5) if a - 2 <= b and a + b < 7],
        "m": [(m, (-1, 2)) for m in modes if m[0]],
        "ih": [(m, (0, 8)) for m in modes],
        "id": [(m, (8, 8)) for m in modes if m[0] <= m[1]],
        "is": [((m[0] + 8, m[1]), (-8, 8)) for m in modes if m[0] <= m[1]],
        "ix": [(m, (m[1] - m[0], m[0] - m[1] + 8)) for m in modes],
    }
    found = []
    for pairs in lists.values():
        for (a, b), (down, right) in pairs:
            tables = []
            for blocks, swapped in ((one, False), (other, True)):
                places = [(a, b), (a + down, b + right)]
                (y1, x1), (y2, x2) = [(x, y) for y, x in places] if swapped else places
                rows = len(blocks) - (max(y1, y2) >= 8)
                columns = blocks.shape[1] - (max(x1, x2) >= 8)
                part = [
                    blocks[y // 8 : y // 8 + max(rows, 0), x // 8 : x // 8 + max(columns, 0), y % 8, x % 8]
                    for y, x in ((y1, x1), (y2, x2))
                ]
                tables.append(_normal(_table(part[0], part[1], most, signed=signed)))
            joined = tables[0] + tables[1]
            found.append(_half(joined) if signed else joined.ravel(order="F") / 2)
    return found


def _over_modes(plane: NDArray[np.int64], steps: list[tuple[int, int]], *, signed: bool) -> NDArray[np.float64]:
    total = np.zeros((11, 11) if signed else (6, 6))
    height, width = plane.shape
    for down, right in steps:
        for y in range(height):
            for x in range(width):
                y2, x2 = y + down, x + right
                is_inside = 0 <= y2 < height and 0 <= x2 < width
                is_near = max(abs(down), abs(right)) == 8 or (y // 8 == y2 // 8 and x // 8 == x2 // 8)
                if is_inside and is_near and (y % 8 or x % 8) and (y2 % 8 or x2 % 8):
                    total += _table(plane[y, x], plane[y2, x2], 5, signed=signed)
    return _half(total) if signed else _normal(total).ravel(order="F")


def witness(plane: NDArray[np.int16]) -> NDArray[np.float64]:
    """The definition, a pair at a time."""
    sizes = np.abs(plane.astype(np.int64))
    differences = []
    for down, right in ((0, 1), (1, 0), (1, 1), (0, 8), (8, 0)):
        height, width = len(sizes) - 8 * (down > 0), sizes.shape[1] - 8 * (right > 0)
        differences.append(sizes[:height, :width] - sizes[down:, right:][:height, :width])
    across, below, slanted, next_block, block_below = differences
    found = _by_mode(as_blocks(sizes), as_blocks(sizes), 3, signed=False)
    for one, other in ((across, below), (slanted, slanted), (next_block, block_below)):
        found += _by_mode(as_blocks(one), as_blocks(other), 2, signed=True)
    for steps in ([(0, 1), (1, 0)], [(1, 1)], [(-1, 1), (1, -1)], [(0, 8), (8, 0)], [(8, -8), (8, 8)]):
        found.append(_over_modes(sizes, steps, signed=False))
    for part in differences:
        for far in (1, 8):
            for down, right in ((0, 1), (1, 0), (1, 1), (-1, 1)):
                found.append(_over_modes(part, [(far * down, far * right)], signed=True))
    return np.concatenate(found)


@pytest.mark.parametrize("name", ["nothing", "DC only", "sparse", "ends", "one block"])
def test_extreme_pictures_have_the_features_of_the_witness(name: str) -> None:
    planes, table = extremes()[name]
    np.testing.assert_allclose(jrm.features(planes, table)[0], witness(planes[0, 0]), rtol=1e-12, atol=1e-15)


@settings(max_examples=4)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 999), st.sampled_from([30, 75, 98]))
def test_the_features_are_those_of_the_plain_witness(rows: int, columns: int, seed: int, quality: int) -> None:
    planes, table = picture(rows, columns, seed=seed, quality=quality)
    np.testing.assert_allclose(jrm.features(planes, table)[0], witness(planes[0, 0]), rtol=1e-12, atol=1e-15)


def test_the_table_and_signs_change_nothing() -> None:
    planes, table = picture(4, 3, seed=5)
    np.testing.assert_array_equal(jrm.features(planes, table), jrm.features(-planes, table + 1))


def test_the_calibrated_picture_is_what_pillow_makes_of_it() -> None:
    from ssgan.images.new_jpeg import new_jpeg

    rng = np.random.default_rng(7)
    pixels = (128 + rng.normal(0, 12, (48, 40)).cumsum(1) / 2).clip(0, 255).astype(np.uint8)
    cover = new_jpeg(pixels, 75).cover
    with Image.open(io.BytesIO(cover.file)) as opened:
        cut = np.array(opened)[4:-4, 4:-4]
    stream = io.BytesIO()
    Image.fromarray(cut).save(stream, "JPEG", quality=75)
    luma = read_coefficients(stream.getvalue()).components[0]
    planes, table = block_planes(cover.components[0].blocks), cover.components[0].table
    calibrated = block_planes(calibration.calibrated(cover.components[0].blocks, table))
    np.testing.assert_array_equal(calibrated, block_planes(luma.blocks))
    found = jrm.calibrated_features(planes[None, None], table)[0]
    np.testing.assert_array_equal(found[: jrm.DIMENSION], jrm.features(planes[None, None], table)[0])
    np.testing.assert_array_equal(found[jrm.DIMENSION :], jrm.features(calibrated[None, None], table)[0])


@pytest.mark.parametrize("quality", [1, 20, 50, 75, 90, 95, 100])
def test_the_forward_transform_is_that_of_libjpeg(quality: int) -> None:
    rng = np.random.default_rng(quality)
    noise = rng.integers(0, 256, (40, 48), dtype=np.uint8)
    smooth = (128 + rng.normal(0, 5, (40, 48)).cumsum(0)).clip(0, 255).astype(np.uint8)
    for pixels in (noise, smooth, (noise // 128 * 255).astype(np.uint8)):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
        luma = read_coefficients(stream.getvalue()).components[0]
        np.testing.assert_array_equal(quantized_blocks(pixels, luma.table), luma.blocks)


def test_roots_are_those_of_the_calibrated_features() -> None:
    planes, table = picture(4, 4, seed=3, count=2)
    found = jrm.calibrated_features(planes, table)
    assert found.min() == 0
    np.testing.assert_array_equal(jrm.root_features(planes, table, threads=2), np.sqrt(found))


def test_a_picture_of_one_block_row_has_nothing_when_cut() -> None:
    planes, table = picture(1, 4, seed=1)
    found = jrm.calibrated_features(planes, table)[0]
    assert found[: jrm.DIMENSION].any()
    assert not found[jrm.DIMENSION :].any()


def test_names_say_submodel_places_and_values() -> None:
    names = jrm.feature_names()
    assert names[:5] == [f"Ah_T3[0,1;0,2]={i},{j}" for i, j in ((0, 0), (1, 0), (2, 0), (3, 0), (0, 1))]
    assert names[-1] == "DsIV_T5[is]=-1,5"
    assert jrm.calibrated_feature_names()[jrm.DIMENSION] == "Ah_T3_ref[0,1;0,2]=0,0"


def test_they_are_those_of_the_authors_program(shared: Path) -> None:
    """Computed by DDE's MATLAB program for three photographs of 512 x 512, published by sealwatch; rtol 1e-7."""
    pytest.importorskip("scipy.io")
    for name in SEALS:
        found = jrm.features(*seal(shared, name))[0]
        np.testing.assert_allclose(found, reference(shared, "jrm", name), rtol=1e-12, atol=1e-15, err_msg=name)
