"""Draw the pictures of an album and write them; read a message from what is left of them after a network.

Files of an album are drawn, encoded and named as those of `ssgan sample --drawn` and of drawn covers are.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan import images
from ssgan.drawn import drawing, extractor
from ssgan.drawn.extractor import LatentReader
from ssgan.drawn.model import DrawnModel
from ssgan.errors import DoesNotFit, InvalidSetting, NothingFound, RefusedImage, RefusedModel, not_read_back
from ssgan.images.channels import check_channel
from ssgan.messages import album, container, plan
from ssgan.messages.album import SIZES, AlbumShape
from ssgan.messages.drawn_files import content_of
from ssgan.messages.files import Source, reveal_files, write_together
from ssgan.messages.keys import Key, as_message, check_key
from ssgan.messages.reveal import nothing_found
from ssgan.storage import weights

USUAL_CHANNEL = "jpeg75"
FEWEST_FILES = SIZES[0] // 2  # with fewer, no album is looked for


@dataclass(frozen=True, eq=False)
class AlbumModel:
    """A model that draws, and the extractor that reads its latents."""

    drawn: DrawnModel
    reader: LatentReader

    def shape(self, size: int) -> AlbumShape:
        """Return the shape of albums of this size."""
        return AlbumShape(size, self.reader.latent, self.drawn.identity)


@dataclass(frozen=True, repr=False)
class AlbumPlan:
    """The album to draw, checked as far as no key is needed."""

    body: bytes
    model: AlbumModel
    shape: AlbumShape
    channel: str
    outs: tuple[Path, ...]
    folder: Path
    compress: bool
    overwrite: bool


def load(folder: Path) -> AlbumModel:
    """Return model and extractor of a folder `drawn`; the extractor is beside it. Raises InvalidSetting where there is none,
    RefusedModel.
    """
    from ssgan.drawn import model

    place = folder.parent / extractor.FOLDER
    if not (place / weights.MANIFEST).is_file():
        raise InvalidSetting(
            f"{folder.parent.name} has no extractor, which reads albums", hint="make one with ssgan train-extractor"
        )
    drawn, reader = model.load(folder), extractor.load(place)
    drawing.check_signs(drawn)
    if reader.shape != drawn.shape or reader.latent != drawn.first.weights.shape[0]:
        raise RefusedModel(
            f"the extractor of {folder.parent.name} is of another generator", hint="train it again with ssgan train-extractor"
        )
    return AlbumModel(drawn, reader)


def promise_bytes(model: AlbumModel, size: int, channel: str = USUAL_CHANNEL) -> int:
    """Return the longest message that an album of `size` pictures is trusted to carry through a channel.

    It was measured when the extractor was made. Raises InvalidSetting for a channel that was not, or a size that is none.
    """
    model.shape(size)
    promises = model.reader.about.get("promises")
    found = promises.get(channel) if isinstance(promises, dict) else None
    value = found.get(str(size)) if isinstance(found, dict) else None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return min(value, model.shape(size).largest_rung)
    check_channel(channel)
    known = ", ".join(promises) if isinstance(promises, dict) else "none"
    raise InvalidSetting(f"what albums carry through {channel} was not measured", hint=f"measured channels: {known}")


def planned(
    message: bytes | str,
    out: Path,
    model: AlbumModel,
    *,
    size: int,
    channel: str = USUAL_CHANNEL,
    compress: bool = False,
    overwrite: bool = False,
) -> AlbumPlan:
    """Check place and size. `out` is a folder. Raises DoesNotFit, InvalidSetting, StorageFailed."""
    body = as_message(message)
    most = promise_bytes(model, size, channel)
    packed = len(container.body_of(body, compress)[0])
    if packed > most:
        raise album.does_not_fit(packed, most, f"an album of {size} pictures that is to live through {channel}")
    outs = tuple(out / f"{number:06d}.png" for number in range(size))
    for place in outs:
        plan.check_place(place, [], overwrite=overwrite)
    return AlbumPlan(body, model, model.shape(size), channel, outs, out, compress, overwrite)


def carry_out(planned: AlbumPlan, key: Key) -> list[NDArray[np.uint8]]:
    """Draw the album once, read it back, and write all of its files or none; return its pictures uint8 (H, W, C).

    Raises DoesNotFit where these pictures tell less than was promised; they are not drawn again.
    """
    check_key(key)
    pictures = draw(planned.body, key, planned.model, planned.shape.size, compress=planned.compress)
    contents = [content_of(picture, out) for picture, out in zip(pictures, planned.outs, strict=True)]
    try:
        copies = [picture_of(images.read(content, convert=images.CONVERSIONS), planned.model.drawn) for content in contents]
        if album.opened(planned.model.reader.read(copies), key, planned.shape) != planned.body:
            raise not_read_back()
    except NothingFound as error:
        raise DoesNotFit(
            "these pictures tell less than was promised, which happens to less than one album of a hundred",
            reachable=0,
            unit="bytes",
            hint="send less: to draw again until it fits would be a selection",
        ) from error
    with write_together(planned.outs, overwrite=planned.overwrite, folder=planned.folder) as temporaries:
        for content, temporary in zip(contents, temporaries, strict=True):
            temporary.write_bytes(content)
    return pictures


def draw(message: bytes | str, key: Key, model: AlbumModel, size: int, *, compress: bool = False) -> list[NDArray[np.uint8]]:
    """Draw the pictures uint8 (H, W, C) of an album that says a message, text as UTF-8, each once. Raises DoesNotFit."""
    is_negative = album.signs(message, key, model.shape(size), compress=compress)
    return [drawing.draw_signs(model.drawn, row) for row in is_negative]


def open_pictures(copies: Sequence[NDArray[np.uint8]], key: Key, model: AlbumModel, *, size: int | None = None) -> bytes:
    """Return the message of an album from copies of its pictures, uint8 (H, W, C) of any size, in any order.

    `size` is how many pictures it had; the least size that the copies fit in, if left out. Raises NothingFound.
    """
    fitting = [size] if size is not None else [one for one in SIZES if len(copies) <= one][:1]
    if not fitting or not len(copies):
        raise nothing_found()
    return album.opened(model.reader.read(copies), key, model.shape(fitting[0]))


def reveal_files_of_any_kind(
    sources: Sequence[Source], key: Key, *, generator: Path | None = None, size: int | None = None, **options: Any
) -> bytes:
    """Return the message of files as `reveal_files` does, with its options, and of an album where they are one.

    generator: the folder `drawn` of a model beside those of the package; size: how many pictures the album had.
    """
    paths = [source for source in sources if isinstance(source, str | os.PathLike)]
    is_album_likely = len(paths) == len(sources) >= FEWEST_FILES
    if size is not None and len(paths) < len(sources):
        raise InvalidSetting("an album is asked for, and one of its pictures is -", hint="give the files of the album")
    if size is None:
        try:
            return reveal_files(sources, key, **options)
        except (NothingFound, RefusedImage):
            if not is_album_likely:
                raise
    return reveal_album(paths, key, generator=generator, size=size)


def reveal_album(
    sources: Sequence[str | os.PathLike[str]], key: Key, *, generator: Path | None = None, size: int | None = None
) -> bytes:
    """Return the message in the files of an album, with the models of the package or the one in the folder `generator`.

    Raises NothingFound, RefusedImage for what is no picture.
    """
    from ssgan.drawn.model import installed_folders

    check_key(key)
    folders = [generator] if generator is not None else [folder for folder in installed_folders() if has_extractor(folder)]
    if size is not None and len(sources) > size:
        raise InvalidSetting(f"{len(sources)} files are more than an album of {size}", hint="name the album's files only")
    pictures = [images.read(source, convert=images.CONVERSIONS) for source in sources]
    failure: NothingFound = nothing_found()
    for folder in folders:
        model = load(folder)
        try:
            return open_pictures([picture_of(picture, model.drawn) for picture in pictures], key, model, size=size)
        except NothingFound as error:
            failure = error
    raise failure


def has_extractor(folder: Path) -> bool:
    """Return whether a model's folder `drawn` has an extractor beside it."""
    return (folder.parent / extractor.FOLDER / weights.MANIFEST).is_file()


def picture_of(picture: images.Picture, model: DrawnModel) -> NDArray[np.uint8]:
    """Return a picture's samples as uint8 (H, W, C), with the channels of the model's pictures."""
    samples = picture.samples
    if len(samples) != model.shape[2]:
        samples = np.repeat(samples[:1], model.shape[2], axis=0)
    return np.ascontiguousarray(samples.transpose(1, 2, 0))


def in_words(generator: str, channel: str) -> str:
    """Return the sentence that goes with an album: what is claimed of it, and what is not."""
    return (
        f"each picture is distributed as any drawn cover of {generator}; that it is generated can be seen; the message was "
        f"measured to live through {channel}, and networks change their ways"
    )
