from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ssgan.errors import InvalidSetting
from ssgan.images import cosines
from ssgan.images.coefficient_files import encode_coefficients
from ssgan.images.new_jpeg import new_jpeg


def picture(height: int, width: int, channels: int) -> np.ndarray:
    rng = np.random.default_rng(height * width)
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([128 + 60 * np.sin((x + k * y) / 9) for k in range(channels)])
    return (smooth + rng.normal(0, 12, smooth.shape)).clip(0, 255).astype(np.uint8)


def by_pillow(samples: np.ndarray, quality: int) -> bytes:
    stream = io.BytesIO()
    pixels = samples[0] if len(samples) == 1 else samples.transpose(1, 2, 0)
    Image.fromarray(pixels).save(stream, format="JPEG", quality=quality)
    return stream.getvalue()


@pytest.mark.parametrize("quality", [1, 30, 75, 90, 100])
@pytest.mark.parametrize(("height", "width", "channels"), [(64, 64, 1), (33, 47, 1), (64, 48, 3), (37, 51, 3), (1, 1, 3)])
def test_a_new_jpeg_is_laid_out_as_pillow_writes_it(quality: int, height: int, width: int, channels: int) -> None:
    """The bytes before the scan are the same; the coefficients but for the rounding of colors and integer cosines."""
    samples = picture(height, width, channels)
    made, witness = new_jpeg(samples, quality, layout="chw").cover, by_pillow(samples, quality)
    start = witness.index(b"\xff\xda")
    assert made.file[: start + 10] == witness[: start + 10]
    assert encode_coefficients(made) == made.file
    decoded = np.asarray(Image.open(io.BytesIO(made.file))).astype(int)
    other = np.asarray(Image.open(io.BytesIO(witness))).astype(int)
    assert decoded.shape == other.shape
    assert np.abs(decoded - other).mean() < (3 if quality > 1 else 8)


def test_errors_are_what_rounding_took() -> None:
    samples = picture(40, 56, 1)
    made = new_jpeg(samples, 80, layout="chw")
    part, (errors,) = made.cover.components[0], made.errors
    assert np.abs(errors).max() <= 0.5
    assert 0.2 < np.abs(errors[:, :, :3, :3]).mean() < 0.3  # of a uniform law, a quarter
    exact = cosines.from_samples(samples[0], part.table)
    np.testing.assert_allclose(part.blocks + errors, exact, atol=1e-12)


def test_a_quality_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="quality is 101"):
        new_jpeg(picture(16, 16, 1), 101, layout="chw")
