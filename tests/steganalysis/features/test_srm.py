from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.steganalysis.features import srm
from tests.steganalysis.features.merging import merged

NOT_SYMMETRIC = ("s1_spam14hv", "s3_spam14hv")  # they know right from left, up to the border
DETECTION = Path("reference") / "detection"


def images_of(height: int, width: int, *, seed: int, channels: int = 1, count: int = 1) -> np.ndarray:
    """Walks along rows: neighbors differ by little, as in a photograph."""
    rng = np.random.default_rng(seed)
    walk = 128 + rng.normal(0, 4, (count, channels, height, width)).cumsum(-1)
    return walk.clip(0, 255).astype(np.uint8)


def moved(image: np.ndarray, border: int, dy: int, dx: int) -> np.ndarray:
    height, width = image.shape
    return image[border + dy : height - border + dy, border + dx : width - border + dx]


def quantized(residual: np.ndarray, step: float) -> np.ndarray:
    """Divided, rounded (halves away from zero), truncated to -2...2."""
    return np.clip(np.sign(residual) * np.floor(np.abs(residual) / step + 0.5), -2, 2).astype(int)


def windows(plane: np.ndarray) -> np.ndarray:
    """Frequencies (5, 5, 5, 5) of four levels along the rows; given the transposed plane, down the columns."""
    found = np.zeros((5, 5, 5, 5))
    np.add.at(found, tuple(plane[:, k : plane.shape[1] - 3 + k].ravel() + 2 for k in range(4)), 1)
    return found / found.sum()


def both(across: list[np.ndarray], down: list[np.ndarray]) -> np.ndarray:
    """Scans of several planes along rows, and of several down columns, added."""
    return np.mean([windows(plane) for plane in across], axis=0) + np.mean([windows(plane.T) for plane in down], axis=0)


def minmax(across: list[list[np.ndarray]], down: list[list[np.ndarray]]) -> np.ndarray:
    low, high = (both([f(s, axis=0) for s in across], [f(s, axis=0) for s in down]) for f in (np.min, np.max))
    return merged(low + high[::-1, ::-1, ::-1, ::-1], signs=False)


def witness(image: np.ndarray, q: float) -> dict[str, np.ndarray]:
    """Some of the submodels, written out with the paper's formulas, one plane at a time."""
    x = image.astype(int)

    def first(dy: int, dx: int) -> np.ndarray:
        return quantized(moved(x, 1, dy, dx) - moved(x, 1, 0, 0), q)

    def second(dy: int, dx: int) -> np.ndarray:
        return quantized(moved(x, 1, -dy, -dx) - 2 * moved(x, 1, 0, 0) + moved(x, 1, dy, dx), 2 * q)

    def third(dy: int, dx: int) -> np.ndarray:
        near, far, behind = (moved(x, 2, k * dy, k * dx) for k in (1, 2, -1))
        return quantized(-far + 3 * near - 3 * moved(x, 2, 0, 0) + behind, 3 * q)

    def square(kernel: list[list[int]], border: int) -> np.ndarray:
        places = product(range(-border, border + 1), repeat=2)
        terms = [kernel[dy + border][dx + border] * moved(x, border, dy, dx) for dy, dx in places]
        return np.sum(terms, axis=0)

    compass = {"R": (0, 1), "L": (0, -1), "U": (-1, 0), "D": (1, 0), "RU": (-1, 1), "LU": (-1, -1), "RD": (1, 1), "LD": (1, -1)}
    o = {name: first(*step) for name, step in compass.items()}
    t = {name: third(*step) for name, step in compass.items()}
    h, v, d, m = second(0, 1), second(1, 0), second(1, 1), second(1, -1)
    kb = [[-1, 2, -1], [2, -4, 2], [-1, 2, -1]]
    kv = [[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]]
    square3, square5 = quantized(square(kb, 1), 4 * q), quantized(square(kv, 2), 12 * q)
    upper, lower = [*kv[:3], [0] * 5, [0] * 5], [[0] * 5, [0] * 5, *kv[2:]]
    left, right = ([list(column) for column in zip(*half, strict=True)] for half in (upper, lower))
    u, b, le, r = (quantized(square(half, 2), 12 * q) for half in (upper, lower, left, right))
    eights = [["R", "U", "RU", "LU"], ["L", "D", "LD", "RD"], ["R", "D", "RD", "LD"], ["L", "U", "LU", "RU"]]
    eights_down = [["R", "D", "RD", "RU"], ["L", "U", "LU", "LD"], ["R", "U", "RU", "RD"], ["L", "D", "LD", "LU"]]
    fives = [[name for name in compass if name not in left_out] for left_out in (["L", "D", "LD"], ["R", "U", "RU"])]
    fives += [[name for name in compass if name not in left_out] for left_out in (["L", "U", "LU"], ["R", "D", "RD"])]
    mark = f"q{q:g}".replace(".", "")
    found = {
        f"s2_minmax21_{mark}": minmax([[h, v]], [[h, v]]),
        f"s2_minmax32_{mark}": minmax([[h, v, m], [h, v, d]], [[h, v, m], [h, v, d]]),
        f"s2_spam12hv_{mark}": np.concatenate([merged(both([a], [c]), signs=True) for a, c in ((h, v), (v, h))]),
        f"s3_minmax22v_{mark}": minmax([[t["U"], t["D"]]], [[t["R"], t["L"]]]),
        f"s3_minmax54_{mark}": minmax([[t[k] for k in s] for s in fives], [[t[k] for k in s] for s in fives]),
        f"s35_spam11_{mark}": np.concatenate([merged(both([p], [p]), signs=True) for p in (square3, square5)]),
        f"s5x5_spam14hv_{mark}": np.concatenate(
            [merged(both(a, c), signs=True) for a, c in (([u, b], [le, r]), ([le, r], [u, b]))]
        ),
        f"s5x5_minmax41_{mark}": minmax([[u, b, le, r]], [[u, b, le, r]]),
    }
    if q != 1.5:
        found |= {
            f"s1_minmax34h_{mark}": minmax(
                [[o["L"], o["U"], o["R"]], [o["L"], o["D"], o["R"]]], [[o["U"], o["R"], o["D"]], [o["U"], o["L"], o["D"]]]
            ),
            f"s1_minmax48h_{mark}": minmax([[o[k] for k in s] for s in eights], [[o[k] for k in s] for s in eights_down]),
            f"s1_spam14hv_{mark}": np.concatenate(
                [merged(both([o[a]], [o[c]]), signs=True) for a, c in (("R", "U"), ("U", "R"))]
            ),
        }
    return found


