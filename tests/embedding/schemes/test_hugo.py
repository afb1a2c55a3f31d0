from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from ssgan.compute import threads
from ssgan.embedding.costs import Costs
from ssgan.embedding.schemes import hugo

SEALS = ("seal1", "seal4", "seal7")
REFERENCE_WET = 1e8  # the authors' code writes this where a change is impossible; our wet rule is applied elsewhere

covers_of_any_shape = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 12), st.integers(1, 12))
).map(lambda pixels: torch.from_numpy(pixels).double())


def compiled_costs(covers: torch.Tensor) -> Costs:
    """The compiled loops: what a tensor on the processor without a gradient gets."""
    return hugo.costs(covers.detach(), 0.4)


def slow_costs(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The definition, pixel by pixel: 16 triples before and after the change, for one plane (H, W)."""
    height, width = pixels.shape
    padded = np.pad(pixels, 3, mode="symmetric")
    result = np.zeros((2, height, width))
    for y, x in np.ndindex(height, width):
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            line = np.array([padded[y + 3 + k * down, x + 3 + k * right] for k in range(-3, 4)])
            for k, change in enumerate((1, -1)):
                changed = line + change * np.eye(7)[3]
                for values in (line, changed):
                    d = values[:-1] - values[1:]
                    result[k, y, x] += sum(1 / (1 + np.linalg.norm(d[t : t + 3])) for t in range(4))
    return result[0], result[1]


@given(covers_of_any_shape, st.sampled_from([torch.float64, torch.float32]))
def test_both_ways_of_computing_agree_with_the_definition(covers: torch.Tensor, dtype: torch.dtype) -> None:
    rtol = 1e-12 if dtype == torch.float64 else 2e-6
    expected = [slow_costs(plane.numpy()) for plane in covers.flatten(0, 1)]
    for compute in (compiled_costs, hugo._costs_torch):
        rho = compute(covers.to(dtype))
        for i, found in enumerate(rho):
            assert found.dtype == dtype
            assert found.shape == covers.shape
            slow = np.stack([pair[i] for pair in expected]).reshape(covers.shape)
            np.testing.assert_allclose(found.double().numpy(), slow, rtol=rtol)


@given(st.floats(0, 255), st.integers(0, 2**32 - 1))
def test_pixels_need_not_be_whole_numbers(level: float, seed: int) -> None:
    """Values next to a whole difference are where a squared norm computed by expansion would turn negative."""
    jitter = torch.rand(1, 1, 7, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 1e-9
    whole = torch.arange(63, dtype=torch.float64).reshape(1, 1, 7, 9) % 3
    covers = level + whole + jitter
    compiled, vectorised = hugo.costs(covers, 0.4), hugo._costs_torch(covers)
    torch.testing.assert_close(compiled.plus, vectorised.plus, rtol=1e-10, atol=0)
    torch.testing.assert_close(compiled.minus, vectorised.minus, rtol=1e-10, atol=0)


@pytest.mark.parametrize("compute", [compiled_costs, hugo._costs_torch])
@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-10), (torch.float32, 2e-5)])
def test_costs_equal_those_of_the_authors_code_in_octave(
    shared: Path, compute: object, dtype: torch.dtype, rtol: float
) -> None:
    """Reference: V. Holub's HUGO code (DDE Lab) run in Octave 7.3 on natural, synthetic and odd-shaped covers."""
    assert callable(compute)
    files = sorted((shared / "reference/embedding/octave_dde64").glob("*.npz"))
    assert files
    for file in files:
        reference = np.load(file)
        rho = compute(torch.from_numpy(reference["cover"].astype(np.float64))[None, None].to(dtype))
        for found, name in zip(rho, ("HUGO_rhoP1", "HUGO_rhoM1"), strict=True):
            dry = reference[name] < REFERENCE_WET
            np.testing.assert_allclose(found[0, 0].double().numpy()[dry], reference[name][dry], rtol=rtol, err_msg=file.name)


@pytest.mark.parametrize("seal", SEALS)
@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-10), (torch.float32, 2e-5)])
def test_costs_equal_those_of_the_authors_code_in_matlab(shared: Path, seal: str, dtype: torch.dtype, rtol: float) -> None:
    """Reference: the DDE Lab's MATLAB code run by conseal's authors on 512 x 512 photographs; two windows and sums are kept."""
    folder = shared / "reference/embedding/conseal_matlab"
    reference = np.load(folder / f"{seal}_costs.npz")
    cover = torch.from_numpy(np.array(Image.open(folder / "cover" / f"{seal}.png"))).to(dtype)[None, None]
    for found, name in zip(hugo.costs(cover, 0.4), ("hugo_rhoP1", "hugo_rhoM1"), strict=True):
        plane = found[0, 0].double().numpy()
        for corner, window in (("TL", plane[:160, :160]), ("BR", plane[-160:, -160:])):
            dry = reference[f"{name}_{corner}"] < REFERENCE_WET
            np.testing.assert_allclose(window[dry], reference[f"{name}_{corner}"][dry], rtol=rtol)
        if not reference[f"{name}_n_wet"]:
            np.testing.assert_allclose(plane.sum(), reference[f"{name}_sum_finite"], rtol=rtol)
            np.testing.assert_allclose((plane**2).sum(), reference[f"{name}_sumsq_finite"], rtol=rtol)


def test_bands_chunks_and_threads_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    covers = torch.randint(0, 256, (2, 3, 150, 37), generator=torch.Generator().manual_seed(1)).double()
    whole = hugo._costs_torch(covers)
    monkeypatch.setattr(hugo, "CHUNK_SAMPLES", 37 * 40)
    torch.testing.assert_close(hugo._costs_torch(covers), whole, rtol=0, atol=0)
    alone = compiled_costs(covers)
    torch.testing.assert_close(alone, whole, rtol=1e-14, atol=0)
    monkeypatch.setattr(threads, "THREAD_SAMPLES", 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    torch.testing.assert_close(compiled_costs(covers), alone, rtol=0, atol=0)


def test_gradients_are_those_of_the_formula() -> None:
    covers = (torch.rand(1, 1, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) * 20).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: tuple(hugo.costs(x, 0.4)), (covers,), atol=1e-6)


def test_gradients_are_finite_on_a_flat_cover() -> None:
    covers = torch.full((1, 1, 8, 8), 128.0, requires_grad=True)
    rho = hugo.costs(covers, 0.4)
    (gradient,) = torch.autograd.grad(rho.plus.sum() + 2 * rho.minus.sum(), covers)
    assert bool(gradient.isfinite().all())


@pytest.mark.gpu
@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
def test_the_accelerator_computes_the_same(device: str, dtype: torch.dtype, rtol: float) -> None:
    covers = torch.randint(0, 256, (4, 1, 64, 64), generator=torch.Generator().manual_seed(5)).to(dtype)
    found = hugo.costs(covers.to(device), 0.4)
    torch.testing.assert_close(tuple(rho.cpu() for rho in found), tuple(hugo.costs(covers, 0.4)), rtol=rtol, atol=0)
