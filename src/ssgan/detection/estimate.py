"""Estimate the payload of LSB replacement in many files by the classical attacks, and what old embedders changed in JPEGs.

The attacks see these embedders alone. An image that they find nothing in may carry a message of LSB matching or of an adaptive
scheme all the same: these leave no such trace.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssgan import images
from ssgan.datasets.portions import Listing
from ssgan.errors import RefusedImage, unknown
from ssgan.images import AnyImage, Layout
from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.formats.png_sixteen import png_low_bytes
from ssgan.steganalysis.attacks import coefficients, structural
from ssgan.steganalysis.attacks.coefficients import SuspectLuma
from ssgan.steganalysis.attacks.structural import Estimate, NotEnoughData
from ssgan.steganalysis.checks.file_facts import type_facts
from ssgan.views.cards import card


@dataclass(frozen=True)
class Estimated:
    """The estimate of each attack by its name, for one file; or the reason why it cannot be read.

    `of_coefficients`: whether they are the attacks on JPEGs, which estimate a share of coefficients. `notes` say what was
    converted or left out, a sentence each. Of a 16-bit PNG the low byte of each sample is attacked, too: "rs, low byte".
    """

    name: str
    answers: dict[str, Estimate | NotEnoughData]
    error: str = ""
    of_coefficients: bool = False
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """Return the estimates for a notebook."""
        unit = "of the coefficients" if self.of_coefficients else "bits per sample"
        facts = {name: _in_words(answer, unit) for name, answer in self.answers.items()}
        noted = {"converted": " ".join(self.notes)} if self.notes else {}
        return card(self.name or "Payload of LSB replacement", (facts or {"error": self.error}) | noted)


def _in_words(answer: Estimate | NotEnoughData, unit: str) -> str:
    if isinstance(answer, NotEnoughData):
        return f"not enough data: {answer.reason}"
    beside = "" if math.isnan(answer.deviation) else f" ± {answer.deviation:.3f}"
    return f"{answer.payload:.3f}{beside} {unit}"


def estimate_files(
    paths: Sequence[Path], *, convert: Collection[str] | None = None, limit: int | None = None
) -> Iterator[Estimated]:
    """Yield the estimates of image files, and of all in folders and archives, one after the other.

    The channels of a color image are counted together. Of a JPEG the luma is looked at, unless "jpeg" is in `convert`. What
    needs another conversion of `ssgan.images.CONVERSIONS` is converted, and `notes` say so; where `convert` is given, only
    those in it. Unreadable files are reported, not skipped. Raises InvalidSetting where there is no image.
    """
    if convert is not None and (missing := set(convert) - set(images.CONVERSIONS)):
        raise unknown("conversion", min(missing), images.CONVERSIONS)
    return _estimates(Listing(paths, limit=limit), None if convert is None else tuple(convert))


def _estimates(listing: Listing, convert: tuple[str, ...] | None) -> Iterator[Estimated]:
    for path, entry, reader in listing.pictures():
        try:
            yield _estimated(reader.data(entry), str(path), convert, called=entry.name)
        except RefusedImage as error:
            yield Estimated(str(path), {}, str(error))


def estimate(image: AnyImage, *, layout: Layout | None = None) -> Estimated:
    """Return which payload of LSB replacement would explain an image, by each classical attack; of a JPEG, its embedders.

    image   one image, as `ssgan.as_image` takes it, or the path of a file. Of a JPEG the shares of coefficients that jsteg, F5
            or OutGuess would have changed are estimated; what needs a conversion is converted, and `notes` say so
    layout  "chw" or "hwc", where the shape of a NumPy array leaves it open

    An estimate near 0 proves nothing about LSB matching or adaptive schemes, which leave no such trace. Raises InvalidSetting
    for what is no image, RefusedImage for a file that cannot be read.

    >>> import numpy, ssgan
    >>> image = numpy.random.default_rng(1).normal(128, 9, (128, 128)).round().astype(int)
    >>> sorted(ssgan.estimate(image).answers)
    ['chi-square', 'rs', 'sample-pairs', 'weighted-stego']
    """
    if isinstance(image, str | os.PathLike):
        return _estimated(images.file_bytes(Path(image)), os.fspath(image), None)
    return Estimated("", _answers(images.as_image(image, layout=layout)))


def _estimated(data: bytes, name: str, convert: Collection[str] | None, *, called: str = "") -> Estimated:
    """Return the estimates of the picture that a file holds; `called` is its name within an archive. Raises RefusedImage."""
    called = called or name
    notes = tuple(fact.sentence for fact in type_facts(data, called)) if convert is None else ()
    if data.startswith(images.JPEG_SIGNATURE) and "jpeg" not in (convert or ()):
        try:
            suspect = SuspectLuma(read_coefficients(data, name=called).components[0])
        except RefusedImage:
            if convert is not None or _is_damaged(data):
                raise
        else:
            answers = {attack: answer(suspect) for attack, answer in coefficients.BY_NAME.items()}
            return Estimated(name, answers, of_coefficients=True, notes=notes)
    picture = images.read(data, convert=images.CONVERSIONS if convert is None else convert, name="" if notes else called)
    answers = _answers(picture.samples)
    if (low := png_low_bytes(data)) is not None:
        answers |= {f"{attack}, low byte": answer for attack, answer in _answers(low).items()}
    used = [word for word in images.CONVERSIONS if word in picture.converted]
    notes += tuple(f"{images.CONVERSIONS[word][:1].upper()}{images.CONVERSIONS[word][1:]}." for word in used)
    return Estimated(name, answers, notes=notes)


def _is_damaged(data: bytes) -> bool:
    """Return whether a JPEG cannot be decoded either; one of an uncommon kind can, such as CMYK."""
    try:
        images.read(data, convert=images.CONVERSIONS)
    except RefusedImage:
        return True
    return False


def _answers(samples: NDArray[np.uint8]) -> dict[str, Estimate | NotEnoughData]:
    """Return the answer of each attack for an image uint8 (C, H, W)."""
    image = images.to_images(samples)
    return {name: attack(image)[0] for name, attack in structural.BY_NAME.items()}
