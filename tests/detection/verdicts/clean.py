"""Clean pictures that are hard to leave alone: made in code from the photographs in scikit-image's wheel, no message in any."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "coffee", "motorcycle_left")


def photograph(name: str) -> np.ndarray:
    """uint8 (C, H, W)."""
    package = find_spec("skimage")
    assert package is not None
    assert package.origin is not None
    with Image.open(Path(package.origin).parent / "data" / f"{name}.png") as picture:
        return samples(picture if picture.mode == "L" else picture.convert("RGB"))


def samples(picture: Image.Image) -> np.ndarray:
    """uint8 (C, H, W) of a picture in gray or color."""
    array = np.asarray(picture)
    return np.ascontiguousarray(array[None] if array.ndim == 2 else array.transpose(2, 0, 1))


def cases() -> Iterator[tuple[str, np.ndarray]]:
    """(what it is, uint8 (C, H, W))."""
    yield from _without_texture()
    for name in PHOTOGRAPHS:
        for kind, picture in _made_of(Image.fromarray(np.squeeze(photograph(name).transpose(1, 2, 0)))):
            yield f"{name}, {kind}", samples(picture)


def _without_texture() -> Iterator[tuple[str, np.ndarray]]:
    for value in (0, 1, 128, 255):
        yield f"blank, {value}", np.full((3, 300, 300), value, np.uint8)
    ramp = np.linspace(0, 255, 320)
    yield "ramp", np.broadcast_to(np.rint(ramp), (1, 320, 320)).astype(np.uint8)
    yield "ramp in color", np.rint(np.stack(np.broadcast_arrays(ramp, ramp[:, None], 255 - ramp))).astype(np.uint8)
    yield "white noise", np.random.default_rng(1).integers(0, 256, (3, 256, 256), dtype=np.uint8)
    yield "gaussian noise", np.clip(np.random.default_rng(2).normal(128, 20, (1, 300, 300)), 0, 255).astype(np.uint8)
    yield "noise in the last bit", np.random.default_rng(3).integers(128, 130, (1, 300, 300), dtype=np.uint8)
    yield "checkerboard", (np.indices((300, 300)).sum(axis=0) % 2 * 255).astype(np.uint8)[None]
    yield "drawing", samples(_drawing())
    yield "drawing, smoothed edges", samples(_drawing(scale=3))
    yield "drawing, JPEG", samples(_jpeg(_drawing(), 80))
    yield "screenshot", samples(_screenshot())


def _made_of(picture: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    width, height = picture.size
    rng = np.random.default_rng(7)
    yield "as it is", picture
    for kind, by in (("nearest", Image.Resampling.NEAREST), ("bilinear", Image.Resampling.BILINEAR)):
        yield f"enlarged twice, {kind}", picture.resize((2 * width, 2 * height), by)
    for share, by in ((1.3, Image.Resampling.BICUBIC), (1.5, Image.Resampling.LANCZOS), (0.5, Image.Resampling.LANCZOS)):
        yield f"{share} of its size", picture.resize((round(share * width), round(share * height)), by)
    yield "a tenth of its size", picture.resize((width // 10, height // 10), Image.Resampling.LANCZOS)
    for quality in (50, 75, 90, 97):
        yield f"JPEG {quality}", _jpeg(picture, quality)
    yield "phone: noise, smoothing, sharpening, JPEG", _phone(picture, rng)
    for deviation in (1, 3, 8, 20):
        yield f"noise of deviation {deviation}", _noisy(picture, deviation, rng)
    yield "palette", picture.quantize(64).convert("RGB")
    yield "dithered palette", picture.convert("P", palette=Image.Palette.WEB).convert("RGB")
    yield "dithered to two values", picture.convert("1").convert("L")
    yield "posterized", picture.point(lambda value: value // 16 * 16)
    yield "stretched contrast", picture.point(lambda value: max(0, min(255, round((value - 60) * 1.9))))
    yield "gamma", picture.point(lambda value: round(255 * (value / 255) ** 0.6))
    yield "overexposed", picture.point(lambda value: min(255, round(value * 2.5)))
    yield "underexposed", picture.point(lambda value: value // 6)
    yield "nearly black", picture.point(lambda value: value // 40)
    yield "blurred", picture.filter(ImageFilter.GaussianBlur(3))
    yield "median", picture.filter(ImageFilter.MedianFilter(3))
    yield "sharpened", picture.filter(ImageFilter.UnsharpMask(2, 200, 0))
    yield "turned by 7 degrees", picture.rotate(7, Image.Resampling.BICUBIC)
    yield "only even values", picture.point(lambda value: value & 254)
    yield "small", picture.crop((100, 100, 120, 120))
    yield "narrow", picture.crop((0, 0, width, 9))
    yield "64 x 64", picture.resize((64, 64), Image.Resampling.LANCZOS)


def _jpeg(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, format="JPEG", quality=quality)
    with Image.open(io.BytesIO(stream.getvalue())) as decoded:
        decoded.load()
        return decoded


def _noisy(picture: Image.Image, deviation: float, rng: np.random.Generator) -> Image.Image:
    array = np.asarray(picture).astype(float)
    return Image.fromarray(np.clip(np.rint(array + rng.normal(0, deviation, array.shape)), 0, 255).astype(np.uint8))


def _phone(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """What a telephone does to a dim scene: noise, a median that smears it, sharpening, JPEG."""
    noisy = _noisy(picture, 12, rng).filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.UnsharpMask(2, 150, 2))
    return _jpeg(_noisy(noisy, 1, rng), 88)


def _drawing(scale: int = 1) -> Image.Image:
    picture = Image.new("RGB", (400 * scale, 300 * scale), (250, 250, 245))
    pen = ImageDraw.Draw(picture)
    for k in range(12):
        box = [scale * v for v in (20 + 28 * k, 30 + 15 * k, 80 + 26 * k, 90 + 16 * k)]
        pen.ellipse(box, fill=(20 * k, 255 - 18 * k, 128 + 9 * k), outline=(0, 0, 0), width=2 * scale)
    return picture if scale == 1 else picture.resize((400, 300), Image.Resampling.LANCZOS)


def _screenshot() -> Image.Image:
    picture = Image.new("RGB", (640, 480), (236, 236, 236))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 640, 28), fill=(48, 60, 90))
    for k in range(24):
        pen.text((20, 40 + 18 * k), "the quick brown fox jumps over the lazy dog " * 2, fill=(20 + 3 * k, 20, 40))
    picture.paste(Image.fromarray(photograph("chelsea").transpose(1, 2, 0)).resize((200, 134)), (420, 320))
    return picture
