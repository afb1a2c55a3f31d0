"""Plan a hide operation: check covers, paths and capacity before the passphrase is asked for.

Nothing is written here, so this is also what a dry run shows.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ssgan import images
from ssgan.embedding.titles import scheme_name, split_scheme
from ssgan.errors import DoesNotFit, InvalidSetting, RefusedImage, StorageFailed
from ssgan.images import Picture
from ssgan.images.orientation import UPRIGHT
from ssgan.messages import container, new_covers
from ssgan.messages.container import Carrier
from ssgan.messages.ledger import Ledger
from ssgan.messages.order import frozen_count
from ssgan.messages.parts import HEAD_BYTES, MessagePart
from ssgan.messages.scheme_choice import (
    PIXEL_SCHEME,
    check_scheme,
    fits_empty_message,
    joins_channels,
    picture_capacity,
    picture_samples,
    scheme_capacity,
    scheme_for,
)

CAUTIOUS, WISE, MUCH = 0.1, 0.2, 0.4  # bits per nonzero AC coefficient of a JPEG
_HINTS = {
    "jpeg": "write a .jpg, whose coefficients carry the message, or make a PNG at half its size or less first",
    "webp": "make a PNG of it first, at half its size or less: the traces of lossy compression help a detector",
    "trailing": "save the image again, without what follows it",
}
_HINT = "save it as an 8-bit gray or RGB PNG first"
# Bytes a sample, the picture among them, as benchmarks/memory.py measures them at 4 megapixels: fewest for schemes whose +1 and
# -1 cost the same, most for those whose costs depend on the whole picture. For a scheme that is not named, more than for all.
REVEALING_BYTES = 4
HIDING_BYTES = {
    "lsb": 25, "hill": 24, "wow": 25, "suniward": 24, "lsbr": 45, "hugo": 34, "hugo2010": 39, "mipod": 67, "mg": 96,
}  # fmt: skip
_MOST_HIDING_BYTES = 100
_ASK = "ask for the file as the sender wrote it: no message survives a conversion"


@dataclass(frozen=True)
class HideSettings:
    """Choices of the sender, none of which the receiver needs to know."""

    scheme: str | None = None  # what goes with the cover: hill or hill:luma, juniward, or siuniward
    compress: bool = False
    allow_flat: bool = False
    ledger: Ledger | None = None
    overwrite: bool = False
    keep_metadata: bool = False  # of the cover's file, what may name person, place or time
    upright: bool = False  # apply the orientation in the cover's file
    jpeg: int | None = None  # 1...100: make a new JPEG of this quality of a cover that is none, and hide in that

    def __post_init__(self) -> None:
        if self.scheme is not None:
            object.__setattr__(self, "scheme", scheme_name(self.scheme))


@dataclass(frozen=True, repr=False)
class HideTask:
    """One cover, the content that it is to carry, and the path of its stego."""

    cover: Path
    out: Path
    picture: Picture
    body: bytes | MessagePart
    body_bytes: int  # of the body as it is sealed, perhaps compressed
    scheme: str

    @property
    def samples(self) -> int:
        """Number of samples that count."""
        return picture_samples(self.picture)[0]

    @property
    def joins_channels(self) -> bool:
        """Whether the channels of a pixel change together."""
        return joins_channels(self.picture, self.scheme)

    @property
    def units(self) -> int:
        """Number of samples that the payload counts: all, the pixels where their channels change together, or of a JPEG the AC
        coefficients that are not zero.
        """
        coefficients = self.picture.coefficients
        if coefficients is None:
            return self.samples // (container.COLORS if self.joins_channels else 1)
        return max(coefficients.num_nonzero_ac, 1)

    @property
    def unit(self) -> str:
        """What the payload counts, in words."""
        if self.picture.coefficients is not None:
            return "nonzero AC coefficient"
        return "pixel" if self.joins_channels else "sample"

    @property
    def capacity_bytes(self) -> int:
        """Largest plaintext in bytes, by any scheme."""
        return picture_capacity(self.picture)

    @property
    def rung_bytes(self) -> int:
        """Length that the body is padded to."""
        samples, rule = picture_samples(self.picture)
        carriers = samples // container.COLORS if self.joins_channels else samples
        return next(rung for rung in container.rungs(carriers - frozen_count(samples, rule)) if rung >= self.body_bytes)

    @property
    def payload(self) -> float:
        """Bits of the whole stream per counting sample, per pixel whose channels change together, or of a JPEG per nonzero AC
        coefficient.
        """
        return 8 * (self.rung_bytes + container.OVERHEAD) / self.units


@dataclass(frozen=True, repr=False)
class HidePlan:
    """All tasks of one message."""

    tasks: tuple[HideTask, ...]
    settings: HideSettings
    capacity_bytes: int  # of all covers together
    folder: Path | None = None  # of the stegos of several covers, made if it is missing


def one_cover(cover: Path, message: bytes, out: Path, settings: HideSettings) -> HidePlan:
    """Plan `message` into one cover. Raises what `ssgan.messages.files.hide_file` raises, as far as no key is needed."""
    _check_one(out, [cover], settings)
    return _one(cover, cover_picture(cover, settings), message, out, settings)


def one_picture(name: str, picture: Picture, message: bytes, out: Path, settings: HideSettings) -> HidePlan:
    """Plan `message` into a picture that is in no file, named `name`. Raises as `one_cover` does."""
    _check_one(out, [], settings)
    return _one(Path(name), as_cover(picture, name, settings), message, out, settings)


def _check_one(out: Path, covers: Sequence[Path], settings: HideSettings) -> None:
    check_settings(settings)
    check_place(out, covers, overwrite=settings.overwrite, jpeg=settings.jpeg)
    if not out.parent.is_dir():
        raise StorageFailed(f"there is no folder {out.parent}", hint="make the folder first")


def content_task(name: str, content: bytes, message: bytes, out: Path, settings: HideSettings) -> HideTask:
    """Plan `message` into a cover given as the bytes of its file; the stego gets the format of `out`.

    Raises what `one_cover` does, but for `out`, of which only the suffix counts.
    """
    read = images.read(content, convert=images.CONVERSIONS, name=name, work=_hiding_bytes(settings.scheme))
    check_settings(settings)
    return picture_task(name, as_cover(read, name, settings), message, out, settings)


def picture_task(name: str, picture: Picture, message: bytes, out: Path, settings: HideSettings) -> HideTask:
    """Plan `message` into a picture, as `content_task` does."""
    check_settings(settings)
    return _one(Path(name), picture, message, out, settings).tasks[0]


def _one(cover: Path, picture: Picture, message: bytes, out: Path, settings: HideSettings) -> HidePlan:
    packed = min(len(container.deflate(message)), len(message)) if settings.compress else len(message)
    _check_cover(cover, picture, out, settings)
    scheme = scheme_for(picture, settings.scheme, packed, name=str(cover))
    capacity = scheme_capacity(picture, scheme)
    if packed > capacity or not fits_empty_message(picture, scheme):
        fewer = joins_channels(picture, scheme) and packed <= picture_capacity(picture)
        raise DoesNotFit(
            f"{packed} bytes do not fit: {cover} takes at most {capacity}" + f" by {scheme}" * fewer,
            reachable=capacity,
            unit="bytes",
            hint=f"use {split_scheme(scheme)[0]}, which changes each channel by itself"
            if fewer
            else "take a larger cover, send less, or spread the message over several covers",
        )
    return HidePlan((HideTask(cover, out, picture, message, packed, scheme),), settings, capacity)


def several_covers(covers: Sequence[Path], message: bytes, folder: Path, needed: int, settings: HideSettings) -> HidePlan:
    """Plan `message` spread over covers, any `needed` of whose stegos give it back; stegos get their covers' names in
    `folder`.
    """
    from ssgan.messages import spread

    check_settings(settings)
    outs = [folder / stego_name(cover, settings) for cover in covers]
    if len({os.path.normcase(out) for out in outs}) < len(outs):
        raise InvalidSetting("two covers have the same name", hint="rename one: the stegos get the names of their covers")
    parts = spread.split(message, count=len(covers), needed=needed, compress=settings.compress)
    for out in outs:
        check_place(out, covers, overwrite=settings.overwrite, jpeg=settings.jpeg)
    pictures = [cover_picture(cover, settings) for cover in covers]
    for cover, picture, out in zip(covers, pictures, outs, strict=True):
        _check_cover(cover, picture, out, settings)
    _refuse_twins(covers, pictures)
    body_bytes = HEAD_BYTES + len(parts[0].share)
    rows = list(zip(covers, pictures, strict=True))
    schemes = [scheme_for(picture, settings.scheme, body_bytes, name=str(cover)) for cover, picture in rows]
    capacities = [scheme_capacity(picture, scheme) for picture, scheme in zip(pictures, schemes, strict=True)]
    capacity = spread.capacity_bytes(capacities, needed=needed)
    if body_bytes > min(capacities):
        raise DoesNotFit(
            f"{parts[0].length} bytes do not fit: these covers take at most {capacity} together, the smallest deciding",
            reachable=capacity,
            unit="bytes",
            hint="take larger covers, send less, or let more of the stegos be needed",
        )
    whole = zip(covers, outs, pictures, parts, schemes, strict=True)
    tasks = tuple(HideTask(cover, out, picture, part, body_bytes, scheme) for cover, out, picture, part, scheme in whole)
    return HidePlan(tasks, settings, capacity, folder)


def cover_picture(cover: Path, settings: HideSettings | None = None) -> Picture:
    """Return the picture in a file that is to be a cover: it is not converted, but may be turned, or made a new JPEG.

    Raises RefusedImage, and InvalidSetting where the settings do not go with it.
    """
    settings = settings or HideSettings()
    check_settings(settings)
    picture = images.read(cover, convert=images.CONVERSIONS, work=_hiding_bytes(settings.scheme))
    return as_cover(picture, str(cover), settings)


def _hiding_bytes(scheme: str | None) -> int:
    return HIDING_BYTES.get(split_scheme(scheme or PIXEL_SCHEME)[0], _MOST_HIDING_BYTES)


def as_cover(picture: Picture, name: str, settings: HideSettings | None = None) -> Picture:
    """Return a picture that was read with all conversions allowed, if it needed none; turned, or made a new JPEG, after the
    settings. Raises RefusedImage, and InvalidSetting where the settings do not go with it.
    """
    settings = settings or HideSettings()
    if picture.format == "JPEG":
        if settings.jpeg is not None:
            raise InvalidSetting(
                f"{name} is a JPEG already, and a new one of it would show that it was compressed twice",
                hint="leave --jpeg out: its own coefficients carry the message",
            )
        return _jpeg_cover(picture, name, upright=settings.upright)
    for word in picture.converted:
        raise _no_cover(name, word)
    if settings.upright:
        picture = images.upright(picture)
    return picture if settings.jpeg is None else new_covers.as_new_jpeg(picture, name, settings.jpeg)


def _no_cover(name: str, word: str) -> RefusedImage:
    return RefusedImage(f"{name} cannot be used as a cover: {images.CONVERSIONS[word]}", hint=_HINTS.get(word, _HINT))


def _jpeg_cover(picture: Picture, name: str, *, upright: bool) -> Picture:
    """Return the picture of a JPEG with its coefficients. Raises RefusedImage where its file could not be written alike."""
    if upright and picture.orientation != UPRIGHT:
        raise InvalidSetting(
            f"{name} cannot be turned: a JPEG is written as it was, and keeps the orientation that it asks for",
            hint="leave --upright out",
        )
    try:
        coefficients = images.read_coefficients(picture.file)
        images.check_cover(coefficients)
    except RefusedImage as error:
        raise RefusedImage(f"{name} cannot be used as a cover: {error}", hint=error.hint) from error
    return replace(picture, coefficients=coefficients, file=b"")


def stego_picture(source: str | os.PathLike[str] | BinaryIO) -> Picture:
    """Return the picture in a file that may be a stego. Raises RefusedImage."""
    return as_stego(images.read(source, convert=images.CONVERSIONS, work=REVEALING_BYTES), source_name(source))


def as_stego(picture: Picture, name: str) -> Picture:
    """Return a picture that was read with all conversions allowed, if its samples needed none. Raises RefusedImage.

    Bytes after its end are accepted: a service that passes files on may add some, and the message is in the samples.
    """
    if picture.format == "JPEG":
        return replace(picture, coefficients=images.read_coefficients(picture.file, name=name), file=b"")
    for word in picture.converted - {"trailing"}:
        raise RefusedImage(f"{name} cannot be used as a stego: {images.CONVERSIONS[word]}", hint=_ASK)
    return picture


def made_stego(content: bytes) -> Picture:
    """Return the picture in the bytes of a file that this package wrote: none but a JPEG needs a conversion. Raises
    RefusedImage.
    """
    is_jpeg = content.startswith(images.JPEG_SIGNATURE)
    return as_stego(images.read(content, convert=("jpeg", "trailing") if is_jpeg else ()), "the stego")


def source_name(source: str | os.PathLike[str] | BinaryIO) -> str:
    """Return a name for a source of bytes."""
    return os.fspath(source) if isinstance(source, str | os.PathLike) else "standard input"


def picture_carrier(picture: Picture) -> Carrier:
    """Return the samples of a picture: those of its pixels, or the coefficients where it has some."""
    if picture.coefficients is None:
        return container.image_carrier(picture.samples, picture.alpha)
    return container.coefficient_carrier(picture.coefficients)


def wise_bytes(picture: Picture, payload: float) -> int:
    """Return the bytes that a JPEG carries at a payload in bits per nonzero AC coefficient, such as CAUTIOUS or WISE."""
    assert picture.coefficients is not None
    bits = payload * picture.coefficients.num_nonzero_ac
    return max(0, min(picture_capacity(picture), int(bits / 8) - container.OVERHEAD))


def same_file(one: Path, other: Path) -> bool:
    """Return whether two names are of one file, by links or otherwise."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)


