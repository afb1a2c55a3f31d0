"""What a file of vectors is made of: an image, a key, what must be found, and why the vector is there."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

from tests.vectors.reader import Image, Key, Part, read
from tests.vectors.writing import Cover, key_of, noise

NOTHING = None
HELLO = b"Meet me at nine."  # 16 bytes: the first rung


class Book:
    """One file of vectors, each read back before it goes in."""

    def __init__(self) -> None:
        self.vectors: list[dict[str, Any]] = []

    def add(self, cover: Cover, why: str, content: bytes | Part | None, *, key: Key | None = None) -> None:
        """The cover's image must give the content with the key, which is the cover's own if none is named."""
        key = key or cover.key
        found = read(cover.image, key)
        assert (found and found.content) == content, f"{cover.name}: {found}"
        vector = {"name": cover.name, "why": why, "image": image_json(cover.image), "key": key_json(key)}
        vector["expect"] = content_json(content)
        if found:
            vector["at"] = {"length": found.length, "split": found.split, "kind": found.kind}
        self.vectors.append(vector)


def image_json(image: Image) -> dict[str, Any]:
    """Samples and alpha as base64 of a zlib stream of the raw bytes."""
    fields: dict[str, Any] = {"height": image.height, "width": image.width, "channels": image.channels}
    fields["samples"] = base64.b64encode(zlib.compress(image.samples, 9)).decode()
    if image.alpha is not None:
        fields["alpha"] = base64.b64encode(zlib.compress(image.alpha, 9)).decode()
    return fields


def key_json(key: Key) -> dict[str, Any]:
    if isinstance(key.secret, bytes):
        return {"file": f"SSGAN-KEY-1-{key.secret.hex()}\n"}
    return {"passphrase": key.secret, "strong": key.strong}


def content_json(content: bytes | Part | None) -> Any:
    if content is None:
        return "nothing"
    if isinstance(content, Part):
        fields = {"index": content.index, "needed": content.needed, "count": content.count, "length": content.length}
        return {"part": {"id": content.id.hex(), **fields, "share": content.share.hex(), "deflated": content.deflated}}
    if len(content) > 10_000:
        return {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return {"message": content.hex()}


def cover(name: str, height: int = 32, width: int = 32, channels: int = 1, *, key: Key | None = None) -> Cover:
    return Cover(name, noise(name, height, width, channels), key or key_of(name))


def text(size: int) -> bytes:
    """So many bytes of a message that says how long it is."""
    return (f"{size} bytes. " * (size // 8 + 1)).encode()[:size]
