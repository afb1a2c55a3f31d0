"""Random round trips: a message is hidden, written to a file, read from it and revealed, byte for byte.

`python benchmarks/roundtrips.py 100000 [--workers 2] [--first 0]` takes covers of 32 x 32 to 512 x 512 (photographs, noise,
smooth, flat, saturated), gray and color, some with alpha, every scheme, messages from nothing to all that fits, mostly with key
files. Every case holds to more than the message: no sample moves by more than one, no frozen one and none under alpha at all.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import skimage
import torch

from ssgan import images
from ssgan.embedding.catalog import SCHEMES
from ssgan.errors import DoesNotFit, NothingFound, RefusedImage
from ssgan.messages import container
from ssgan.messages.container import capacity
from ssgan.messages.hide import Hidden, hide
from ssgan.messages.keys import Key, KeyFile, Passphrase
from ssgan.messages.reveal import reveal

SIDES = (32, 512)
PASSPHRASES = 0.005  # share of the cases: each takes a quarter of a second twice
TEXTURES = {"photograph": 0.3, "noise": 0.15, "smooth": 0.25, "flat": 0.1, "half saturated": 0.12, "black and white": 0.08}
_AT_ONCE = 250  # cases a worker takes


@dataclass(frozen=True)
class Case:
    """A cover uint8 (C, H, W) with alpha uint8 (H, W) or None, and what is to be hidden in it, how."""

    name: str
    image: np.ndarray
    alpha: np.ndarray | None
    message: bytes
    key: Key
    scheme: str
    compress: bool
    format: str


def make(seed: int) -> Case:
    """The case of a seed. Small sides are much more frequent than large ones, so that many cases take little time."""
    rng = np.random.default_rng(seed)
    shares = np.clip(rng.random() ** 6 + _shift(rng), 0, 1)
    height, width = (round(SIDES[0] * (SIDES[1] / SIDES[0]) ** share) for share in shares.tolist())
    channels = int(rng.choice([1, 3], p=[0.6, 0.4]))
    texture = str(rng.choice(list(TEXTURES), p=list(TEXTURES.values())))
    image = _texture(texture, (channels, height, width), rng)
    alpha = _alpha(height, width, rng) if rng.random() < 0.25 else None
    scheme = str(rng.choice(list(SCHEMES)))
    compress = bool(rng.random() < 0.15)
    message = _message(capacity(image, alpha=alpha), compress, rng)
    key: Key = KeyFile(rng.bytes(32))
    if rng.random() < PASSPHRASES:
        key = Passphrase("".join(chr(code) for code in rng.choice([*range(32, 127), 0xE9, 0x4E2D, 0x1F600], 12)))
    kinds = ["PNG", "TIFF"] if alpha is not None else ["PNG", "TIFF", "BMP", "PGM" if channels == 1 else "PPM"]
    name = f"seed {seed}: {height} x {width} x {channels}, {texture}, {len(message)} bytes, {scheme}, {key.mode.decode()}"
    return Case(name, image, alpha, message, key, scheme, compress, kinds[int(rng.integers(len(kinds)))])


def outcome(case: Case) -> str:
    """What became of the case; AssertionError or another exception where something is wrong."""
    given = functools.partial(hide, case.image, case.message, case.key, scheme=case.scheme, alpha=case.alpha)
    try:
        hidden = given(compress=case.compress)
        what = "revealed"
    except RefusedImage as refused:
        assert "too flat" in str(refused), case.name
        hidden = given(compress=case.compress, allow_flat=True)
        what = "revealed, flat cover"
    except DoesNotFit as refused:  # random bytes that do not pack may be more than fit
        assert case.compress, case.name
        assert refused.reachable == capacity(case.image, alpha=case.alpha), case.name
        return "refused: too long"
    _check_changes(case, hidden)
    picture = images.read(images.encode(hidden.stego, case.format, alpha=case.alpha))
    assert reveal(picture.samples, case.key, alpha=picture.alpha) == case.message, case.name
    if isinstance(case.key, KeyFile) and len(case.message) % 8 == 0:
        _check_other_key(case, hidden)
    return what


def _check_changes(case: Case, hidden: Hidden) -> None:
    changes = hidden.changes
    assert hidden.stego.shape == case.image.shape, case.name
    assert np.abs(hidden.stego.astype(int) - case.image).max() <= 1, case.name
    if case.alpha is not None:
        assert not changes[:, case.alpha != 255].any(), f"{case.name}: changed under alpha"
    samples = container.samples_of(case.image, case.alpha)
    written = container.samples_of(hidden.stego, case.alpha)
    shape = container.shape_of(case.image, samples)
    frozen = container.keyed_layout(shape, samples, case.key).frozen
    assert np.array_equal(samples[frozen], written[frozen]), f"{case.name}: changed a frozen sample"
    assert hidden.change_rate == np.count_nonzero(changes) / len(samples), case.name
    assert hidden.message_bytes <= hidden.rung_bytes <= max(20, hidden.message_bytes * 1.12 + 1), case.name


def _check_other_key(case: Case, hidden: Hidden) -> None:
    other = KeyFile(bytes(byte ^ (i == 0) for i, byte in enumerate(case.key.secret)))  # type: ignore[union-attr]
    try:
        reveal(hidden.stego, other, alpha=case.alpha)
    except NothingFound:
        return
    raise AssertionError(f"{case.name}: a key with one other bit opened it")


def _shift(rng: np.random.Generator) -> np.ndarray:
    """Sides that differ, in most cases."""
    return rng.uniform(-0.05, 0.05, 2) if rng.random() < 0.8 else np.zeros(2)


@functools.cache
def _photographs() -> tuple[np.ndarray, ...]:
    """uint8 (512, 512) and (512, 512, 3): the photographs that scikit-image's wheel carries and that are large enough."""
    return skimage.data.camera(), skimage.data.brick(), skimage.data.moon(), skimage.data.astronaut()


