"""What is learned from a stream is what is learned from the same rows held at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting
from ssgan.steganalysis.classifiers import ensemble, ensemble_streams
from ssgan.steganalysis.classifiers.ensemble_streams import Stream


def stream(rows: np.ndarray, order: np.ndarray, step: int) -> Stream:
    def begun() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for at in range(0, len(rows), step):
            yield order[at : at + step], rows[order[at : at + step]]

    return begun


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 99), st.integers(20, 60), st.integers(2, 9), st.integers(1, 70), st.booleans())
def test_the_vote_and_the_score_are_those_of_the_ensemble_held_at_once(
    seed: int, images: int, dims: int, step: int, shuffled: bool
) -> None:
    rng = np.random.default_rng(seed)
    covers = 1000 + rng.normal(size=(images, dims)) @ rng.normal(size=(dims, dims))
    stegos = covers + rng.normal(0.3, 1, covers.shape)
    orders = [rng.permutation(images) if shuffled else np.arange(images) for _ in range(2)]
    sizes = {"learners": 7, "subspace": max(1, dims - 1)}
    there = ensemble_streams.fit(
        stream(covers, orders[0], step), stream(stegos, orders[1], step), images=images, seed=3, **sizes
    )
    here = ensemble.fit(covers, stegos, settings=ensemble.EnsembleSettings(**sizes), seed=3)
    np.testing.assert_array_equal(there.subspaces, here.subspaces)
    for name in ("w", "b", "sigma", "error"):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name), rtol=1e-5, atol=1e-8)
    rows = np.concatenate([covers, stegos])
    np.testing.assert_allclose(there.scores(rows), here.scores(rows), rtol=1e-4, atol=1e-6)


def test_classes_that_are_not_equally_many_weigh_the_same() -> None:
    rng = np.random.default_rng(1)
    covers, stegos = rng.normal(size=(300, 3)), rng.normal(1, 1, size=(60, 3))
    numbers = np.arange(360)
    made = ensemble_streams.fit(
        lambda: [(numbers[:300], covers)], lambda: [(numbers[300:], stegos)], images=360, learners=9, subspace=2
    )
    wrong = (made.scores(covers) > 0).mean(), (made.scores(stegos) <= 0).mean()
    assert max(wrong) < 0.4
    assert made.error < 0.35


def test_what_cannot_be_learned_from_is_refused() -> None:
    one = [(np.arange(5), np.ones((5, 3)))]
    for covers, stegos in (
        (one, []),
        (one, [(np.arange(5), np.ones((5, 4)))]),
        (one, [(np.arange(5), np.full((5, 3), np.nan))]),
    ):
        with pytest.raises(InvalidSetting):
            ensemble_streams.fit(lambda c=covers: c, lambda s=stegos: s, images=5, learners=3, subspace=2)  # type: ignore[misc]
