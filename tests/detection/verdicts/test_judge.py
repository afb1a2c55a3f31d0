"""Verdicts: clean pictures are left alone, LSB replacement is found, and nothing but the image decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.detection.verdicts import Verdict, judge
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.gan.covers.generators import find_generator, open_generator
from ssgan.gan.covers.sample import latents, prepared, sample
from ssgan.images import to_images
from tests.detection.verdicts import clean

pytest.importorskip("skimage")
CASES = list(clean.cases())


def stego(cover: np.ndarray, embedder: str, seed: int = 1) -> np.ndarray:
    return Embedder.parse(embedder).simulate_seeded(to_images(cover.copy()), np.array([seed], dtype=np.uint64))[0].numpy()


def one(image: np.ndarray) -> Verdict:
    return judge(to_images(image.copy()))[0]


def test_none_of_the_clean_pictures_that_are_hard_to_leave_alone_is_called_stego() -> None:
    called = {name: one(picture) for name, picture in CASES}
    assert len(called) > 150
    assert not [name for name, verdict in called.items() if verdict.verdict == "stego"]


@pytest.mark.parametrize("kind", ["blank, 255", "checkerboard", "drawing", "coffee, dithered palette", "camera, small"])
def test_what_no_detector_may_speak_of_has_no_probability(kind: str) -> None:
    verdict = one(dict(CASES)[kind])
    assert verdict.verdict == "out of domain"
    assert verdict.probability is None
    assert not verdict.answered
    assert all(reason.endswith(".") for reason in verdict.reasons)


@pytest.mark.parametrize("name", clean.PHOTOGRAPHS)
@pytest.mark.parametrize("embedder", ["lsbr@0.2/plain", "lsbr@1/plain"])
def test_lsb_replacement_in_photographs_is_found(name: str, embedder: str) -> None:
    verdict = one(stego(clean.photograph(name), embedder))
    assert verdict.verdict == "stego"
    assert "lsb-replacement" in verdict.alarms
    assert verdict.probability is not None
    assert verdict.probability > 0.9
    assert "LSB replacement" in verdict.reasons[0]


def images_of(side: int, count: int) -> np.ndarray:
    """uint8 (count, 3, side, side): parts of photographs, and among them what is none."""
    rng = np.random.default_rng(5)
    whole = clean.photograph("coffee")
    parts = [whole[:, y : y + side, x : x + side] for y, x in rng.integers(0, 400 - side + 1, (count - 2, 2))]
    return np.stack([*parts, np.zeros((3, side, side)), rng.integers(0, 256, (3, side, side))]).astype(np.uint8)


@settings(max_examples=6)
@given(st.permutations(range(5)), st.sampled_from([64, 256]))
def test_a_verdict_depends_on_nothing_but_its_image(order: list[int], side: int) -> None:
    images = images_of(side, 5)
    together = [repr(verdict) for verdict in judge(to_images(images))]  # nan is in it, which is not itself
    assert [repr(verdict) for verdict in judge(to_images(images[order]))] == [together[i] for i in order]
    assert repr(judge(to_images(images[order[0]]))[0]) == together[order[0]]
    assert [repr(verdict) for verdict in judge(to_images(images))] == together


@settings(max_examples=10)
@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 3]), st.integers(0, 2**32))
def test_every_image_has_a_verdict(height: int, width: int, channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    verdict = one(rng.integers(0, rng.integers(1, 257), (channels, height, width), dtype=np.uint8))
    assert verdict.probability is None or 0 <= verdict.probability <= 1
    assert verdict.reasons
    assert set(verdict.alarms) <= set(verdict.answered)
    assert set(verdict.estimates) == {"rs", "sample-pairs", "weighted-stego", "chi-square"}


@pytest.mark.parametrize(
    "wrong", [torch.zeros(3, 64, 64, dtype=torch.uint8), torch.zeros(1, 3, 64, 64), torch.zeros(1, 2, 64, 64)]
)
def test_what_is_no_image_is_refused_with_a_hint(wrong: torch.Tensor) -> None:
    with pytest.raises(InvalidSetting) as caught:
        judge(wrong)
    assert caught.value.hint


def test_covers_by_the_bundled_generator_are_of_the_domain_and_mostly_left_alone() -> None:
    net, card = open_generator(find_generator(Path("faces64")))
    covers = sample(prepared(net), latents(card.config, range(40), 4242))
    verdicts = judge(covers)
    assert sum("generated-faces" in verdict.answered for verdict in verdicts) >= 36
    assert sum(verdict.verdict == "stego" for verdict in verdicts) <= 6  # 2 expected; more has probability 0.003
    for embedder, least in (("lsb@1/plain", 10), ("lsbr@1/plain", 32)):
        heavy = Embedder.parse(embedder).simulate_seeded(covers, np.arange(40, dtype=np.uint64))
        assert sum(verdict.verdict == "stego" for verdict in judge(heavy)) >= least
