from __future__ import annotations

import numpy as np
import scipy.ndimage
import torch

from ssgan.embedding.schemes import hill


def witness(x: np.ndarray) -> np.ndarray:
    """HILL from its formula with SciPy's filters, one image at a time."""
    padded = np.pad(x.astype(float), 3, mode="symmetric")
    high = scipy.ndimage.convolve(padded, np.array([[-1, 2, -1], [2, -4, 2], [-1, 2, -1]]))
    texture = scipy.ndimage.convolve(abs(high), np.ones((3, 3)) / 9)[3:-3, 3:-3]
    return np.asarray(scipy.ndimage.convolve(1 / (texture + 1e-10), np.ones((15, 15)) / 225, mode="reflect"))


def test_it_is_the_formula(textured: torch.Tensor) -> None:
    ours = hill.costs(textured.double(), 0.4).plus
    for image, rho in zip(textured, ours, strict=True):
        np.testing.assert_allclose(rho[0].numpy(), witness(image[0].numpy()), rtol=1e-10)


def test_it_is_the_authors_code(octave: dict[str, np.ndarray]) -> None:
    """HILL.m of Shenzhen University (aletheia-external-resources 0b6b267) in GNU Octave 7.3."""
    cover, reference = octave["cover"], octave["HILL_rhoP1"]
    dry = cover < 255
    for dtype, rtol in ((torch.float64, 1e-10), (torch.float32, 2e-5)):
        ours = hill.costs(torch.from_numpy(cover)[None, None].to(dtype), 0.4).plus[0, 0].numpy()
        np.testing.assert_allclose(ours[dry], reference[dry], rtol=rtol)


def test_wide_images_are_priced_in_tiles_to_the_same_costs() -> None:
    cover = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 1, 40, 601)).astype(float))
    ours = hill.costs(cover, 0.4).plus
    expected = hill.costs(cover.clone().requires_grad_(), 0.4).plus.detach()
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=0)
