"""Load all images of a source, cut to one size, by as many processes as wanted, with a list of refused pictures.

One process reads the files in order and hands their bytes out; workers decode and cut. A decoder that dies takes one file
with it, not the run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from ssgan import images
from ssgan.compute.pool import GIVEN_UP, in_processes
from ssgan.compute.progress import Progress
from ssgan.datasets.geometry import Geometry, Patches
from ssgan.datasets.sources import Source
from ssgan.errors import InvalidSetting, RefusedImage, SsganError
from ssgan.images import Images

Bad: TypeAlias = list[tuple[str, str]]  # name and reason
OnBad: TypeAlias = Literal["skip", "refuse"]

LOOKED_AT = 100  # images whose shapes decide which one is wanted
FIRST_NAMED = 3  # of the pictures that are left out
# A task for a worker: enough files that the hand-over does not count, few enough bytes that memory stays small.
_TASK_FILES = 32
_TASK_BYTES = 8 * 2**20
_TASKS_AHEAD = 3  # a worker

_File: TypeAlias = tuple[str, bytes | str]  # name, and the bytes or the reason why there are none
_Cut: TypeAlias = list[tuple[str, np.ndarray]] | str  # label and samples of each image, or the reason why there are none


class Loaded(NamedTuple):
    """Images uint8 (N, C, H, W), their N names, and the refused pictures, each with the reason."""

    images: Images
    names: tuple[str, ...]
    bad: Bad


def load(
    source: Source,
    geometry: Geometry | Patches,
    *,
    convert: Collection[str] = (),
    on_bad: OnBad = "skip",
    workers: int = 1,
    progress: Progress[int] | None = None,
) -> Loaded:
    """Return all images of a source in memory, in the order of its names; those of `Patches` are named "name@top,left".

    A picture that is refused, or that would give another shape than most of the first LOOKED_AT, is listed as bad, or raises
    RefusedImage with on_bad="refuse". So does a source without any usable picture. With several workers a script needs the
    usual `if __name__ == "__main__":`, since they begin as fresh processes; without it SsganError is raised.
    """
    bad: Bad = []
    found = list(rows(source, geometry, bad, convert=convert, on_bad=on_bad, workers=workers, progress=progress))
    return Loaded(images.to_images(np.stack([samples for _, samples in found])), tuple(name for name, _ in found), bad)


def rows(
    source: Source,
    geometry: Geometry | Patches,
    bad: Bad,
    *,
    convert: Collection[str] = (),
    on_bad: OnBad = "skip",
    workers: int = 1,
    progress: Progress[int] | None = None,
    shape: tuple[int, int, int] | None = None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and samples, uint8 (C, H, W) of one shape, of each image as it comes, and fill `bad`. Errors as in `load`.

    With a `shape` it is this one, else that of most of the first LOOKED_AT images. Raises InvalidSetting where the images are
    good, and none has the shape.
    """
    if on_bad not in ("skip", "refuse"):
        raise InvalidSetting(f"on_bad is {on_bad!r}; it must be 'skip' or 'refuse'", hint="choose from skip, refuse")
    asked, found = shape is not None, Counter[tuple[int, ...]]()
    coming = _cuts(source, geometry, tuple(convert), workers)
    if shape is None:
        first = list(islice(coming, LOOKED_AT))
        shape = usual_shape([cut[0][1].shape for _, cut in first if not isinstance(cut, str)])
        coming = chain(first, coming)
    for done, (name, cut) in enumerate(coming, start=1):
        if not isinstance(cut, str):
            channels, height, width = cut[0][1].shape
            here = (channels, height, width)
            shape = shape or here
            found[here] += 1
            if here == shape:
                yield from ((name + label, samples) for label, samples in cut)
            else:
                cut = (
                    f"it is {named(here)}, where {named(shape)} is wanted"
                    if asked
                    else (f"it is {named(here)}, where most are {named(shape)}")
                )
        if isinstance(cut, str):
            bad.append((name, cut))
            if on_bad == "refuse":
                raise RefusedImage(
                    f"{name}: {cut.removeprefix(name + ': ')}", hint="leave it out, or allow bad images to be skipped"
                )
        if progress is not None:
            progress(done, len(source))
    if found and shape is not None and not found[shape]:
        usual = found.most_common(1)[0][0]
        raise InvalidSetting(f"the images are {named(usual)}; the settings ask for {named(shape)}", hint=_fit(usual, shape))
    if not found:
        reason = f"; the first: {bad[0][0]}: {bad[0][1]}" if bad else ""
        raise RefusedImage(f"{source.path} has no usable image{reason}", hint=remedy(bad))


