"""Define a certain fact of an image file: no statistics are needed for it, only reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

FactKind: TypeAlias = Literal["type", "trailing", "text", "structure", "thumbnail", "last bits", "tool"]
SHOWN = 60  # characters of a text that a sentence repeats


@dataclass(frozen=True)
class Fact:
    """One certain fact: its kind, a sentence, where in the file it begins, and the bytes in question (empty: none).

    kind        "type": the name says another type; "trailing": bytes behind the end; "text": a text that no program writes by
                itself; "structure": chunks, segments or palettes as no usual program writes them; "thumbnail": another picture;
                "last bits": something to read in last bits; "tool": a trace of one known program
    offset      in bytes; None where it is not one place of the file
    is_finding  whether it makes a file worth a look; False for what cameras and editors leave in clean files, too
    """

    kind: FactKind
    sentence: str
    offset: int | None = None
    content: bytes = b""
    is_finding: bool = True


def quoted(content: bytes, length: int | None = None) -> str:
    """Return the beginning of a text in quotation marks, on one line; `length` is that of the whole where more follows."""
    words = content.decode("utf-8", "replace").strip()
    shown = "".join(one if one.isprintable() else " " for one in words[: SHOWN + 1])
    return f'"{shown[:SHOWN]}{"..." if len(shown) > SHOWN or (length or 0) > len(content) else ""}"'
