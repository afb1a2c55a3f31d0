from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ssgan.embedding.coefficient_embedder import simulate_coefficients
from ssgan.images import cosines
from ssgan.images.coefficients import Coefficients, Component
from ssgan.steganalysis.attacks.coefficients import BY_NAME, LEAST_ONES, SuspectLuma
from ssgan.steganalysis.attacks.structural import Estimate, NotEnoughData
from tests.embedding.jpeg_covers import LUMA_TABLE, component

SEEDS, SIZE = range(4), 512


def photograph(seed: int) -> Coefficients:
    """Return a JPEG of smooth noise, whose low modes fall off evenly as those of photographs do."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft2(rng.normal(size=(SIZE, SIZE)))
    distance = np.hypot(*np.meshgrid(np.fft.fftfreq(SIZE), np.fft.rfftfreq(SIZE), indexing="ij"))
    smooth = np.fft.irfft2(spectrum / (distance + 0.004) ** 1.2)
    samples = (128 + 50 * smooth / smooth.std() + rng.normal(size=smooth.shape)).clip(0, 255)
    blocks = np.rint(cosines.from_samples(samples, LUMA_TABLE // 3)).astype(np.int16)
    luma = Component(blocks, LUMA_TABLE // 3, (1, 1), (SIZE // 8, SIZE // 8), (SIZE, SIZE))
    return Coefficients(SIZE, SIZE, (luma,), False, b"")


def estimates(luma: Component) -> dict[str, float]:
    found = {name: attack(SuspectLuma(luma)) for name, attack in BY_NAME.items()}
    return {name: one.payload for name, one in found.items() if isinstance(one, Estimate)}


def stego(embedder: str, seed: int) -> Component:
    return simulate_coefficients(photograph(seed), embedder, seed).components[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_found_in_what_nobody_changed(seed: int) -> None:
    found = estimates(photograph(seed).components[0])
    assert set(found) == set(BY_NAME)
    assert max(found.values()) < 0.2


@pytest.mark.parametrize("order", ["", ":raster"])
@pytest.mark.parametrize("payload", [0.1, 0.3])
def test_jsteg_is_measured_wherever_in_the_file_it_is(payload: float, order: str) -> None:
    luma = stego(f"jsteg@{payload}/plain{order}", 1)
    cover = photograph(1).components[0].carriers.reshape(-1, 64)[:, 1:]
    share = payload * np.count_nonzero(cover) / np.count_nonzero((cover != 0) & (cover != 1))
    assert estimates(luma)["jsteg"] == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("name", BY_NAME)
def test_more_changes_give_a_larger_estimate(name: str) -> None:
    embedder = "nsf5@{}/shrinkage" if name == "f5" else "jsteg@{}/plain"
    found = [np.mean([estimates(stego(embedder.format(payload), seed))[name] for seed in SEEDS]) for payload in (0.1, 0.3, 0.5)]
    assert found == sorted(found)
    assert found[-1] - found[0] > 0.15


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 400), (400, 16), (56, 56), (8, 2000)])
def test_what_is_too_small_is_not_answered(height: int, width: int) -> None:
    for attack in BY_NAME.values():
        found = attack(SuspectLuma(component(height, width)))
        assert isinstance(found, NotEnoughData)
        assert found.reason


def test_flat_and_saturated_pictures_are_not_answered() -> None:
    luma = component(128, 128)
    flat = replace(luma, blocks=np.zeros_like(luma.blocks))
    full = replace(luma, blocks=np.full_like(luma.blocks, 1023))
    for one in (flat, full):
        assert all(isinstance(attack(SuspectLuma(one)), NotEnoughData) for attack in BY_NAME.values())
    assert LEAST_ONES > 0


def test_an_answer_depends_on_the_picture_alone() -> None:
    luma = component(130, 141, seed=3)
    strided = replace(luma, blocks=np.asfortranarray(luma.blocks), table=np.asfortranarray(luma.table))
    for attack in BY_NAME.values():
        assert attack(SuspectLuma(luma)) == attack(SuspectLuma(luma)) == attack(SuspectLuma(strided))