def _fit(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Return a hint with the options that bring images of one shape to another."""
    ways = []
    if shape[1:] != wanted[1:]:
        ways += [f"cut them: --size {wanted[1]}, with --crop before it, or --geometry celeba64"]
    if shape[0] != wanted[0]:
        ways += [f"say --channels {shape[0]}" + (", or make them gray: --gray" if wanted[0] == 1 else "")]
    return "; ".join(ways)


def remedy(bad: Bad) -> str:
    """Return a hint with the option that lets in pictures refused for a conversion."""
    wanted = [word for word, text in images.CONVERSIONS.items() if any(text in reason for _, reason in bad)]
    if not wanted:
        return "give a folder or an archive with images that can be read"
    smaller = ", or make them smaller: --size, --geometry" if wanted == ["jpeg"] else ""
    return f"allow it with --convert {','.join(wanted)}{smaller}"


def usual_shape(shapes: Sequence[tuple[int, ...]]) -> tuple[int, int, int] | None:
    """Return the most frequent shape (C, H, W); of equally frequent ones, the first. None where there is none."""
    if not shapes:
        return None
    channels, height, width = Counter(shapes).most_common(1)[0][0]
    return channels, height, width


def named(shape: Sequence[int]) -> str:
    """Return the shape in words, such as 64 x 48, color."""
    channels, height, width = shape
    return f"{width} x {height}, {'gray' if channels == 1 else 'color'}"


def left_out(bad: Bad, total: int, of: object) -> str:
    """Return in words how many pictures of a source were left out, and why: each reason with its number and a first name.

    Reasons that differ in their figures alone count as one.
    """
    reasons: dict[str, list[tuple[str, str]]] = {}
    for name, reason in bad:
        text = reason.removeprefix(name + ": ")
        reasons.setdefault(re.sub(r"[0-9]+", "0", text), []).append((name, text))
    most = sorted(reasons.values(), key=len, reverse=True)
    said = "; ".join((f"{len(alike)} such as " if len(alike) > 1 else "") + ": ".join(alike[0]) for alike in most[:FIRST_NAMED])
    more = sum(len(alike) for alike in most[FIRST_NAMED:])
    return f"{len(bad)} of {total} pictures of {of} are left out: {said}" + (f"; and {more} for other reasons" if more else "")


def _cuts(source: Source, geometry: Geometry | Patches, convert: tuple[str, ...], workers: int) -> Iterator[tuple[str, _Cut]]:
    """Yield the outcome of each picture, in order."""
    if workers < 1:
        raise InvalidSetting(f"workers is {workers}; it must be at least 1", hint="leave it out to take one")
    if workers == 1 or len(source) <= _TASK_FILES:
        for name in source.names:
            yield name, _cut(_file(source, name), convert, geometry)
        return
    cut_all = partial(_cut_all, convert=convert, geometry=geometry)
    for files, cuts in in_processes(cut_all, _tasks(source), workers, retries=0, ahead=_TASKS_AHEAD, in_order=True):
        if cuts is not GIVEN_UP:
            yield from zip((name for name, _ in files), cuts, strict=True)
            continue
        for ((name, _),), cut in in_processes(cut_all, ([file] for file in files), 1, retries=0, ahead=1):
            yield name, "The decoder died on it." if cut is GIVEN_UP else cut[0]


def _tasks(source: Source) -> Iterator[list[_File]]:
    """Yield the files in order, in portions."""
    files: list[_File] = []
    size = 0
    for name in source.names:
        files.append(_file(source, name))
        size += len(files[-1][1])
        if len(files) >= _TASK_FILES or size >= _TASK_BYTES:
            yield files
            files, size = [], 0
    if files:
        yield files


def _file(source: Source, name: str) -> _File:
    try:
        return name, source.data(name)
    except SsganError as error:
        return name, str(error)


def _cut_all(files: list[_File], convert: tuple[str, ...], geometry: Geometry | Patches) -> list[_Cut]:
    return [_cut(file, convert, geometry) for file in files]


def _cut(file: _File, convert: tuple[str, ...], geometry: Geometry | Patches) -> _Cut:
    """Return the images of one file, or the reason why there are none."""
    name, data = file
    if isinstance(data, str):
        return data
    try:
        return [
            (label, samples)
            for label, samples in geometry.cut(images.upright(images.read(data, convert=convert, name=name)).samples)
        ]
    except RefusedImage as error:
        return str(error)
