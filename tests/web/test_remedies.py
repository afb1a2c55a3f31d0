"""What the page makes of pictures that cannot be covers as they are."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.messages.scheme_choice import picture_capacity
from ssgan.web import tasks
from ssgan.web.remedies import HALF, REMEDIES, SAMPLES, RemediableImage, make_cover, with_remedies
from tests.images.jpegs import scene

PIXELS = scene(90, 70)
ORIENTATION = 0x0112


def quiet(*_: object) -> None:
    pass


def saved(picture: Image.Image, kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def refused(name: str) -> tuple[bytes, tuple[str, ...]]:
    """The bytes of a picture that is refused, and the remedies that it should get."""
    color = Image.fromarray(PIXELS)
    deep = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257)
    return {
        "cmyk.jpg": (saved(color.convert("CMYK"), "JPEG"), (HALF, SAMPLES)),
        "deep.png": (saved(deep, "PNG"), (SAMPLES, HALF)),
        "palette.png": (saved(color.quantize(64), "PNG"), (HALF, SAMPLES)),
        "lossy.webp": (saved(color, "WEBP", quality=80), (HALF, SAMPLES)),
        "ink.png": (saved(color.convert("1"), "PNG"), (HALF,)),
        "more.png": (saved(color, "PNG") + b"more", (SAMPLES,)),
    }[name]


@pytest.mark.parametrize("name", ["cmyk.jpg", "deep.png", "palette.png", "lossy.webp", "ink.png", "more.png"])
def test_a_refused_picture_gets_remedies_and_each_makes_a_cover(name: str) -> None:
    content, remedies = refused(name)
    given = {"cover": content, "name": name, "model": None}
    with pytest.raises(RemediableImage) as found:
        tasks.capacity(given, quiet)
    assert str(found.value).startswith(name)
    assert found.value.remedies == remedies
    assert found.value.hint
    for remedy in remedies:
        result = tasks.convert({**given, "remedy": remedy}, quiet)
        assert result.facts["name"].startswith(name.partition(".")[0])
        made = images.read(result.files["cover.png"][0])
        assert made.samples.shape[1:] == ((35, 45) if remedy == HALF else (70, 90))
        fits = tasks.capacity({"cover": result.files["cover.png"][0], "name": "a.png", "model": None}, quiet)
        assert fits.facts["bytes"] == picture_capacity(made) > 0


def test_half_a_picture_is_the_mean_of_its_samples_and_is_turned_as_it_asks_for() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    content = saved(Image.fromarray(PIXELS), "JPEG", quality=90, exif=exif)
    shown = images.upright(images.read(content, convert=["jpeg"])).samples
    half = images.read(make_cover(content, "a.jpg", HALF)[1]).samples
    assert half.shape == (3, 45, 35)
    mean = shown.reshape(3, 45, 2, 35, 2).mean((2, 4))
    assert np.abs(half - mean).max() <= 0.5


def test_an_unreadable_picture_gets_no_remedy() -> None:
    error = RefusedImage("broken", hint="h")
    assert with_remedies(error, b"junk", "a.png") is error
    content = saved(Image.fromarray(PIXELS), "PNG")
    assert with_remedies(error, content, "a.png") is error  # refused for another reason
    with pytest.raises(InvalidSetting, match="remedy"):
        make_cover(content, "a.png", "magic")
    with pytest.raises(RefusedImage, match="one pixel"):
        make_cover(saved(Image.fromarray(PIXELS[:1]), "PNG"), "a.png", HALF)
    assert set(REMEDIES) == {HALF, SAMPLES}
