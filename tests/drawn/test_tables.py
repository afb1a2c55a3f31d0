"""Laws as integer tables: what they promise, and that a table which breaks a promise is refused."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from decimal import Decimal, localcontext

import numpy as np
import pytest
from numpy.typing import NDArray

from ssgan.drawn.tables import FIRST_BALANCED, SCALES, check, cumulative, is_dry, law_tables
from ssgan.errors import RefusedModel


@pytest.fixture(scope="module")
def tables() -> NDArray[np.int32]:
    return law_tables()


def test_tables_are_the_same_on_every_machine(tables: NDArray[np.int32]) -> None:
    """No entry lies so near to a half that another library's exponential could round it to the other side."""
    check(tables)
    j = np.arange(-6400, 6401) / 16
    exact = 65536 / (1 + np.exp(-np.clip(j[None, :] / SCALES[:, None], -40, 40)))
    assert np.abs(exact % 1 - 0.5).min() > 1e-8
    assert hashlib.sha256(tables.astype("<i4").tobytes()).hexdigest() == DIGEST


def test_entries_are_the_rounded_logistic_function(tables: NDArray[np.int32]) -> None:
    """By Decimal arithmetic with 50 digits; the balance moves central entries only, and little."""
    with localcontext() as context:
        context.prec = 50
        for scale in (0, 5, 11, 12, 18, 30, 41):
            s = Decimal(2) ** (Decimal(scale) / 6 - 2)
            for j in (*range(-6400, 6401, 163), -9, -1, 0, 3, 8, 9):
                exact = 65536 / (1 + (-Decimal(j) / 16 / s).exp())
                moved = abs(int(tables[scale, j + 6400]) - exact)
                most = Decimal("0.5") if scale < FIRST_BALANCED or not -8 <= j < 8 else 40 if scale == 12 else 14
                assert moved <= most, (scale, j)


def test_frequencies_of_every_mean_add_up_to_the_total(tables: NDArray[np.int32]) -> None:
    means = np.concatenate([np.arange(-100, 4200), [-(2**40), -6500, 12000, 2**40]])
    values = np.arange(257)
    for scale in range(42):
        below = cumulative(tables, scale, means[:, None], values)
        assert (below[:, 0] == 0).all()
        assert (below[:, -1] == 65536).all()
        assert (np.diff(below) >= 0).all()


def test_the_lowest_bit_of_a_dry_sample_is_exactly_uniform(tables: NDArray[np.int32]) -> None:
    means = np.arange(-200, 4400)
    count = 0
    for scale in range(42):
        weights = np.diff(cumulative(tables, scale, means[:, None], np.arange(257)))
        dry = is_dry(tables, scale, means)
        assert (weights[dry, ::2].sum(1) == 2**15).all()
        assert (weights[dry, 0] == 0).all()
        assert (weights[dry, 255] == 0).all()
        # Nothing that is balanced within the range is left out, except what happens to be at its ends.
        inside = (scale >= 12) & (weights[:, 0] == 0) & (weights[:, 255] == 0)
        assert (dry == inside).all()
        count += int(dry.sum())
    assert count > 50_000
    assert not is_dry(tables, 11, 2000)


def test_a_table_moves_the_law_little(tables: NDArray[np.int32]) -> None:
    """Total variation from the rounded logistic law, at worst over the 16 residues."""
    for scale, most in ((12, 2**-10), (18, 2**-12), (41, 2**-10)):
        j = np.arange(-6400, 6401)
        plain = np.rint(65536 / (1 + np.exp(-np.clip(j / 16 / SCALES[scale], -40, 40))))
        moved = max(float(np.abs(np.diff(tables[scale, r::16]) - np.diff(plain[r::16])).sum()) / 2 / 65536 for r in range(16))
        assert moved <= most, scale


def entry(place: tuple[int, int], by: int) -> Callable[[NDArray[np.int32]], NDArray[np.int32]]:
    def change(tables: NDArray[np.int32]) -> NDArray[np.int32]:
        changed = tables.copy()
        changed[place] += by
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.astype(np.int64), "are int64"),
        (lambda t: t[:41], "are int32"),
        (lambda t: t[:, :-1], "are int32"),
        (entry((3, 0), 1), "do not go from 0"),
        (entry((41, -1), -1), "do not go from 0"),
        (entry((5, 6400), 9000), "descend"),
        (entry((5, 6400), -9000), "descend"),
        (entry((12, 6400), 1), "balanced"),
        (entry((41, 6300), -1), "balanced"),
        (entry((20, 6415), 1), "balanced"),
    ],
)
def test_tables_that_break_a_promise_are_refused(
    tables: NDArray[np.int32], change: Callable[[NDArray[np.int32]], NDArray[np.int32]], reason: str
) -> None:
    with pytest.raises(RefusedModel, match=reason):
        check(change(tables))


def test_scales_are_six_to_the_octave() -> None:
    assert SCALES[12] == 1
    assert math.isclose(SCALES[0], 0.25)
    assert len(SCALES) == 42


DIGEST = "a3c608be7eff58d41cb66f7b198f2cca66b30737fafef0a99a0b93d8638bc159"
