"""Turn a generator and its detail networks into a model of integers that draws covers (`ssgan.drawn`): folded, bounded,
measured.

BatchNorm goes into the weights before it. Weights are whole numbers of at most 15 bits with a shift a layer; tanh, normal
quantiles and the laws become tables of integers here, once, since the libraries that compute them differ between machines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ssgan.compute.progress import Progress
from ssgan.drawn import drawing, tables
from ssgan.drawn.header import GivenUp
from ssgan.drawn.layers import FRACTION, UNIT
from ssgan.drawn.model import FOLDER, KIND, LATENT_WORDS, OVERHEAD, QUARTERS, TANH_REACH, DrawnModel, from_tensors
from ssgan.errors import InvalidSetting, RefusedModel, StorageFailed
from ssgan.gan.backbones.colors import LUMA
from ssgan.gan.backbones.dcgan import Generator
from ssgan.gan.backbones.detail import Detail, Phase
from ssgan.gan.covers.generators import Card
from ssgan.gan.training.detail_settings import DetailConfig
from ssgan.storage import weights

DRAWS = 2000  # on which the promise is measured
DARKEST = 16  # gray value of a generator's picture before noise
LEAST_DRY = 192  # samples that can carry the header, in every draw
_SAFE_SHARE, _SAFE_DEVIATIONS = 0.85, 8.0
_MOST_SHIFT = 14
_WEIGHT_BOUND = (1 << 15) - 1

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Promise:
    """The measurements over honest draws, and what follows from them."""

    draws: int
    given_up: int
    bytes_mean: float  # of a body that a picture takes
    bytes_deviation: float
    bytes_least: int
    bits_per_sample: float
    dry_least: int
    dry_mean: float
    promise_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Return plain values by name."""
        return asdict(self)


def export_drawn(
    generator: nn.Module,
    card: Card,
    details: Sequence[tuple[Detail, DetailConfig]],
    folder: Path,
    *,
    about: dict[str, Any] | None = None,
    draws: int = DRAWS,
    overwrite: bool = False,
    progress: Progress[()] | None = None,
) -> tuple[DrawnModel, Promise]:
    """Write the model that draws covers into `folder`/drawn, after its promise was measured over `draws` honest draws.

    `details` are the detail networks from the smallest size up; the first one doubles the half-size picture of the generator.
    Raises InvalidSetting for networks that do not fit together, RefusedModel for a model that breaks a bound or has pictures
    with fewer than LEAST_DRY samples that can carry the header, StorageFailed.
    """
    place = folder / FOLDER
    if (place / weights.MANIFEST).exists() and not overwrite:
        raise StorageFailed(f"{place} holds a model already", hint="choose another folder, or give --force")
    tensors = to_integers(generator, card, details)
    model = from_tensors(tensors, name=folder.name, promise_bytes=0)
    promise = measured(model, draws, progress)
    record = {**(about or {}), **promise.to_json(), "generator": card.digest, "shape": [*model.shape]}
    weights.save(place, tensors, {"kind": KIND, "about": record})
    return replace(model, promise_bytes=promise.promise_bytes), promise


def to_integers(generator: nn.Module, card: Card, details: Sequence[tuple[Detail, DetailConfig]]) -> Tensors:
    """Return all integers of a model by name. Raises InvalidSetting."""
    if not isinstance(generator, Generator):
        raise InvalidSetting(
            f"a generator of the backbone {card.config.backbone} cannot be written in integers",
            hint="train one with the backbone dcgan, dcgan-even or dcgan4: convolutions, BatchNorm, leaky ReLU and tanh",
        )
    if not details:
        raise InvalidSetting("no detail network is given", hint="train one with ssgan train-detail")
    size, channels = card.config.image_size, card.config.channels
    if generator.base_size << len(generator.ups) != size:
        raise InvalidSetting(f"pictures of {size} x {size} are cut from larger ones", hint="take a size of 16, 32, 64 or 128")
    for _, config in details:
        if (config.image_size, config.channels) != (size, channels):
            raise InvalidSetting(
                f"a detail network for {config.image_size} x {config.image_size} x {config.channels} was given where one for "
                f"{size} x {size} x {channels} is needed",
                hint="give networks from the generator's size up, each twice as large as the one before",
            )
        size *= 2
    size //= 2
    kernel = _up(generator, 0)[0].shape[0]
    slope = round(generator.slope * UNIT)
    noises = [int(QUARTERS * config.noise) for _, config in details]
    shape = [size, size, channels, card.config.latent, len(generator.ups), len(details), kernel, slope, *noises]
    quantiles = _normal_quantiles()
    tensors: Tensors = {
        "about": np.array(shape, np.int32),
        "tables": tables.law_tables(),
        "noise": quantiles,
        "latents": quantiles if card.config.latent_law == "normal" else _uniform_quantiles(),
        "tanh": _tanh_table(),
    }
    if card.config.colors == "luma" and channels == len(LUMA):
        tensors["luma"] = np.rint(65536 * np.array(LUMA)).astype(np.int32)
    with torch.no_grad():
        _fold_generator(generator, tensors)
        for number, (detail, _) in enumerate(details):
            for phase, network in enumerate(detail.phases):
                assert isinstance(network, Phase)
                for place, layer in enumerate((network.first, network.second, network.third, network.last)):
                    kernel_values = layer.weight.double().permute(2, 3, 1, 0).numpy()
                    assert layer.bias is not None
                    _store(tensors, f"stage{number}.phase{phase}.{place}", kernel_values, layer.bias.double().numpy())
    return tensors