@settings(max_examples=15)
@given(st.integers(8, 30), st.integers(8, 30), st.sampled_from([1.0, 1.5, 2.0]), st.integers(0, 1000))
def test_submodels_are_those_of_the_plain_witness(height: int, width: int, q: float, seed: int) -> None:
    images = images_of(height, width, seed=seed)
    features = srm.features(images)[0]
    for name, expected in witness(images[0, 0], q).items():
        np.testing.assert_allclose(features[srm.SUBMODELS[name]], expected, rtol=1e-6, atol=1e-9, err_msg=name)


def test_strips_of_a_large_image_join_without_a_seam() -> None:
    """70,000 samples are more than one strip holds; the width is odd."""
    images = images_of(338, 207, seed=1)
    features = srm.features_q1(images)[0]
    for name, expected in witness(images[0, 0], 1.0).items():
        np.testing.assert_allclose(features[srm.SUBMODELS_Q1[name]], expected, rtol=1e-6, atol=1e-9, err_msg=name)


@settings(max_examples=10)
@given(st.integers(8, 24), st.integers(8, 24), st.integers(0, 1000))
def test_no_flip_or_quarter_turn_changes_what_is_symmetrized(height: int, width: int, seed: int) -> None:
    images = images_of(height, width, seed=seed)
    expected = srm.features(images)[0]
    for turns, flipped in product(range(4), (False, True)):
        turned = np.rot90(images, turns, axes=(2, 3))
        features = srm.features(np.ascontiguousarray(turned[..., ::-1] if flipped else turned))[0]
        for name, part in srm.SUBMODELS.items():
            if not name.startswith(NOT_SYMMETRIC):
                np.testing.assert_allclose(features[part], expected[part], rtol=2e-6, err_msg=name)


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_a_batch_has_the_features_of_its_images(threads: int | None) -> None:
    images = images_of(17, 20, seed=2, count=5, channels=3)
    one_by_one = np.concatenate([srm.features(images[i : i + 1]) for i in range(5)])
    np.testing.assert_array_equal(srm.features(images, threads=threads), one_by_one)


def test_of_a_color_image_they_are_the_sum_over_channels() -> None:
    images = images_of(16, 19, seed=3, channels=3)
    channels = [srm.features(images[:, c : c + 1]) for c in range(3)]
    np.testing.assert_allclose(srm.features(images), np.sum(channels, axis=0), rtol=1e-6)


def test_every_submodel_sums_to_four() -> None:
    """Two scans of minima and two of maxima, or two scans each of two residuals, and nothing is lost on the way."""
    features = srm.features(images_of(33, 24, seed=4, count=2))
    for name, part in srm.SUBMODELS.items():
        np.testing.assert_allclose(features[:, part].sum(axis=1), 4, rtol=1e-5, err_msg=name)


