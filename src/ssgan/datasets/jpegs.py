"""Read the luma of JPEGs as covers: whole blocks of quantized coefficients, all of one size and one quantization table.

Nothing is decompressed, cut off a block or compressed again. Pictures can also be compressed here, as gray JPEGs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.datasets.geometry import Geometry, Patches
from ssgan.datasets.loading import LOOKED_AT, Bad
from ssgan.datasets.sources import Source
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images import JPEG_SIGNATURE
from ssgan.images.coefficients import SIDE, planes
from ssgan.images.new_jpeg import MOST_STEP, new_jpeg
from ssgan.images.quantization import Table, steps_of, table_name, table_of

LEAST_NONZERO_AC = 20  # of a cover: fewer take no payload


class JpegCover(NamedTuple):
    """The luma of a JPEG or of a tile of it: its name, coefficients int16 (1, H, W) of whole blocks, and its table."""

    name: str
    coefficients: NDArray[np.int16]
    table: Table


def jpeg_covers(source: Source, geometry: Geometry | Patches, bad: Bad) -> Iterator[JpegCover]:
    """Yield the luma of each JPEG as it comes, of the size and the table that most of the first LOOKED_AT have; `bad` gets the
    others, each with the reason.

    Raises InvalidSetting for a geometry that would cut blocks or resample, RefusedImage where there is no usable JPEG.
    """
    check_geometry(geometry)
    coming = _covers(source, geometry)
    first = list(islice(coming, LOOKED_AT))
    kinds = Counter(_kind(cut[0]) for _, cut in first if not isinstance(cut, str))
    wanted = kinds.most_common(1)[0][0] if kinds else None
    usable = False
    for name, cut in chain(first, coming):
        if not isinstance(cut, str):
            wanted = wanted or _kind(cut[0])
            reason = _difference(cut[0], wanted)
            if not reason:
                usable = True
                yield from _rich(cut, bad)
                continue
            cut = reason
        bad.append((name, cut))
    if not usable:
        why = f"; the first: {bad[0][0]}: {bad[0][1].removeprefix(bad[0][0] + ': ')}" if bad else ""
        raise RefusedImage(
            f"{source.path} has no usable JPEG{why}", hint="give JPEG files, or compress the pictures: --jpeg 75"
        )


def compressed(pictures: Iterable[tuple[str, NDArray[np.uint8]]], quality: int, bad: Bad) -> Iterator[JpegCover]:
    """Yield gray pictures uint8 (1, H, W), by name, as the luma of JPEGs of a libjpeg quality; `bad` gets flat ones."""
    for name, samples in pictures:
        if min(samples.shape[1:]) < SIDE:
            bad.append((name, f"it has no whole block of {SIDE} x {SIDE}"))
            continue
        luma = new_jpeg(samples, quality, layout="chw").cover.components[0]
        yield from _rich([JpegCover(name, planes(luma.carriers)[None], luma.table)], bad)


def holds_jpegs(source: Source) -> bool:
    """Return whether most of the first LOOKED_AT files of a source are JPEGs, by their first bytes."""
    found = [_begins_as_jpeg(source, name) for name in source.names[:LOOKED_AT]]
    return sum(found) > len(found) / 2


def check_geometry(geometry: Geometry | Patches) -> None:
    """Raise InvalidSetting where JPEGs would be cut within their blocks, or resampled."""
    if isinstance(geometry, Patches):
        if geometry.size % SIDE or (geometry.stride or geometry.size) % SIDE:
            raise InvalidSetting(
                f"tiles of {geometry.size} pixels cut blocks of JPEGs", hint=f"give a multiple of {SIDE}, such as 128"
            )
    elif geometry.crop is not None or geometry.size is not None:
        raise InvalidSetting(
            "the coefficients of JPEGs are neither cropped nor resized",
            hint="cut whole blocks with --tile, or compress the pixels of other files: --jpeg 75",
        )


def _covers(source: Source, geometry: Geometry | Patches) -> Iterator[tuple[str, list[JpegCover] | str]]:
    """Yield name and covers of each JPEG, or the reason why there are none."""
    for name in source.names:
        try:
            luma = source.coefficients(name).components[0]
            if luma.table.max() > MOST_STEP:
                raise RefusedImage("its quantization table has steps of 16 bits", hint="take JPEGs with tables of 8 bits")
            if not luma.carriers.size:
                raise RefusedImage(f"it has no whole block of {SIDE} x {SIDE}", hint="take larger pictures")
            whole = planes(luma.carriers)[None]
            # Gray is what luma is already.
            tiles = geometry.cut(whole) if isinstance(geometry, Patches) else [("", whole)]
            yield name, [JpegCover(name + label, np.ascontiguousarray(tile), luma.table) for label, tile in tiles]
        except RefusedImage as error:
            yield name, str(error)


def _begins_as_jpeg(source: Source, name: str) -> bool:
    try:
        return source.data(name).startswith(JPEG_SIGNATURE)
    except RefusedImage:  # too large, or not to be read
        return False


def _rich(covers: Iterable[JpegCover], bad: Bad) -> Iterator[JpegCover]:
    """Yield covers that can carry something; `bad` gets the others."""
    for cover in covers:
        dc = cover.coefficients[:, ::SIDE, ::SIDE]
        count = int(np.count_nonzero(cover.coefficients) - np.count_nonzero(dc))
        if count >= LEAST_NONZERO_AC:
            yield cover
        else:
            bad.append((cover.name, f"it is too flat: {count} AC coefficients are not zero, and {LEAST_NONZERO_AC} are needed"))


def _kind(cover: JpegCover) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what covers have in common: the shape, and the table."""
    return cover.coefficients.shape, steps_of(cover.table)


def _difference(cover: JpegCover, wanted: tuple[tuple[int, ...], tuple[int, ...]]) -> str:
    """Return in words how a cover differs from those that are wanted, or nothing."""
    shape, table = _kind(cover)
    if shape != wanted[0]:
        (_, height, width), (_, h, w) = shape, wanted[0]
        return f"its whole blocks are {width} x {height}, where most are {w} x {h}"
    if table != wanted[1]:
        return f"it has {table_name(cover.table)}, where most have {table_name(table_of(wanted[1]))}"
    return ""
