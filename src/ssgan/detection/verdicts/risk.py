"""Estimate the risk of a stego before it is sent: detectors on cover and stego, and the payload that would alarm fewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssgan.detection.verdicts.bundled import bundled_detectors
from ssgan.detection.verdicts.judge import judge, judge_jpeg
from ssgan.detection.verdicts.verdict import Verdict
from ssgan.embedding.coefficient_embedder import simulate_seeded
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit
from ssgan.images.coefficients import Coefficients

STEPS = 6  # halvings of the payload that are tried
_SEED = np.uint64(1)  # public: nothing simulated is a message


@dataclass(frozen=True)
class Risk:
    """The answers of the bundled detectors on a stego and on its cover, at 5 % false alarms.

    `safer_payload` is the largest payload tried, in bits per sample, of a JPEG per nonzero AC coefficient, at which fewer
    detectors fire, found by simulating the scheme in the same cover at halves of the payload; None where none gives an alarm,
    or where fewer never do.
    """

    stego: Verdict
    cover: Verdict
    safer_payload: float | None

    @property
    def alarms(self) -> tuple[str, ...]:
        """Names of the detectors that call it a stego."""
        return self.stego.alarms

    @property
    def probabilities(self) -> tuple[float, float] | None:
        """The probability of a stego before and after, where covers and stegos are equally many.

        None where no detector answers, and where only an attack does, on a picture that no trained detector knows.
        """
        if "out of domain" in (self.cover.verdict, self.stego.verdict) and not self.alarms:
            return None
        before, after = self.cover.probability, self.stego.probability
        return None if before is None or after is None else (before, after)


def risk(cover: NDArray[np.uint8], stego: NDArray[np.uint8], *, scheme: str, payload: float) -> Risk:
    """Return the risk of a stego uint8 (C, H, W) made of a cover by `scheme` at `payload` bits per sample, or
    pixel (`hill:luma`)."""
    of_cover, of_stego = judge(np.stack((cover, stego)))

    def at(less: float) -> Verdict:
        return judge(Embedder.of_scheme(scheme, less).simulate_seeded(cover[None], np.array([_SEED])))[0]

    return Risk(of_stego, of_cover, _safer(at, payload, of_stego))


def risk_of_jpeg(
    cover: Coefficients,
    stego: Coefficients,
    *,
    scheme: str,
    payload: float,
    errors: Sequence[NDArray[np.float64]] | None = None,
) -> Risk:
    """Return the same of a JPEG; `payload` counts bits per nonzero AC coefficient, `errors` are those of a new JPEG."""
    detectors = bundled_detectors()
    of_cover, of_stego = judge_jpeg(cover, detectors), judge_jpeg(stego, detectors)

    def at(less: float) -> Verdict:
        return judge_jpeg(simulate_seeded(cover, Embedder(scheme, less), _SEED, errors=errors), detectors)

    return Risk(of_stego, of_cover, _safer(at, payload, of_stego))


def _safer(at: Callable[[float], Verdict], payload: float, found: Verdict) -> float | None:
    """Return the payload at which fewer detectors fire; `at` judges a simulated stego of a payload."""
    for k in range(1, STEPS + 1) if found.alarms else ():
        try:
            if len(at(payload / 2**k).alarms) < len(found.alarms):
                return payload / 2**k
        except DoesNotFit:  # of a JPEG: it is no bit
            return None
    return None
