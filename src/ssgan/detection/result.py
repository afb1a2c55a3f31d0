"""What training a detector came to, as its run's done.json keeps it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ssgan.errors import RefusedModel
from ssgan.steganalysis.detector import Calibration
from ssgan.storage.runs import DONE
from ssgan.storage.runs import result as result_of
from ssgan.storage.state_files import Damaged

_LATE = ("null",)  # keys that not every run has


@dataclass(frozen=True)
class NullError:
    """The error of a blind detector, and its interval in 95 of 100 runs."""

    error: float
    interval: tuple[float, float]
    passed: bool


@dataclass(frozen=True)
class ErrorFigures:
    """P_E on the test pairs with its 95 % interval, and what the threshold and calibration of the validation pairs give."""

    p_e: float
    p_e_interval: tuple[float, float]
    p_fa: float
    p_md: float
    validation_p_e: float
    threshold: float
    calibration: Calibration


@dataclass(frozen=True)
class DetectorResult(ErrorFigures):
    """The figures of a trained detector.

    change_rate, raised: the share of samples changed, and that of the changes that went up. pairs: how many of train, validate
    and test. shape: (C, H, W). left_out: the name of each picture left out and why. null: of covers against covers alone.
    """

    change_rate: float
    raised: float
    pairs: tuple[int, int, int]
    shape: tuple[int, int, int]
    left_out: tuple[tuple[str, str], ...]
    null: NullError | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values, as done.json has them."""
        return {name: value for name, value in asdict(self).items() if name not in _LATE or value is not None}

    @classmethod
    def read(cls, folder: Path) -> DetectorResult:
        """Return the result in the folder of a finished run. Raises Damaged where its done.json has other content."""
        names = [name for name in cls.__dataclass_fields__ if name not in _LATE]
        found = result_of(folder, *names)
        try:
            null = found.get("null")
            return cls(
                **{name: found[name] for name in names}
                | {
                    "p_e_interval": _pair(found["p_e_interval"]),
                    "calibration": Calibration.from_json(found["calibration"]),
                    "pairs": _triple(found["pairs"]),
                    "shape": _triple(found["shape"]),
                    "left_out": tuple((str(name), str(why)) for name, why in found["left_out"]),
                    "null": None if null is None else NullError(null["error"], _pair(null["interval"]), null["passed"]),
                }
            )
        except (RefusedModel, TypeError, ValueError, KeyError) as error:
            raise Damaged(folder / DONE, "it is not the result of a detector") from error


def _pair(values: Any) -> tuple[float, float]:
    low, high = values
    return float(low), float(high)


def _triple(values: Any) -> tuple[int, int, int]:
    first, second, third = values
    return int(first), int(second), int(third)
