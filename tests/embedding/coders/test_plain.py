from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ssgan.compute import seeds as public_seeds
from ssgan.embedding.coders import plain
from ssgan.embedding.costs import Costs, apply_wet_rule
from ssgan.embedding.schemes import lsb, lsbr
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.samples import pixels

COVERS = hnp.arrays(np.uint8, st.tuples(st.integers(1, 3), st.sampled_from([1, 3]), st.integers(1, 9), st.integers(1, 9)))
PATHS = st.builds(plain.Path, st.sampled_from(["keyed", "raster"]), st.sampled_from(["all", "red"]))


def costs_of(covers: torch.Tensor, replacement: bool) -> Costs:
    scheme = lsbr.costs if replacement else lsb.costs
    return apply_wet_rule(scheme(covers.double(), 0.4), pixels(covers))


@given(COVERS, st.floats(0, 1), PATHS, st.booleans(), st.binary(min_size=1))
def test_a_text_is_read_back_along_the_same_path(
    images: np.ndarray, payload: float, path: plain.Path, replacement: bool, text: bytes
) -> None:
    covers, seeds = torch.from_numpy(images), np.arange(len(images), dtype=np.uint64)
    stegos = plain.simulate(pixels(covers), costs_of(covers, replacement), payload, seeds, path=path, text=text)
    visited = plain.order(pixels(covers), payload, seeds, path=path)
    for seed, read in zip(seeds, plain.extract(stegos, visited).numpy(), strict=True):
        start = int(public_seeds.uniforms(np.array([seed]), 1, stream=plain.BITS)[0, 0] * len(text))
        passage = np.frombuffer(text[start:] + text[:start], np.uint8)
        np.testing.assert_array_equal(read, np.resize(np.unpackbits(passage).astype(bool), len(read)))


@given(COVERS, st.floats(0, 1), PATHS, st.booleans())
def test_changes_are_by_one_and_only_on_the_path(
    images: np.ndarray, payload: float, path: plain.Path, replacement: bool
) -> None:
    covers, seeds = torch.from_numpy(images), np.arange(len(images), dtype=np.uint64)
    change = plain.simulate(pixels(covers), costs_of(covers, replacement), payload, seeds, path=path).int() - covers.int()
    off_path = torch.ones_like(change).flatten(1).scatter(1, plain.order(pixels(covers), payload, seeds, path=path), 0)
    assert int(change.abs().max()) <= 1
    assert not bool((change.flatten(1) * off_path).any())
    if replacement:
        assert bool(((change == 0) | (change == 1 - 2 * (covers & 1).int())).all())


def test_half_of_the_bits_match_already() -> None:
    covers = torch.randint(0, 256, (20, 1, 64, 64), dtype=torch.uint8)
    stegos = plain.simulate(pixels(covers), costs_of(covers, False), 0.4, np.arange(20, dtype=np.uint64))
    rate = float((stegos != covers).double().mean())
    assert rate == pytest.approx(0.2, abs=5 * math.sqrt(0.16 / covers.numel()))


def test_at_the_ends_of_the_range_changes_go_inward() -> None:
    covers = torch.cat([torch.zeros(1, 1, 32, 32), torch.full((1, 1, 32, 32), 255)]).to(torch.uint8)
    stegos = plain.simulate(pixels(covers), costs_of(covers, False), 1.0, np.arange(2, dtype=np.uint64))
    assert set(stegos[0].unique().tolist()) == {0, 1}
    assert set(stegos[1].unique().tolist()) == {254, 255}


def test_red_only_leaves_the_other_channels_alone() -> None:
    covers = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8)
    path = plain.Path(channels="red")
    stegos = plain.simulate(pixels(covers), costs_of(covers, False), 1.0, np.arange(2, dtype=np.uint64), path=path)
    assert torch.equal(stegos[:, 1:], covers[:, 1:])
    assert not torch.equal(stegos[:, 0], covers[:, 0])


def test_each_image_has_an_order_of_its_own() -> None:
    covers = torch.zeros(2, 1, 16, 16, dtype=torch.uint8)
    one, other = plain.order(pixels(covers), 0.5, np.array([1, 2], dtype=np.uint64))
    assert len(set(one.tolist()) & set(other.tolist())) < 100
    assert one.tolist() == plain.order(pixels(covers[:1]), 0.5, np.array([1], dtype=np.uint64))[0].tolist()


def test_more_than_one_bit_a_sample_is_refused() -> None:
    covers = torch.zeros(1, 1, 4, 4, dtype=torch.uint8)
    with pytest.raises(DoesNotFit) as refusal:
        plain.simulate(pixels(covers), costs_of(covers, False), 1.2, np.zeros(1, dtype=np.uint64))
    assert refusal.value.reachable == 16


def test_an_empty_text_is_refused() -> None:
    covers = torch.zeros(1, 1, 4, 4, dtype=torch.uint8)
    with pytest.raises(InvalidSetting):
        plain.simulate(pixels(covers), costs_of(covers, False), 0.5, np.zeros(1, dtype=np.uint64), text=b"")
