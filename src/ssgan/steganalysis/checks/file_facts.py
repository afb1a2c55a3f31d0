"""Say what is certain of an image file, without statistics: all that has to be read is read, and nothing is guessed.

The name against the type, what is around the samples (`containers.py`), palettes (`palettes.py`), what can be read in last bits
(`last_bits.py`), and traces of single tools (`tool_traces.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import RefusedImage
from ssgan.images.coefficients import Coefficients
from ssgan.images.detect import READ_SUFFIXES, format_of
from ssgan.images.formats.png_sixteen import png_low_bytes
from ssgan.steganalysis.checks.containers import container_facts
from ssgan.steganalysis.checks.facts import Fact as Fact
from ssgan.steganalysis.checks.known_files import what_begins
from ssgan.steganalysis.checks.last_bits import last_bits_facts
from ssgan.steganalysis.checks.palettes import palette_facts
from ssgan.steganalysis.checks.tool_traces import coefficient_facts, tool_facts


def file_facts(
    data: bytes,
    name: str,
    samples: NDArray[np.uint8] | None = None,
    *,
    alpha: NDArray[np.uint8] | None = None,
    coefficients: Coefficients | None = None,
    are_own: bool = True,
) -> list[Fact]:
    """Return what is certain of a file, by its bytes, its name, and its samples uint8 (C, H, W) where it could be read.

    `alpha` is uint8 (H, W) or None. `coefficients` are those of a JPEG. `are_own` is False where the samples are not those of
    the file, as of a lossy one: they are only compared with the thumbnail then. A damaged file is looked at as far as it is
    whole.
    """
    found = [*type_facts(data, name), *container_facts(data, samples), *palette_facts(data)]
    if samples is not None and are_own and format_of(data) != "JPEG":
        has_alpha = alpha is not None and bool((alpha != alpha.flat[0]).any())
        planes = np.concatenate([samples, alpha[None]]) if has_alpha and alpha is not None else samples
        letters = {1: "R", 2: "RA", 3: "RGB", 4: "RGBA"}[len(planes)]
        tools = list(tool_facts(samples))
        said = {fact.content[:16] for fact in tools}
        found += tools
        found += [fact for fact in last_bits_facts(planes, letters=letters) if fact.content[:16] not in said]
    with suppress(RefusedImage):  # damaged: that is said elsewhere
        if (low := png_low_bytes(data)) is not None:
            found += last_bits_facts(low, source="gray's low bytes" if len(low) == 1 else "")
    if coefficients is not None:
        found += coefficient_facts(coefficients)
    return found


def type_facts(data: bytes, name: str) -> Iterator[Fact]:
    """Yield the fact that a file has the name of another type, if it has."""
    suffix, kind = PurePath(name).suffix.lower(), format_of(data)
    called = READ_SUFFIXES.get(suffix)
    if called is None or not data:
        return
    if not kind:
        if what := what_begins(data):
            yield Fact("type", f"The file is called {suffix} and is {what}.", 0)
    elif kind not in called and not (kind == "netpbm" and {"PGM", "PPM", "PBM"} & set(called)):
        yield Fact("type", f"The file is called {suffix} and is a {kind} file.", 0)
