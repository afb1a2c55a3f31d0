"""What there is to do, in portions: every picture once, in one order, and twins are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.datasets.portions import Listing, Numbers
from ssgan.errors import InvalidSetting


@given(count=st.integers(0, 200), size=st.integers(1, 50))
def test_numbers_come_once_and_in_order(count: int, size: int) -> None:
    numbers = Numbers(count, size, str)
    portions = list(numbers.portions())
    assert [int(entry.name) for portion in portions for entry in portion.entries] == list(range(count))
    assert [portion.number for portion in portions] == list(range(-(-count // size)))
    assert all(len(portion.entries) == size for portion in portions[:-1])


@given(size=st.integers(1, 45), limit=st.integers(1, 45))
def test_a_listing_gives_every_picture_once_and_can_be_gone_through_again(many: Path, size: int, limit: int) -> None:
    listing = Listing([many], size=size, limit=limit)
    for _ in range(2):
        names = [entry.name for portion in listing.portions() for entry in portion.entries]
        assert names == [f"{k:03}.png" for k in range(min(limit, 40))]
    assert len(listing) == len(names)


def test_what_stands_is_counted_and_not_listed(many: Path) -> None:
    listing = Listing([many], size=10, place=str, is_done=lambda place: place < "015")
    assert (len(listing), listing.finished) == (25, 15)
    assert next(listing.portions()).entries[0].name == "015.png"


def test_the_digest_tells_other_images(many: Path) -> None:
    assert Listing([many], size=10).digest == Listing([many], size=7).digest
    assert Listing([many], size=10).digest != Listing([many], size=10, limit=39).digest


def test_two_pictures_with_one_place_are_named(many: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"000\.png and .*000\.png would have the same place"):
        Listing([many, many / "000.png"], size=10, place=str)


def test_pictures_of_one_name_are_no_twins_where_outcomes_have_no_place(many: Path) -> None:
    paths = [path for path, _, _ in Listing([many, many / "000.png"]).pictures()]
    assert paths.count(many / "000.png") == 2
