"""Define the size of the demo and its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ssgan.evaluation.inspection import Inspection, PricedCover
from ssgan.experiments.demo import wardens
from ssgan.experiments.demo.message import HiddenMessage
from ssgan.experiments.demo.wardens import WardenResult
from ssgan.images import Images


@dataclass(frozen=True)
class DemoSize:
    """The numbers of images of the demo."""

    sheet: int = 36  # covers that are shown
    honest: int = 300  # drawn covers, and as many with a message, that the warden learns from and is tested on
    images: int = 9_000  # that the network sees, which tells drawn covers from photographs
    tiles: int | None = None  # of photographs; as many as there are, if None
    schemes: tuple[str, ...] | None = None  # that price the photograph; all, if None

    @property
    def units(self) -> int:
        """Units of progress, all together."""
        return 5 + wardens.EVALUATIONS * 2


FULL = DemoSize()
QUICK = DemoSize(sheet=24, honest=40, images=750, schemes=("lsb", "hill"))


@dataclass(frozen=True, eq=False)
class DemoResult:
    """All results that the page shows."""

    size: DemoSize
    sheet: Images
    said: HiddenMessage
    photograph: Inspection | None
    priced: list[PricedCover]
    watched: dict[str, WardenResult]
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "message_came_back": self.said.revealed == self.said.message,
            "message_bytes": self.said.message_bytes,
            "promise_bytes": self.said.promise_bytes,
            "bits_per_sample": float(self.said.bits.mean()),
            "p_e": {name: one.p_e for name, one in self.watched.items()},
            "p_e_interval": {name: list(one.interval) for name, one in self.watched.items()},
            "pairs": {name: list(one.pairs) for name, one in self.watched.items()},
            "seconds": {name: round(taken, 1) for name, taken in self.seconds.items()},
        }
