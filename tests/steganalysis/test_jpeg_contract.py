"""What every feature set for JPEGs must fulfil, whichever comes next."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images.new_jpeg import LUMA_STEPS, new_jpeg, steps
from ssgan.images.quantization import nearest_quality
from ssgan.steganalysis.catalog import FEATURES
from ssgan.steganalysis.detector import Pairs
from tests.steganalysis.features.jpeg_pictures import extremes, picture
from tests.test_layouts import ARRAYS

SETS = sorted(name for name, found in FEATURES.items() if found.domain == "coefficients")


@pytest.mark.parametrize("name", SETS)
def test_features_are_as_many_finite_numbers_as_have_names(name: str) -> None:
    found = FEATURES[name]
    assert len(found.names()) == len(set(found.names())) == found.dimension
    assert found.channels == (1,)
    for planes, table in [picture(3, 5, seed=1, count=2), picture(1, 1, seed=2), picture(1, 3, seed=3), *extremes().values()]:
        features = found.extract(planes, table, threads=1)
        assert features.shape == (len(planes), found.dimension)
        assert features.dtype == np.float64
        assert np.isfinite(features).all()


@pytest.mark.parametrize("name", SETS)
@settings(max_examples=4)
@given(st.data())
def test_neither_order_nor_neighbors_nor_threads_nor_layout_change_features(name: str, data: st.DataObject) -> None:
    found, blocks = FEATURES[name], st.integers(1, 4)
    planes, table = picture(data.draw(blocks), data.draw(blocks), seed=data.draw(st.integers(0, 99)), count=4)
    together, order = found.extract(planes, table, threads=1), data.draw(st.permutations(range(4)))
    np.testing.assert_array_equal(found.extract(planes[order], table, threads=1), together[order])
    np.testing.assert_array_equal(found.extract(planes[2:3], table, threads=1), together[2:3])
    for threads in (None, 2, 3):
        np.testing.assert_array_equal(found.extract(planes, table, threads=threads), together)
    np.testing.assert_array_equal(found.extract(torch.from_numpy(planes), table, threads=1), together)
    for lay in ARRAYS.values():
        np.testing.assert_array_equal(found.extract(lay(planes), table, threads=1), together)
    np.testing.assert_array_equal(found.extract(planes, np.asfortranarray(table.astype(np.int64)), threads=1), together)


@pytest.mark.parametrize("name", SETS)
def test_a_changed_coefficient_changes_features(name: str) -> None:
    planes, table = picture(3, 3, seed=2)
    changed = planes.copy()
    changed[0, 0, 9, 10] += 1
    found = FEATURES[name]
    assert (found.extract(changed, table, threads=1) != found.extract(planes, table, threads=1)).any()


@pytest.mark.parametrize("name", SETS)
def test_what_is_no_jpeg_is_refused_and_it_is_said_why(name: str) -> None:
    found, (planes, table) = FEATURES[name], picture(2, 2, seed=3)
    with pytest.raises(InvalidSetting, match=f"{found.title} looks at JPEG files") as pixels:
        found.extract(planes.astype(np.uint8), table, threads=1)
    assert pixels.value.hint
    wrong = [planes.astype(np.float32), planes.astype(np.int64), planes[0], planes[..., :12], np.repeat(planes, 3, axis=1)]
    tables = [table.ravel(), table.astype(float), table * 0, table[None], table.astype(np.int64) - 70000]
    for given_planes, given_table in [*((part, table) for part in wrong), *((planes, part) for part in tables)]:
        with pytest.raises(InvalidSetting) as caught:
            found.extract(given_planes, given_table, threads=1)
        assert caught.value.hint
    with pytest.raises(RefusedImage) as refused:
        found.extract(planes[..., :0], table, threads=1)
    assert refused.value.hint
    with pytest.raises(InvalidSetting, match="threads"):
        found.extract(planes, table, threads=0)
    assert found.extract(planes[:0], table, threads=1).shape == (0, found.dimension)


def test_pairs_and_features_refuse_the_same_in_the_same_words() -> None:
    planes, table = picture(2, 2, seed=3)
    for given_planes, given_table in [
        (planes.astype(np.uint8), table),
        (planes.astype(np.int32), table),
        (planes[..., :12], table),
        (planes, table * 0),
        (planes, table[:4]),
    ]:
        with pytest.raises(InvalidSetting) as of_features:
            FEATURES["dctr"].extract(given_planes, given_table, threads=1)
        covers = torch.from_numpy(np.array(given_planes))
        with pytest.raises(InvalidSetting) as of_pairs:
            Pairs(covers, covers, table=given_table)
        assert str(of_pairs.value).replace("a detector of JPEGs", "DCTR") == str(of_features.value)
        assert of_pairs.value.hint == of_features.value.hint
    assert Pairs(torch.from_numpy(planes), torch.from_numpy(planes), table=table.astype(np.int64)).table.dtype == np.uint16  # type: ignore[union-attr]


@pytest.mark.parametrize("name", sorted(set(FEATURES) - set(SETS)))
def test_features_of_pixels_refuse_coefficients(name: str) -> None:
    planes = np.repeat(picture(2, 2, seed=3)[0], FEATURES[name].channels[-1], axis=1)
    maps = (planes * 0.0,) if FEATURES[name].needs_probabilities else ()
    with pytest.raises(InvalidSetting, match="uint8"):
        FEATURES[name].extract(planes, *maps, threads=1)


def test_a_table_of_libjpeg_has_its_quality_and_one_beside_it_the_nearest() -> None:
    for quality in range(1, 101):
        assert nearest_quality(steps(LUMA_STEPS, quality)) == quality
    table = new_jpeg(np.zeros((8, 8), np.uint8), 80).cover.components[0].table.astype(int)
    table[3, 3] += 2
    assert nearest_quality(table) == 80
    assert nearest_quality(np.full((8, 8), 65535)) == 1
    assert nearest_quality(np.ones((8, 8), np.uint16)) == 100