def measured(model: DrawnModel, draws: int = DRAWS, progress: Progress[()] | None = None) -> Promise:
    """Return the measurements of a model over honest draws. Raises RefusedModel where a header may not find its samples."""
    rooms, dry, given_up, bits = [], [], 0, 0.0
    for done in range(draws):
        while True:
            try:
                drawn = drawing.honest_once(model)
            except GivenUp:
                given_up += 1
                if given_up > draws:
                    raise RefusedModel(
                        "most draws of this model are given up, since too few samples can carry the header",
                        hint="train the detail network with more noise, or for longer",
                    ) from None
                continue
            break
        rooms.append(4 * drawn.words_used - OVERHEAD)
        dry.append(drawn.dry)
        bits += 32.0 * drawn.words_used / drawn.picture.size
        if progress is not None:
            progress(done + 1)
    if given_up or min(dry) < LEAST_DRY:
        raise RefusedModel(
            f"of {draws} pictures of this model one has {min(dry)} samples that can carry the header, and {given_up} were "
            f"given up; {LEAST_DRY} are needed in each",
            hint="train the detail network with more noise, or for longer",
        )
    mean, deviation = float(np.mean(rooms)), float(np.std(rooms))
    promise = math.floor(min(_SAFE_SHARE * min(rooms), mean - _SAFE_DEVIATIONS * deviation))
    if promise < 1:
        raise RefusedModel("pictures of this model take nothing for sure", hint="train the detail network with more noise")
    return Promise(
        draws, given_up, round(mean, 1), round(deviation, 1), min(rooms), round(bits / draws, 4), min(dry),
        round(float(np.mean(dry)), 1), promise,
    )  # fmt: skip


def _fold_generator(generator: Generator, tensors: Tensors) -> None:
    """Return the layers of a generator, each with the normalization that follows it."""
    gain, offset = _normalization(generator.first_norm)
    places = generator.base_size**2
    dense = generator.dense.weight.double() * gain.repeat_interleave(places)[:, None]
    _store(tensors, "first", dense.T.numpy(), offset.repeat_interleave(places).numpy())
    for number in range(len(generator.ups)):
        kernel, given = _up(generator, number)
        bias = torch.zeros(kernel.shape[3], dtype=torch.float64) if given is None else given.double()
        if number < len(generator.norms):
            gain, offset = _normalization(generator.norms[number])
            kernel, bias = kernel * gain, bias * gain + offset
        _store(tensors, f"up{number}", kernel.numpy(), bias.numpy())


def _up(generator: Generator, number: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return weights float64 (k, k, C, C') and bias of a doubling."""
    found = generator.ups[number]
    if isinstance(found, nn.ConvTranspose2d):
        return found.weight.double().permute(2, 3, 0, 1), found.bias
    assert isinstance(found, nn.Sequential)
    layer = found[-1]  # behind the doubling
    assert isinstance(layer, nn.Conv2d)
    return layer.weight.double().permute(2, 3, 1, 0), layer.bias


def _normalization(norm: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """Return gain and offset of a BatchNorm in evaluation."""
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    return gain, norm.bias.double() - gain * norm.running_mean.double()


def _store(tensors: Tensors, name: str, kernel: NDArray[np.float64], bias: NDArray[np.float64]) -> None:
    """Return a layer in integers, with as many fractional bits as its largest weight leaves of 15."""
    largest = float(np.abs(kernel).max(initial=0.0))
    shift = _MOST_SHIFT if largest == 0 else min(_MOST_SHIFT, math.floor(math.log2(_WEIGHT_BOUND / largest)))
    if shift < 1:
        raise RefusedModel(f"the layer {name} has a weight of {largest:.3g}", hint="train the network again")
    tensors[f"{name}.weights"] = np.rint(kernel * 2.0**shift).astype(np.int16)
    tensors[f"{name}.bias"] = np.rint(bias * 2.0 ** (FRACTION + shift)).astype(np.int64)
    tensors[f"{name}.shift"] = np.array(shift, np.int32)


def _normal_quantiles() -> NDArray[np.int32]:
    middles = (np.arange(LATENT_WORDS) + 0.5) / LATENT_WORDS
    return np.array([round(UNIT * NormalDist().inv_cdf(float(p))) for p in middles], np.int32)


def _uniform_quantiles() -> NDArray[np.int32]:
    return np.rint(UNIT * (2 * (np.arange(LATENT_WORDS) + 0.5) / LATENT_WORDS - 1)).astype(np.int32)


def _tanh_table() -> NDArray[np.int32]:
    """Gray values by what comes before tanh, cut to DARKEST...255 - DARKEST.

    Near black and white the law of a sample reaches the end of the range, and its lowest bit is not fair. A generator that
    makes whole pictures so leaves too few samples for the header.
    """
    values = np.arange(-TANH_REACH, TANH_REACH + 1) / UNIT
    grays = np.rint(UNIT * 127.5 * (np.tanh(values) + 1)).astype(np.int32)
    return np.clip(grays, DARKEST * UNIT, (255 - DARKEST) * UNIT)
