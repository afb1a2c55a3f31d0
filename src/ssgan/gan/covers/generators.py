"""Keep a generator in a folder of its own: its weights, and the settings to build the net from.

What is read may come from anyone: the settings are checked one by one, the net is laid out without memory, and only a file of
just those weights is then read. Nothing is executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import numpy as np
import torch
from torch import nn

from ssgan.errors import InvalidSetting, RefusedModel, nearest, unknown
from ssgan.gan.catalog import BACKBONES, generator_of
from ssgan.gan.training.settings import TrainingConfig
from ssgan.storage import weights
from ssgan.storage.folders import BUNDLED

KIND = "generator"
FOLDER = "generator"  # within a run: the latest one
LARGEST_BYTES = 1 << 29  # of the weights of a generator
_MOST = 4096  # of `width` and `latent`: with more, no net fits into LARGEST_BYTES
_LONGEST = 200  # characters of a setting
_TRIES = 5  # a run under way may replace its generator while it is read
_HINT = "fetch the generator again, or train it again"


class Card(NamedTuple):
    """The description of a generator in its folder, the weights unread."""

    folder: Path
    config: TrainingConfig
    about: dict[str, Any]  # facts from the training, above all `images_seen`
    parameters: int
    file_bytes: int
    digest: str  # SHA-256 of the weights file


def save_generator(
    folder: Path,
    generator: nn.Module,
    config: TrainingConfig,
    about: Mapping[str, Any] | None = None,
    *,
    half: bool = False,
) -> None:
    """Write a generator of `config` into a folder; an existing one is replaced in one step.

    `about` holds plain JSON values, `images_seen` above all. With `half`, kernels are written as float16, in half the bytes.
    Raises InvalidSetting for weights that `config` does not have or that are not finite, StorageFailed.
    """
    tensors = {name: tensor.detach().cpu() for name, tensor in generator.state_dict().items()}
    laid_out = _layout(config)
    if odd := _odd({name: tensor.shape for name, tensor in tensors.items()}, laid_out):
        raise InvalidSetting(f"{odd} of the generator does not fit its settings", hint="save it with its own settings")
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise InvalidSetting(f"{name} holds numbers that are not finite", hint="save an earlier state of the generator")
    kept = {name: _stored(tensor, half=half) for name, tensor in tensors.items()}
    weights.save(folder, kept, {"kind": KIND, "config": asdict(config), "about": dict(about or {})})


def load_generator(folder: Path) -> tuple[nn.Module, TrainingConfig]:
    """Return the generator in a folder, float32 on the CPU and in evaluation mode, and its settings.

    Raises RefusedModel for all that is damaged, odd, too large, or not of these settings.
    """
    generator, card = open_generator(folder)
    return generator, card.config


def open_generator(folder: Path) -> tuple[nn.Module, Card]:
    """Return the generator as `load_generator` does, with the card in its folder."""
    for _ in range(_TRIES - 1):
        card = read_card(folder)
        try:
            return _loaded(card), card
        except RefusedModel:
            # A manifest that has changed since means that a newer generator took this one's place.
            if read_card(folder).digest == card.digest:
                raise
    card = read_card(folder)
    return _loaded(card), card


def read_card(folder: Path) -> Card:
    """Return the checked manifest; the weights are not read. Raises RefusedModel."""
    announced = weights.announced(folder)
    manifest = announced["manifest"]
    if manifest.get("kind") != KIND or not isinstance(manifest.get("about"), dict):
        raise RefusedModel(f"{folder} holds no generator", hint="give the folder of a generator, or of a run that made one")
    config = _config(manifest.get("config"), folder)
    parameters = sum(tensor.numel() for tensor in _blueprint(config).parameters())
    if 2 * parameters > LARGEST_BYTES:
        raise RefusedModel(f"{folder} would hold {parameters} parameters, which is too many", hint=_HINT)
    return Card(folder, config, manifest["about"], parameters, announced["bytes"], announced["sha256"])


def bundled() -> list[Path]:
    """Return the folders of the bundled generators."""
    return weights.models_in(BUNDLED)


def find_generator(place: Path) -> Path:
    """Return the folder of a generator: that of a run, finished or under way, `place` itself, or a bundled one of that name.

    Raises InvalidSetting.
    """
    for folder in (place / FOLDER, place, *(found for found in bundled() if found.name == str(place).lower())):
        if (folder / weights.MANIFEST).is_file():
            return folder
    if not place.is_dir():
        near = nearest(str(place), [folder.name for folder in bundled()])
        hint = f"did you mean {near}?" if near else "give the folder of a run, or of a generator"
        raise InvalidSetting(f"there is no folder {place}", hint=hint)
    if (place / "config.json").exists():
        raise InvalidSetting(
            f"the run {place} has written no generator yet", hint="wait for its first checkpoint, or resume it"
        )
    raise InvalidSetting(f"{place} is neither a run nor a generator", hint="give a folder that `ssgan train` has written")


def _loaded(card: Card) -> nn.Module:
    """Return the net of a card, with its weights."""
    limit = min(LARGEST_BYTES, 8 * sum(t.numel() for t in _blueprint(card.config).state_dict().values()))
    arrays, manifest = weights.load(card.folder, largest_bytes=limit + weights.LARGEST_TEXT)
    if weights.announced(card.folder)["sha256"] != card.digest or _config(manifest.get("config"), card.folder) != card.config:
        raise RefusedModel(f"{card.folder} changed while it was read", hint="try again")
    if odd := _odd({name: array.shape for name, array in arrays.items()}, _layout(card.config)):
        raise RefusedModel(f"{card.folder} holds other weights than its settings say: {odd[:80]}", hint=_HINT)
    generator = _blueprint(card.config)
    for name, wanted in generator.state_dict().items():
        allowed = ("f2", "f4") if wanted.dtype.is_floating_point else ("i8",)
        if arrays[name].dtype.str[1:] not in allowed:
            raise RefusedModel(f"{name} of {card.folder} is {arrays[name].dtype}, which is no weight here", hint=_HINT)
    generator.to_empty(device="cpu")
    generator.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})
    return generator.eval()


def _blueprint(config: TrainingConfig) -> nn.Module:
    """Return the net without memory. Raises InvalidSetting where these settings make none."""
    if config.backbone not in BACKBONES:
        raise unknown("backbone", config.backbone, BACKBONES)
    try:
        with torch.device("meta"):
            return generator_of(config)
    except (ValueError, RuntimeError, MemoryError, OverflowError) as error:  # groups that do not divide, sides beyond counting
        if isinstance(error, InvalidSetting):
            raise
        raise InvalidSetting(
            f"no {config.backbone} has width {config.width} and latent {config.latent}", hint="take the preset's"
        ) from error


def _layout(config: TrainingConfig) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all weights by name."""
    return {name: tuple(tensor.shape) for name, tensor in _blueprint(config).state_dict().items()}


