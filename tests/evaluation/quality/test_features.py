"""Features are what their names say, and a user's own are taken or refused with a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan.errors import InvalidSetting
from ssgan.evaluation.quality.features import SPACES, extracted, own_space, spaces
from ssgan.images import Images, filters
from ssgan.images.grain import kv_residuals
from ssgan.steganalysis.features import spam


def random_images(count: int, channels: int = 3, side: int = 16) -> Images:
    return torch.from_numpy(np.random.default_rng(1).integers(0, 256, (count, channels, side, side), dtype=np.uint8))


@pytest.mark.parametrize("name", SPACES)
def test_every_space_gives_a_row_an_image_whatever_its_neighbors(name: str) -> None:
    images = random_images(3, side=32)
    together = extracted(SPACES[name], images)
    assert together.dtype == np.float64
    assert np.isfinite(together).all()
    apart = np.concatenate([extracted(SPACES[name], images[i : i + 1]) for i in range(3)])
    np.testing.assert_array_equal(together, apart)


def test_kv_residuals_are_those_of_the_kernel_summed_place_by_place() -> None:
    images = random_images(2, side=8)
    found = kv_residuals(images)
    assert found.shape == (2, 3, 4, 4)
    for n, c, y, x in np.ndindex(2, 3, 4, 4):
        window = images[n, c, y : y + 5, x : x + 5].numpy().astype(np.int64)
        assert int(found[n, c, y, x]) == round(float((window * filters.KV * 12).sum()))


def test_the_histogram_counts_rounded_residuals() -> None:
    images = random_images(2, channels=1) // 8 + 100
    found = SPACES["kv"].extract(images)
    residuals = np.clip(np.floor(kv_residuals(images).numpy() / 12 + 0.5), -15, 15)
    for image in range(2):
        expected = [(residuals[image] == level).mean() for level in range(-15, 16)]
        np.testing.assert_allclose(found[image], expected, atol=1e-12)


def test_thumbnails_are_means_of_squares() -> None:
    images = random_images(1, channels=1)
    found = extracted(SPACES["pixels"], images)
    assert found.shape == (1, 64)
    assert found[0, 9] == pytest.approx(float(images[0, 0, 2:4, 2:4].double().mean()))


def test_roots_of_shares_are_compared() -> None:
    images = random_images(2)
    np.testing.assert_allclose(extracted(SPACES["spam"], images) ** 2, spam.features(images), atol=1e-15)


def test_a_users_function_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def means(images):\n    return images.double().mean(dim=(2, 3))\n")
    images = random_images(100)
    (space,) = spaces([], [f"{tmp_path}/mine.py:means"])
    assert space.own
    np.testing.assert_allclose(extracted(space, images), images.double().mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def f(images):\n    return images.double().mean()\n", "no rows of equal length"),
        ("def f(images):\n    return images.double().mean(dim=(2, 3))[1:]\n", "every image"),
        ("def f(images):\n    return images.double().mean(dim=(2, 3)) / 0\n", "finite"),
        ("def f(images):\n    return [len(images)] * 2, [1]\n", "failed"),
        ("def f(images):\n    raise KeyError('weights')\n", "KeyError: 'weights'"),
        ("def g(images):\n    pass\n", "has no attribute 'f'"),
        ("def f(images:\n", "SyntaxError"),
    ],
)
def test_a_users_function_that_will_not_do_is_named(body: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(body)
    with pytest.raises(InvalidSetting, match=said):
        extracted(own_space(f"{tmp_path}/mine.py:f"), random_images(4))


@pytest.mark.parametrize("text", ["nothing.py:f", "mine", "", ":f"])
def test_what_names_no_function_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting, match="names no function"):
        own_space(text)


def test_unknown_features_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidSetting, match="no feature set 'inception'") as caught:
        spaces(["kv", "inception"], [])
    assert "srmq1" in caught.value.hint
