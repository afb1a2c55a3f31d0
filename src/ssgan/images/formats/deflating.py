"""Find the settings of zlib that wrote a compressed stream, and compress other bytes with the same ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

CONFIRMED_BYTES = 8 * 2**20  # of the uncompressed stream: agreement that far is agreement
_MOST_WORK = 24 * 2**20  # bytes compressed by all tries together
_PIECE = 2**14
_HEADER, _CHECK = 2, 4
_STORED_MAX = 65535
_FLUSH_END = b"\0\0\xff\xff\x03\0"  # an empty stored block, as a flush leaves it, then an empty last block
# Levels by the two bits of the header. Levels 8 and 9 often give the same bytes, and 9 is the common one.
_LEVELS = ((1,), (2, 3, 4, 5), (6,), (9, 7, 8))
_NEAR_LEVEL = (1, 2, 6, 9)
_EVERY_LEVEL = (6, 9, 1, 2, 3, 4, 5, 7, 8)
_DEFAULT, _FILTERED, _HUFFMAN, _RLE, _FIXED = range(5)  # zlib's strategies
_STRATEGIES = (_FILTERED, _DEFAULT, _RLE, _HUFFMAN, _FIXED)


@dataclass(frozen=True)
class Deflating:
    """The settings of one compressor.

    header   the two bytes of the zlib header, kept as they were
    stored   lengths of stored blocks (level 0), else empty; then the rest does not count
    flushes  whether the stream was flushed before its end
    is_exact whether these settings gave the file's own bytes
    """

    header: bytes
    level: int
    strategy: int = _DEFAULT
    memory: int = 8
    window: int = 15
    stored: tuple[int, ...] = ()
    flushes: bool = False
    is_exact: bool = True

    def compressed(self, content: bytes) -> bytes:
        """Return the zlib stream of `content`."""
        if self.stored:
            return self.header + _stored(content, self.stored) + _check(content)
        body = b"".join(self._pieces(content))
        return self.header + body[_HEADER:]

    def _pieces(self, content: bytes) -> Iterator[bytes]:
        compressor = zlib.compressobj(self.level, zlib.DEFLATED, self.window, self.memory, self.strategy)
        for start in range(0, len(content), _PIECE):
            yield compressor.compress(content[start : start + _PIECE])
        if self.flushes:
            yield compressor.flush(zlib.Z_SYNC_FLUSH)
        yield compressor.flush()

    def compared(self, content: bytes, stream: bytes) -> tuple[bool, int]:
        """Return whether `content` gives `stream`, apart from the header, and how many bytes were compressed to decide.

        Of long ones the first part decides.
        """
        given, position = 0, 0
        for piece in self._pieces(content):
            given += _PIECE
            if stream[max(position, _HEADER) : position + len(piece)] != piece[max(0, _HEADER - position) :]:
                return False, given
            position += len(piece)
            if given > CONFIRMED_BYTES:
                return True, given
        return position == len(stream), given


def found(stream: bytes, content: bytes, *, memories: tuple[int, ...] = (8, 9)) -> Deflating:
    """Return the settings that made the zlib stream `stream` of `content`; `is_exact` is False where zlib has none.

    `memories` are the memory levels to try first. The first differing byte ends a try, and all tries together compress a
    bounded number of bytes, so that the time has a bound, too.
    """
    header = stream[:_HEADER]
    if blocks := _stored_blocks(stream):
        return Deflating(header, 0, stored=blocks)
    flushes = stream[:-_CHECK].endswith(_FLUSH_END)
    work = 0
    for candidate in _candidates(header, len(content), memories, flushes=flushes):
        agrees, compressed = candidate.compared(content, stream)
        if agrees:
            return candidate
        work += compressed
        if work > _MOST_WORK:
            break
    # As near as zlib comes: the level that the header names.
    return Deflating(header, _NEAR_LEVEL[header[1] >> 6], flushes=flushes, is_exact=False)


def _candidates(header: bytes, length: int, memories: tuple[int, ...], *, flushes: bool) -> Iterator[Deflating]:
    """Yield settings, likely ones first: those of the levels that the header names before all others."""
    bits = (header[0] >> 4) + 8
    # Encoders take a smaller window for short streams, and libpng writes an even smaller one into the header.
    windows = sorted({15, max(9, bits), min(15, max(9, bits + 1))}, reverse=True) if length <= 2**15 else [15]
    named = _LEVELS[header[1] >> 6]
    other = tuple(level for level in _EVERY_LEVEL if level not in named)
    seen: set[tuple[int, int, int, int]] = set()
    rare = tuple(memory for memory in range(9, 0, -1) if memory not in memories)
    for levels, tried in ((named, memories), (named, rare), (other, memories)):
        for level in levels:
            for strategy in _STRATEGIES:
                for memory in tried:
                    for window in windows:
                        # Runs alone and Huffman codes alone do not depend on the level.
                        key = (0 if strategy in (_RLE, _HUFFMAN) else level, strategy, memory, window)
                        if key not in seen:
                            seen.add(key)
                            yield Deflating(header, level, strategy, memory, window, flushes=flushes)


def _stored_blocks(stream: bytes) -> tuple[int, ...]:
    """Return the lengths of the blocks if all of them are stored, each on a byte boundary; else empty."""
    lengths, position, is_last = [], _HEADER, False
    while not is_last:
        head = stream[position : position + 5]
        if len(head) < 5 or head[0] & ~1:
            return ()
        is_last = bool(head[0] & 1)
        (length,) = struct.unpack("<H", head[1:3])
        lengths.append(length)
        position += 5 + length
    return tuple(lengths)


def _stored(content: bytes, lengths: tuple[int, ...]) -> bytes:
    parts, position = [], 0
    lengths = _stretched(lengths, len(content))
    for number, length in enumerate(lengths, 1):
        parts.append(struct.pack("<BHH", number == len(lengths), length, length ^ 0xFFFF))
        parts.append(content[position : position + length])
        position += length
    return b"".join(parts)


def _stretched(lengths: tuple[int, ...], total: int) -> tuple[int, ...]:
    """Return the same lengths where they sum up to `total`; else the first one repeated."""
    if sum(lengths) == total:
        return lengths
    size = max(lengths) or _STORED_MAX
    return (*[size] * (total // size), *([total % size] if total % size or not total else []))


def _check(content: bytes) -> bytes:
    return struct.pack(">I", zlib.adler32(content))
