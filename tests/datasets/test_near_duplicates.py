from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from ssgan.datasets import Geometry
from ssgan.datasets.near_duplicates import near_duplicates, together
from ssgan.detection.question import Question, prepare

pytest.importorskip("imagehash")

COUNT, SIDE = 40, 72
Picture = NDArray[np.uint8]  # (H, W)


def scene(number: int) -> Picture:
    """A smooth picture with edges, of its own for each number."""
    rng = np.random.default_rng(number)
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    made = sum(
        rng.normal() * np.cos(2 * np.pi * (rng.uniform(0, 5) * rows + rng.uniform(0, 5) * columns) + rng.uniform(0, 7))
        for _ in range(12)
    )
    for _ in range(6):
        top, left, height, width = rng.integers(4, SIDE // 2, 4)
        made[top : top + height, left : left + width] += rng.normal() * 3
    return np.clip(128 + 24 * made + rng.normal(0, 2, (SIDE, SIDE)), 0, 255).astype(np.uint8)


def encoded(picture: Picture, quality: int) -> Picture:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "same": lambda one: one,
    "mirrored": lambda one: one[:, ::-1],
    "a JPEG of quality 50": lambda one: encoded(one, 50),
    "shifted": lambda one: np.pad(one, ((1, 0), (2, 0)), "edge")[:SIDE, :SIDE],
    "shifted, mirrored, a JPEG": lambda one: encoded(
        np.ascontiguousarray(np.pad(one, ((0, 1), (0, 1)), "edge")[1:, :0:-1]), 75
    ),
    "brighter": lambda one: np.minimum(one.astype(int) + 12, 255).astype(np.uint8),
    "smaller and enlarged": lambda one: np.asarray(Image.fromarray(one).resize((48, 48)).resize((SIDE, SIDE))),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_changed_copy_is_found_and_nothing_else(name: str, channels: int) -> None:
    scenes = [scene(number) for number in range(COUNT)]
    scenes.append(np.ascontiguousarray(CHANGES[name](scenes[7])))
    pictures = np.stack([np.repeat(one[None], channels, axis=0) for one in scenes])
    assert near_duplicates(pictures) == [(7, COUNT)]


def test_flat_pictures_are_no_duplicates() -> None:
    assert near_duplicates(np.full((5, 1, 64, 64), 80, np.uint8)) == []
    assert near_duplicates(np.empty((0, 1, 64, 64), np.uint8)) == []


@given(st.integers(2, 12), st.data())
def test_groups_that_share_a_pair_become_one(count: int, data: st.DataObject) -> None:
    names = [f"{number}.png" for number in range(count)]
    groups = {name: f"group {data.draw(st.integers(0, count))}" for name in names}
    pairs = data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=count))
    joined = together(groups, names, pairs)
    assert set(joined) == set(names)
    linked = {frozenset((names[i], names[j])) for i, j in pairs}
    linked |= {frozenset((one, other)) for one in names for other in names if groups[one] == groups[other]}
    for one in names:  # what can be reached over pairs and groups is one group, and nothing else is
        reached, border = {one}, [one]
        while border:
            at = border.pop()
            for other in names:
                if other not in reached and frozenset((at, other)) in linked:
                    reached.add(other)
                    border.append(other)
        assert reached == {other for other in names if joined[other] == joined[one]}


def test_a_split_keeps_copies_together(tmp_path: Path) -> None:
    for number in range(COUNT):
        Image.fromarray(scene(number)).save(tmp_path / f"{number:02d}.png")
        copied = CHANGES["shifted, mirrored, a JPEG"](scene(number))
        Image.fromarray(copied).save(tmp_path / f"{(number * 7) % COUNT:02d}-copy.png")
    apart = prepare(Question(tmp_path, "lsb@0.4", "spam", geometry=Geometry(gray=True)))
    kept = prepare(Question(tmp_path, "lsb@0.4", "spam", geometry=Geometry(gray=True), group_duplicates=True))

    def torn(names: dict[str, list[str]]) -> int:
        part = {name: one for one, some in names.items() for name in some}
        return sum(part[f"{k:02d}.png"] != part[f"{(k * 7) % COUNT:02d}-copy.png"] for k in range(COUNT))

    assert torn(apart.names) > 0
    assert torn(kept.names) == 0
    assert [f"{2 * COUNT} of {2 * COUNT} pictures of {tmp_path} are near-duplicates of others" in found.sentence
            for found in kept.findings] == [True]  # fmt: skip
    assert not apart.findings
