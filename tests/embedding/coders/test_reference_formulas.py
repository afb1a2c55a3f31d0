from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssgan.embedding.coders import bound, reference_formulas
from ssgan.embedding.costs import Costs
from ssgan.embedding.schemes import hugo, mg, mipod, suniward, wow
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.samples import pixels

SEALS = (1, 4, 7)
SCHEMES = {"hugo": hugo.costs, "wow": wow.costs, "suniward": suniward.costs}
LETTERS = {"HUGO": "hugo", "WOW": "wow", "S_UNIWARD": "suniward", "HILL": "hill"}
# The README's column "DDE bisection" beside the reference data.
PRINTED_LAMBDAS = {
    (1, "hugo"): "1.90448761",
    (1, "wow"): "20.91217041",
    (1, "suniward"): "0.8447170258",
    (4, "hugo"): "1.942634583",
    (4, "wow"): "21.17156982",
    (4, "suniward"): "0.8919239044",
    (7, "hugo"): "2.188682556",
    (7, "wow"): "32.88269043",
    (7, "suniward"): "1.088619232",
}


@pytest.fixture(scope="module")
def octave(shared: Path) -> list[tuple[str, dict[str, np.ndarray]]]:
    """Small covers with what the authors' code makes of them in Octave 7.3."""
    files = sorted((shared / "reference/embedding/octave_dde64").glob("*.npz"))
    assert files
    return [(file.stem, dict(np.load(file))) for file in files]


def seal(shared: Path, number: int) -> np.ndarray:
    return np.array(Image.open(shared / f"reference/embedding/conseal_matlab/cover/seal{number}.png"))


