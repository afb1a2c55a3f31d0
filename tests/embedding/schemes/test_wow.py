from __future__ import annotations

import numpy as np
import scipy.signal
import torch

from ssgan.embedding.schemes import wow
from ssgan.images import filters


def witness(cover: np.ndarray) -> np.ndarray:
    """WOW from its formula with SciPy's two-dimensional correlation."""
    rho = np.zeros(cover.shape)
    for kernel in filters.WAVELET_BANK:
        plane = np.outer(kernel.vertical, kernel.horizontal)
        residual = scipy.signal.correlate2d(np.pad(cover.astype(float), 15, mode="symmetric"), plane, mode="valid")
        rho += 1 / scipy.signal.convolve2d(abs(residual), abs(plane), mode="valid")
    return rho


def test_it_is_the_formula(textured: torch.Tensor) -> None:
    ours = wow.costs(textured[3:].double(), 0.4).plus
    for image, rho in zip(textured[3:], ours, strict=True):
        np.testing.assert_allclose(rho[0].numpy(), witness(image[0].numpy()), rtol=1e-10)


def test_it_is_the_authors_code(octave: dict[str, np.ndarray]) -> None:
    """WOW.m of the DDE Lab (aletheia-external-resources 0b6b267) in GNU Octave 7.3; dearer than 1e3 is rounding noise there."""
    cover, reference = octave["cover"], octave["WOW_rhoP1"]
    sound = (cover < 255) & (reference < 1e3)
    for dtype, fine, rough in ((torch.float64, 1e-9, 1e-4), (torch.float32, 2e-5, 2e-4)):
        ours = wow.costs(torch.from_numpy(cover)[None, None].to(dtype), 0.4).plus[0, 0].numpy().clip(max=1e10)
        np.testing.assert_allclose(ours[sound], reference[sound], rtol=fine)
        np.testing.assert_allclose(ours[~sound & (cover < 255)], reference[~sound & (cover < 255)], rtol=rough)


def test_it_is_matlab_on_photographs(seal: dict[str, np.ndarray]) -> None:
    """The DDE Lab's code in MATLAB, run by conseal's authors; two windows of each map, and its sum."""
    cover = torch.from_numpy(seal["cover"])[None, None]
    ours = wow.costs(cover.double(), 0.4).plus[0, 0].numpy()
    for window, name in ((np.s_[:160, :160], "TL"), (np.s_[-160:, -160:], "BR")):
        reference = seal[f"wow_rhoP1_{name}"]
        dry = reference < 1e10
        np.testing.assert_allclose(ours[window][dry], reference[dry], rtol=1e-9)


def test_wide_images_are_priced_in_tiles_to_the_same_costs() -> None:
    cover = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 1, 40, 601)).astype(float))
    ours = wow.costs(cover, 0.4).plus
    expected = wow.costs(cover.clone().requires_grad_(), 0.4).plus.detach()
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=0)
