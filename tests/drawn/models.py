"""Small models to draw with: of fixed integers, or of networks that nobody has trained."""

from __future__ import annotations

import numpy as np
import torch

from ssgan.drawn import tables
from ssgan.drawn.model import LATENT_WORDS, TANH_REACH, DrawnModel, from_tensors
from ssgan.drawn.planes import outputs
from ssgan.gan.backbones.dcgan import Generator
from ssgan.gan.backbones.detail import Detail, Phase
from ssgan.gan.covers.generators import Card
from ssgan.gan.covers.integers import to_integers
from ssgan.gan.training.detail_settings import DetailConfig
from ssgan.gan.training.settings import configure

PROMISE = 150


def fixed_tensors(channels: int = 3, stages: int = 1, side: int = 32) -> dict[str, np.ndarray]:
    """Integers by a rule of a line, the same on every machine: no library's random numbers, no exp and no tanh."""
    state = [12345]

    def numbers(shape: tuple[int, ...], reach: int) -> np.ndarray:
        found = np.empty(int(np.prod(shape, dtype=np.int64)), np.int64)
        for i in range(found.size):
            state[0] = (state[0] * 1103515245 + 12345) % 2**31
            found[i] = (state[0] >> 8) % (2 * reach + 1) - reach
        return found.reshape(shape)

    def layer(name: str, shape: tuple[int, ...], reach: int, bias: int = 0) -> None:
        tensors[f"{name}.weights"] = numbers(shape, reach).astype(np.int16)
        tensors[f"{name}.bias"] = numbers((shape[-1],), 1000) + bias
        tensors[f"{name}.shift"] = np.array(12, np.int32)

    size = side * 2 ** (stages - 1)
    about = [size, size, channels, 8, 2, stages, 5, 205, *[4] * stages]
    steps = np.arange(-TANH_REACH, TANH_REACH + 1)
    tensors: dict[str, np.ndarray] = {
        "about": np.array(about, np.int32),
        "tables": _wide_tables(),
        "noise": np.arange(-2048, 2048, dtype=np.int32),
        "latents": np.arange(-2048, 2048, dtype=np.int32),
        "tanh": ((steps + TANH_REACH) * (255 << 10) // (2 * TANH_REACH)).astype(np.int32),
    }
    assert len(tensors["noise"]) == LATENT_WORDS
    layer("first", (8, 6 * (side // 4) ** 2), 4000)
    layer("up0", (5, 5, 6, 4), 2000)
    layer("up1", (5, 5, 4, channels), 2000)
    for stage in range(stages):
        for phase in range(4):
            stem = f"stage{stage}.phase{phase}"
            layer(f"{stem}.0", (3, 3, channels * (phase + 1), 5), 1500)
            layer(f"{stem}.1", (3, 3, 5, 5), 1500)
            layer(f"{stem}.2", (1, 1, 5, 5), 2500)
            layer(f"{stem}.3", (1, 1, 5, outputs(phase, channels)), 1200)
            tensors[f"{stem}.3.bias"][channels : 2 * channels] += 2 << 22  # scales around 4
    return tensors


def fixed_model(channels: int = 3, stages: int = 1, side: int = 32) -> DrawnModel:
    return from_tensors(fixed_tensors(channels, stages, side), name="fixed", promise_bytes=PROMISE)


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


def untrained(channels: int = 3, size: int = 32, stages: int = 1) -> tuple[Generator, Card, list[tuple[Detail, DetailConfig]]]:
    """A generator and detail networks whose laws are a few gray values wide."""
    torch.manual_seed(5)
    config = configure("compact", image_size=size, channels=channels, width=4, latent=8)
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
