"""Split into train, validate and test: by picture or by person, stable under a seed and under added pictures.

Every group (a person, or else a picture) gets a place in an order that depends on the seed and the group's own name alone;
the order is cut at the fractions. So the fractions are met to within one group, and pictures that come later move only the
few groups near the two cuts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds
from ssgan.errors import InvalidSetting

PARTS = ("train", "validate", "test")
_PLACE = re.compile(r"@\d+,\d+$")


class Split(NamedTuple):
    """Indices, int64, ascending, into the names that were split; together all of them, each once."""

    train: np.ndarray
    validate: np.ndarray
    test: np.ndarray


def split(
    names: Sequence[str], fractions: tuple[float, float, float], *, seed: int, by: Mapping[str, str] | None = None
) -> Split:
    """Split `names` into parts of about these fractions of the pictures.

    `by` gives the group of a name (a person, a scene): a group goes to one part whole. A name that it lacks is its own group.
    """
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise InvalidSetting(
            f"fractions are {fractions}; they must be three numbers >= 0 that add up to 1",
            hint="give three numbers such as 0.7, 0.1, 0.2",
        )
    members: dict[tuple[str, str], list[int]] = {}
    for index, name in enumerate(names):
        group = ("group", by[name]) if by and name in by else ("name", name)
        members.setdefault(group, []).append(index)
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    cuts = np.cumsum(fractions)[:2] * len(names)
    before = 0
    for group in sorted(members, key=lambda group: (seeds.derive(seed, "split", *group), group)):
        # A group belongs to the part that its middle is in; `right` keeps an empty part empty when a middle falls on its cut.
        middle = before + len(members[group]) / 2
        parts[int(np.searchsorted(cuts, middle, side="right"))].extend(members[group])
        before += len(members[group])
    return Split(*(np.array(sorted(part), dtype=np.int64) for part in parts))


def shuffled_split(count: int, fractions: tuple[float, float, float], *, seed: int, purpose: str) -> Split:
    """Return the parts of `count` unnamed things, each in an order that depends on seed and purpose alone."""
    order = seeds.generator(seed, purpose).permutation(count)
    first, second = (round(sum(fractions[: k + 1]) * count) for k in range(2))
    return Split(order[:first], order[first:second], order[second:])


def picture_numbers(names: Iterable[str], seed: int) -> NDArray[np.uint64]:
    """Return uint64 (N,), a number for each name without folder and suffix: a cover and its stego have the same one."""
    return np.array([seeds.derive(seed, "streamed", Path(picture_of(name)).stem) for name in names], dtype=np.uint64)


def in_train(pictures: NDArray[np.uint64], fraction: float) -> NDArray[np.bool_]:
    """Return bool (N,): which of these `picture_numbers` are for training, each decided without knowing the others."""
    return pictures < np.uint64(int(fraction * 2**64))


def groups(names: Sequence[str], identities: Mapping[str, str]) -> dict[str, str]:
    """Return the group of each name that must stay together: the person where known, else the picture of its patches."""
    return {name: f"person {identities[name]}" if name in identities else f"picture {picture_of(name)}" for name in names}


def picture_of(name: str) -> str:
    """Return the picture that an image was cut from: its name without the position of a patch."""
    return _PLACE.sub("", name)


def official_split(names: Sequence[str], partitions: Mapping[str, str]) -> Split:
    """Return the parts that the data set's authors published. Raises InvalidSetting where a name has none."""
    missing = [name for name in names if partitions.get(name) not in PARTS]
    if missing:
        raise InvalidSetting(
            f"{len(missing)} of {len(names)} images have no official part, first {missing[0]}", hint="split them by a seed"
        )
    return Split(*(np.array([i for i, name in enumerate(names) if partitions[name] == part], dtype=np.int64) for part in PARTS))
