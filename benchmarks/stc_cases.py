"""Random and hostile cases for the syndrome-trellis coder: each message is extracted, or refused with what would fit.

`python benchmarks/stc_cases.py 10000` takes covers of 8 x 8 to 512 x 512 samples (noise, smooth, flat, half saturated), costs
from constant to heavy-tailed, 0 to 90 % wet, 0.01 to 1.2 bits per sample, and counts what became of them.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np

from ssgan.embedding.stc import embed
from ssgan.embedding.stc.trellis import Code, NoPath
from ssgan.errors import DoesNotFit
from ssgan.images.samples import pixels


@dataclass(frozen=True)
class Case:
    """A cover with its costs in the order of embedding, a message and a code."""

    name: str
    cover: np.ndarray
    plus: np.ndarray
    minus: np.ndarray
    message: np.ndarray
    code: Code
    layers: int


def make(seed: int, sides: tuple[int, int] = (8, 512), heights: range = range(6, 13)) -> Case:
    """The case of a seed: any side within `sides`, small ones as often as large ones."""
    rng = np.random.default_rng(seed)
    side = round(np.exp(rng.uniform(*np.log(sides))))
    texture = str(rng.choice(["noise", "smooth", "flat", "half saturated", "all black"], p=[0.3, 0.3, 0.1, 0.25, 0.05]))
    profile = str(rng.choice(["constant", "linear", "square", "heavy", "cauchy", "partly free", "free"]))
    cover = _cover(texture, side, rng)
    costs = [_costs(profile, cover.size, rng)]
    costs += [costs[0] if rng.random() < 0.5 else costs[0] * rng.uniform(0.5, 2, cover.size)]
    wet_share = rng.choice([0, rng.uniform(0, 0.9)])
    wet = rng.random(cover.size) < wet_share
    if rng.random() < 0.5:
        wet = np.arange(cover.size) < wet_share * cover.size
    one_way = rng.random(cover.size) < rng.choice([0, 0.5])
    scale = 10.0 ** rng.uniform(-30, 30)
    plus = np.where(wet | (one_way & (cover & 1 == 1)) | (cover == 255), np.inf, costs[0] * scale)
    minus = np.where(wet | (one_way & (cover & 1 == 0)) | (cover == 0), np.inf, costs[1] * scale)
    if rng.random() < 0.8:  # as in use, where a key orders the samples
        order = rng.permutation(cover.size)
        cover, plus, minus = cover[order], plus[order], minus[order]
    payload = np.exp(rng.uniform(*np.log((0.01, 1.2))))
    message = rng.integers(0, 2, round(payload * cover.size), dtype=np.uint8)
    height = int(rng.choice([h for h in heights if h <= 10 or side <= 256]))
    code = Code(height, rng.bytes(32) if rng.random() < 0.5 else None)
    name = f"seed {seed}: {side} x {side}, {texture}, {profile}, {wet_share:.0%} wet, {payload:.3f} bpp, height {height}"
    return Case(name, cover, plus, minus, message, code, 2 if rng.random() < 0.85 else 1)


def outcome(case: Case) -> str:
    """What became of the case; AssertionError where something is wrong."""
    rng, cover = np.random.default_rng(1), pixels(case.cover)
    try:
        made = embed.embed(cover, case.plus, case.minus, case.message, case.code, layers=case.layers, rng=rng)
    except DoesNotFit as refused:
        most = int(refused.reachable)
        assert 0 <= most < len(case.message), case.name
        made = embed.embed(cover, case.plus, case.minus, case.message[:most], case.code, layers=case.layers, rng=rng)
        assert made.first + made.second == most, case.name
        _verify(case, made, case.message[:most])
        return "refused: no path" if isinstance(refused, NoPath) else "refused: too long"
    _verify(case, made, case.message)
    return "extracted"


def _verify(case: Case, made: embed.Embedding, message: np.ndarray) -> None:
    assert np.array_equal(embed.extract(made.stego, made.first, made.second, case.code), message), case.name
    change = made.stego.astype(int) - case.cover
    assert np.abs(change).max() <= 1, case.name
    paid = np.where(change > 0, case.plus, 0) + np.where(change < 0, case.minus, 0)
    assert np.isfinite(paid).all(), f"{case.name}: a wet sample changed"
    assert np.isclose(paid.sum(), made.distortion, rtol=1e-9, atol=0), case.name
    assert made.change_rate == np.mean(change != 0), case.name


def _cover(texture: str, side: int, rng: np.random.Generator) -> np.ndarray:
    noise = rng.integers(0, 256, (side, side))
    if texture == "smooth":
        noise = np.add.outer(np.arange(side), np.arange(side)) * 255 // (2 * side) + noise // 64
    elif texture == "flat":
        noise = np.full((side, side), int(rng.integers(1, 255)))
    elif texture == "half saturated":
        noise = np.clip(noise * 2 - int(rng.choice([0, 256])), 0, 255)
    elif texture == "all black":
        noise = np.zeros((side, side), int)
    return noise.clip(0, 255).astype(np.uint8).ravel()


def _costs(profile: str, samples: int, rng: np.random.Generator) -> np.ndarray:
    if profile == "constant":
        return np.ones(samples)
    if profile == "free":
        return np.zeros(samples)
    uniform = rng.random(samples)
    if profile == "square":
        return np.square(uniform)
    if profile == "heavy":
        return np.exp(rng.normal(0, 6, samples))
    if profile == "cauchy":
        return np.square(rng.standard_cauchy(samples))
    return np.where(rng.random(samples) < 0.3, 0, uniform) if profile == "partly free" else uniform


def main() -> None:
    """Run the first so many cases; any that goes wrong raises."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    counts: Counter[str] = Counter()
    slowest = (0.0, "")
    start = time.perf_counter()
    for seed in range(cases):
        case = make(seed)
        begun = time.perf_counter()
        counts[outcome(case)] += 1
        slowest = max(slowest, (time.perf_counter() - begun, case.name))
    seconds = time.perf_counter() - start
    found = ", ".join(f"{counts[name]} {name}" for name in sorted(counts))
    print(f"stc cases: {cases} in {seconds:.0f} s: {found}; none wrong; slowest {slowest[0]:.1f} s ({slowest[1]})")


if __name__ == "__main__":
    main()