def used_carriers(picture: Picture) -> list[Carrier]:
    """Return what of a cover must not be used again: its samples, and those of the original of a new JPEG."""
    if picture.precover is None:
        return [picture_carrier(picture)]
    return [picture_carrier(picture), container.image_carrier(picture.precover.samples, None)]


def stego_name(cover: Path, settings: HideSettings) -> str:
    """Return the cover's name, as PNG where its own format is not written, or as that of a new JPEG."""
    if settings.jpeg is not None:
        return f"{cover.stem}.jpg"
    return cover.name if cover.suffix.lower() in (*images.WRITTEN, *images.JPEG_SUFFIXES) else f"{cover.stem}.png"


def check_settings(settings: HideSettings) -> None:
    """Raise InvalidSetting for a scheme or a quality that does not exist, and for settings that exclude each other."""
    if settings.jpeg is not None:
        new_covers.check(settings.jpeg, keep_metadata=settings.keep_metadata)
    if settings.scheme is not None:
        check_scheme(settings.scheme)


def check_place(out: Path, covers: Sequence[Path], *, overwrite: bool, jpeg: int | None = None) -> None:
    """Refuse the path of a cover for a stego, the path of another file unless overwriting is wanted, and a suffix that is not
    of the format to be written.
    """
    if out.suffix.lower() not in images.JPEG_SUFFIXES:
        images.written_format(out)
        if jpeg is not None:
            raise InvalidSetting(
                f"{out} is not named like a JPEG, and a new JPEG is to be written", hint="name it .jpg, or leave --jpeg out"
            )
    for cover in covers:
        if same_file(out, cover):
            raise StorageFailed(
                f"{out} is the cover itself, and a cover is never overwritten",
                hint="choose another name, and keep the cover away from its stego",
            )
    if out.parent.exists() and not os.access(out.parent, os.W_OK | os.X_OK):
        raise StorageFailed(f"{out.parent} may not be written to", hint="choose another folder")
    if not overwrite and os.path.lexists(out):
        raise StorageFailed(f"{out} exists already and was left as it is", hint="choose another name, or allow overwriting")


