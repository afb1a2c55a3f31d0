"""Estimate the payload of LSB replacement in many files by the classical attacks.

The attacks see replacement alone. An image that they find nothing in may carry a message of LSB matching or of an adaptive
scheme all the same: these leave no such trace.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssgan import images
from ssgan.datasets.portions import Listing
from ssgan.errors import RefusedImage
from ssgan.images import Images
from ssgan.steganalysis.attacks.structural import (
    Estimate,
    Estimates,
    NotEnoughData,
    chi_square,
    rs,
    sample_pairs,
    weighted_stego,
)

ATTACKS: dict[str, Callable[[Images], Estimates]] = {
    "rs": rs,
    "sample-pairs": sample_pairs,
    "weighted-stego": weighted_stego,
    "chi-square": chi_square,
}


@dataclass(frozen=True)
class Estimated:
    """The estimate of each attack, a key of ATTACKS, for one file; or the reason why it cannot be read."""

    name: str
    answers: dict[str, Estimate | NotEnoughData]
    error: str = ""


def estimate_files(paths: Sequence[Path], *, convert: Collection[str] = (), limit: int | None = None) -> Iterator[Estimated]:
    """Yield the estimates of image files, and of all in folders and archives, one after the other.

    The channels of a color image are counted together. Unreadable files are reported, not skipped. Raises InvalidSetting
    where there is no image.
    """
    return _estimates(Listing(paths, limit=limit), tuple(convert))


def _estimates(listing: Listing, convert: tuple[str, ...]) -> Iterator[Estimated]:
    for path, entry, reader in listing.pictures():
        try:
            samples = images.read(reader.data(entry), convert=convert, name=entry.name).samples
        except RefusedImage as error:
            yield Estimated(str(path), {}, str(error))
            continue
        image = images.to_images(samples)
        yield Estimated(str(path), {name: attack(image)[0] for name, attack in ATTACKS.items()})
