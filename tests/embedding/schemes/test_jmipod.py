from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
from numpy.typing import NDArray

from ssgan.embedding.coefficient_costs import coefficient_costs
from ssgan.embedding.schemes import jmipod
from ssgan.images.coefficients import Component, planes
from tests.embedding.jpeg_covers import color, component, gray, of_plane, references


def witness(part: Component) -> NDArray[np.float64]:
    """The Fisher information of whole blocks, in plain loops."""
    rows, columns = part.blocks.shape[:2]
    k, n = np.mgrid[:8, :8]
    basis = np.cos(np.pi / 8 * k * (n + 0.5)) * np.where(k == 0, np.sqrt(1 / 8), 1 / 2)
    x = np.block([[basis.T @ (part.blocks[r, c] * part.table) @ basis for c in range(columns)] for r in range(rows)]) + 128
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 1), (0, 1))), (2, 2))
    mean, variance = windows.mean((2, 3)), windows.var((2, 3))
    smooth = mean + np.maximum(variance - variance.mean(), 0) / np.maximum(variance, variance.mean()) * (x - mean)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(x - smooth, 1, mode="symmetric"), (3, 3)).reshape(*x.shape, 9)
    cosine = np.array([[np.cos(np.pi / 3 * i * (j + 0.5)) for j in range(3)] for i in range(3)])
    model = np.stack([np.outer(cosine[i], cosine[j]).ravel() for i in range(3) for j in range(3 - i)], axis=1)  # (9, 6)
    left = np.eye(9) - model @ np.linalg.pinv(model)
    noise = ((around @ left) ** 2).sum(-1) / 3
    fisher = np.zeros(part.blocks.shape)
    for r, c, i, j in np.ndindex(fisher.shape):
        weights = np.outer(basis[i], basis[j]) ** 2
        own = (weights * noise[8 * r : 8 * r + 8, 8 * c : 8 * c + 8]).sum() / float(part.table[i, j]) ** 2
        fisher[r, c, i, j] = 1 / max(own, 1e-5) ** 2
    bordered = np.pad(fisher, ((1, 1), (1, 1), (0, 0), (0, 0)), mode="edge")
    around_weights = ((1, 3, 1), (3, 4, 3), (1, 3, 1))
    return np.asarray(sum(around_weights[i][j] * bordered[i : i + rows, j : j + columns] for i in range(3) for j in range(3)))


def test_the_fisher_information_is_that_of_plain_loops() -> None:
    part = component(24, 30)
    plus, minus = jmipod.fisher_information(part, ())
    assert plus is minus
    np.testing.assert_allclose(plus, witness(part)[:3, :3], rtol=1e-7)


@pytest.mark.parametrize("payload", [0.05, 0.4])
def test_the_probabilities_solve_their_equation_and_carry_the_payload(payload: float) -> None:
    """beta lambda I = ln(1/beta - 2) with one lambda for all components, and the entropy of all changes."""
    cover = color(48, 40)
    rho = coefficient_costs(cover, "jmipod", payload).plus
    beta = 1 / (np.exp(rho) + 2)
    fisher = np.concatenate([jmipod.fisher_information(part, ()).plus.reshape(-1) for part in cover.components])
    lam = rho / (beta * fisher)
    np.testing.assert_allclose(lam, np.median(lam), rtol=1e-7)
    bits = -(2 * beta * np.log2(beta) + (1 - 2 * beta) * np.log2(1 - 2 * beta)).sum()
    assert bits == pytest.approx(round(payload * cover.num_nonzero_ac), rel=1e-7)


def test_a_flat_picture_with_one_textured_block_ends() -> None:
    cover = gray(64, 64)
    blocks = cover.components[0].blocks
    blocks[:] = 0
    blocks[3, 3, 1, 1:5] = (5, -4, 3, 9)
    assert np.isfinite(coefficient_costs(cover, "jmipod", 0.4).plus).all()


def test_small_covers_change_as_the_authors_program_says(shared: Path) -> None:
    """R. Cogranne's version 1.0 in GNU Octave 7.3, whose search for lambda stops early: here it has the sum of its changes."""
    compared = 0
    for name, arrays in references(shared).items():
        if "jmipod_pChange_0.4" not in arrays or not np.any(arrays["jmipod_pChange_0.4"]) or "checker" in name:
            continue
        cover = of_plane(arrays["coefficients"].astype(np.int16), arrays["quantization"])
        fisher = jmipod.fisher_information(cover.components[0], ()).plus
        expected = arrays["jmipod_pChange_0.4"]

        def changes(payload: float, fisher: NDArray[np.float64] = fisher) -> NDArray[np.float64]:
            return np.asarray(2 / (np.exp(jmipod.costs_of(fisher.reshape(-1), payload)) + 2))

        total = float(expected.sum())
        payload = scipy.optimize.brentq(lambda bits, total=total: changes(bits).sum() - total, 1e-6, 1.5, xtol=1e-12)
        ours = planes(changes(payload).reshape(fisher.shape))
        np.testing.assert_allclose(ours, expected, rtol=0.02, err_msg=name)
        compared += 1
    assert compared >= 6
