"""Name the features that images are compared in, each with its dimension.

Covers are judged by their noise. Besides reduced pixels there are histograms of residuals and co-occurrences of them,
which is what a warden looks at. None of these is Inception's pool3, so no distance here is called FID.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch

from ssgan.errors import InvalidSetting, SsganError, spelled, unknown
from ssgan.images import Images
from ssgan.images.grain import kv_residuals
from ssgan.steganalysis.catalog import FEATURES

Extract: TypeAlias = Callable[[Images], np.ndarray]

_THUMBNAIL = 8  # pixels
_TRUNCATION = 15  # gray values of a residual; larger ones are counted there
_PART = 64  # images worked on together


@dataclass(frozen=True)
class Space:
    """Features float64 (N, D) of Images. `counted`: they are shares of occurrences, whose square roots are compared."""

    name: str
    extract: Extract
    counted: bool = False
    own: bool = False  # a user's: taken as they are


def thumbnails(images: Images) -> np.ndarray:
    """Return float64 (N, C x 8 x 8): means of gray values over the squares of an 8 x 8 grid."""
    return torch.nn.functional.adaptive_avg_pool2d(images.double(), _THUMBNAIL).flatten(1).numpy()


def kv_histogram(images: Images) -> np.ndarray:
    """Return float64 (N, 31): shares of the KV residuals that round to -15...15 gray values, all channels together."""
    bins = 2 * _TRUNCATION + 1
    rounded = torch.div(kv_residuals(images) + 6, 12, rounding_mode="floor").clamp(-_TRUNCATION, _TRUNCATION) + _TRUNCATION
    places = rounded.flatten(1).long() + bins * torch.arange(len(images))[:, None]
    counts = torch.bincount(places.flatten(), minlength=bins * len(images)).view(len(images), bins).double()
    return (counts / counts.sum(dim=1, keepdim=True)).numpy()


def _catalogued(name: str) -> Space:
    entry = FEATURES[name]
    return Space(f"{entry.title} co-occurrences, roots", lambda images: entry.extract(images), counted=True)


SPACES: dict[str, Space] = {
    "pixels": Space(f"means of {_THUMBNAIL} x {_THUMBNAIL} squares", thumbnails),
    "kv": Space("KV residual histogram, roots", kv_histogram, counted=True),
    **{name: _catalogued(name) for name in ("spam", "srmq1", "srm", "crm", "scrmq1")},
}


def spaces(names: list[str], own: list[str]) -> list[Space]:
    """Return spaces by name, and a user's own, each written FILE.py:FUNCTION. Raises InvalidSetting."""
    names = [spelled(name, SPACES) for name in names]
    if missing := [name for name in names if name not in SPACES]:
        raise unknown("feature set", missing[0], SPACES)
    return [SPACES[name] for name in dict.fromkeys(names)] + [own_space(text) for text in own]


def own_space(text: str) -> Space:
    """Return the space of FILE.py:FUNCTION, from uint8 (N, C, H, W) tensors to real numbers (N, D); the file is executed."""
    path, _, name = text.rpartition(":")
    file = Path(path)
    if not file.is_file() or file.suffix != ".py":
        raise InvalidSetting(f"{text} names no function in a Python file", hint="write it as features.py:extract")
    found = importlib.util.spec_from_file_location(f"_ssgan_own_{file.stem}", file)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    try:
        found.loader.exec_module(module)
        function = getattr(module, name)
    except Exception as error:  # a user's file: its errors are shown to the user
        raise InvalidSetting(f"{file} cannot be used: {type(error).__name__}: {error}", hint="mend the file") from error
    return Space(text, lambda images: _numbers(function(images)), own=True)


def extracted(space: Space, images: Images) -> np.ndarray:
    """Return float64 (N, D): the space's features, square roots where they are counted. Raises InvalidSetting for invalid ones.

    The square root of a share has nearly the same spread whether the share is small or large (M. Bartlett, 1936), so that no
    rare pattern drowns the others.
    """
    try:
        parts = [np.asarray(space.extract(part), np.float64) for part in images.split(_PART)]
    except SsganError:
        raise
    except Exception as error:
        if not space.own:
            raise
        raise InvalidSetting(f"{space.name} failed: {type(error).__name__}: {error}", hint="mend the function") from error
    if any(part.ndim != 2 for part in parts) or len({part.shape[1] for part in parts}) != 1:
        raise InvalidSetting(f"{space.name} gives no rows of equal length", hint="give numbers (N, D) for N images")
    found = np.concatenate(parts)
    if len(found) != len(images) or not np.isfinite(found).all():
        raise InvalidSetting(f"{space.name} does not give finite numbers for every image", hint="mend the function")
    return np.sqrt(found) if space.counted else found


def _numbers(features: object) -> np.ndarray:
    return np.asarray(features.detach().cpu() if isinstance(features, torch.Tensor) else features, np.float64)
