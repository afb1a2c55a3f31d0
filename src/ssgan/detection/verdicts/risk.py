"""Estimate the risk of a stego before it is sent: detectors with an alarm, and the payload that would alarm fewer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssgan.detection.verdicts.judge import judge
from ssgan.detection.verdicts.verdict import Verdict
from ssgan.embedding.embedder import Embedder
from ssgan.images import to_images

STEPS = 6  # halvings of the payload that are tried
_SEED = 1  # public: nothing simulated is a message


@dataclass(frozen=True)
class Risk:
    """The answers of the bundled detectors on a stego and on its cover, at 5 % false alarms.

    `safer_payload` is the largest payload tried, in bits per sample, at which fewer detectors fire, found by simulating the
    scheme in the same cover at halves of the payload; None where none gives an alarm, or where fewer never do.
    """

    stego: Verdict
    cover: Verdict
    safer_payload: float | None

    @property
    def alarms(self) -> tuple[str, ...]:
        """Names of the detectors that call it a stego."""
        return self.stego.alarms


def risk(cover: np.ndarray, stego: np.ndarray, *, scheme: str, payload: float) -> Risk:
    """Return the risk of a stego uint8 (C, H, W) made of a cover by `scheme` at `payload` bits per sample, or
    pixel (`hill:luma`)."""
    of_cover, of_stego = judge(to_images(np.stack((cover, stego))))
    return Risk(of_stego, of_cover, _safer(cover, scheme, payload, of_stego))


def _safer(cover: np.ndarray, scheme: str, payload: float, found: Verdict) -> float | None:
    for k in range(1, STEPS + 1) if found.alarms else ():
        less = payload / 2**k
        simulated = Embedder.of_scheme(scheme, less).simulate_seeded(to_images(cover), np.array([_SEED], dtype=np.uint64))
        if len(judge(simulated)[0].alarms) < len(found.alarms):
            return less
    return None
