from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.ndimage
import torch

from ssgan.embedding.schemes import mipod


def witness(cover: np.ndarray) -> np.ndarray:
    """The Fisher information block by block: fit 45 cosines to each 9 x 9 block by least squares, count what is left."""
    x = cover.astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 1), (0, 1))), (2, 2))
    mean, variance = windows.mean((2, 3)), (windows**2).mean((2, 3)) - windows.mean((2, 3)) ** 2
    noise = variance.mean()
    smooth = mean + np.maximum(variance - noise, 0) / np.maximum(variance, noise) * (x - mean)
    blocks = np.lib.stride_tricks.sliding_window_view(np.pad(x - smooth, 4, mode="symmetric"), (9, 9)).reshape(-1, 81)
    basis = [
        scipy.fft.idctn(np.eye(1, 81, 9 * i + j).reshape(9, 9), norm="ortho").ravel() for i in range(9) for j in range(9 - i)
    ]
    model = np.stack(basis, axis=1)  # (81, 45)
    fitted = np.linalg.lstsq(model, blocks.T, rcond=None)[0]
    left = ((blocks.T - model @ fitted) ** 2).sum(0) / 36
    fisher = 1 / np.maximum(left, 0.01).reshape(x.shape) ** 2
    return np.asarray(scipy.ndimage.uniform_filter(fisher, 7, mode="reflect"))


def test_the_fisher_information_is_that_of_a_least_squares_fit(textured: torch.Tensor) -> None:
    ours = mipod.fisher_information(textured.double())
    for image, fisher in zip(textured, ours, strict=True):
        np.testing.assert_allclose(fisher[0].numpy(), witness(image[0].numpy()), rtol=1e-8)


def test_single_precision_is_near(textured: torch.Tensor) -> None:
    fast, exact = (mipod.costs(textured.to(dtype), 0.4).plus.double() for dtype in (torch.float32, torch.float64))
    torch.testing.assert_close(fast, exact, rtol=2e-5, atol=0)


def test_probabilities_are_the_authors_to_their_table(octave: dict[str, np.ndarray]) -> None:
    """MiPOD.m of the DDE Lab (AIS_Matlab 5fd9ba6) in GNU Octave 7.3.

    It reads beta from a table of steps 0.01 that is off by up to 1.2e-3 where changes are rare; the solution itself is compared
    here, the authors' own table in the tests of conformance.
    """
    cover = torch.from_numpy(octave["cover"])[None, None].double()
    for percent in (10, 40, 80):
        beta = 1 / (mipod.costs(cover, percent / 100).plus[0, 0].exp() + 2)
        np.testing.assert_allclose(beta.numpy(), octave[f"MiPOD_pChange_{percent}"], rtol=2e-3)


def test_a_black_image_has_the_floor_of_the_variance_everywhere() -> None:
    fisher = mipod.fisher_information(torch.zeros(1, 1, 16, 16, dtype=torch.float64))
    torch.testing.assert_close(fisher, torch.full_like(fisher, 1e4))
