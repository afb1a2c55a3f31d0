"""Public randomness is part of every result: the same seed and name must give the same numbers for as long as results live."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan.compute import seeds

SEEDS = st.integers(0, 2**64 - 1)


def split_mix(seed: int, count: int) -> list[int]:
    """SplitMix64 as printed by Steele, Lea and Flood, in Python's own integers: the witness of `seeds.uniforms`."""
    mask, outputs = (1 << 64) - 1, []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        outputs.append(z ^ (z >> 31))
    return outputs


@given(st.lists(SEEDS, min_size=1, max_size=4), st.integers(1, 20))
def test_uniforms_are_the_top_53_bits_of_split_mix(image_seeds: list[int], samples: int) -> None:
    drawn = seeds.uniforms(np.array(image_seeds, dtype=np.uint64), samples)
    expected = torch.tensor([[(z >> 11) * 2.0**-53 for z in split_mix(s, samples)] for s in image_seeds], dtype=torch.float64)
    assert torch.equal(drawn, expected)


def test_the_witness_gives_the_published_sequence() -> None:
    """The first outputs for seed 1234567, as in Rosetta Code's task "Pseudo-random numbers/Splitmix64"."""
    assert split_mix(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@given(st.lists(SEEDS, min_size=2, max_size=6), st.integers(1, 30), st.integers(0, 3))
def test_an_image_gets_the_same_numbers_alone_and_in_a_batch(image_seeds: list[int], samples: int, stream: int) -> None:
    together = seeds.uniforms(np.array(image_seeds, dtype=np.uint64), samples, stream=stream)
    alone = [seeds.uniforms(np.array([s], dtype=np.uint64), samples, stream=stream) for s in image_seeds]
    assert torch.equal(together, torch.cat(alone))


@given(SEEDS)
def test_streams_of_one_image_have_nothing_in_common(seed: int) -> None:
    first, second = (set(seeds.uniforms(np.array([seed], dtype=np.uint64), 200, stream=s)[0].tolist()) for s in (0, 1))
    assert not first & second


def test_uniforms_are_uniform_over_many_seeds() -> None:
    """Kolmogorov's distance of 200,000 draws: 1.95 / sqrt(n) is passed once in a thousand; the seeds here are fixed."""
    drawn = seeds.uniforms(seeds.image_seeds(seeds.generator(7), 200), 1000).flatten().sort().values
    even = torch.arange(1, drawn.numel() + 1) / drawn.numel()
    assert (drawn - even).abs().max() < 1.95 / drawn.numel() ** 0.5


@given(SEEDS, st.integers(0, 20), st.integers(0, 20))
def test_image_seeds_do_not_depend_on_where_the_batches_are_cut(seed: int, first: int, second: int) -> None:
    whole = seeds.image_seeds(seeds.generator(seed, "cut"), first + second)
    rng = seeds.generator(seed, "cut")
    parts = np.concatenate([seeds.image_seeds(rng, first), seeds.image_seeds(rng, second)])
    assert np.array_equal(whole, parts)


def test_derived_seeds_are_frozen() -> None:
    """The first 16 hexadecimal digits that sha256sum (GNU coreutils) gives for "1\\0a", "7" and the line of the third case."""
    assert seeds.derive(1, "a") == 0x03A95B5F06D98DCA
    assert seeds.derive(7) == 0x7902699BE42C8A8E
    assert seeds.derive(2018, "faces/000001.png", "change") == 0xBED6771C0BE272BB


@given(SEEDS, st.text(max_size=8), st.text(max_size=8))
def test_other_names_give_other_generators(seed: int, first: str, second: str) -> None:
    same = seeds.generator(seed, first).integers(2**63) == seeds.generator(seed, second).integers(2**63)
    assert same == (first == second)


@given(st.lists(SEEDS, min_size=1, max_size=3), st.integers(1, 50), st.integers(0, 3))
def test_seeds_that_lie_on_a_device_give_the_same_numbers(image_seeds: list[int], samples: int, stream: int) -> None:
    own = np.array(image_seeds, dtype=np.uint64)
    elsewhere = seeds.uniforms(torch.from_numpy(own.view(np.int64)), samples, stream=stream)
    assert torch.equal(elsewhere, seeds.uniforms(own, samples, stream=stream))
