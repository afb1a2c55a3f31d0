"""Define a model that draws pictures: nothing but integers, with a hash over all of them as its name in keys.

    latents --dense layer, doubling layers, tanh by table--> picture of the generator --means of 2 x 2, noise--> y
    y, phases drawn before --four small networks--> laws of the next phase            (`ssgan.drawn.drawing`)

A model is in a folder `drawn` beside a generator's weights (`ssgan export --drawn`). What is read may come from anyone: every
shape and every bound is checked before anything is computed.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.drawn import tables as law_tables
from ssgan.drawn.layers import EXACT, LARGEST, Floats, convolution, dense, doubling, largest_sum, leaky, slow_chroma
from ssgan.drawn.planes import COLORS, PHASES, outputs
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.storage import weights
from ssgan.storage.folders import BUNDLED

FOLDER = "drawn"
KIND = "drawn model"
OVERHEAD = 24  # bytes of a message's stream beside its body: length and seal (docs/format.md)
LATENT_WORDS = 4096  # entries of the tables of latents and of noise
UNIT_OF_LATENTS = 1024  # in those tables, a deviation of 1
TANH_REACH = 1 << 13  # entries of the table of tanh on both sides of 0
QUARTERS = 4  # y is in quarters of a gray value
DETAIL_SLOPE = 256  # of the leaky ReLU, in 1024ths
_MOST_DOUBLINGS, _MOST_STAGES = 7, 4
_LARGEST_SIDE, _LARGEST_LATENT = 1024, 4096


@dataclass(frozen=True, eq=False)
class Layer:
    """Weights float64 (..., n, m) and bias (m,), both whole numbers, and by how many bits a sum is shifted right."""

    weights: Floats
    bias: Floats
    shift: int


@dataclass(frozen=True, eq=False)
class Doubling:
    """One doubling of a picture: the layers of its four phases, and the noise on what it doubles, in quarters."""

    phases: tuple[tuple[Layer, ...], ...]
    noise: int


@dataclass(frozen=True, eq=False)
class DrawnModel:
    """All integers of a model, ready to draw with."""

    name: str
    identity: bytes  # 32: SHA-256 of all integers
    shape: tuple[int, int, int]  # of its pictures: height, width, channels
    promise_bytes: int  # the longest body that every picture is trusted to take
    side: int  # of the first maps
    first: Layer
    doublings: tuple[Layer, ...]
    slope: int  # of the generator's leaky ReLU, in 1024ths
    stages: tuple[Doubling, ...]
    latents: NDArray[np.int32]  # (4096,): a latent by 12 bits
    noise: NDArray[np.int32]  # (4096,): normal quantiles
    tanh: NDArray[np.int32]  # (2 TANH_REACH + 1,): gray values, in 1024ths
    tables: NDArray[np.int32]  # laws, as `ssgan.drawn.tables` has them
    luma: NDArray[np.int32] | None  # weights of red, green, blue, in 65536ths, where the generator's chroma varies slowly

    def small_picture(self, latents: NDArray[np.int64]) -> Floats:
        """Return the sums of 2 x 2 gray values of the generator's picture, in 1024ths, float64 (H, W, C).

        latents are words of 12 bits, (L,).
        """
        values = dense(self.latents[latents].astype(np.float64), self.first.weights, self.first.bias, self.first.shift)
        values = leaky(values, self.slope).reshape(-1, self.side, self.side).transpose(1, 2, 0)
        for number, layer in enumerate(self.doublings):
            values = doubling(values, layer.weights, layer.bias, layer.shift)
            if number < len(self.doublings) - 1:
                values = leaky(values, self.slope)
        places = np.clip(values, -TANH_REACH, TANH_REACH).astype(np.int64) + TANH_REACH
        grays = self.tanh[places].astype(np.float64)
        if self.luma is not None:
            grays = np.clip(slow_chroma(grays, self.luma), self.tanh.min(), self.tanh.max())
        return grays[::2, ::2] + grays[::2, 1::2] + grays[1::2, ::2] + grays[1::2, 1::2]


def phase_values(stage: Doubling, phase: int, inputs: Floats) -> NDArray[np.int64]:
    """Return the values of a phase's network, int64 (H, W, outputs) in 1024ths, of its inputs (H, W, n)."""
    *hidden, last = stage.phases[phase]
    values = inputs
    for layer in hidden:
        values = leaky(convolution(values, layer.weights, layer.bias, layer.shift), DETAIL_SLOPE)
    return convolution(values, last.weights, last.bias, last.shift).astype(np.int64)


