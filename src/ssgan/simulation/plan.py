"""What a simulation is asked for and what is left of it to do: settings, covers, and the stegos that stand already."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import ssgan
from ssgan import images
from ssgan.datasets import Geometry
from ssgan.datasets.listing import Item, listed
from ssgan.errors import InvalidSetting

MANIFEST = "run.json"


@dataclass(frozen=True)
class Settings:
    """All that decides which pixels are written. One folder holds the stegos of one Settings."""

    embedder: str
    seed: int = 0
    dtype: str = "float64"
    image_format: str = "png"
    geometry: Geometry = field(default_factory=Geometry)
    convert: tuple[str, ...] = ()
    text: bytes | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.convert) - set(images.CONVERSIONS))
        if unknown:
            raise InvalidSetting(
                f"There is no conversion named {', '.join(unknown)}.", hint=f"Choose from {', '.join(images.CONVERSIONS)}."
            )

    def as_json(self) -> dict[str, Any]:
        """The settings as they stand in the manifest, with the version that understood them so."""
        digest = None if self.text is None else hashlib.sha256(self.text).hexdigest()
        told = {"command": "simulate", "version": ssgan.__version__}
        return {**told, **asdict(self), "convert": sorted(self.convert), "text": digest}


@dataclass(frozen=True)
class Plan:
    """What there is to do: the covers without a stego yet, and how many have theirs."""

    settings: Settings
    out: Path
    sources: tuple[Path, ...]
    items: tuple[Item, ...]
    finished: int
    overwrite: bool = False

    def target(self, name: str) -> Path:
        """Where the stego of the cover `name` is written."""
        return _target(self.out, name, self.settings.image_format)


def prepare(
    sources: Sequence[Path], out: Path, settings: Settings, *, limit: int | None = None, overwrite: bool = False
) -> Plan:
    """The plan for the covers in `sources` (folders, zips, tars, single image files); nothing is written yet.

    Raises InvalidSetting where nothing can be found, two covers would have one stego, or `out` holds the stegos of other
    settings; with `overwrite` all stegos are made anew.
    """
    for source in sources:
        if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
            raise InvalidSetting(
                f"{out} lies in {source}: the stegos would be the next covers.", hint="Choose a folder beside it."
            )
    items = listed(sources, limit=limit)
    targets: dict[Path, Item] = {}
    for item in items:
        other = targets.setdefault(_target(out, item.name, settings.image_format), item)
        if other is not item:
            raise InvalidSetting(
                f"{other} and {item} would have the same stego.",
                hint="Simulate them into two folders.",
            )
    if not overwrite:
        _refuse_other_settings(out / MANIFEST, settings)
    missing = tuple(item for target, item in targets.items() if overwrite or not target.exists())
    return Plan(settings, out, tuple(sources), missing, len(items) - len(missing), overwrite)


def _target(out: Path, name: str, image_format: str) -> Path:
    """`out`/name with the format's suffix; a name that leads out of the folder, on any system, is turned away."""
    windows = PureWindowsPath(name)
    if windows.drive or windows.root or ".." in windows.parts:
        raise InvalidSetting(f"An archive names a file {name!r}, which would be written elsewhere.", hint="Unpack it yourself.")
    return out / PurePosixPath(name).with_suffix(f".{image_format}")


def _refuse_other_settings(manifest: Path, settings: Settings) -> None:
    """A folder that holds the stegos of other settings is left as it is."""
    if not manifest.exists():
        return
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
        # Which conversions are allowed decides whether a cover is taken, not what becomes of it.
        wanted = json.loads(json.dumps({key: value for key, value in settings.as_json().items() if key != "convert"}))
        differing = [key for key, value in wanted.items() if found.get(key) != value]
    except (OSError, ValueError, AttributeError) as error:
        raise InvalidSetting(
            f"{manifest} cannot be read ({error}).", hint="Choose another folder, or begin anew with --force."
        ) from error
    if differing:
        was = ", ".join(f"{key} {found.get(key)!r}" for key in differing)
        raise InvalidSetting(
            f"{manifest.parent} holds stegos of other settings: there, {was}.",
            hint="Choose another folder, or begin anew with --force.",
        )
