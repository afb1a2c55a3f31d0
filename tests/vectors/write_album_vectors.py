"""Writes the vectors of albums.   python -m tests.vectors.write_album_vectors

Signs are made by the package; how they are read is drawn from the vector's name. Each is read by the second reader before it
goes in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.messages import album
from ssgan.messages.keys import KeyFile, Passphrase
from tests.vectors import album_reader
from tests.vectors.book import content_json, key_json
from tests.vectors.reader import Key

FILE = Path(__file__).parent / "album" / "messages.json"
IDENTITY = hashlib.sha256(b"a model").digest()


def key_of(name: str) -> Key:
    return Key(hashlib.sha256(name.encode()).digest())


def vector(
    name: str, why: str, message: bytes, *, size: int = 12, latents: int = 128, variance: float = 0.2, compress: bool = False,
    key: Key | None = None, wrong: Key | None = None, lost: tuple[int, ...] = (), shuffled: bool = False,
) -> dict[str, Any]:  # fmt: skip
    rng = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    own, shape = key or key_of(name), album.AlbumShape(size, latents, IDENTITY)
    given = KeyFile(own.secret) if isinstance(own.secret, bytes) else Passphrase(own.secret, strong=own.strong)
    first, low = int(rng.integers(album.FIRST_NUMBERS)), int(rng.integers(1 << 15))
    is_negative = album.signs(message, given, shape, compress=compress, nonce=(first, low))
    means = rng.normal(0, np.sqrt(1 - variance), is_negative.shape)
    latent = means + rng.normal(0, np.sqrt(variance), is_negative.shape)
    ratios = np.where(is_negative, -1, 1) * np.sign(latent) * means / variance * 1.6
    quarters = np.clip(np.rint(4 * ratios), -127, 127).astype(np.int8)
    order = [place for place in range(size) if place not in lost]
    order = [int(place) for place in rng.permutation(order)] if shuffled else order
    quarters = quarters[order]
    packed = len(zlib_packed(message)) if compress else len(message)
    rung = next(k for k, length in enumerate(album.RUNGS) if length >= packed)
    nonce = (first, rung << 15 | low)
    used = wrong or own
    start = album_reader.root(used, IDENTITY)
    said = album_reader.read(album_reader.Album(size, latents, IDENTITY, start), (quarters / 4).tolist(), nonce, order)
    assert said == (None if wrong else message), name
    return {
        "name": name, "why": why, "size": size, "latents": latents, "identity": IDENTITY.hex(), "key": key_json(used),
        "nonce": list(nonce), "order": order, "ratios": base64.b64encode(zlib.compress(quarters.tobytes(), 9)).decode(),
        "expect": content_json(said),
    }  # fmt: skip


def zlib_packed(message: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(message) + packer.flush()


def vectors() -> list[dict[str, Any]]:
    return [
        vector("clear", "every sign is sure", b"Hello", variance=0.02),
        vector("empty", "the empty message is padded to four bytes", b"", variance=0.1),
        vector("noisy", "a sixth of the signs is read wrongly", b"Meet me at nine."),
        vector("whole length", "a body that needs no padding", b"twenty bytes of text", variance=0.15),
        vector("shuffled", "the order is found from pilots", b"Any order", shuffled=True),
        vector("lost", "a picture is missing, and all are shuffled", b"One less", lost=(4,), shuffled=True),
        vector("deflated", "a body that was packed", b"na" * 60, compress=True),
        vector("few latents", "96 latents a picture", b"small", latents=96, variance=0.1),
        vector("two dozen", "24 pictures", b"A sentence that goes through JPEG 75 and back again.", size=24, lost=(0,)),
        vector("four dozen", "48 pictures, with no more pilots a picture than 24", b"4" * 128, size=48),
        vector("passphrase", "Argon2id, with a salt of the model alone", b"words", key=Key("correct horse")),
        vector("another key", "nothing is found", b"secret", variance=0.02, wrong=key_of("not this one")),
    ]


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text("[\n" + ",\n".join(json.dumps(one) for one in vectors()) + "\n]\n", encoding="ascii")
