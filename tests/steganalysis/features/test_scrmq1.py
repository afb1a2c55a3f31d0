from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.steganalysis.features import crm, scrmq1, srm


def images_of(height: int, width: int, *, seed: int, count: int = 1) -> np.ndarray:
    """Walks along rows, alike in the three channels: as in a photograph."""
    rng = np.random.default_rng(seed)
    walk = 128 + rng.normal(0, 4, (count, 1, height, width)).cumsum(-1) + rng.normal(0, 1, (count, 3, height, width))
    return walk.clip(0, 255).astype(np.uint8)


@settings(max_examples=10)
@given(st.integers(8, 24), st.integers(8, 24), st.integers(0, 1000))
def test_they_are_the_channels_features_added_and_then_those_between_channels(height: int, width: int, seed: int) -> None:
    images = images_of(height, width, seed=seed)
    within = sum(srm.features_q1(images[:, c : c + 1]) for c in range(3))
    features = scrmq1.features(images)
    np.testing.assert_allclose(features[:, : srm.DIMENSION_Q1], within, rtol=1e-5, atol=1e-9)
    np.testing.assert_array_equal(features[:, srm.DIMENSION_Q1 :], crm.features(images))


def test_each_submodel_holds_what_it_holds_in_its_own_set() -> None:
    images = images_of(20, 17, seed=1)
    features, within, between = scrmq1.features(images)[0], srm.features_q1(images)[0], crm.features(images)[0]
    for name, part in scrmq1.SUBMODELS.items():
        own = between[crm.SUBMODELS[name]] if name in crm.SUBMODELS else within[srm.SUBMODELS_Q1[name]]
        np.testing.assert_array_equal(features[part], own, err_msg=name)


def test_submodels_stand_one_after_the_other_and_every_feature_has_its_name() -> None:
    parts = list(scrmq1.SUBMODELS.values())
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert (parts[-1].stop, scrmq1.DIMENSION, len(set(scrmq1.feature_names()))) == (18157, 18157, 18157)
    assert len(parts) == len(srm.SUBMODELS_Q1) + len(crm.SUBMODELS)


def test_a_batch_of_tensors_has_the_features_of_its_images_with_any_number_of_threads() -> None:
    images = images_of(12, 10, seed=2, count=3)
    one_by_one = np.concatenate([scrmq1.features(images[i : i + 1], threads=1) for i in range(3)])
    np.testing.assert_array_equal(scrmq1.features(torch.from_numpy(images), threads=2), one_by_one)


def test_gray_and_small_images_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="C = 3"):
        scrmq1.features(images_of(20, 20, seed=3)[:, :1])
    with pytest.raises(RefusedImage):
        scrmq1.features(images_of(7, 20, seed=3))
