from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from ssgan import images
from ssgan.images.orientation import known_orientation, turned

COLOR = np.random.default_rng(3).integers(0, 256, (5, 7, 4), dtype=np.uint8)  # (H, W, C) with alpha
FORMATS = {"PNG": COLOR, "TIFF": COLOR, "WEBP": COLOR, "JPEG": COLOR[:, :, :3]}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", FORMATS)
def test_upright_agrees_with_pillow(format_name: str, orientation: int) -> None:
    image, stream = Image.fromarray(FORMATS[format_name]), io.BytesIO()
    exif = image.getexif()
    exif[274] = orientation
    image.save(stream, format_name, exif=exif, **({"lossless": True, "exact": True} if format_name == "WEBP" else {}))
    picture = images.read(stream.getvalue(), convert=images.CONVERSIONS)
    assert picture.orientation == orientation
    with Image.open(stream) as opened:
        shown = np.asarray(ImageOps.exif_transpose(opened)).transpose(2, 0, 1)
    seen = images.upright(picture)
    assert np.array_equal(seen.samples, shown[:3])
    assert seen.alpha is None or np.array_equal(seen.alpha, shown[3])
    assert seen.orientation == 1
    assert not [note for note in seen.notes if "not applied" in note]
    assert (f"orientation {orientation} was applied" in seen.notes) == (orientation != 1)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_unknown_orientations_count_as_upright(value: int) -> None:
    assert known_orientation(value) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_samples_are_a_copy_in_rows(orientation: int) -> None:
    samples = np.zeros((3, 4, 6), np.uint8)
    result = turned(samples, orientation)
    assert result.flags.c_contiguous
    assert not np.shares_memory(result, samples)


def test_an_upright_picture_is_returned_as_it_is(tmp_path: Path) -> None:
    images.write(tmp_path / "a.png", COLOR[:, :, :3].transpose(2, 0, 1))
    picture = images.read(tmp_path / "a.png")
    assert images.upright(picture) is picture
