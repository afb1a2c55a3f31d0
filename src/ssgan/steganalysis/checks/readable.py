"""Decide whether bytes begin with something to read: a text, or a file of a known kind, perhaps behind its length.

Bytes that are there by chance are 256 values, each as often as the others. What is read must be such that chance gives it once
in 2^39 at each place that is tried; a printable byte of ASCII counts log2(256 / 97) of these bits, a byte that must have one
value counts 8. So a text of 28 letters is enough, and 8 letters are behind their length in four bytes. Clean pictures have
other bits than chance: a flat sky repeats one byte, so that a text must also have several different letters.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from ssgan.steganalysis.checks.known_files import what_begins

HEAD = 64  # bytes from the beginning that decide
NEEDED = 39.0  # bits that are no chance
LENGTHS = (2, 4, 8)  # bytes of a length that may come first
_COUNTED = 4  # of which count as no chance: the zeros of a longer one may be those of a flat picture
FEWEST_LETTERS = 6
_PRINTABLE = np.zeros(256, bool)
_PRINTABLE[[*range(0x20, 0x7F), 0x09, 0x0A, 0x0D]] = True
_LETTER_BITS = math.log2(256 / _PRINTABLE.sum())
_DIGIT_BITS = math.log2(256 / 10)
# Bits of a character of UTF-8 by its bytes: its first byte has few values, each later one 64.
_BITS_BY_BYTES = {1: _LETTER_BITS, 2: math.log2(256 / 30) + 2, 3: 4 + 4.0, 4: math.log2(256 / 5) + 6}
_BY_CHANCE = 5  # letters that may follow a text of known length
_WIDE_LETTERS = 12  # of UTF-16: every other byte is zero
# What tutorials end a message with.
_ENDS = (b"\xff\xfe", b"#####", b"=====", b"$t3g0", b"<END>", b"[END]", b"\x00")
# Of a text: the least share of pairs of letters that are different ones, of so few pairs; the most of bytes whose halves, each
# 0...15, differ by _ALIKE or less. English has 0.8 to 1, and 0.2 to 0.4.
_LEAST_PAIRS, _FEW, _ALIKE, _MOST_ALIKE = 0.7, 28, 2, 0.65
_COUNT = re.compile(rb"(\d{1,8}):")


@dataclass(frozen=True)
class Readable:
    """What was recognized: "a text" or a kind of file, where it begins, how long it is (None: not known), and a remark."""

    what: str
    start: int
    length: int | None
    remark: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it is a text."""
        return self.what == "a text"


def readable(head: bytes, available: int, *, needed: float = NEEDED) -> Readable | None:
    """Return what the first HEAD bytes are the beginning of, or None; `available` is how many bytes there are in all."""
    for start in (0, *LENGTHS):
        if what := what_begins(head[start:], certain=True):
            return Readable(what, start, None, f"behind {start} bytes" if start else "")
    if (count := _COUNT.match(head)) and FEWEST_LETTERS <= (length := int(count[1])) <= available:
        seen = head[count.end() : count.end() + length]
        bits, used = _text_bits(seen)
        if used == len(seen) and 8 + _DIGIT_BITS * len(count[1]) + bits >= needed and _is_varied(seen):
            return Readable("a text", count.end(), length, "behind its length and a colon")
    for size in LENGTHS:
        for length in _lengths(head[:size]):
            seen = head[size : size + length]
            if FEWEST_LETTERS <= length <= min(len(head), available) - size:  # all of it can be seen
                bits, used = _text_bits(seen)
                more = _text_bits(head[size:])[1] - length  # a text that goes on has another length
                if used == length and more <= _BY_CHANCE and 8 * min(size, _COUNTED) + bits >= needed and _is_varied(seen):
                    return Readable("a text", size, length, f"behind its length in {size} bytes")
    for start in (0, *LENGTHS):
        bits, used = _text_bits(head[start:])
        ends = [(place, one) for one in _ENDS if 0 <= (place := head.find(one, start, start + used + len(one))) - start <= used]
        place, end = min(ends, default=(start + used, b""))
        bits = _text_bits(head[start:place])[0] + 8 * len(end)
        if bits >= needed and _is_varied(head[start:place]):
            if start and (counted := [one for one in _lengths(head[:start]) if used <= one <= available - start]):
                return Readable("a text", start, counted[0], f"behind its length in {start} bytes")
            return Readable("a text", start, place - start if end else None, f"behind {start} bytes" if start else "")
    wide = head[: 2 * _WIDE_LETTERS]
    for first in (0, 1):
        if not any(wide[1 - first :: 2]) and _text_bits(wide[first::2])[1] == _WIDE_LETTERS and _is_varied(wide[first::2]):
            return Readable("a text", 0, None, "in UTF-16")
    return None


def _lengths(prefix: bytes) -> list[int]:
    """Return the lengths in bytes that a prefix may mean: big or little end first, in bytes or in bits."""
    numbers = [int.from_bytes(prefix, "big"), int.from_bytes(prefix, "little")]
    return list(dict.fromkeys([*numbers, *(number // 8 for number in numbers if number % 8 == 0)]))


def text_length(content: bytes) -> int:
    """Return how many bytes from the beginning are a text in UTF-8."""
    return _text_bits(content)[1]


def _text_bits(content: bytes) -> tuple[float, int]:
    """Return how many bits of the text at the beginning are no chance, and how many bytes it has."""
    try:
        text, valid = content.decode("utf-8"), len(content)
    except UnicodeDecodeError as error:
        text, valid = content[: error.start].decode("utf-8"), error.start
    bits, used = 0.0, 0
    for letter in text:
        if not (letter.isprintable() or letter in "\t\n\r"):
            break
        size = len(letter.encode("utf-8")) if ord(letter) > 0x7F else 1
        bits += _BITS_BY_BYTES[size]
        used += size
    assert used <= valid
    return bits, used


def _is_varied(text: bytes) -> bool:
    """Return whether a text is not that of a smooth or flat picture.

    It has several letters, in pairs that are not always the same, and few bytes whose two halves are alike, as those of two
    neighboring samples are.
    """
    values = np.frombuffer(text, np.uint8)
    counts = np.bincount(values, minlength=1)
    if np.count_nonzero(counts) < min(8, 2 + len(text) // 3) or counts.max() > len(text) / 2:
        return False
    pairs = len({text[i : i + 2] for i in range(len(text) - 1)})
    apart = np.abs((values >> 4).astype(int) - (values & 15))
    return pairs >= _LEAST_PAIRS * min(len(text) - 1, _FEW) and float((apart <= _ALIKE).mean()) < _MOST_ALIKE