def test_submodels_stand_one_after_the_other() -> None:
    for submodels, dimension, count in ((srm.SUBMODELS, 34671, 106), (srm.SUBMODELS_Q1, 12753, 39)):
        parts = list(submodels.values())
        assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
        assert (parts[-1].stop, len(parts)) == (dimension, count)
    assert (srm.DIMENSION, srm.DIMENSION_Q1) == (34671, 12753)
    assert len(set(srm.feature_names())) == 34671


def test_the_q1_form_is_a_part_of_the_whole() -> None:
    images = images_of(20, 21, seed=5)
    whole, part = srm.features(images), srm.features_q1(images)
    for name, places in srm.SUBMODELS_Q1.items():
        np.testing.assert_array_equal(part[:, places], whole[:, srm.SUBMODELS[name]], err_msg=name)


def test_images_that_cannot_be_counted_are_refused() -> None:
    with pytest.raises(RefusedImage, match="no window"):
        srm.features(np.zeros((1, 1, 7, 8), np.uint8))
    with pytest.raises(InvalidSetting, match="uint8"):
        srm.features(np.zeros((1, 1, 8, 8), np.float64))
    assert srm.features(np.zeros((0, 1, 8, 8), np.uint8)).shape == (0, 34671)
    assert srm.features(np.zeros((1, 1, 8, 8), np.uint8)).shape == (1, 34671)


@pytest.fixture(scope="module")
def photographs(shared: Path) -> dict[str, np.ndarray]:
    """SRM of the three photographs of 512 x 512 that the authors' features are of."""
    folder = shared / DETECTION / "sealwatch" / "cover" / "uncompressed_gray"
    names = ("seal1", "seal2", "seal3")
    images = np.stack([np.array(Image.open(folder / f"{name}.png"))[None] for name in names])
    return dict(zip(names, srm.features(images), strict=True))


def test_they_are_those_of_the_authors_program_to_the_last_bit(shared: Path, photographs: dict[str, np.ndarray]) -> None:
    """Computed by DDE's MATLAB program in single precision, published by sealwatch: 106 submodels of three photographs."""
    scipy_io = pytest.importorskip("scipy.io")
    for name, features in photographs.items():
        expected = scipy_io.loadmat(shared / DETECTION / "sealwatch" / "features_matlab" / "srm" / f"{name}.mat")
        for submodel, part in srm.SUBMODELS.items():
            np.testing.assert_array_equal(features[part], expected[submodel][0], err_msg=f"{name} {submodel}")


def test_the_order_is_that_of_the_authors_program(shared: Path) -> None:
    """The flattening order of the MATLAB and MEX extractors, as it was read from their sources."""
    assert list(srm.SUBMODELS) == json.loads((shared / DETECTION / "srm_matlab_order.json").read_text())["order"]


def test_a_published_ensemble_gives_its_votes(shared: Path, photographs: dict[str, np.ndarray]) -> None:
    """An ensemble trained by aletheia (BOSSbase, LSB matching at 0.4) and its votes on the authors' features."""
    scipy_io = pytest.importorskip("scipy.io")
    folder = shared / DETECTION / "aletheia_e4s"
    learners = scipy_io.loadmat(folder / "e4s_srm_bossbase_lsbm0.40_gs.mat", simplify_cells=True)["clf"]
    expected = json.loads((folder / "expected_votes_on_matlab_srm.json").read_text())["lsbm0.40"]
    for name, features in photographs.items():
        votes = [np.sign(features[one["subspace"].astype(int) - 1] @ one["w"] - one["b"]) for one in learners]
        assert (len(votes), int(sum(votes))) == (expected[name]["L"], expected[name]["sum_votes"]), name


def test_crops_have_the_features_of_sealwatch_and_of_the_authors_in_octave(shared: Path) -> None:
    """Six images of 64 x 64, two of them edge cases: SRM by sealwatch 2025.9, SRMQ1 by DDE's m-file under Octave 7.3."""
    folder = shared / DETECTION / "crops64"
    order = json.loads((folder / "srm_submodel_order.json").read_text())["submodels"]
    whole, first = np.load(folder / "sealwatch_2025.9_spam_srm.npz"), np.load(folder / "dde_srmq1_octave7.3.npz")
    np.testing.assert_array_equal(whole["names"], first["names"])
    images = np.stack([np.array(Image.open(folder / "images" / f"{name}.png"))[None] for name in whole["names"]])
    features, features_q1 = srm.features(images), srm.features_q1(images)
    sorted_whole = np.concatenate([features[:, srm.SUBMODELS[name]] for name in order], axis=1)
    np.testing.assert_array_equal(sorted_whole, whole["srm34671"])
    assert list(srm.SUBMODELS_Q1) == list(first["submodels"])
    np.testing.assert_array_equal(features_q1, first["srmq1_12753"])
