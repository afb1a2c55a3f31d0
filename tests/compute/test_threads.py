from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from ssgan.compute.threads import samples, share_images
from ssgan.errors import InvalidSetting, RefusedImage


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_images_that_are_not_eight_bit_are_refused(dtype: type) -> None:
    with pytest.raises(InvalidSetting, match="must be uint8"):
        samples(np.zeros((1, 1, 8, 8), dtype), channels=(1,), smallest=4)


@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 8), (1, 2, 8, 8), (1, 3, 8, 8)])
def test_other_axes_and_channels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidSetting, match="C = 1, not"):
        samples(np.zeros(shape, np.uint8), channels=(1,), smallest=4)


@pytest.mark.parametrize("shape", [(1, 1, 3, 9), (1, 1, 9, 3), (1, 1, 0, 0)])
def test_an_image_too_small_for_a_window_is_refused_with_the_least_size(shape: tuple[int, ...]) -> None:
    with pytest.raises(RefusedImage, match="no window") as refusal:
        samples(np.zeros(shape, np.uint8), channels=(1,), smallest=4)
    assert "4 x 4 pixels or more" in refusal.value.hint


def test_a_tensor_and_its_array_are_the_same_samples_in_one_piece() -> None:
    images = torch.arange(2 * 3 * 8 * 10, dtype=torch.uint8).reshape(2, 3, 8, 10).transpose(2, 3)
    array = samples(images, channels=(3,), smallest=8)
    np.testing.assert_array_equal(array, images.numpy())
    assert array.flags.c_contiguous


@pytest.mark.parametrize("count", [0, 1, 2, 7])
@pytest.mark.parametrize("threads", [None, 1, 2, 3, 50])
def test_every_image_is_worked_on_once(count: int, threads: int | None) -> None:
    seen: list[int] = []
    lock = threading.Lock()

    def work(first: int, last: int) -> None:
        with lock:
            seen.extend(range(first, last))

    share_images(work, count, threads=threads)
    assert sorted(seen) == list(range(count))


def test_no_thread_at_all_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="threads"):
        share_images(lambda first, last: None, 1, threads=0)
