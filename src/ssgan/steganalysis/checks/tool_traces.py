"""Recognize what single tools write: OpenStego, stepic, stegano, LSBSteg, and jsteg where what it carries can be read.

Each has an order of its own, tried once, so that less is needed than in a list of orders. Tools that scatter a message by a
passphrase and encrypt it (steghide, OutGuess, F5, OpenStego with a passphrase) leave nothing here that can be recognized for
certain: that is left to the statistics.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ssgan.images.coefficients import Coefficients
from ssgan.images.formats.jpeg_structure import ZIGZAG
from ssgan.steganalysis.checks.facts import Fact, quoted
from ssgan.steganalysis.checks.readable import HEAD, readable, text_length

_NEEDED = 30.0  # bits that are no chance: an order that is tried once needs fewer
_STEPIC_BITS = 9  # samples of a byte, in three pixels: the last says if it is the end
_OPENSTEGO = b"OPENSTEGO"
_OPENSTEGO_SEED = 98234782  # in place of a passphrase
_OPENSTEGO_HEADER = len(_OPENSTEGO) + 9  # stamp, version, length, bits of a channel, length of the name, two flags
# Of java.util.Random: D. Knuth, The Art of Computer Programming, volume 2, section 3.2.1.
_MULTIPLIER, _INCREMENT, _MASK = 0x5DEECE66D, 0xB, (1 << 48) - 1


def tool_facts(samples: NDArray[np.uint8]) -> Iterator[Fact]:
    """Yield what is recognized in the samples uint8 (C, H, W) of a lossless picture."""
    if len(samples) < 3:
        return
    color = samples[:3]
    yield from _stepic(color)
    yield from _stegano(color)
    yield from _lsbsteg(color)
    yield from _openstego(color)


def _beginning(samples: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Return the last bits of the first `count` samples by rows, the channels interleaved."""
    rows = samples[:, : -(-count // (len(samples) * samples.shape[2]))]
    return np.asarray(rows.transpose(1, 2, 0).reshape(-1)[:count] & 1)


def _stepic(samples: NDArray[np.uint8]) -> Iterator[Fact]:
    """Stepic (L. Domnitser, 2007): eight bits of a byte, then one that is 1 at the last byte."""
    most = samples.size // _STEPIC_BITS
    groups = _beginning(samples, _STEPIC_BITS * min(most, HEAD)).reshape(-1, _STEPIC_BITS)
    content = np.packbits(groups[:, :8], axis=1).tobytes()
    ends = np.flatnonzero(groups[:, 8])
    if len(ends) and ends[0] < HEAD:  # short: all of it must be a text, and the ends of its bytes count
        content = content[: ends[0] + 1]
        found = readable(content, len(content), needed=_NEEDED - len(content))
        if found is not None and found.is_text and found.start == 0 and text_length(content) == len(content):
            yield _text("stepic", content)
    elif len(groups) == HEAD and (found := readable(content, most)) is not None:
        groups = _beginning(samples, _STEPIC_BITS * most).reshape(-1, _STEPIC_BITS)
        ends = np.flatnonzero(groups[:, 8])
        content = np.packbits(groups[: ends[0] + 1 if len(ends) else None, :8], axis=1).tobytes()
        yield (
            _text("stepic", content)
            if found.is_text
            else Fact("tool", f"Last bits as stepic writes them: {found.what}.", None, content)
        )


def _stegano(samples: NDArray[np.uint8]) -> Iterator[Fact]:
    """Stegano (C. Bonhomme): a text behind its length in digits and a colon."""
    head = np.packbits(_beginning(samples, 8 * HEAD)).tobytes()
    found = readable(head, samples.size // 8, needed=_NEEDED)
    if found is not None and found.remark.endswith("colon") and found.length is not None:
        content = np.packbits(_beginning(samples, 8 * (found.start + found.length))).tobytes()[found.start :]
        yield _text("stegano", content)


def _lsbsteg(samples: NDArray[np.uint8]) -> Iterator[Fact]:
    """LSBSteg (R. David): blue, green, red; a text behind its length in 16 bits."""
    turned = samples[::-1]
    head = np.packbits(_beginning(turned, 8 * HEAD)).tobytes()
    length = int.from_bytes(head[:2], "big")
    seen = head[2 : 2 + length]
    found = readable(head, samples.size // 8, needed=_NEEDED)
    if found is not None and found.length == length and found.start == 2 and text_length(seen) == len(seen):
        content = np.packbits(_beginning(turned, 8 * (2 + length))).tobytes()[2:]
        yield _text("LSBSteg", content)


def _text(tool: str, content: bytes) -> Fact:
    return Fact("tool", f"Last bits as {tool} writes them: a text of {len(content):,} bytes, {quoted(content)}", None, content)


def _openstego(samples: NDArray[np.uint8]) -> Iterator[Fact]:
    """OpenStego's RandomLSB without a passphrase: places by java.util.Random with a known seed."""
    if samples[0].size < 8 * _OPENSTEGO_HEADER:
        return
    places = _Places(samples)
    if any(places.byte() != expected for expected in _OPENSTEGO):
        return
    header = bytes(places.byte() for _ in range(_OPENSTEGO_HEADER - len(_OPENSTEGO)))
    length = int.from_bytes(header[1:5], "little")
    flags = ", ".join(word for word, flag in (("compressed", header[7]), ("encrypted", header[8])) if flag)
    more = f" ({flags})" if flags else ""
    yield Fact(
        "tool",
        f"OpenStego's header, scattered as without a passphrase: {length:,} bytes are hidden{more}.",
        None,
        _OPENSTEGO + header,
    )


class _Places:
    """The last bits of a picture at the places that OpenStego draws, each once."""

    def __init__(self, samples: NDArray[np.uint8]) -> None:
        self.samples, self.seen, self.random = samples, set[tuple[int, ...]](), JavaRandom(_OPENSTEGO_SEED)

    def byte(self) -> int:
        """Return the next byte."""
        _, height, width = self.samples.shape
        value = 0
        for _ in range(8):
            while True:
                place = tuple(self.random.below(bound) for bound in (width, height, 3, 1))
                if place not in self.seen:
                    break
            self.seen.add(place)
            x, y, channel, _ = place
            value = value << 1 | int(self.samples[2 - channel, y, x] & 1)  # channel 0 is blue
        return value


class JavaRandom:
    """java.util.Random, as its documentation defines it."""

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ _MULTIPLIER) & _MASK

    def below(self, bound: int) -> int:
        """Return a number 0...bound - 1, as nextInt does."""
        if bound & (bound - 1) == 0:
            return bound * self._bits() >> 31
        while True:
            bits = self._bits()
            if bits - bits % bound + bound - 1 < 1 << 31:
                return bits % bound

    def _bits(self) -> int:
        self._state = (self._state * _MULTIPLIER + _INCREMENT) & _MASK
        return self._state >> 17


def coefficient_facts(coefficients: Coefficients) -> Iterator[Fact]:
    """Yield what can be read in the last bits of a JPEG's coefficients, in the order of the file, as jsteg writes them.

    Tried are luma alone and all components, the coefficients other than 0 and 1 (D. Upham's jsteg) and those other than -1, 0
    and 1 (L. Champine's), DC left out, the first bit the highest or the lowest; and Upham's length, five bits that say how many
    bits of it follow.
    """
    said: set[bytes] = set()
    streams = [_in_file_order(coefficients, 1)] + [_in_file_order(coefficients, 3)] * (len(coefficients.components) == 3)
    for values in streams:
        for skipped, tool in (((0, 1), "jsteg"), ((-1, 0, 1), "jsteg (L. Champine)")):
            bits = (values[~np.isin(values, skipped)] & 1).astype(np.uint8)
            if len(bits) < 16:
                continue
            size = 5 + int("".join(map(str, bits[:5])), 2)
            for start in (0, size):
                for order in ("big", "little"):
                    head = _whole_bytes(bits[start : start + 8 * HEAD], order)
                    found = readable(head, (len(bits) - start) // 8)
                    if found is None or head[found.start : found.start + 16] in said:
                        continue
                    said.add(head[found.start : found.start + 16])
                    content = _whole_bytes(bits[start:], order)[found.start :]
                    if found.is_text:
                        content = content[: text_length(content[: found.length])]
                        yield Fact(
                            "tool",
                            f"Coefficients as {tool} writes them: a text of {len(content):,} bytes, {quoted(content)}",
                            None,
                            content,
                        )
                    else:
                        yield Fact("tool", f"Coefficients as {tool} writes them: {found.what}.", None, content)


def _whole_bytes(bits: NDArray[np.uint8], order: str) -> bytes:
    return np.packbits(bits[: len(bits) // 8 * 8], bitorder="big" if order == "big" else "little").tobytes()


def _in_file_order(coefficients: Coefficients, count: int) -> NDArray[np.int16]:
    """Return the AC coefficients of the first components, unit by unit, in zigzag order, as a sequential file has them."""
    parts = []
    for component in coefficients.components[:count]:
        across, down = component.sampling if len(coefficients.components) > 1 else (1, 1)
        rows, columns = (component.blocks.shape[k] // step * step for k, step in ((0, down), (1, across)))
        flat = component.blocks[:rows, :columns].reshape(rows // down, down, columns // across, across, 64)[..., ZIGZAG[1:]]
        parts.append(flat.transpose(0, 2, 1, 3, 4).reshape(rows // down, columns // across, -1))
    units = min(part.shape[0] for part in parts), min(part.shape[1] for part in parts)
    return np.concatenate([part[: units[0], : units[1]] for part in parts], axis=2).reshape(-1)