def _odd(found: Mapping[str, tuple[int, ...]], wanted: Mapping[str, tuple[int, ...]]) -> str:
    """Return the first tensor that is missing, too many or of another shape; "" where there is none."""
    names = sorted(name for name in {*found, *wanted} if name not in found or tuple(found[name]) != wanted.get(name))
    return names[0] if names else ""


def _stored(tensor: torch.Tensor, *, half: bool) -> torch.Tensor:
    """Return a tensor as it is written: kernels as float16 where asked for and possible, other fractions as float32."""
    if not tensor.is_floating_point():
        return tensor
    fits = tensor.ndim > 1 and float(tensor.abs().max()) < torch.finfo(torch.float16).max
    return tensor.to(torch.float16 if half and fits else torch.float32)


def _config(settings: object, folder: Path) -> TrainingConfig:
    """Return the settings in a manifest, each of its own kind and within bounds. Raises RefusedModel."""
    if not isinstance(settings, dict):
        raise RefusedModel(f"{folder} does not record the settings of its generator", hint=_HINT)
    kinds = get_type_hints(TrainingConfig)
    if missing := set(settings) - {field.name for field in fields(TrainingConfig)}:
        raise RefusedModel(f"{folder} has a setting {min(missing)[:40]!r} that is not known here", hint="update ssgan")
    for name, value in settings.items():
        if not _is_of_kind(value, kinds[name]):
            raise RefusedModel(f"{folder} has the setting {name} = {str(value)[:40]!r}, which is not allowed", hint=_HINT)
    try:
        config = TrainingConfig(**settings)
        if max(config.width, config.latent) > _MOST:
            raise InvalidSetting(
                f"width and latent are {config.width} and {config.latent}; both must be at most {_MOST}",
                hint="take the preset's",
            )
        _blueprint(config)
    except InvalidSetting as error:
        raise RefusedModel(f"{folder} has settings that are not allowed: {error}", hint=_HINT) from error
    return config


def _is_of_kind(value: object, kind: Any) -> bool:
    """Return whether a JSON value is what a field of TrainingConfig holds."""
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, str) and len(value) > _LONGEST:
        return False
    return type(value) is kind
