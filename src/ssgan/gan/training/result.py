"""What training a generator came to, as its run's done.json keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ssgan.storage.runs import DONE
from ssgan.storage.runs import result as result_of
from ssgan.storage.state_files import number

_COUNTS = ("shown", "held_back", "bad", "retries", "parameters")


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training.

    figures: the last line of statistics, with images_seen and seconds among them. shown, held_back, bad: pictures that were
    learned from, kept apart, and left out. retries: how often the training resumed with smaller steps. parameters: how many
    each network has, by its name.
    """

    figures: Mapping[str, float | int | str]
    shown: int
    held_back: int
    bad: int
    retries: int
    parameters: Mapping[str, int]

    @property
    def images_seen(self) -> int:
        """Real images shown, repetitions counted."""
        return int(self.figures["images_seen"])

    @property
    def seconds(self) -> float:
        """The duration of all sessions together."""
        return float(self.figures["seconds"])

    def to_json(self) -> dict[str, Any]:
        """Return plain values, as done.json has them."""
        record = asdict(self)
        return {**record.pop("figures"), **record}

    @classmethod
    def read(cls, folder: Path) -> TrainingResult:
        """Return the result in the folder of a finished run. Raises Damaged where its done.json has other content."""
        path, found = folder / DONE, result_of(folder, "images_seen", "seconds", *_COUNTS)
        for name in ("images_seen", "seconds", *_COUNTS[:-1]):
            number(path, name, contents=found)
        counts = {name: found.pop(name) for name in _COUNTS}
        return cls(figures=found, **counts)
