"""Parse PGM, PPM and PBM: a short text header, then samples row by row (binary P4 to P6, plain P1 to P3). J. Poskanzer,
netpbm.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.images.encoded import Encoded
from ssgan.images.header import Header, Pixels, check_size, damaged, take, trailing, truncated

# Magic number → (format, channels, plain text or binary)
_KINDS = {
    b"P1": ("PBM", 1, True),
    b"P2": ("PGM", 1, True),
    b"P3": ("PPM", 3, True),
    b"P4": ("PBM", 1, False),
    b"P5": ("PGM", 1, False),
    b"P6": ("PPM", 3, False),
}
_MAX_VALUE = 65535
_EIGHT_BITS = 255
_ABOUT_ITSELF = re.compile(rb"# ?(CREATOR: |Created (by|with) )")
_NUMBER = re.compile(rb"(?:[ \t\r\n\v\f]|#[^\r\n]*[\r\n])+([0-9]{1,9})(?=[ \t\r\n\v\f#])")
_WORD = re.compile(rb"(?:\s|#[^\r\n]*)*([^\s#]+)")
_GAP = re.compile(rb"(?:\s|#[^\r\n]*)*")
_COMMENT = re.compile(rb"#[^\r\n]*")


def walk(data: bytes) -> Header:
    """Return the Header of a netpbm file."""
    format_name, channels, plain = _KINDS[data[:2]]
    bitmap = format_name == "PBM"
    numbers, position = _numbers(data, 2 if bitmap else 3)
    width, height = numbers[:2]
    largest = 1 if bitmap else numbers[2]
    check_size(width, height)
    if not 0 < largest <= _MAX_VALUE:
        raise damaged(f"its largest value is {largest}")
    shape = (height, width, channels)
    if plain:
        end = len(data) if bitmap else _end_of_text(data, position, height * width * channels)
        extra, notes = trailing(data, end)
        pixels = partial(_plain, data[position:end], shape, largest, bitmap)
        return Header(format_name, width, height, channels, pixels, _conversions(largest) + extra, notes, end=end)
    row_bytes = (width + 7) // 8 if bitmap else width * channels * (2 if largest > 255 else 1)
    body = take(data, position + 1, height * row_bytes, "the samples")  # exactly one white space ends the header
    end = position + 1 + len(body)
    extra, notes = trailing(data, end)
    pixels = partial(_bitmap, body, shape) if bitmap else partial(_binary, body, shape, largest)
    return Header(format_name, width, height, channels, pixels, _conversions(largest) + extra, notes, end=end)


def encode(samples: NDArray[np.uint8]) -> bytes:
    """Return the binary PGM or PPM of uint8 samples (C, H, W)."""
    channels, height, width = samples.shape
    return b"P%d\n%d %d\n255\n" % (5 if channels == 1 else 6, width, height) + samples.transpose(1, 2, 0).tobytes()


def encode_like(data: bytes, samples: NDArray[np.uint8], *, keep_metadata: bool = False) -> Encoded | None:
    """Return the file of uint8 samples (C, H, W) with header and layout of the netpbm file `data`, binary or plain as that one.

    Comments are metadata, except those that a program writes about itself. None where `data` holds other than 8-bit samples,
    or has comments among them.
    """
    channels, height, width = samples.shape
    _, old_channels, plain = _KINDS[data[:2]]
    numbers, position = _numbers(data, 3)
    if (old_channels, numbers[2]) != (channels, _EIGHT_BITS) or (plain and b"#" in data[position:]):
        return None
    comments = [] if keep_metadata else [c for c in _COMMENT.findall(data[:position]) if not _ABOUT_ITSELF.match(c)]
    head, end = data[:2], 2
    for number in (width, height, _EIGHT_BITS):
        match = _NUMBER.match(data, end)
        assert match is not None
        gap = data[end : match.start(1)]
        for comment in comments:
            gap = re.sub(re.escape(comment) + rb"(\r\n|[\r\n])", b"", gap, count=1)
        head += (gap or b"\n") + b"%d" % number
        end = match.end()
    values = samples.transpose(1, 2, 0)
    has_same_size = numbers[:2] == [width, height]
    body = data[end : end + 1] + values.tobytes() if not plain else _as_text(data[end:] if has_same_size else b"", values)
    return Encoded(head + body, "cover", left_out=("comment",) if comments else ())


def _as_text(old: bytes, values: NDArray[Any]) -> bytes:
    """Return the values (H, W, C) as numbers, with the gaps between those of `old`; one row a line where that is empty."""
    if not old:
        return b"".join(b"\n" + b" ".join(b"%d" % value for value in row) for row in values.reshape(len(values), -1)) + b"\n"
    pairs = [(match[1], match[2]) for match in re.finditer(rb"(\s+)([0-9]+)", old)]
    words = [b"%d" % value for value in values.reshape(-1).tolist()]
    widths: dict[bool, set[int]] = {True: set(), False: set()}  # by whether a number is the first of its line
    for gap, word in pairs:
        widths[b"\n" in gap].add(len(gap) - gap.rfind(b"\n") - 1 + len(word))
    if max(map(len, widths.values())) == 1 and any(len(gap) > 1 for gap, _ in pairs if b"\n" not in gap):  # columns
        text = (
            gap[: gap.rfind(b"\n") + 1] + word.rjust(min(widths[b"\n" in gap]))
            for (gap, _), word in zip(pairs, words, strict=True)
        )
    else:
        text = (gap + word for (gap, _), word in zip(pairs, words, strict=True))
    return b"".join(text) + old[len(old.rstrip()) :]


def _numbers(data: bytes, count: int) -> tuple[list[int], int]:
    """Return the numbers of the header, and the position after the last one."""
    numbers, position = [], 2
    for _ in range(count):
        match = _NUMBER.match(data, position)
        if match is None:
            raise damaged(f"its header is not {count} numbers")
        numbers.append(int(match[1]))
        position = match.end()
    return numbers, position


def _conversions(largest: int) -> tuple[str, ...]:
    if largest == 255:
        return ()
    return ("16-bit",) if largest > 255 else ("few-bits",) if largest > 1 else ("1-bit",)


def _binary(body: bytes, shape: tuple[int, int, int], largest: int) -> Pixels:
    values = np.frombuffer(body, ">u2" if largest > 255 else np.uint8)
    return _scaled(values.reshape(shape), largest)


def _end_of_text(data: bytes, position: int, count: int) -> int:
    """Return where the last of `count` plain samples ends, with the gap after it; the end of the file if they are fewer."""
    last = next(islice(_WORD.finditer(data, position), count - 1, None), None)
    gap = None if last is None else _GAP.match(data, last.end())
    return len(data) if gap is None else gap.end()


def _bitmap(body: bytes, shape: tuple[int, int, int]) -> Pixels:
    """Return samples of a bitmap: eight pixels a byte, rows begin on a byte, 1 is black."""
    bits = np.unpackbits(np.frombuffer(body, np.uint8).reshape(shape[0], -1), axis=1)[:, : shape[1]]
    return _scaled(1 - bits.reshape(shape), 1)


def _plain(body: bytes, shape: tuple[int, int, int], largest: int, bitmap: bool) -> Pixels:
    """Return the numbers of a text; the digits of a bitmap need no space between them, and its 1 is black."""
    words: list[bytes] = _COMMENT.sub(b" ", body).split()
    if bitmap:
        words = [bytes([digit]) for digit in b"".join(words)]
    if len(words) < int(np.prod(shape)):
        raise truncated("the samples")
    if len(words) > int(np.prod(shape)):
        raise damaged("it has more samples than its header says")
    if not all(word.isdigit() and len(word) <= 5 for word in words):
        raise damaged("a sample is not a number")
    values = np.array(words, dtype="S5").astype(np.uint32).reshape(shape)
    return _scaled(1 - values if bitmap and values.max() <= 1 else values, largest)


def _scaled(values: NDArray[Any], largest: int) -> Pixels:
    """Return uint8 (C, H, W) from values (H, W, C) of 0 to `largest`."""
    if values.max() > largest:
        raise damaged(f"a sample is larger than {largest}")
    if largest != 255:
        wide = values.astype(np.uint32)
        values = wide * 256 // (largest + 1) if largest > 255 else wide * 255 // largest
    return Pixels(np.ascontiguousarray(values.transpose(2, 0, 1)).astype(np.uint8), None)