def _check_cover(cover: Path, picture: Picture, out: Path, settings: HideSettings) -> None:
    """Refuse a format that drops something of the cover, a scheme of the other domain, and a cover that was used before."""
    alpha = picture.alpha
    if picture.coefficients is None:
        if out.suffix.lower() in images.JPEG_SUFFIXES:
            raise InvalidSetting(
                f"{out.name} would be compressed with loss, and what was embedded would be lost",
                hint="write a .png, or let a new JPEG be made of the cover, whose coefficients carry the message: --jpeg 90",
            )
        images.encode(picture.samples[:, :1, :1], images.written_format(out), alpha=None if alpha is None else alpha[:1, :1])
    elif out.suffix.lower() not in images.JPEG_SUFFIXES:
        raise _no_cover(str(cover), "jpeg")
    ledger = settings.ledger
    if ledger is not None and not ledger.reuse and any(ledger.knows(carrier) for carrier in used_carriers(picture)):
        raise used_before(str(cover))


def used_before(cover: str) -> RefusedImage:
    """Return the error for a cover that is in the list of used ones."""
    return RefusedImage(
        f"{cover} was used before: two stegos of one cover give each other away",
        hint="take a fresh picture, or allow it with --reuse, or keep no list of used covers with --no-ledger",
    )


def _refuse_twins(covers: Sequence[Path], pictures: Sequence[Picture]) -> None:
    seen: dict[bytes, Path] = {}
    for cover, picture in zip(covers, pictures, strict=True):
        other = seen.setdefault(picture_carrier(picture).fingerprint(), cover)
        if other is not cover:
            raise RefusedImage(f"{cover} and {other} are the same picture", hint="give each part a cover of its own")