def installed(shape: tuple[int, ...] | None = None) -> list[DrawnModel]:
    """Return the bundled models that draw pictures of this shape."""
    folders = installed_folders()
    return [load(folder) for folder in folders if shape is None or announced_shape(folder) == tuple(shape)]


def installed_folders() -> list[Path]:
    """Return the folders of the bundled models."""
    return sorted(manifest.parent for manifest in BUNDLED.glob(f"*/{FOLDER}/{weights.MANIFEST}"))


def announced_shape(folder: Path) -> tuple[int, ...]:
    """Return height, width and channels of the pictures of a model, from its manifest; its integers are not read."""
    about = weights.announced(folder)["manifest"].get("about")
    shape = about.get("shape") if isinstance(about, dict) else None
    if not isinstance(shape, list) or len(shape) != 3 or not all(type(side) is int for side in shape):
        raise RefusedModel(f"{folder} does not say which pictures it draws", hint="export the generator again with --drawn")
    return tuple(shape)


def find(place: Path) -> Path:
    """Return the folder of the model of a generator: in its folder, or of the package, by name. Raises InvalidSetting."""
    for folder in (place / FOLDER, place, *(found for found in installed_folders() if found.parent.name == str(place))):
        if (folder / weights.MANIFEST).is_file() and (folder.name == FOLDER):
            return folder
    known = ", ".join(folder.parent.name for folder in installed_folders())
    raise InvalidSetting(
        f"{place} holds no model that draws", hint=f"make one with ssgan export --drawn, or take one of the package: {known}"
    )


@functools.lru_cache(maxsize=8)
def load(folder: Path) -> DrawnModel:
    """Return the model in a folder `drawn`, all of its promises checked. Raises RefusedModel."""
    arrays, manifest = weights.load(folder)
    about = manifest.get("about")
    if manifest.get("kind") != KIND or not isinstance(about, dict):
        raise RefusedModel(f"{folder} holds no model that draws", hint="export the generator with --drawn")
    promise = about.get("promise_bytes")
    if not isinstance(promise, int) or isinstance(promise, bool) or promise < 0:
        raise RefusedModel(f"{folder} does not say how many bytes a picture takes", hint="export the generator again")
    found = from_tensors(arrays, name=folder.resolve().parent.name, promise_bytes=promise)
    if found.shape != announced_shape(folder):
        raise RefusedModel(
            f"{folder} draws other pictures than its manifest announces", hint="export the generator again with --drawn"
        )
    return found


