from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.bulk.table_parts import Part, Parts, regrouped
from ssgan.errors import Failure, InvalidSetting, StorageFailed


def part(first: int, last: int, *, without: tuple[int, ...] = ()) -> Part:
    """Each feature is the number of its picture."""
    good = np.array([i for i in range(first, last) if i not in without], np.int64)
    failures = tuple(Failure(str(i), "broken", "", 5) for i in without)
    return Part(first, last, good, good[:, None].astype(np.float32), failures)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(1, 12), st.sets(st.integers(0, 20)))
def test_groups_do_not_depend_on_how_the_pieces_were_cut(sizes: list[int], rows: int, bad: set[int]) -> None:
    ends = np.cumsum(sizes)
    cuts = zip([0, *ends[:-1]], ends, strict=True)
    pieces = (part(int(a), int(b), without=tuple(i for i in sorted(bad) if a <= i < b)) for a, b in cuts)
    names = [f"n{i}" for i in range(ends[-1])]
    expected = [i for i in range(ends[-1]) if i not in bad]
    found = list(regrouped(pieces, names, rows))
    assert [len(listed) for listed, _ in found[:-1]] == [rows] * (len(found) - 1)
    assert [name for listed, _ in found for name in listed] == [f"n{i}" for i in expected]
    assert [int(value) for _, features in found for value in features.ravel()] == expected


def test_pieces_are_found_again_with_what_failed(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "parts", {"set": "spam"})
    for one in (part(4, 6), part(0, 3, without=(1,))):
        parts.write(one)
    again = Parts(tmp_path / "parts", {"set": "spam"})
    assert again.spans() == {0: 3, 4: 6}
    first, second = again.read(again.spans())
    assert first.good.tolist() == [0, 2]
    assert first.failures == (Failure("1", "broken", "", 5),) == tuple(again.failures(again.spans()))
    np.testing.assert_array_equal(second.features, [[4], [5]])
    again.remove()
    assert not (tmp_path / "parts").exists()


def test_what_is_cut_off_or_overlaps_counts_for_nothing(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "parts", {})
    for one in (part(0, 3), part(2, 5), part(5, 6)):
        parts.write(one)
    whole = (tmp_path / "parts" / "00000005-00000006.npz").read_bytes()
    (tmp_path / "parts" / "00000005-00000006.npz").write_bytes(whole[: len(whole) // 2])
    assert parts.spans() == {0: 3}


def test_a_damaged_piece_is_named(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "parts", {})
    np.savez(tmp_path / "parts" / "00000000-00000003.npz", something=np.zeros(3))
    with pytest.raises(StorageFailed, match="00000000-00000003.npz is damaged"):
        list(parts.read(parts.spans()))


def test_the_pieces_of_other_settings_are_refused(tmp_path: Path) -> None:
    Parts(tmp_path / "parts", {"set": "spam"})
    Parts(tmp_path / "parts", {"set": "crm"})  # nothing is done yet: the folder goes to the next settings
    Parts(tmp_path / "parts", {"set": "spam"}).write(Part(0, 1, np.array([0]), np.zeros((1, 3))))
    with pytest.raises(InvalidSetting, match="set"):
        Parts(tmp_path / "parts", {"set": "srm"})
