"""Make JPEG files of all kinds by Pillow, for the tests of what reads and writes coefficients."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

EXIF = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0"
KINDS: dict[str, dict[str, Any]] = {
    "4:2:0": {},
    "4:2:2": {"subsampling": 1},
    "4:4:4": {"subsampling": 0},
    "optimized": {"optimize": True},
    "restarts": {"restart_marker_blocks": 1},
    "restarts by rows, optimized": {"restart_marker_rows": 1, "optimize": True},
    "progressive": {"progressive": True},
    "progressive 4:4:4 with restarts": {"progressive": True, "subsampling": 0, "restart_marker_blocks": 3},
    "EXIF, profile, comment": {"exif": EXIF, "icc_profile": bytes(300), "comment": b"hello"},
    "stored as RGB": {"keep_rgb": True},
}
SIZES = ((1, 1), (8, 8), (9, 7), (16, 16), (33, 17), (64, 48), (100, 75))  # width, height


@cache
def scene(width: int, height: int, channels: int = 3, seed: int = 5) -> NDArray[np.uint8]:
    """A picture with flat, smooth and noisy parts, uint8 (H, W, C)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = np.stack([128 + 90 * np.sin(x / (9 + 5 * c)) * np.cos(y / (7 + 3 * c)) for c in range(channels)], axis=2)
    noise = rng.normal(scale=np.where(x > width // 2, 25, 3)[..., None], size=(height, width, channels))
    return np.clip(waves + noise, 0, 255).astype(np.uint8)


def jpeg(pixels: NDArray[np.uint8], **settings: Any) -> bytes:
    """The JPEG file of pixels uint8 (H, W, C)."""
    stream = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(stream, "JPEG", **settings)
    return stream.getvalue()


def made(kind: str = "4:2:0", width: int = 64, height: int = 48, channels: int = 3, quality: int = 75) -> bytes:
    """A JPEG file of one of KINDS."""
    settings = {name: value for name, value in KINDS[kind].items() if channels == 3 or name not in ("keep_rgb", "subsampling")}
    return jpeg(scene(width, height, channels), quality=quality, **settings)


def segment(marker: int, body: bytes) -> bytes:
    """A segment with its marker and length."""
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body
