from __future__ import annotations

import numpy as np
import scipy.signal
import torch

from ssgan.embedding.schemes import suniward
from ssgan.images import filters


def exact_distortion(cover: np.ndarray, row: int, column: int) -> float:
    """The definition itself: transform the image with and without the one change, and sum the relative differences."""
    total = 0.0
    for kernel in filters.WAVELET_BANK:
        plane = np.outer(kernel.vertical, kernel.horizontal)
        before = scipy.signal.correlate2d(np.pad(cover, 15, mode="symmetric"), plane, mode="valid")
        changed = np.pad(cover, 15, mode="symmetric")
        changed[row + 15, column + 15] += 1  # the change itself is not mirrored: that is the additive approximation
        after = scipy.signal.correlate2d(changed, plane, mode="valid")
        total += (abs(after - before) / (1 + abs(before))).sum()
    return total


def test_it_is_the_distortion_of_a_single_change(textured: torch.Tensor) -> None:
    cover = textured[4, 0].numpy().astype(float)
    ours = suniward.costs(textured[4:5].double(), 0.4).plus[0, 0]
    for row, column in ((0, 0), (3, 30), (12, 16), (23, 31)):
        np.testing.assert_allclose(float(ours[row, column]), exact_distortion(cover, row, column), rtol=1e-10)


def test_it_is_the_authors_code(octave: dict[str, np.ndarray]) -> None:
    """S_UNIWARD.m of the DDE Lab (aletheia-external-resources 0b6b267) in GNU Octave 7.3."""
    cover, reference = octave["cover"], octave["S_UNIWARD_rhoP1"]
    dry = cover < 255
    for dtype, rtol in ((torch.float64, 1e-10), (torch.float32, 2e-5)):
        ours = suniward.costs(torch.from_numpy(cover)[None, None].to(dtype), 0.4).plus[0, 0].numpy()
        np.testing.assert_allclose(ours[dry], reference[dry], rtol=rtol)


def test_it_is_matlab_on_photographs(seal: dict[str, np.ndarray]) -> None:
    """The DDE Lab's code in MATLAB, run by conseal's authors; two windows of each map, and its sum."""
    ours = suniward.costs(torch.from_numpy(seal["cover"])[None, None].double(), 0.4).plus[0, 0].numpy()
    np.testing.assert_allclose(ours[:160, :160], seal["suniward_rho_TL"], rtol=1e-10)
    np.testing.assert_allclose(ours[-160:, -160:], seal["suniward_rho_BR"], rtol=1e-10)
    np.testing.assert_allclose(ours.sum(), seal["suniward_rho_sum_finite"], rtol=1e-10)


def test_wide_images_are_priced_in_tiles_to_the_same_costs() -> None:
    cover = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 1, 40, 601)).astype(float))
    ours = suniward.costs(cover, 0.4).plus
    expected = suniward.costs(cover.clone().requires_grad_(), 0.4).plus.detach()
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=0)