def from_tensors(tensors: Mapping[str, NDArray[Any]], *, name: str, promise_bytes: int) -> DrawnModel:
    """Return the model of these integers, as `ssgan.gan.covers.integers` makes them. Raises RefusedModel."""
    about = weights.take(tensors, "about", "<i4", (None,))
    if len(about) < 8:
        raise _refusal("says too little of its shape")
    height, width, channels, latent, doublings, stages, kernel, slope = (int(value) for value in about[:8])
    if not (
        channels in COLORS
        and 0 < height <= _LARGEST_SIDE
        and 0 < width <= _LARGEST_SIDE
        and 0 < latent <= _LARGEST_LATENT
        and 1 <= doublings <= _MOST_DOUBLINGS
        and 1 <= stages <= _MOST_STAGES
        and kernel in (4, 5)
        and 0 <= slope <= 1024
        and len(about) == 8 + stages
    ):
        raise _refusal("has a shape that is none")
    noises = [int(value) for value in about[8:]]
    if not all(value in (1, 2, 4) for value in noises):
        raise _refusal("has another noise than 1, 1/2 or 1/4 gray value")
    taken = _Taken(tensors)
    tables = weights.take(tensors, "tables", "<i4", (len(law_tables.SCALES), law_tables.ENTRIES))
    law_tables.check(tables)
    latents = weights.take(tensors, "latents", "<i4", (LATENT_WORDS,))
    noise = weights.take(tensors, "noise", "<i4", (LATENT_WORDS,))
    tanh = weights.take(tensors, "tanh", "<i4", (2 * TANH_REACH + 1,))
    side = height >> (stages + doublings - 1)
    if height != width or side << (stages + doublings - 1) != height or side < 1:
        raise _refusal("draws pictures whose sides do not fit its layers")
    if max(abs(int(latents.min())), int(latents.max())) > LARGEST or int(tanh.min()) < 0 or int(tanh.max()) > 255 << 10:
        raise _refusal("has tables that are out of range")
    first = taken.layer("first", (latent, None))
    ups: list[Layer] = []
    maps = first.bias.size // side**2
    if maps * side**2 != first.bias.size:
        raise _refusal("has a first layer of another size than its picture")
    for number in range(doublings):
        ups.append(taken.layer(f"up{number}", (None, None, maps, None)))
        if ups[-1].weights.shape[:2] not in ((3, 3), (kernel, kernel)):
            raise _refusal("has a doubling of another kernel than it announces")
        maps = ups[-1].bias.size
    if maps != channels:
        raise _refusal("has a last layer of another number of channels than its picture")
    luma = weights.take(tensors, "luma", "<i4", (3,)) if "luma" in tensors else None
    if luma is not None and (channels != 3 or (side << doublings) % 4 or int(luma.min()) < 0 or int(luma.sum()) != 1 << 16):
        raise _refusal("has weights of luma that are none")
    detail = tuple(_stage(taken, number, channels, noise_quarters) for number, noise_quarters in enumerate(noises))
    return DrawnModel(
        name=name,
        identity=identity(tensors),
        shape=(height, width, channels),
        promise_bytes=promise_bytes,
        side=side,
        first=first,
        doublings=tuple(ups),
        slope=slope,
        stages=detail,
        latents=latents,
        noise=noise,
        tanh=tanh,
        tables=tables,
        luma=luma,
    )


def identity(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the SHA-256 of all tensors by name: name, type, shape and little-endian content of each."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name]).astype(tensors[name].dtype.newbyteorder("<"))
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.digest()


class _Taken:
    """The layers of a model, each checked as it is taken."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self.tensors = tensors

    def layer(self, name: str, shape: tuple[int | None, ...]) -> Layer:
        kernel = weights.take(self.tensors, f"{name}.weights", "<i2", shape)
        bias = weights.take(self.tensors, f"{name}.bias", "<i8", (kernel.shape[-1],))
        shift = int(weights.take(self.tensors, f"{name}.shift", "<i4", ()))
        if not 1 <= shift <= 30 or (len(bias) and int(np.abs(bias).max()) >= EXACT):
            raise _refusal(f"has a layer {name} with a shift or a bias out of range")
        found = Layer(kernel.astype(np.float64), bias.astype(np.float64), shift)
        if largest_sum(found.weights, found.bias, LARGEST) + (1 << shift) >= EXACT:
            raise _refusal(f"has a layer {name} whose sums may exceed 2^53, so that machines may differ")
        return found


def _stage(taken: _Taken, number: int, channels: int, noise: int) -> Doubling:
    phases = []
    for phase in range(len(PHASES)):
        stem = f"stage{number}.phase{phase}"
        first = taken.layer(f"{stem}.0", (3, 3, channels * (phase + 1), None))
        width = first.bias.size
        second = taken.layer(f"{stem}.1", (3, 3, width, width))
        third = taken.layer(f"{stem}.2", (1, 1, width, width))
        last = taken.layer(f"{stem}.3", (1, 1, width, outputs(phase, channels)))
        phases.append((first, second, third, last))
    return Doubling(tuple(phases), noise)


def _refusal(reason: str) -> RefusedModel:
    return RefusedModel(f"the model {reason}", hint="export the generator again with --drawn")
