from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ssgan.compute import threads
from ssgan.embedding.coders import bound
from ssgan.embedding.costs import apply_wet_rule
from ssgan.embedding.schemes import hugo2010
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.samples import PEAK, pixels

AXES = ((0, 1), (0, -1), (1, 0), (-1, 0))
DIAGONALS = ((1, 1), (-1, -1), (1, -1), (-1, 1))
ONE = np.array([7], np.uint64)

# Few gray values make many triples meet in one bin, which is where the absolute value of the sum matters.
planes_of_few_values = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.sampled_from([0, 1, 2, 3, 9, 120, 254, 255])
)
thresholds = st.sampled_from([1, 3, 90, 255])


def triples(plane: np.ndarray, down: int, right: int, threshold: int) -> Counter[tuple[int, int, int]]:
    """C^k: how often each triple of consecutive differences occurs along one direction, inside the plane."""
    counts: Counter[tuple[int, int, int]] = Counter()
    height, width = plane.shape
    for y, x in np.ndindex(height, width):
        if 0 <= y + 3 * down < height and 0 <= x + 3 * right < width:
            line = [int(plane[y + k * down, x + k * right]) for k in range(4)]
            d = (line[0] - line[1], line[1] - line[2], line[2] - line[3])
            if max(map(abs, d)) <= threshold:
                counts[d] += 1
    return counts


def distortion(cover: np.ndarray, stego: np.ndarray, threshold: int) -> float:
    """The paper's D, term by term over the eight directions and all bins."""
    total = 0.0
    for group in (AXES, DIAGONALS):
        change: Counter[tuple[int, int, int]] = Counter()
        for down, right in group:
            change.update(triples(cover, down, right, threshold))
            change.subtract(triples(stego, down, right, threshold))
        total += sum(abs(count) / (float(np.linalg.norm(d)) + 1) for d, count in change.items())
    return total


def changed_at(plane: np.ndarray, place: tuple[int, int], change: int) -> np.ndarray:
    stego = plane.astype(np.int16)
    stego[place] += change
    return stego


def images(plane: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(plane)[None, None]


@settings(max_examples=30)
@given(planes_of_few_values, thresholds)
def test_a_cost_is_the_distortion_of_the_change_alone(plane: np.ndarray, threshold: int) -> None:
    rho = hugo2010.costs(images(plane).double(), 0.4, threshold=threshold)
    for found, change in ((rho.plus, 1), (rho.minus, -1)):
        expected = [distortion(plane, changed_at(plane, place, change), threshold) for place in np.ndindex(plane.shape)]
        np.testing.assert_allclose(found.numpy().ravel(), expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=30)
@given(planes_of_few_values, thresholds, st.sampled_from(["ascending", "descending"]), st.integers(0, 2**32 - 1))
def test_correction_takes_each_time_the_way_with_the_smaller_distortion(
    plane: np.ndarray, threshold: int, order: hugo2010.Order, seed: int
) -> None:
    """The witness computes D of whole planes again for both ways of every step; at a tie it follows whichever was taken."""
    where = np.random.default_rng(seed).random(plane.shape) < 0.4
    stego = hugo2010.correct(images(plane), images(plane ^ where), ONE, order=order, threshold=threshold)[0, 0].numpy()
    np.testing.assert_array_equal(stego != plane, where)
    rho = hugo2010.costs(images(plane).double(), 0.4, threshold=threshold)
    cheaper = np.minimum(*(found[0, 0].numpy() for found in apply_wet_rule(rho, pixels(images(plane)))))
    rank = cheaper[where] if order == "ascending" else -cheaper[where]
    current = plane.astype(np.int16)
    for place in np.argwhere(where)[np.argsort(rank, kind="stable")]:
        at = (int(place[0]), int(place[1]))
        up, down = (distortion(plane, changed_at(current, at, change), threshold) for change in (1, -1))
        raised = stego[at] > plane[at]
        if plane[at] in (0, PEAK):
            assert raised == (plane[at] == 0)
        elif abs(up - down) > 1e-8:
            assert raised == (up < down)
        current[at] += 1 if raised else -1


@pytest.fixture(scope="module")
def photograph_like() -> torch.Tensor:
    """Smooth brightness with grain, uint8 (3, 1, 48, 40)."""
    rng = np.random.default_rng(11)
    smooth = np.cumsum(np.cumsum(rng.normal(0, 0.4, (3, 1, 48, 40)), axis=2), axis=3)
    return torch.from_numpy(np.clip(smooth + 128 + rng.normal(0, 2, smooth.shape), 0, 255).astype(np.uint8))


SEEDS = np.array([1, 2, 3], np.uint64)


@pytest.mark.parametrize("threshold", [90, 255])
def test_correction_lowers_the_distortion(photograph_like: torch.Tensor, threshold: int) -> None:
    found = {
        order: sum(
            distortion(cover.numpy(), stego.numpy().astype(np.int16), threshold)
            for cover, stego in zip(
                photograph_like[:, 0],
                hugo2010.simulate(photograph_like, 0.3, SEEDS, order=order, threshold=threshold)[:, 0],
                strict=True,
            )
        )
        for order in ("none", "ascending", "descending", "random")
    }
    for order in ("ascending", "descending", "random"):
        assert found[order] < 0.97 * found["none"], found  # by 5 to 8 % as measured


def test_the_sender_changes_as_many_samples_as_the_binary_bound_says(photograph_like: torch.Tensor) -> None:
    rho = apply_wet_rule(hugo2010.costs(photograph_like.double(), 0.4), pixels(photograph_like))
    betas = bound.change_probabilities(hugo2010.binary(rho), 0.4)
    torch.testing.assert_close(bound.entropy_bits(betas) / photograph_like[0].numel(), torch.full((3,), 0.4).double())
    stegos = hugo2010.simulate(photograph_like, 0.4, SEEDS)
    expected = float(sum(beta.sum() for beta in betas))
    spread = float(sum((beta * (1 - beta)).sum() for beta in betas)) ** 0.5
    assert abs(int((stegos != photograph_like).sum()) - expected) < 5 * spread
    assert int((stegos.int() - photograph_like.int()).abs().max()) == 1


def test_an_image_is_changed_alike_alone_and_in_a_batch(photograph_like: torch.Tensor) -> None:
    for order in ("ascending", "random"):
        together = hugo2010.simulate(photograph_like, 0.4, SEEDS, order=order)
        alone = hugo2010.simulate(photograph_like[1:2], 0.4, SEEDS[1:2], order=order)
        assert bool((together[1:2] == alone).all())


def test_threads_do_not_show(photograph_like: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = hugo2010.costs(photograph_like.float(), 0.4)
    assert alone.plus.dtype == torch.float32
    monkeypatch.setattr(threads, "THREAD_SAMPLES", 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 5)
    shared = hugo2010.costs(photograph_like.float(), 0.4)
    assert bool((alone.plus == shared.plus).all())
    assert bool((alone.minus == shared.minus).all())


def test_what_cannot_be_meant_is_refused(photograph_like: torch.Tensor) -> None:
    with pytest.raises(InvalidSetting, match="whole numbers"):
        hugo2010.costs(photograph_like + 0.5, 0.4)
    with pytest.raises(InvalidSetting, match="order"):
        hugo2010.correct(photograph_like, photograph_like, SEEDS, order="upwards")  # type: ignore[arg-type]
    with pytest.raises(DoesNotFit):
        hugo2010.simulate(photograph_like, 1.1, SEEDS)