def _window(shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    channels, height, width = shape
    photographs = _photographs()
    photograph = np.atleast_3d(photographs[-1] if channels == 3 else photographs[int(rng.integers(len(photographs)))])
    top, left = (int(rng.integers(room + 1)) for room in (photograph.shape[0] - height, photograph.shape[1] - width))
    window = photograph[top : top + height, left : left + width, :channels]
    return np.ascontiguousarray(window.transpose(2, 0, 1))


def _texture(texture: str, shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    channels, height, width = shape
    if texture == "photograph":
        return _window(shape, rng)
    if texture == "noise":
        return rng.integers(0, 256, shape, dtype=np.uint8)
    if texture == "flat":
        return np.full(shape, rng.choice([0, 1, 128, 254, 255]), dtype=np.uint8)
    if texture == "black and white":
        return (rng.integers(0, 2, shape) * 255).astype(np.uint8)
    ramp = np.add.outer(np.linspace(0, rng.uniform(0, 200), height), np.linspace(0, rng.uniform(0, 100), width))
    smooth = ramp + rng.normal(0, rng.uniform(0.3, 5), shape)
    if texture == "half saturated":
        smooth = smooth * 2 - rng.choice([0, 200])
    return smooth.round().clip(0, 255).astype(np.uint8)


def _alpha(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A soft edge, a cut-out, or single pixels that do not count; half of the pixels at least do."""
    alpha = np.full((height, width), 255, dtype=np.uint8)
    kind = rng.integers(3)
    if kind == 0:
        alpha[:, : width // 3] = np.linspace(0, 255, width // 3, dtype=np.uint8)
    elif kind == 1:
        alpha[height // 4 : height // 2, width // 4 :] = rng.integers(0, 255)
    else:
        alpha[rng.random((height, width)) < rng.uniform(0, 0.5)] = 254
    return alpha


def _message(capacity_bytes: int, compress: bool, rng: np.random.Generator) -> bytes:
    """Mostly any length up to what fits, short ones as often as long ones; the two ends of the range, too."""
    kind = rng.random()
    size = (
        1
        if kind < 0.05
        else 0
        if kind < 0.07
        else capacity_bytes
        if kind < 0.15
        else round((capacity_bytes + 1) ** rng.random()) - 1
    )
    if compress and rng.random() < 0.7:
        return (b"the same words again, " * (3 * capacity_bytes // 22 + 1))[: size * 3]
    if rng.random() < 0.3:  # what padding or an all-zero stream could trip over
        return bytes(rng.choice(np.array([0, 0x80], dtype=np.uint8), size))
    return rng.bytes(size * 2 if compress and rng.random() < 0.2 else size)


def run(seeds: range) -> Counter[str]:
    """What became of these cases."""
    torch.set_num_threads(1)
    return Counter(outcome(make(seed)) for seed in seeds)


def main() -> None:
    """Run so many cases; any that goes wrong raises."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=int, nargs="?", default=2000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.cases)
    shares = [seeds[i : i + _AT_ONCE] for i in range(0, len(seeds), _AT_ONCE)]
    counts: Counter[str] = Counter()
    start = time.perf_counter()
    with ProcessPoolExecutor(options.workers) as workers:
        for found in workers.map(run, shares):
            counts += found
            print(
                f"\r{counts.total()} of {options.cases}, {time.perf_counter() - start:.0f} s",
                end="",
                file=sys.stderr,
                flush=True,
            )
    print(file=sys.stderr)
    seconds = time.perf_counter() - start
    summary = ", ".join(f"{counts[name]} {name}" for name in sorted(counts))
    print(f"round trips: {counts.total()} in {seconds:.0f} s, {options.workers} workers: {summary}; 0 failures")


if __name__ == "__main__":
    main()
