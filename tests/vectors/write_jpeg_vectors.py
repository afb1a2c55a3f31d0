"""Writes the vectors of JPEG files.   python -m tests.vectors.write_jpeg_vectors

Pillow makes the covers, the package's sender hides in them, and each stego is read by the second reader before it goes in.
Another version of Pillow may make other covers.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ssgan.images import encode_coefficients, read_coefficients
from ssgan.messages.hide import hide_coefficients
from ssgan.messages.keys import KeyFile, Passphrase
from ssgan.messages.parts import MessagePart
from ssgan.messages.spread import split
from tests.vectors.book import HELLO, content_json, key_json
from tests.vectors.jpeg_reader import read
from tests.vectors.reader import Key, Part, parse_part
from tests.vectors.writing import key_of

FILE = Path(__file__).parent / "jpeg" / "files.json"
_LUMA_STEPS = 67  # from the first luma step to the marker of the chroma's table, in Pillow's files


def cover(name: str, width: int, height: int, channels: int, **settings: Any) -> bytes:
    """A JPEG of a noisy picture that is drawn from the name."""
    rng = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    y, x = np.mgrid[:height, :width]
    waves = np.stack([128 + 50 * np.sin(x / (5 + c)) + 40 * np.cos(y / (6 - c)) for c in range(channels)], axis=2)
    pixels = np.clip(waves + rng.normal(scale=20, size=waves.shape), 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels if channels == 3 else pixels[:, :, 0]).save(stream, "JPEG", **settings)
    return stream.getvalue()


def main() -> None:
    """Write the file."""
    vectors: list[dict[str, Any]] = []

    def add(name: str, why: str, data: bytes, key: Key, content: bytes | Part | None) -> None:
        found = read(data, key)
        assert (found and found.content) == content, f"{name}: {found}"
        vector = {"name": name, "why": why, "jpeg": base64.b64encode(data).decode(), "key": key_json(key)}
        vector["expect"] = content_json(content)
        if found:
            vector["at"] = {"length": found.length, "split": found.split, "kind": found.kind}
        vectors.append(vector)

    def hidden(data: bytes, message: bytes | MessagePart, key: Key) -> bytes:
        secret = KeyFile(key.secret) if isinstance(key.secret, bytes) else Passphrase(key.secret)
        stego, _ = hide_coefficients(read_coefficients(data), message, secret, scheme="uerd", allow_flat=True)
        return encode_coefficients(stego)

    kinds: list[tuple[str, str, int, int, int, dict[str, Any]]] = [
        ("gray", "one component", 48, 40, 1, {}),
        ("420", "chroma at half the height and width", 64, 64, 3, {}),
        ("422", "chroma at half the width", 64, 48, 3, {"subsampling": 1}),
        ("444", "chroma at full size", 40, 40, 3, {"subsampling": 0}),
        ("odd", "blocks at the right and lower border do not lie wholly within the picture", 61, 59, 3, {}),
        ("odd-gray", "the same in gray", 45, 47, 1, {}),
        ("wide", "height and width must not be swapped", 128, 16, 1, {}),
        ("tall", "height and width must not be swapped", 16, 128, 1, {}),
        ("fine", "quality 100: large values, of two bytes in a salt", 48, 48, 1, {"quality": 100}),
        ("coarse", "quality 30: nearly all values are 0 and count", 64, 64, 1, {"quality": 30}),
        ("optimized", "Huffman tables made for the picture", 48, 48, 3, {"optimize": True}),
        ("restarts", "restart markers", 48, 48, 3, {"restart_marker_blocks": 2}),
        ("public-16-last", "M = 528: 66 frozen, 16 of them public", 176, 192, 1, {"quality": 30}),
        ("public-17-first", "M = 552: 69 frozen, 17 of them public", 184, 192, 1, {"quality": 30}),
    ]  # fmt: skip
    for name, why, width, height, channels, settings in kinds:
        key = key_of(f"jpeg {name}")
        add(name, why, hidden(cover(name, width, height, channels, **settings), HELLO, key), key, HELLO)
    data, key = cover("words", 48, 48, 1), Key("correct horse")
    add("words", "a passphrase", hidden(data, HELLO, key), key, HELLO)
    data, key = cover("full", 40, 40, 1), key_of("jpeg full")
    message = bytes(range(65, 90)) * 4
    message = message[: (1600 - 16) // 16 - 18]
    add("full", "as many bytes as fit", hidden(data, message, key), key, message)
    part = split(b"one of three parts", count=3, needed=2, compress=False)[2]
    data, key = cover("part", 64, 48, 3), key_of("jpeg part")
    add("part", "a part of a spread message", hidden(data, part, key), key, parse_part(part.body(), deflated=False))
    stego, key = hidden(cover("gray", 48, 40, 1), HELLO, key_of("jpeg gray")), key_of("jpeg gray")
    add("another-key", "another key", stego, key_of("jpeg another"), None)
    at = stego.index(b"\xff\xdb") + _LUMA_STEPS
    coarser = stego[:at] + bytes([stego[at] + 1]) + stego[at + 1 :]
    add("another-table", "one quantization step is another: the table is a part of the shape", coarser, key, None)
    add("untouched", "a cover", cover("gray", 48, 40, 1), key, None)
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text("[\n" + ",\n".join(json.dumps(vector) for vector in vectors) + "\n]\n", "ascii")


if __name__ == "__main__":
    main()
