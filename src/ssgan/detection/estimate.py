"""Estimate the payload of LSB replacement in many files by the classical attacks, and what old embedders changed in JPEGs.

The attacks see these embedders alone. An image that they find nothing in may carry a message of LSB matching or of an adaptive
scheme all the same: these leave no such trace.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssgan import images
from ssgan.datasets.portions import Listing
from ssgan.errors import RefusedImage
from ssgan.images.coefficient_files import read_coefficients
from ssgan.steganalysis.attacks import coefficients, structural
from ssgan.steganalysis.attacks.coefficients import SuspectLuma
from ssgan.steganalysis.attacks.structural import Estimate, NotEnoughData


@dataclass(frozen=True)
class Estimated:
    """The estimate of each attack by its name, for one file; or the reason why it cannot be read.

    `of_coefficients`: whether they are the attacks on JPEGs, which estimate a share of coefficients.
    """

    name: str
    answers: dict[str, Estimate | NotEnoughData]
    error: str = ""
    of_coefficients: bool = False


def estimate_files(paths: Sequence[Path], *, convert: Collection[str] = (), limit: int | None = None) -> Iterator[Estimated]:
    """Yield the estimates of image files, and of all in folders and archives, one after the other.

    The channels of a color image are counted together. Of a JPEG the luma is looked at, unless "jpeg" is converted. Unreadable
    files are reported, not skipped. Raises InvalidSetting where there is no image.
    """
    return _estimates(Listing(paths, limit=limit), tuple(convert))


def _estimates(listing: Listing, convert: tuple[str, ...]) -> Iterator[Estimated]:
    for path, entry, reader in listing.pictures():
        try:
            data = reader.data(entry)
            if data.startswith(images.JPEG_SIGNATURE) and "jpeg" not in convert:
                suspect = SuspectLuma(read_coefficients(data, name=entry.name).components[0])
                answers = {name: attack(suspect) for name, attack in coefficients.BY_NAME.items()}
                yield Estimated(str(path), answers, of_coefficients=True)
                continue
            image = images.to_images(images.read(data, convert=convert, name=entry.name).samples)
        except RefusedImage as error:
            yield Estimated(str(path), {}, str(error))
            continue
        yield Estimated(str(path), {name: attack(image)[0] for name, attack in structural.BY_NAME.items()})
