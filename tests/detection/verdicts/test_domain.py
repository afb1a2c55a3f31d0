"""Like what was learned, or not."""

from __future__ import annotations

import numpy as np
import pytest

from ssgan.detection.verdicts.domain import ADMITTED, Domain
from ssgan.errors import InvalidSetting, RefusedModel


def features(count: int, seed: int, *, shift: float = 0.0, rest: float = 0.1) -> np.ndarray:
    """(count, 60): three directions that vary, little noise beside them, and one number that never varies."""
    rng = np.random.default_rng(seed)
    axes = np.random.default_rng(0).normal(size=(3, 59))
    made = (rng.normal(size=(count, 3)) + shift) @ axes + rng.normal(0, rest, (count, 59))
    return np.hstack([made, np.full((count, 1), 2.0)])


DOMAIN = Domain.fit(features(400, 1), features(400, 2))


def test_nearly_all_of_the_same_source_are_admitted() -> None:
    excess = np.array([DOMAIN.excess(one) for one in features(1000, 3)])
    assert (excess <= 1).mean() > 2 * ADMITTED - 1 - 0.02


@pytest.mark.parametrize("other", [{"shift": 8.0}, {"rest": 1.0}], ids=["farther along", "farther beside"])
def test_those_of_another_source_are_not(other: dict[str, float]) -> None:
    assert all(DOMAIN.excess(one) > 1 for one in features(50, 4, **other))


def test_it_comes_back_from_its_tensors_as_it_was() -> None:
    again = Domain.from_tensors(DOMAIN.as_tensors())
    for one in features(20, 5):
        assert again.excess(one) == DOMAIN.excess(one)


def test_too_few_images_and_missing_tensors_are_refused() -> None:
    with pytest.raises(InvalidSetting):
        Domain.fit(features(10, 1), features(10, 2))
    tensors = DOMAIN.as_tensors()
    for name in tensors:
        with pytest.raises(RefusedModel):
            Domain.from_tensors({key: value for key, value in tensors.items() if key != name})


def test_of_many_features_every_other_one_is_looked_at() -> None:
    """The answer is that of a domain of these alone, and it is kept that way."""
    many = {seed: np.repeat(features(200, seed), 100, axis=1) for seed in (1, 2, 3)}
    made = Domain.fit(many[1], many[2])
    assert made.step == 2
    assert len(made.mean) == 3000
    alone = Domain.fit(many[1][:, ::2], many[2][:, ::2])
    again = Domain.from_tensors(made.as_tensors())
    for one in many[3][:20]:
        assert again.excess(one) == made.excess(one) == alone.excess(one[::2])
    assert made.suits(6000)
    assert made.suits(5999)
    assert not made.suits(3000)
