"""Writes the vectors of color images whose channels change together.   python -m tests.vectors.write_pixel_vectors

The package's sender hides in images drawn from the vectors' names; the second reader reads each stego before it goes in.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile, Passphrase
from ssgan.messages.parts import MessagePart
from ssgan.messages.spread import split
from tests.vectors.book import HELLO, NOTHING, Book
from tests.vectors.reader import Image, Key, PixelContainer, parse_part
from tests.vectors.writing import Cover, alpha_of, key_of, noise

FILE = Path(__file__).parent / "pixels.json"


def hidden(cover: Image, message: bytes | MessagePart, key: Key) -> Image:
    """The cover with the message in its pixels."""
    samples = np.frombuffer(cover.samples, np.uint8).reshape(cover.height, cover.width, 3)
    alpha = None if cover.alpha is None else np.frombuffer(cover.alpha, np.uint8).reshape(cover.height, cover.width)
    secret = KeyFile(key.secret) if isinstance(key.secret, bytes) else Passphrase(key.secret)
    made = hide(samples, message, secret, scheme="lsb:luma", alpha=alpha, allow_flat=True, layout="hwc")
    return Image(cover.height, cover.width, 3, made.stego.tobytes(), cover.alpha)


def main() -> None:
    """Write the file."""
    book = Book()
    for name, why, height, width in (
        ("pixels", "a message in pixels", 32, 32),
        ("pixels-wide", "height and width must not be swapped", 16, 80),
        ("pixels-larger", "more frozen samples", 48, 64),
    ):
        cover, key = noise(name, height, width, 3), key_of(name)
        book.add(Cover(name, hidden(cover, HELLO, key), key), why, HELLO)
    cover, key = noise("pixels-ends", 40, 40, 3, low=0, high=255), key_of("pixels-ends")
    book.add(Cover("pixels-ends", hidden(cover, HELLO, key), key), "pixels at the ends of the range stay as they are", HELLO)
    cover, key = noise("pixels-alpha", 48, 48, 3), key_of("pixels-alpha")
    clear = Image(48, 48, 3, cover.samples, alpha_of("pixels-alpha", 48, 48, [255, 255, 255, 0]))
    book.add(Cover("pixels-alpha", hidden(clear, HELLO, key), key), "pixels that are not opaque do not count", HELLO)
    cover, key = noise("pixels-full", 32, 32, 3), key_of("pixels-full")
    box = PixelContainer(cover, key)
    full = bytes(range(256))[: box.rungs[-1]]
    book.add(Cover("pixels-full", hidden(cover, full, key), key), "as many bytes as fit", full)
    assert box.n > len(cover.samples) // 3 - len(box.frozen), "two frozen samples in one pixel"
    cover, key = noise("pixels-words", 32, 32, 3), Key("correct horse")
    book.add(Cover("pixels-words", hidden(cover, HELLO, key), key), "a passphrase", HELLO)
    part = split(b"one of three parts", count=3, needed=2, compress=False)[1]
    cover, key = noise("pixels-part", 40, 40, 3), key_of("pixels-part")
    content = parse_part(part.body(), deflated=False)
    book.add(Cover("pixels-part", hidden(cover, part, key), key), "a part of a spread message", content)
    stego, key = hidden(noise("pixels", 32, 32, 3), HELLO, key_of("pixels")), key_of("pixels")
    book.add(Cover("pixels-another-key", stego, key_of("another")), "another key", NOTHING)
    box = PixelContainer(stego, key)
    moved = bytearray(stego.samples)
    for place in range(0, len(moved), 3):
        if place // 3 not in {frozen // 3 for frozen in box.frozen}:
            moved[place] ^= 1
    book.add(Cover("pixels-red", Image(32, 32, 3, bytes(moved)), key), "red is not read, but where it is frozen", HELLO)
    moved = bytearray(stego.samples)
    moved[box.frozen[0]] ^= 1
    book.add(Cover("pixels-frozen", Image(32, 32, 3, bytes(moved)), key), "a frozen sample: another salt", NOTHING)
    FILE.write_text("[\n" + ",\n".join(json.dumps(vector) for vector in book.vectors) + "\n]\n", "ascii")


if __name__ == "__main__":
    main()