def planes(cover: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(cover.astype(np.float64))[None, None]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("number", SEALS)
def test_stegos_are_the_published_ones_bit_for_bit(shared: Path, number: int, scheme: str) -> None:
    """Reference: 512 x 512 stego images at 0.4 bpp by the DDE Lab's MATLAB code, from conseal's test assets."""
    cover = seal(shared, number)
    plus, minus = (rho[0, 0].numpy() for rho in SCHEMES[scheme](planes(cover), 0.4))
    lam = reference_formulas.reference_lambda(
        *reference_formulas.reference_costs(pixels(cover), plus, minus, scheme=scheme), 0.4, scheme=scheme
    )
    printed = PRINTED_LAMBDAS[number, scheme]
    assert math.isclose(lam, float(printed), rel_tol=10.0 ** (1 - len(printed.replace(".", "").lstrip("0"))))
    seed = number if scheme == "suniward" else 139187
    name = f"{scheme}_seal{number}_alpha0.4_seed{seed}.png"
    published = np.array(Image.open(shared / "reference/embedding/conseal_matlab/stego" / name))
    np.testing.assert_array_equal(reference_formulas.stego(pixels(cover), plus, minus, 0.4, seed, scheme=scheme), published)


@pytest.mark.parametrize("number", SEALS)
def test_mipod_is_the_published_one_bit_for_bit(shared: Path, number: int) -> None:
    """Reference: change probabilities and stego images of MiPOD at 0.4 bpp from conseal's test assets (MATLAB, DDE Lab)."""
    cover = seal(shared, number)
    beta = reference_formulas.least_detectable(mipod.fisher_information(planes(cover))[0, 0].numpy(), 0.4)
    folder = shared / "reference/embedding/conseal_matlab"
    reference = np.load(folder / f"seal{number}_costs.npz")
    np.testing.assert_allclose(beta[:160, :160], reference["mipod_pChange_alpha0.4_TL"], rtol=1e-7)
    np.testing.assert_allclose(beta[-160:, -160:], reference["mipod_pChange_alpha0.4_BR"], rtol=1e-7)
    np.testing.assert_allclose(beta.sum(), reference["mipod_pChange_alpha0.4_sum_finite"], rtol=1e-7)
    published = np.array(Image.open(folder / f"stego/mipod_seal{number}_alpha0.4_seed{number}.png"))
    np.testing.assert_array_equal(reference_formulas.least_detectable_stego(pixels(cover), beta, number), published)
    inward = reference_formulas.least_detectable_stego(pixels(cover), beta, number, inward=True)
    assert np.abs(inward.astype(int) - cover).max() == 1
    assert (inward != published).sum() == (np.abs(published.astype(int) - cover) == 2).sum() > 0 or number == 4


def test_lambdas_are_the_authors_to_the_last_bit(octave: list[tuple[str, dict[str, np.ndarray]]]) -> None:
    """Reference: lambda of the authors' bisection at 0.1, 0.4 and 0.8 bpp in Octave; all are fractions of powers of two."""
    compared = 0
    for name, reference in octave:
        for key in (key for key in reference if "_lambda_" in key):
            letters, percent = key.split("_lambda_")
            costs = reference[f"{letters}_rhoP1"], reference[f"{letters}_rhoM1"]
            lam = reference_formulas.reference_lambda(*costs, int(percent) / 100, scheme=LETTERS[letters])
            assert lam == float(reference[key]), (name, key)
            compared += 1
    assert compared == 10 * len(octave)


def test_change_probabilities_of_mipod_and_mg_are_the_authors(octave: list[tuple[str, dict[str, np.ndarray]]]) -> None:
    """Reference: MiPOD.m and MG.m (DDE Lab) in Octave 7.3 at 0.1, 0.4 and 0.8 bpp."""
    for name, reference in octave:
        cover = reference["cover"]
        mipod_fisher = mipod.fisher_information(planes(cover))[0, 0].numpy()
        for letters, fisher in (("MiPOD", mipod_fisher), ("MG", reference_formulas.mg_fisher_information(cover))):
            for percent in (10, 40, 80):
                beta = reference_formulas.least_detectable(fisher, percent / 100)
                expected = reference[f"{letters}_pChange_{percent}"]
                np.testing.assert_allclose(beta, expected, rtol=1e-7, err_msg=f"{name} {letters} {percent}")


def test_the_fisher_information_of_mg_differs_from_ours_by_rounding_only() -> None:
    cover = np.random.default_rng(2).integers(0, 256, (17, 9)).astype(np.uint8)
    exact = mg.fisher_information(planes(cover))[0, 0].numpy()
    np.testing.assert_allclose(reference_formulas.mg_fisher_information(cover), exact, rtol=1e-9)


def test_the_table_inverts_x_ln_x_minus_2() -> None:
    x = reference_formulas._table()
    np.testing.assert_allclose(x[1:] * np.log(x[1:] - 2), np.arange(1, x.size) * 0.01, atol=6e-6)
    assert (np.diff(x) > 0).all()


def test_the_exact_sender_agrees_up_to_the_authors_tolerance() -> None:
    """A witness without reference data: `bound` finds lambda another way."""
    cover = np.random.default_rng(3).integers(1, 255, (24, 40)).astype(np.uint8)
    rho = hugo.costs(planes(cover), 0.4)
    lam = reference_formulas.reference_lambda(rho.plus[0, 0].numpy(), rho.minus[0, 0].numpy(), 0.4, scheme="hugo")
    assert math.isclose(lam, float(bound.lambdas(rho, payload=0.4)), rel_tol=3e-3)
    fisher = mipod.fisher_information(planes(cover))
    beta = reference_formulas.least_detectable(fisher[0, 0].numpy(), 0.4)
    equivalent = Costs(*[mipod.costs(planes(cover), 0.4).plus] * 2)
    expected = bound.probabilities_at(equivalent, torch.ones(1, dtype=torch.float64)).plus[0, 0].numpy()
    np.testing.assert_allclose(beta, expected, rtol=2e-3)  # the table is a staircase of steps of 0.01


def test_where_the_authors_search_fails_nothing_is_embedded_in_silence() -> None:
    flat = np.full((16, 16), 128, np.uint8)
    dear = np.full((16, 16), 1e9)
    with pytest.raises(DoesNotFit):
        reference_formulas.stego(pixels(flat), dear, dear, 0.4, 1, scheme="wow")
    with pytest.raises(DoesNotFit):
        reference_formulas.least_detectable(np.ones((4, 4)), 1.6)
    with pytest.raises(InvalidSetting):
        reference_formulas.stego(pixels(flat), dear, dear, 0.4, 1, scheme="lsb")


def test_range_ends_are_wet_and_no_payload_is_no_change() -> None:
    cover = np.random.default_rng(4).choice(np.array([0, 255, 100], np.uint8), (32, 32))
    free = np.ones((32, 32))
    changed = reference_formulas.stego(pixels(cover), free, free, 0.4, 9, scheme="hugo").astype(int)
    assert (changed != cover).any()
    assert np.abs(changed - cover).max() == 1
    np.testing.assert_array_equal(reference_formulas.stego(pixels(cover), free, free, 0, 9, scheme="hugo"), cover)
