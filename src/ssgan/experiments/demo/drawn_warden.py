"""Train a warden on drawn covers: honest ones against ones that carry a message, and the same honest ones against LSB matching.

The warden is the color rich model SRMQ1 with the ensemble classifier, trained on half of the covers and tested on the other.
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
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.detectors import make
from ssgan.steganalysis.error_rate import Scores, error_interval, p_e

DRAWN, MATCHING = "drawn", "matching"  # the two questions
DETECTOR, MATCHED = "scrmq1", "lsb@0.4/plain"
HALVES = (0.5, 0.0, 0.5)  # trained on, chosen by, tested on
_SEED = 1


@dataclass(frozen=True, eq=False)
class DrawnTask:
    """Honest covers uint8 (N, 3, H, W) of the model in `folder`; as many will be drawn by messages of `message_bytes`."""

    honest: Images
    folder: Path
    message_bytes: int

    def run(self, progress: Progress[str, float | None]) -> list[WardenResult]:
        """Return the results of both questions."""
        started, count = time.monotonic(), len(self.honest)
        steps = _Steps(progress, 2 * count)
        model, key = load(self.folder), fresh_key()
        driven = []
        for number in range(count):
            driven.append(drawn.hide(os.urandom(self.message_bytes), key, model, drawing).picture.transpose(2, 0, 1))
            steps.done(number + 1)
        own = np.array([seeds.derive(_SEED, MATCHING, str(number)) for number in range(count)], dtype=np.uint64)
        questions = {
            DRAWN: Pairs(self.honest, images.to_images(np.stack(driven))),
            MATCHING: embedded(self.honest, Embedder.parse(MATCHED), own),
        }
        results = []
        for number, (source, pairs) in enumerate(questions.items()):
            results.append(_judged(source, pairs, started))
            steps.done(count + (number + 1) * count // 2)
        return results


def _judged(source: str, pairs: Pairs, started: float) -> WardenResult:
    """Return the result of a warden on one question; honest and drawn covers are no pairs, and are grouped apart."""
    train, _, test = shuffled_split(len(pairs), HALVES, seed=_SEED, purpose=source)
    detector = make(DETECTOR, pairs, seed=_SEED, threads=1)
    detector.fit(pairs[train], pairs[train])  # an ensemble chooses by its out-of-bag error
    groups = tuple(f"cover {number}" for number in test)
    others = None if source == MATCHING else tuple(f"drawn {number}" for number in test)
    scores = Scores(detector.scores(pairs.covers[test]), detector.scores(pairs.stegos[test]), groups, others)
    changed = float((pairs.covers != pairs.stegos).float().mean()) if source == MATCHING else 0.0
    error, _ = p_e(scores.covers, scores.stegos)
    return WardenResult(
        source=source,
        p_e=error,
        interval=error_interval([scores]),
        pairs=(len(train), 0, len(test)),
        change_rate=changed,
        images=2 * len(pairs),
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
