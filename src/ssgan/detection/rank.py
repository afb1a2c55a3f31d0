"""Rank covers by how well a message would show in them, by the closed-form deflection: nothing is trained."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssgan import images
from ssgan.datasets.portions import Listing
from ssgan.embedding.detectability import deflection
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.titles import counterpart
from ssgan.errors import DoesNotFit, InvalidSetting, RefusedImage


@dataclass(frozen=True)
class RankedCover:
    """The deflection of one cover, at least 0: the less, the safer; or the reason why there is none."""

    name: str
    deflection: float | None
    error: str = ""


def rank_covers(
    paths: Sequence[Path], embedder: Embedder, *, convert: Collection[str] = (), limit: int | None = None
) -> list[RankedCover]:
    """Return image files, and all in folders and archives, the safest cover first and unusable files last.

    Deflections are comparable among covers of one size. Raises InvalidSetting where there is no image, and for an embedder that
    changes no cover, or the coefficients of JPEGs.
    """
    if embedder.redraws:
        raise InvalidSetting(f"{embedder} changes no cover", hint="give a scheme and a payload, such as hill@0.4")
    if embedder.prices_coefficients:
        raise InvalidSetting(
            f"{embedder} changes the coefficients of JPEGs, and covers are ranked by their pixels",
            hint=f"did you mean {counterpart(str(embedder))}?",
        )
    found = list(_ranked(Listing(paths, limit=limit), embedder, tuple(convert)))
    return sorted(found, key=lambda one: (one.deflection is None, one.deflection or 0.0, one.name))


def _ranked(listing: Listing, embedder: Embedder, convert: tuple[str, ...]) -> Iterator[RankedCover]:
    for path, entry, reader in listing.pictures():
        try:
            samples = images.read(reader.data(entry), convert=convert, name=entry.name).samples
            yield RankedCover(str(path), float(deflection(samples[None], embedder)[0]))
        except (RefusedImage, DoesNotFit) as error:
            yield RankedCover(str(path), None, str(error))
