"""Judge files: single pictures, folders and archives, one after the other; unreadable files are reported, not skipped.

The kind of file is judged before its pixels: samples that a decoder made of a lossy file or of a palette are not those that
a message was embedded in. A JPEG is judged by its coefficients.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from ssgan import images
from ssgan.datasets.portions import Listing
from ssgan.detection.verdicts.answer import FileAnswer, answer_for, suspicion
from ssgan.detection.verdicts.bundled import Trained, bundled_detectors
from ssgan.detection.verdicts.judge import judge_jpeg, judge_one
from ssgan.detection.verdicts.verdict import Verdict
from ssgan.errors import InvalidSetting, RefusedImage, SsganError
from ssgan.images import Picture
from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.coefficients import Coefficients
from ssgan.images.detect import format_of
from ssgan.steganalysis.checks.file_facts import Fact, file_facts, type_facts
from ssgan.views.cards import card

# Why the samples of such a file are not looked at, by the conversion that reading it takes.
_MADE = {
    "jpeg": "It is a JPEG whose coefficients cannot be read, and no message hidden in pixels outlives that.",
    "webp": "It is a lossy WebP: no message hidden in pixels outlives that, and no detector knows its coefficients.",
    "palette": "It has a palette: indices and colors were read, but the detectors know samples.",
    "16-bit": "It has 16 bits a sample, and the detectors know 8.",
    "few-bits": "It has fewer than 8 bits a sample.",
    "1-bit": "It is black and white.",
    "cmyk": "It is in CMYK, and the detectors know RGB.",
}
# The same in a word or two, to count by.
_OBSTACLES = {
    "jpeg": "JPEG of an uncommon kind",
    "webp": "lossy WebP",
    "few-bits": "few bits",
    "1-bit": "black and white",
    "cmyk": "CMYK",
}


@dataclass(frozen=True, eq=False)
class Judged:
    """A file with its verdict, or with the `error` that kept it from being read; `samples` uint8 (C, H, W) as judged.

    `facts` are what is certain of the file, whatever the verdict. `is_picture` is False for what was named and holds no
    picture: a missing or an empty folder, a file of another kind. `sha256`, `size_bytes` and `format` are the file's, empty
    where it could not be opened; `obstacle` says in a word or two why nothing could look at it, for counting.
    """

    name: str
    verdict: Verdict | None
    samples: np.ndarray | None = field(default=None, repr=False)
    error: str = ""
    is_picture: bool = True
    facts: tuple[Fact, ...] = ()
    sha256: str = ""
    size_bytes: int = 0
    format: str = ""
    obstacle: str = ""

    @property
    def answer(self) -> FileAnswer:
        """The answer for people: found, nothing found or could not be examined, with what and why."""
        return answer_for(self.facts, self.verdict, error=self.error, obstacle=self.obstacle)

    @property
    def suspicion(self) -> tuple[int, float]:
        """What to sort files by, the suspicious first."""
        return suspicion(self.answer, None if self.verdict is None else self.verdict.probability)

    def _repr_html_(self) -> str:
        """Return answer, facts, probability and picture for a notebook."""
        answer = self.answer
        rows = {"answer": answer.word, "what": " ".join(answer.sentences)}
        rows |= {f"fact {number}": fact.sentence for number, fact in enumerate(self.facts, 1)}
        if self.verdict is not None and self.verdict.probability is not None:
            rows["probability"] = f"{self.verdict.probability:.3f}, where half of all images are stegos"
        return card(self.name or "Verdict", rows, self.samples)


def judge_files(paths: Sequence[Path], *, limit: int | None = None) -> Iterator[Judged]:
    """Yield the verdicts on image files, and on all in folders and archives, each read when its turn comes.

    Unreadable files and archives are reported, and the others judged. Raises RefusedModel where a bundled
    detector is damaged.
    """
    detectors = bundled_detectors()
    yield from islice((judged for path in paths for judged in _judged(path, detectors)), limit)


def judge_picture(data: bytes, name: str, detectors: Sequence[Trained]) -> Judged:
    """Return the verdict on the picture that a file holds, or why it cannot be read, with what is certain either way."""
    is_misnamed = any(type_facts(data, name))
    file = Judged(name, None, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), format=format_of(data))
    try:
        picture = images.read(data, convert=images.CONVERSIONS, name="" if is_misnamed else name)
    except RefusedImage as error:
        return replace(file, error=str(error), facts=tuple(file_facts(data, name)))
    made = [word for word in _MADE if word in picture.converted]
    coefficients = _coefficients(data) if data.startswith(images.JPEG_SIGNATURE) else None
    facts = tuple(file_facts(data, name, picture.samples, alpha=picture.alpha, coefficients=coefficients, are_own=not made))
    if coefficients is not None:
        found = judge_jpeg(coefficients, detectors)
    elif made:
        found = Verdict("out of domain", None, tuple(_MADE[word] for word in made), {}, (), ())
    else:
        found = judge_one(picture.samples, detectors)
    obstacle = "" if found.answered else _OBSTACLES.get(made[-1], made[-1]) if made and coefficients is None else found.obstacle
    found = _with_trailing(found, picture)
    return replace(file, verdict=found, samples=picture.samples, facts=facts, format=picture.format, obstacle=obstacle)


def _coefficients(data: bytes) -> Coefficients | None:
    """Return the coefficients of a JPEG, or None where it is of a kind that has none to look at, such as CMYK."""
    try:
        return read_coefficients(data)
    except RefusedImage:
        return None


def _with_trailing(found: Verdict, picture: Picture) -> Verdict:
    if "trailing" not in picture.converted:
        return found
    more = "Bytes follow the end of the image; no picture needs any."
    return replace(found, reasons=(*found.reasons, more))


def _judged(path: Path, detectors: Sequence[Trained]) -> Iterator[Judged]:
    try:
        listing = Listing([path])
    except SsganError as error:
        yield Judged(str(path), None, error=str(error), is_picture=not isinstance(error, InvalidSetting))
        return
    for named, entry, reader in listing.pictures():
        try:
            yield replace(judge_picture(reader.data(entry), entry.name, detectors), name=str(named))
        except SsganError as error:
            yield Judged(str(named), None, error=str(error))
