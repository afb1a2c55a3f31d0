"""Find the samples of an image that can be predicted from their neighbors, where good schemes avoid changes."""

from __future__ import annotations

import numpy as np

# The share of samples that counts as easy to predict, and the neighborhood in which a place is judged.
EASY = 0.5
NEIGHBORHOOD = 5
# A sample is between two neighbors on four straight lines: steps down and to the right.
_LINES = ((0, 1), (1, 0), (1, 1), (1, -1))


def easiest(cover: np.ndarray) -> np.ndarray:
    """Return bool (C, H, W): the half of the samples of uint8 (C, H, W) whose surroundings are easiest to predict.

    What a straight line through two neighbors leaves of the sample between them, on average over a neighborhood, in the best
    of four directions: an edge continues, so it is easy, however strong it is.
    """
    border = NEIGHBORHOOD // 2 + 1
    x = np.pad(cover.astype(np.float64), ((0, 0), (border, border), (border, border)), mode="symmetric")
    unexplained = []
    for step in _LINES:
        residual = np.abs(2 * x - np.roll(x, step, (1, 2)) - np.roll(x, (-step[0], -step[1]), (1, 2)))[:, 1:-1, 1:-1]
        windows = np.lib.stride_tricks.sliding_window_view(residual, (NEIGHBORHOOD, NEIGHBORHOOD), axis=(1, 2))
        unexplained.append(windows.mean(axis=(-2, -1)))
    order = np.min(unexplained, axis=0).ravel().argsort(kind="stable")
    easy = np.zeros(cover.size, dtype=bool)
    easy[order[: int(EASY * cover.size)]] = True
    return easy.reshape(cover.shape)


def easy_share(cover: np.ndarray, stego: np.ndarray) -> float:
    """Return the fraction of changes in the half of the samples that is easiest to predict; 0 where none was made."""
    changed = cover != stego
    return float(changed[easiest(cover)].sum() / max(1, changed.sum()))
