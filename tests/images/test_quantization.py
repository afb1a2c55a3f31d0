from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ssgan.errors import InvalidSetting
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.coefficients import planes
from ssgan.images.idct import component_pixels, plane_pixels
from ssgan.images.new_jpeg import LUMA_STEPS, gray_jpeg, new_jpeg, steps
from ssgan.images.quantization import distance_to_libjpeg, nearest_quality, steps_of, table_name, table_of
from tests.jpegs import texture


@pytest.mark.parametrize("quality", [5, 25, 50, 75, 90, 95, 100])
def test_a_table_of_libjpeg_is_named_by_its_quality(quality: int) -> None:
    table = steps(LUMA_STEPS, quality)
    assert nearest_quality(table) == quality
    assert table_name(table) == f"quality {quality}"


def test_another_table_is_named_by_the_nearest_quality() -> None:
    table = steps(LUMA_STEPS, 75)
    table[0, 0] += 1
    assert table_name(table) == "a table of its own near quality 75"


def test_a_table_in_settings_comes_back() -> None:
    table = steps(LUMA_STEPS, 80)
    assert np.array_equal(table_of(list(steps_of(table))), table)
    for wrong in (None, [1] * 63, [1.0] * 64, [0] * 64, "1" * 64, [70000] * 64):
        with pytest.raises(InvalidSetting):
            table_of(wrong)


def test_a_plane_of_coefficients_is_a_gray_jpeg_with_the_pixels_that_a_decoder_shows() -> None:
    luma = new_jpeg(texture(24, 40, 1), 75, layout="chw").cover.components[0]
    plane = planes(luma.blocks)
    written = encode_coefficients(gray_jpeg(plane, luma.table))
    read = read_coefficients(written).components[0]
    assert np.array_equal(read.blocks, luma.blocks)
    assert np.array_equal(read.table, luma.table)
    pixels = plane_pixels(np.stack([plane, plane])[:, None], luma.table)
    assert np.array_equal(pixels[1, 0], component_pixels(luma))
    assert np.array_equal(pixels[1, 0], np.asarray(Image.open(io.BytesIO(written))))


def test_a_table_of_16_bits_makes_no_baseline_jpeg() -> None:
    with pytest.raises(InvalidSetting, match="256"):
        gray_jpeg(np.zeros((8, 8), np.int16), np.full((8, 8), 256, np.uint16))


def test_libjpegs_tables_are_at_no_distance_and_flat_ones_far_away() -> None:
    assert [distance_to_libjpeg(steps(LUMA_STEPS, quality)) for quality in (1, 40, 75, 100)] == [0, 0, 0, 0]
    assert distance_to_libjpeg(np.full((8, 8), 10)) > 0.1
    changed = steps(LUMA_STEPS, 75).copy()
    changed[0, 0] += 1
    assert 0 < distance_to_libjpeg(changed) < 0.01
