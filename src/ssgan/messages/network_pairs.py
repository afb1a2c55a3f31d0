"""Learn from a person's own pictures what a network did to them: how far the latents moved that albums are read from.

The pictures as sent are drawn covers, with or without a message; no key is needed. What moved is compared with the channels
that were measured when the extractor was made.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ssgan import images
from ssgan.errors import InvalidSetting
from ssgan.messages.album import SIZES
from ssgan.messages.album_files import load, picture_of, promise_bytes

_ROOM = 1.05  # a network counts as a channel that moves latents nearly as far, since both are means of samples


@dataclass(frozen=True)
class NetworkReport:
    """What a network did to some pictures.

    drift: mean square by which the extractor's means moved; like: the mildest measured channel that moves them as far, None
    where all move them less; promises: bytes by the album's size through that channel.
    """

    pictures: int
    size_before: str
    size_after: str
    formats: str
    signs_changed: float
    drift: float
    like: str | None
    promises: dict[int, int]

    def as_record(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)


def compare(before: Path, after: Path, model_folder: Path) -> NetworkReport:
    """Compare pictures as they were sent with those that came back: two files, or two folders in the order of their names.

    `model_folder` is the folder `drawn` of their generator. Raises InvalidSetting where there are not as many, RefusedImage.
    """
    model = load(model_folder)
    pairs = list(zip(_files(before), _files(after), strict=False))
    if len(_files(before)) != len(_files(after)):
        raise InvalidSetting(
            f"{before} has {len(_files(before))} pictures and {after} {len(_files(after))}",
            hint="give the same pictures in both",
        )
    sent = [images.read(path, convert=images.CONVERSIONS) for path, _ in pairs]
    received = [images.read(path, convert=images.CONVERSIONS) for _, path in pairs]
    means = [model.reader.moments([picture_of(picture, model.drawn) for picture in side])[0] for side in (sent, received)]
    drift = float(np.square(means[1] - means[0]).mean())
    like = _like(model.reader.about.get("drifts"), drift)
    return NetworkReport(
        pictures=len(pairs),
        size_before=_size(sent[0]),
        size_after=_size(received[0]),
        formats=", ".join(f"{name} {count}" for name, count in Counter(path.suffix.lower() for _, path in pairs).items()),
        signs_changed=float(((means[0] < 0) != (means[1] < 0)).mean()),
        drift=drift,
        like=like,
        promises={} if like is None else {size: promise_bytes(model, size, like) for size in SIZES},
    )


def _like(drifts: object, drift: float) -> str | None:
    """Return the measured channel with the least drift that is not below this one."""
    known = drifts if isinstance(drifts, dict) else {}
    fitting = [(value, name) for name, value in known.items() if isinstance(value, float) and value * _ROOM >= drift]
    return min(fitting)[1] if fitting else None


def _files(place: Path) -> list[Path]:
    """Return a file, or the pictures in a folder."""
    if not place.exists():
        raise InvalidSetting(f"there is no {place}", hint="name a picture, or a folder of pictures")
    if not place.is_dir():
        return [place]
    found = sorted(path for path in place.iterdir() if path.suffix.lower() in images.READ_SUFFIXES)
    if not found:
        raise InvalidSetting(f"{place} holds no pictures", hint="name a picture, or a folder of pictures")
    return found


def _size(picture: images.Picture) -> str:
    return f"{picture.samples.shape[2]} x {picture.samples.shape[1]}"
