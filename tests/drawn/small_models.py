"""Small models of random integers that draw covers: every layer of a real one, and nothing learned."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.drawn.model import LATENT_WORDS, TANH_REACH, DrawnModel, from_tensors
from ssgan.drawn.planes import PHASES, layout
from ssgan.drawn.tables import law_tables

SHIFT = 10
LATENT, MAPS, WIDTH = 8, 4, 4


def small_model(
    seed: int = 1, *, size: int = 32, channels: int = 3, stages: int = 1, log2_scale: float = 1.5, gray: int = 128,
    promise_bytes: int = 600,
) -> DrawnModel:  # fmt: skip
    """Return a model of pictures uint8 (size, size, channels) around `gray` whose laws have scales around 2^log2_scale."""
    tensors = small_tensors(seed, size=size, channels=channels, stages=stages, log2_scale=log2_scale, gray=gray)
    return from_tensors(tensors, name=f"small-{seed}", promise_bytes=promise_bytes)


def small_tensors(seed: int, *, size: int, channels: int, stages: int, log2_scale: float, gray: int) -> dict[str, NDArray[Any]]:
    """Return its integers by name."""
    rng = np.random.default_rng(seed)
    quantiles = np.array([round(1024 * NormalDist().inv_cdf((i + 0.5) / LATENT_WORDS)) for i in range(LATENT_WORDS)], np.int32)
    steps = np.arange(-TANH_REACH, TANH_REACH + 1)
    tensors: dict[str, NDArray[Any]] = {
        "about": np.array([size, size, channels, LATENT, 1, stages, 4, 205, *[4] * stages], np.int32),
        "tables": law_tables(),
        "noise": quantiles,
        "latents": quantiles,
        "tanh": np.clip((steps * 60 >> 3) + (gray << 10), 0, 255 << 10).astype(np.int32),
    }

    def layer(name: str, shape: tuple[int, ...], gain: float, bias: NDArray[Any] | None = None) -> None:
        reach = gain * 1024 / np.sqrt(np.prod(shape[:-1]))
        tensors[f"{name}.weights"] = np.rint(rng.normal(0, reach, shape)).astype(np.int16)
        tensors[f"{name}.bias"] = np.zeros(shape[-1], np.int64) if bias is None else bias
        tensors[f"{name}.shift"] = np.array(SHIFT, np.int32)

    side = size >> stages
    layer("first", (LATENT, MAPS * side**2), 1.0)
    layer("up0", (4, 4, MAPS, channels), 3.0)
    for stage in range(stages):
        for phase in range(len(PHASES)):
            stem = f"stage{stage}.phase{phase}"
            _, scales, _, _, count = layout(phase, channels)
            bias = np.zeros(count, np.int64)
            bias[scales] = int(log2_scale * 1024) << SHIFT
            layer(f"{stem}.0", (3, 3, channels * (phase + 1), WIDTH), 1.0)
            layer(f"{stem}.1", (3, 3, WIDTH, WIDTH), 1.0)
            layer(f"{stem}.2", (1, 1, WIDTH, WIDTH), 1.0)
            layer(f"{stem}.3", (1, 1, WIDTH, count), 0.3, bias)
    return tensors
