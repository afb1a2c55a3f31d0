"""The structural attacks against the peer's numbers, plain second forms, and messages really hidden by LSB replacement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
import skimage
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.steganalysis.attacks.structural import (
    Estimate,
    Estimates,
    NotEnoughData,
    chi_square,
    rs,
    sample_pairs,
    weighted_stego,
)

SPREAD = [sample_pairs, rs, weighted_stego]  # the attacks on a message spread over the whole image
PICTURES = ("camera", "coffee", "astronaut", "brick", "grass", "moon", "coins", "chelsea")
KB = np.array([[-1, 2, -1], [2, 0, 2], [-1, 2, -1]]) / 4

Attack = Callable[[torch.Tensor], Estimates]
small_planes = arrays(np.uint8, (32, 37), elements=st.integers(0, 255))


def replaced(covers: torch.Tensor, payload: float, *, seed: int = 1, spread: bool = True) -> torch.Tensor:
    """Random bits in the last bits of a share of the samples: at random places, or row by row from the top."""
    if spread:
        return Embedder("lsbr", payload, coder="plain").simulate(covers, np.random.default_rng(seed)) if payload else covers
    stegos, rows = covers.clone(), round(payload * covers.shape[2])
    bits = np.random.default_rng(seed).integers(0, 2, stegos[:, :, :rows].shape, dtype=np.uint8)
    stegos[:, :, :rows] = (stegos[:, :, :rows] & 254) | torch.from_numpy(bits)
    return stegos


def photograph(name: str) -> torch.Tensor:
    """uint8 (1, 1, H, W), gray."""
    path = Path(skimage.__file__).parent / "data" / f"{name}.png"
    return torch.from_numpy(np.array(Image.open(path).convert("L")))[None, None]


def corners(size: int) -> torch.Tensor:
    """uint8 (32, 1, size, size): four places of each photograph."""
    rng = np.random.default_rng(5)
    cut = []
    for name in PICTURES:
        whole = photograph(name)[0]
        for _ in range(4):
            top, left = (int(rng.integers(0, side - size + 1)) for side in whole.shape[1:])
            cut.append(whole[:, top : top + size, left : left + size])
    return torch.stack(cut)


@pytest.fixture(scope="module")
def smooth() -> torch.Tensor:
    """uint8 (4, 1, 256, 256): blurred noise with a sensor's noise on top, in the middle of the range."""
    rng = np.random.default_rng(3)
    shapes = scipy.ndimage.gaussian_filter(rng.normal(size=(4, 1, 256, 256)), (0, 0, 5, 5))
    values = 128 + 30 * shapes / shapes.std() + rng.normal(0, 1.5, shapes.shape)
    return torch.from_numpy(values.round().clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def crops(shared: Path) -> dict[str, np.ndarray]:
    """Six 64 x 64 images, and what sealwatch 2025.9 says of them (run by the makers of the reference data)."""
    folder = shared / "reference" / "detection" / "crops64"
    with np.load(folder / "sealwatch_2025.9_spam_srm.npz") as known:
        figures = dict(zip(known["structural_columns"].tolist(), known["structural"].T, strict=True))
        images = np.stack([np.array(Image.open(folder / "images" / f"{name}.png")) for name in known["names"]])
    return {"images": images[:, None], **figures}


def test_sample_pairs_give_the_peers_estimates(crops: dict[str, np.ndarray]) -> None:
    """Sealwatch's `spa`, which sets what is below 0.01 to 0; the fifth image, a ramp, has no pair that could tell."""
    raw = sample_pairs(torch.from_numpy(crops["images"])).raw
    assert np.isnan(raw[4])
    expected = np.delete(np.where(raw < 0.01, 0, raw), 4)
    np.testing.assert_allclose(expected, np.delete(crops["spa"], 4), rtol=1e-5)


def test_weighted_stego_gives_the_peers_change_rates(crops: dict[str, np.ndarray]) -> None:
    """Sealwatch's `ws`, a change rate cut off at 0. Its weights come from a single-precision Fourier transform, 0.4 % off."""
    images = torch.from_numpy(crops["images"])
    for weighted, column, rtol in ((False, "ws_unweighted", 1e-5), (True, "ws_weighted", 5e-3)):
        raw = weighted_stego(images, weighted=weighted).raw
        np.testing.assert_allclose(np.maximum(raw / 2, 0), crops[column], rtol=rtol, atol=1e-9)


def test_chi_square_counts_one_degree_a_pair(crops: dict[str, np.ndarray]) -> None:
    """Where all pairs are frequent enough the statistic is sealwatch's; its 255 degrees of freedom are not the test's."""
    known = chi_square(torch.from_numpy(crops["images"][-1:]))
    assert known.statistic[0] == pytest.approx(crops["chi2_stat"][-1], rel=1e-9)
    assert known.degrees[0] == 128


@given(small_planes)
def test_weighted_stego_is_the_formula(plane: np.ndarray) -> None:
    x = plane.astype(np.float64)
    mean, square = (scipy.ndimage.uniform_filter(v, 3)[1:-1, 1:-1] for v in (x, x * x))
    weights = 1 / (5 + square - mean**2)
    residual = (x - scipy.ndimage.correlate(x, KB))[1:-1, 1:-1]
    change_rate = (weights * (x - (plane ^ 1))[1:-1, 1:-1] * residual).sum() / weights.sum()
    assert weighted_stego(torch.from_numpy(plane)[None, None]).raw[0] == pytest.approx(2 * change_rate, rel=1e-9, abs=1e-9)


@given(small_planes.filter(lambda plane: bool((plane // 2 != plane[0, 0] // 2).any())))
def test_sample_pairs_are_the_formula(plane: np.ndarray) -> None:
    u, v = plane[:, :-1].ravel().astype(int), plane[:, 1:].ravel().astype(int)
    x = ((v % 2 == 0) & (u < v)) | ((v % 2 == 1) & (u > v))
    y = ((v % 2 == 0) & (u > v)) | ((v % 2 == 1) & (u < v))
    gamma = np.count_nonzero(u // 2 == v // 2)
    raw = sample_pairs(torch.from_numpy(plane)[None, None]).raw[0]
    if gamma == 0:
        assert np.isnan(raw)
    else:
        roots = np.roots([gamma / 2, 2.0 * x.sum() - u.size, float(y.sum()) - x.sum()])
        assert raw == pytest.approx(min(roots.real), rel=1e-6, abs=1e-6)


def groups(plane: np.ndarray, flip: Callable[[np.ndarray], np.ndarray]) -> int:
    """Regular minus singular groups of four along rows and columns, by the definition."""
    difference = 0
    for lines in (plane, plane.T):
        four = np.lib.stride_tricks.sliding_window_view(lines, 4, axis=1).astype(int)
        flipped = four.copy()
        flipped[..., 1:3] = flip(four[..., 1:3])
        change = np.abs(np.diff(flipped)).sum(axis=-1) - np.abs(np.diff(four)).sum(axis=-1)
        difference += int((change > 0).sum()) - int((change < 0).sum())
    return difference


def test_rs_solves_the_papers_equation(smooth: torch.Tensor) -> None:
    stegos = replaced(smooth, 0.3)
    for i, raw in enumerate(rs(stegos).raw):
        plane = stegos[i, 0].numpy().astype(int)
        d = [groups(p, f) for p in (plane, plane ^ 1) for f in (lambda x: x ^ 1, lambda x: ((x + 1) ^ 1) - 1)]
        roots = np.roots([2 * (d[2] + d[0]), d[1] - d[3] - d[2] - 3 * d[0], d[0] - d[1]])
        root = roots[np.abs(roots).argmin()]
        assert raw == pytest.approx(root / (root - 0.5), rel=1e-9)


@pytest.mark.parametrize("attack", SPREAD)
@pytest.mark.parametrize("payload", [0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
def test_the_payload_of_smooth_images_is_found(attack: Attack, payload: float, smooth: torch.Tensor) -> None:
    found = attack(replaced(smooth, payload))
    assert found.enough.sum() >= 3
    errors = np.abs(found.payload - payload)[found.enough]
    assert errors.mean() < 0.08
    assert np.mean(errors < 2 * found.deviation[found.enough]) >= 0.5


@pytest.mark.parametrize("attack", SPREAD)
@pytest.mark.parametrize("payload", [0.0, 0.1, 0.4, 1.0])
def test_the_payload_of_photographs_is_found_as_well_as_it_says(attack: Attack, payload: float) -> None:
    """Five of six within two standard deviations, and half of them close; full images are the hardest."""
    errors, deviations = [], []
    for name in PICTURES:
        found = attack(replaced(photograph(name), payload))
        if found.enough[0]:
            errors.append(abs(found.payload[0] - payload))
            deviations.append(found.deviation[0])
    assert len(errors) >= 7
    assert np.median(errors) < 0.04 + 0.04 * payload
    assert np.mean(np.array(errors) < 2 * np.array(deviations)) > 0.83


@pytest.mark.parametrize("attack", SPREAD)
@pytest.mark.parametrize("payload", [0.0, 0.4])
def test_small_crops_get_a_wide_answer_or_none(attack: Attack, payload: float) -> None:
    whole = np.median([attack(replaced(photograph(name), payload)).deviation[0] for name in PICTURES])
    found = attack(replaced(corners(64), payload))
    assert 0 < (~found.enough).sum() < 24
    assert np.median(found.deviation) > 1.3 * whole
    close = np.abs(found.payload - payload)[found.enough] < 2 * found.deviation[found.enough]
    assert close.mean() > 0.7


def test_chi_square_calls_no_photograph_a_stego() -> None:
    for name in PICTURES:
        found = chi_square(photograph(name))
        assert not found.enough[0] or found.payload[0] <= 0.05, name


def test_chi_square_says_of_small_covers_that_it_cannot_tell() -> None:
    """The peers call every 64 x 64 photograph a stego; here few covers are, and as many as not get no answer."""
    found = chi_square(corners(64))
    assert (found.payload[found.enough] > 0.5).sum() <= 3
    assert 8 <= (~found.enough).sum() <= 24


@pytest.mark.parametrize("payload", [0.3, 0.6, 1.0])
def test_chi_square_finds_how_far_an_image_is_filled(payload: float) -> None:
    errors = []
    for name in PICTURES:
        found = chi_square(replaced(photograph(name), payload, spread=False))
        if found.enough[0]:
            errors.append(abs(found.payload[0] - payload))
    assert len(errors) >= 6
    assert np.median(errors) < 0.06


def test_the_p_value_of_filled_images_is_uniform() -> None:
    """A test with the right degrees of freedom rejects 5 % at the level 5 %, and so at every level."""
    covers = photograph("camera").repeat(300, 1, 1, 1)[:, :, 200:264, 200:300]
    found = chi_square(replaced(covers, 1.0, spread=False))
    assert scipy.stats.kstest(found.p_value, "uniform").pvalue > 0.01
    np.testing.assert_allclose(found.p_value, scipy.stats.chi2.sf(found.statistic, found.degrees), rtol=1e-7)


@pytest.mark.parametrize("attack", [*SPREAD, chi_square])
def test_there_is_not_enough_data_in_images_that_say_nothing(attack: Attack) -> None:
    ramp = torch.arange(64, dtype=torch.uint8).mul(4).expand(1, 1, 64, 64)
    for empty in (torch.full((1, 3, 64, 64), 255, dtype=torch.uint8), photograph("camera")[:, :, :24, :24], ramp[..., :1]):
        found = attack(empty.contiguous())
        answer = found[0]
        assert isinstance(answer, NotEnoughData) or answer.payload == 0
        assert np.isnan(found.payload[0]) == (not found.enough[0])
    tiny = attack(photograph("camera")[:, :, :24, :24])[0]
    assert isinstance(tiny, NotEnoughData)
    assert "1024" in tiny.reason


@pytest.mark.parametrize("attack", [*SPREAD, chi_square])
def test_an_image_gets_the_same_answer_in_any_batch(attack: Attack) -> None:
    images = replaced(corners(64), 0.5)
    together = attack(images)
    alone = [attack(image[None]) for image in images]
    np.testing.assert_array_equal(together.payload, [one.payload[0] for one in alone])
    np.testing.assert_array_equal(together.deviation, [one.deviation[0] for one in alone])
    assert len(together) == len(images)
    for i in range(len(together)):
        assert isinstance(together[i], Estimate) == together.enough[i]


@pytest.mark.parametrize("attack", SPREAD)
def test_equal_channels_say_what_one_of_them_says(attack: Attack, smooth: torch.Tensor) -> None:
    stegos = replaced(smooth, 0.5)
    np.testing.assert_allclose(attack(stegos.repeat(1, 3, 1, 1)).raw, attack(stegos).raw, rtol=1e-9)


def test_chi_square_adds_the_channels_up(smooth: torch.Tensor) -> None:
    one, three = chi_square(smooth), chi_square(smooth.repeat(1, 3, 1, 1))
    np.testing.assert_allclose(three.statistic, 3 * one.statistic, rtol=1e-12)
    np.testing.assert_array_equal(three.degrees, 3 * one.degrees)


@pytest.mark.parametrize("attack", SPREAD)
def test_lsb_matching_is_not_seen(attack: Attack, smooth: torch.Tensor) -> None:
    """What these attacks measure is the asymmetry of replacement; +-1 in both directions has none."""
    stegos = Embedder("lsb", 0.5, coder="plain").simulate(smooth, np.random.default_rng(1))
    assert np.all(attack(stegos).payload < 0.08)


def test_floats_and_single_planes_are_refused() -> None:
    for wrong in (torch.zeros(1, 1, 64, 64), torch.zeros(64, 64, dtype=torch.uint8)):
        with pytest.raises(InvalidSetting, match="uint8"):
            sample_pairs(wrong)
