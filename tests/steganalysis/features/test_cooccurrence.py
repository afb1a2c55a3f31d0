from __future__ import annotations

import pytest

from ssgan.steganalysis.features.cooccurrence import MINMAX, PLAIN, dimensions, merges


@pytest.mark.parametrize(("levels", "length"), [(3, 2), (3, 3), (5, 3), (5, 4), (7, 3)])
@pytest.mark.parametrize("kind", [MINMAX, PLAIN])
def test_every_bin_belongs_to_one_feature(levels: int, length: int, kind: int) -> None:
    made = merges(levels, length)[kind]
    assert sorted(made[made >= 0].tolist()) == list(range(levels**length))


@pytest.mark.parametrize(("levels", "length", "expected"), [(5, 4, (325, 169)), (7, 3, (196, 100))])
def test_the_numbers_of_features_are_those_of_the_papers(levels: int, length: int, expected: tuple[int, int]) -> None:
    """325 and 169: Fridrich and Kodovsky 2012, section II.D; 196 and 100: Goljan, Fridrich and Cogranne 2014."""
    assert dimensions(levels, length) == expected


def test_a_window_is_one_with_its_reverse_and_where_signs_do_not_count_with_its_negative() -> None:
    """By hand, windows of two levels out of three: 0 1 2 3 4 5 6 7 8 are the pairs of -, 0 and +."""
    made = merges(3, 2)
    assert [[b for b in row if b >= 0] for row in made[MINMAX].tolist()] == [[0], [1, 3], [2, 6], [4], [5, 7], [8]]
    assert [[b for b in row if b >= 0] for row in made[PLAIN].tolist()][:4] == [[4], [0, 8], [1, 7, 3, 5], [2, 6]]
