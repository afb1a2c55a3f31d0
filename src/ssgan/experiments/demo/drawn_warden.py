"""Train a warden on drawn covers: honest ones against full ones, and the same honest ones against LSB matching.

The warden is the color rich model SRMQ1 with the ensemble classifier, trained on half of the covers and tested on the other.
The one that learned from full covers is also tested on covers that the sender's own message draws, each with a fresh key.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ssgan import images
from ssgan.compute import seeds
from ssgan.compute.progress import Progress
from ssgan.datasets.splits import shuffled_split
from ssgan.detection.stegos import embedded
from ssgan.drawn import drawing
from ssgan.drawn.model import load
from ssgan.embedding.embedder import Embedder
from ssgan.experiments.demo.wardens import EVALUATIONS, WardenResult
from ssgan.images import Images
from ssgan.messages import drawn
from ssgan.messages.keys import fresh_key
from ssgan.steganalysis.detector import PairDetector, Pairs
from ssgan.steganalysis.detectors import make
from ssgan.steganalysis.error_rate import Scores, error_interval, p_e

OWN, DRAWN, MATCHING = "own", "drawn", "matching"  # the questions: the sender's message, full covers, changed covers
DETECTOR, MATCHED = "scrmq1", "lsb@0.4/plain"
HALVES = (0.5, 0.0, 0.5)  # trained on, chosen by, tested on
_SEED = 1


@dataclass(frozen=True, eq=False)
class DrawnTask:
    """Honest covers uint8 (N, 3, H, W) of the model in `folder`; as many will be drawn by random messages of `full_bytes`.

    `message` draws as many covers as the test has.
    """

    honest: Images
    folder: Path
    full_bytes: int
    message: bytes

    def run(self, progress: Progress[str, float | None]) -> list[WardenResult]:
        """Return the results of all questions."""
        started, count = time.monotonic(), len(self.honest)
        train, _, test = shuffled_split(count, HALVES, seed=_SEED, purpose=DRAWN)
        drawings = count + len(test)
        steps = _Steps(progress, 2 * drawings)
        model, key = load(self.folder), fresh_key()
        driven = []
        for number in range(drawings):
            message = os.urandom(self.full_bytes) if number < count else self.message
            driven.append(
                drawn.hide(message, key if number < count else fresh_key(), model, drawing).picture.transpose(2, 0, 1)
            )
            steps.done(number + 1)
        made = images.to_images(np.stack(driven))
        full, own = Pairs(self.honest, made[:count]), Pairs(self.honest[test], made[count:])
        learned = _learned(full[train])
        results = [
            _judged(OWN, learned, own, test, started),
            _judged(DRAWN, learned, full[test], test, started),
        ]
        steps.done(drawings * 3 // 2)
        stego_seeds = np.array([seeds.derive(_SEED, MATCHING, str(number)) for number in range(count)], dtype=np.uint64)
        changed = embedded(self.honest, Embedder.parse(MATCHED), stego_seeds)
        results.append(_judged(MATCHING, _learned(changed[train]), changed[test], test, started))
        steps.done(2 * drawings)
        return results


def _learned(pairs: Pairs) -> PairDetector:
    """Return a warden that learned from these pairs."""
    detector = make(DETECTOR, pairs, seed=_SEED, threads=1)
    detector.fit(pairs, pairs)  # an ensemble chooses by its out-of-bag error
    return detector


def _judged(source: str, detector: PairDetector, pairs: Pairs, numbers: np.ndarray, started: float) -> WardenResult:
    """Return the result of a warden on test pairs; honest and drawn covers are no pairs, and are grouped apart."""
    groups = tuple(f"cover {number}" for number in numbers)
    others = None if source == MATCHING else tuple(f"drawn {number}" for number in numbers)
    scores = Scores(detector.scores(pairs.covers), detector.scores(pairs.stegos), groups, others)
    error, _ = p_e(scores.covers, scores.stegos)
    return WardenResult(
        source=source,
        p_e=error,
        interval=error_interval([scores]),
        pairs=(len(numbers), 0, len(numbers)),
        change_rate=float((pairs.covers != pairs.stegos).float().mean()) if source == MATCHING else 0.0,
        images=4 * len(numbers),
        seconds=time.monotonic() - started,
    )


class _Steps:
    """EVALUATIONS reports, evenly spread over the units of work."""

    def __init__(self, progress: Progress[str, float | None], total: int) -> None:
        self.progress, self.total, self.step = progress, total, 0

    def done(self, units: int) -> None:
        """Report each step that is reached."""
        while self.step < units * EVALUATIONS // self.total:
            self.step += 1
            self.progress(units, DRAWN, None)
