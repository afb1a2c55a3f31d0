"""Certain facts of clean files: `python benchmarks/clean_facts.py FOLDERS [--noise 1000]` prints each finding, and counts them.

Folders and zip archives are read with all images in them, each file once. Noise has random samples, whose last bits are chance.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ssgan import images
from ssgan.datasets.portions import Listing
from ssgan.errors import RefusedImage
from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.coefficients import Coefficients
from ssgan.steganalysis.checks.file_facts import Fact, file_facts

NOISE_SIDE = 64  # pixels


def facts_of(data: bytes, name: str) -> list[Fact] | None:
    """The facts of a file, as `ssgan detect` reads them; None where it cannot be read."""
    coefficients: Coefficients | None = None
    try:
        picture = images.read(data, convert=images.CONVERSIONS)
        if data.startswith(images.JPEG_SIGNATURE):
            coefficients = read_coefficients(data)
    except RefusedImage:
        return None
    are_own = not {"jpeg", "webp", "palette", "16-bit", "cmyk"} & set(picture.converted)
    return file_facts(data, name, picture.samples, alpha=picture.alpha, coefficients=coefficients, are_own=are_own)


def files(folders: list[Path]) -> Iterator[tuple[str, list[Fact] | None]]:
    """Name and facts of each file in the folders, once."""
    seen: set[bytes] = set()
    for _, entry, reader in Listing(folders).pictures():
        data = reader.data(entry)
        digest = hashlib.sha256(data).digest()
        if digest not in seen:
            seen.add(digest)
            yield entry.name, facts_of(data, entry.name)


def noise(count: int) -> Iterator[tuple[str, list[Fact]]]:
    """Facts of pictures of random samples, half of them in color with alpha, half gray."""
    rng = np.random.default_rng(1)
    for number in range(count):
        planes = rng.integers(0, 256, (4 if number % 2 else 1, NOISE_SIDE, NOISE_SIDE), dtype=np.uint8)
        yield f"noise {number}", file_facts(b"", "", planes[:3], alpha=planes[3] if len(planes) == 4 else None)


def main() -> None:
    """Print the findings and their number by kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--noise", type=int, default=0)
    options = parser.parse_args()
    found, count, unread, begun = Counter[str](), 0, 0, time.process_time()
    for source in ([files(options.folders)] if options.folders else []) + ([noise(options.noise)] if options.noise else []):
        for name, facts in source:
            count += 1
            unread += facts is None
            for fact in facts or ():
                found[fact.kind] += fact.is_finding
                if fact.is_finding:
                    print(f"{name}: {fact.sentence}", flush=True)
    kinds = {kind: number for kind, number in found.items() if number}
    print(f"{count} files, {unread} not read; findings: {kinds or 'none'}; {time.process_time() - begun:.0f} CPU-s")


if __name__ == "__main__":
    main()
