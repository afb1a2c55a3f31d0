"""Small models to draw with: of fixed integers, of random ones, or of untrained networks."""

from __future__ import annotations

from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.drawn import tables
from ssgan.drawn.model import LATENT_WORDS, TANH_REACH, DrawnModel, from_tensors
from ssgan.drawn.planes import PHASES, layout, outputs
from ssgan.gan.backbones.dcgan import Generator
from ssgan.gan.backbones.detail import Detail, Phase
from ssgan.gan.covers.generators import Card
from ssgan.gan.covers.integers import to_integers
from ssgan.gan.training.detail_settings import DetailConfig
from ssgan.gan.training.settings import configure

PROMISE = 150
LATENT = 8
SHIFT = 10  # of the random integers
LUMA = np.array([19595, 38470, 7471], np.int32)


def layer_shapes(
    channels: int, stages: int, *, side: int, maps: tuple[int, ...], kernel: int, width: int, luma: bool = False
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all layers: `maps` of `side` x `side` pixels and after each doubling, `width` maps in a phase."""
    shapes: dict[str, tuple[int, ...]] = {"first": (LATENT, maps[0] * side**2)}
    for number, (before, after) in enumerate(pairwise((*maps, channels))):
        own = 3 if luma and number == len(maps) - 1 else kernel  # an even last layer goes with it
        shapes[f"up{number}"] = (own, own, before, after)
    for stage in range(stages):
        for phase in range(len(PHASES)):
            stem = f"stage{stage}.phase{phase}"
            shapes[f"{stem}.0"] = (3, 3, channels * (phase + 1), width)
            shapes[f"{stem}.1"] = (3, 3, width, width)
            shapes[f"{stem}.2"] = (1, 1, width, width)
            shapes[f"{stem}.3"] = (1, 1, width, outputs(phase, channels))
    return shapes


def fixed_tensors(channels: int = 3, stages: int = 1, side: int = 32, *, luma: bool = False) -> dict[str, np.ndarray]:
    """Integers by a rule of a line, the same on every machine: no library's random numbers, no exp and no tanh."""
    state = [12345]

    def numbers(shape: tuple[int, ...], reach: int) -> np.ndarray:
        found = np.empty(int(np.prod(shape, dtype=np.int64)), np.int64)
        for i in range(found.size):
            state[0] = (state[0] * 1103515245 + 12345) % 2**31
            found[i] = (state[0] >> 8) % (2 * reach + 1) - reach
        return found.reshape(shape)

    def layer(name: str, shape: tuple[int, ...], reach: int) -> None:
        tensors[f"{name}.weights"] = numbers(shape, reach).astype(np.int16)
        tensors[f"{name}.bias"] = numbers((shape[-1],), 1000)
        tensors[f"{name}.shift"] = np.array(12, np.int32)

    size = side * 2 ** (stages - 1)
    about = [size, size, channels, LATENT, 2, stages, 5, 205, *[4] * stages]
    steps = np.arange(-TANH_REACH, TANH_REACH + 1)
    tensors: dict[str, np.ndarray] = {
        "about": np.array(about, np.int32),
        "tables": _wide_tables(),
        "noise": np.arange(-2048, 2048, dtype=np.int32),
        "latents": np.arange(-2048, 2048, dtype=np.int32),
        "tanh": ((steps + TANH_REACH) * (255 << 10) // (2 * TANH_REACH)).astype(np.int32),
    }
    assert len(tensors["noise"]) == LATENT_WORDS
    if luma:
        tensors["luma"] = LUMA
    reaches = {"first": 4000, "up0": 2000, "up1": 2000, "0": 1500, "1": 1500, "2": 2500, "3": 1200}
    for name, shape in layer_shapes(channels, stages, side=side // 4, maps=(6, 4), kernel=5, width=5, luma=luma).items():
        layer(name, shape, reaches[name.split(".")[-1]])
        if name.endswith(".3"):
            tensors[f"{name}.bias"][channels : 2 * channels] += 2 << 22  # scales around 4
    return tensors


def fixed_model(channels: int = 3, stages: int = 1, side: int = 32, *, luma: bool = False) -> DrawnModel:
    return from_tensors(fixed_tensors(channels, stages, side, luma=luma), name="fixed", promise_bytes=PROMISE)


def _wide_tables() -> np.ndarray:
    """Tables of laws that no exp made: triangles of the scales' width, balanced."""
    rows = []
    for number in range(len(tables.SCALES)):
        width = 16 * (4 + number)  # sixteenths on each side of the mean, whole gray values
        j = np.arange(-tables.REACH, tables.REACH + 1)
        near = np.clip(j, -width, width)
        rising = (near + width) ** 2 * (tables.TOTAL // 2) // width**2
        falling = tables.TOTAL - (width - near) ** 2 * (tables.TOTAL // 2) // width**2
        rows.append(np.where(near <= 0, rising, falling))
    found = np.array(rows, np.int32)
    for row in found[tables.FIRST_BALANCED :]:
        for first in range(-8, 8):
            entry = tables.REACH + first
            weights = np.diff(row[entry % 16 :: 16])
            before = entry // 16 - 1
            row[entry] += tables.HALF - int(weights[before % 2 :: 2].sum())
    return found


def small_model(
    seed: int = 1, *, size: int = 32, channels: int = 3, stages: int = 1, log2_scale: float = 1.5, gray: int = 128,
    promise_bytes: int = 600, luma: bool = False,
) -> DrawnModel:  # fmt: skip
    """Return a model of pictures uint8 (size, size, channels) around `gray` whose laws have scales around 2^log2_scale."""
    tensors = small_tensors(seed, size=size, channels=channels, stages=stages, log2_scale=log2_scale, gray=gray, luma=luma)
    return from_tensors(tensors, name=f"small-{seed}", promise_bytes=promise_bytes)


def small_tensors(
    seed: int, *, size: int, channels: int, stages: int, log2_scale: float, gray: int, luma: bool = False
) -> dict[str, NDArray[Any]]:
    """Return the integers of `small_model` by name."""
    rng = np.random.default_rng(seed)
    quantiles = np.array([round(1024 * NormalDist().inv_cdf((i + 0.5) / LATENT_WORDS)) for i in range(LATENT_WORDS)], np.int32)
    steps = np.arange(-TANH_REACH, TANH_REACH + 1)
    tensors: dict[str, NDArray[Any]] = {
        "about": np.array([size, size, channels, LATENT, 1, stages, 4, 205, *[4] * stages], np.int32),
        "tables": tables.law_tables(),
        "noise": quantiles,
        "latents": quantiles,
        "tanh": np.clip((steps * 60 >> 3) + (gray << 10), 0, 255 << 10).astype(np.int32),
    }

    if luma:
        tensors["luma"] = LUMA
    gains = {"first": 1.0, "up0": 3.0, "0": 1.0, "1": 1.0, "2": 1.0, "3": 0.3}
    for name, shape in layer_shapes(channels, stages, side=size >> stages, maps=(4,), kernel=4, width=4, luma=luma).items():
        gain = gains[name.split(".")[-1]]
        reach = gain * 1024 / np.sqrt(np.prod(shape[:-1]))
        tensors[f"{name}.weights"] = np.rint(rng.normal(0, reach, shape)).astype(np.int16)
        tensors[f"{name}.bias"] = np.zeros(shape[-1], np.int64)
        tensors[f"{name}.shift"] = np.array(SHIFT, np.int32)
        if name.endswith(".3"):
            _, scales, _, _, _ = layout(int(name[-3]), channels)
            tensors[f"{name}.bias"][scales] = int(log2_scale * 1024) << SHIFT
    return tensors


def untrained(channels: int = 3, size: int = 32, stages: int = 1) -> tuple[Generator, Card, list[tuple[Detail, DetailConfig]]]:
    """A generator and detail networks whose laws are a few gray values wide."""
    torch.manual_seed(5)
    config = configure("compact", backbone="dcgan", colors="rgb", image_size=size, channels=channels, width=4, latent=8)
    generator = Generator(size, channels, latent=8, width=4).eval()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.mul_(4)
    details = []
    for stage in range(stages):
        detail = Detail(channels, 6).eval()
        with torch.no_grad():
            for phase in detail.phases:
                assert isinstance(phase, Phase)
                assert phase.last.bias is not None
                phase.last.bias[channels : 2 * channels] += 1.5
        details.append((detail, DetailConfig(image_size=size * 2**stage, channels=channels, width=6, noise=1.0)))
    return generator, Card(None, config, {}, 0, 0, "0" * 64), details  # type: ignore[arg-type]


def untrained_model(channels: int = 3, size: int = 32, stages: int = 1) -> DrawnModel:
    return from_tensors(to_integers(*untrained(channels, size, stages)), name="untrained", promise_bytes=PROMISE)
