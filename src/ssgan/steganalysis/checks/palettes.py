"""Look at the palette of a PNG or GIF: the last bits of its indices, texts in its colors, and equal colors that are both used.

Tools that hide in palettes choose between entries of the same color, or sort the palette. A sorted palette has no trace that is
certain: encoders sort as they please.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import RefusedImage
from ssgan.images.detect import format_of, inspect
from ssgan.images.header import open_with_pillow
from ssgan.steganalysis.checks.facts import Fact, quoted
from ssgan.steganalysis.checks.last_bits import last_bits_facts
from ssgan.steganalysis.checks.readable import readable, text_length

_FEWEST_PAIRS = 8  # of equal colors, both used: a careless encoder has one or two
_LEAST_SHARE = 0.1  # of the pixels of a pair that the rarer entry has


def palette_facts(data: bytes) -> Iterator[Fact]:
    """Yield the facts of a palette picture; nothing for others and for damaged ones."""
    if format_of(data) not in ("PNG", "GIF"):
        return
    try:
        found = palette_of(data)
    except (RefusedImage, OSError):
        return
    if found is None:
        return
    indices, colors = found
    yield from last_bits_facts(indices[None], source="palette indices")
    content = colors.tobytes()
    if (seen := readable(content[:64], len(content))) is not None and seen.is_text:
        content = content[seen.start :][: text_length(content[seen.start :])]
        yield Fact("structure", f"The colors of the palette are a text: {quoted(content)}", None, content)
    pairs = _used_twins(indices, colors)
    if pairs >= _FEWEST_PAIRS:
        sentence = f"{pairs} colors are in the palette twice or more, and the pixels use each of them by turns."
        yield Fact("structure", sentence)


def palette_of(data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Return the indices uint8 (H, W) and the colors uint8 (n, 3) of a PNG or of a GIF's first frame; None without a palette.

    Raises RefusedImage for a damaged file.
    """
    header = inspect(data)
    if "palette" not in header.conversions:
        return None
    with open_with_pillow(io.BytesIO(data), header.format, (header.width, header.height)) as image:
        palette = image.getpalette() if image.mode == "P" else None
        if palette is None:
            return None
        return np.asarray(image), np.array(palette, np.uint8).reshape(-1, 3)


def _used_twins(indices: NDArray[np.uint8], colors: NDArray[np.uint8]) -> int:
    """Return how many colors are in the palette more than once, with pixels of at least two of their entries."""
    counts = np.bincount(indices.ravel(), minlength=len(colors))[: len(colors)]
    by_color: dict[bytes, list[int]] = {}
    for color, count in zip(colors, counts, strict=True):
        if count:
            by_color.setdefault(color.tobytes(), []).append(int(count))
    return sum(len(found) > 1 and sorted(found)[-2] >= _LEAST_SHARE * sum(found) for found in by_color.values())
