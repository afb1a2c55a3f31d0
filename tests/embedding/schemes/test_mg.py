from __future__ import annotations

import numpy as np
import torch

from ssgan.embedding.schemes import mg


def witness(cover: np.ndarray) -> np.ndarray:
    """The variance of each sample's neighborhood inside the image, one sample at a time."""
    fisher = np.empty(cover.shape)
    for i, j in np.ndindex(*cover.shape):
        block = cover[max(0, i - 1) : i + 2, max(0, j - 1) : j + 2].astype(float)
        fisher[i, j] = 1 / max(1.0, block.var()) ** 2
    return fisher


def test_the_fisher_information_is_that_of_the_local_variance(textured: torch.Tensor) -> None:
    for dtype, rtol in ((torch.float64, 1e-12), (torch.float32, 1e-6)):
        ours = mg.fisher_information(textured.to(dtype))
        for image, fisher in zip(textured, ours, strict=True):
            np.testing.assert_allclose(fisher[0].numpy(), witness(image[0].numpy()), rtol=rtol)


def test_probabilities_are_the_authors_to_their_table(octave: dict[str, np.ndarray]) -> None:
    """MG.m of the DDE Lab (AIS_Matlab 5fd9ba6) in GNU Octave 7.3; its table is off by up to 1.2e-3, see test_mipod."""
    cover = torch.from_numpy(octave["cover"])[None, None].double()
    for percent in (10, 40, 80):
        beta = 1 / (mg.costs(cover, percent / 100).plus[0, 0].exp() + 2)
        np.testing.assert_allclose(beta.numpy(), octave[f"MG_pChange_{percent}"], rtol=2e-3)
