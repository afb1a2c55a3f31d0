"""Train wardens for a moment, in parallel: a process each, with one thread, so that two cores do two of them at once."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Protocol

import torch

from ssgan.compute.processes import NEVER_BEGIN, PipedProcess
from ssgan.compute.progress import Progress
from ssgan.datasets.splits import shuffled_split
from ssgan.errors import SsganError
from ssgan.images import Images
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.error_rate import Scores, error_interval, p_e
from ssgan.steganalysis.training.network_detector import NetworkDetector
from ssgan.steganalysis.training.settings import NetworkSettings

NETWORK = "gncnn"
SHARES = (0.6, 0.15, 0.25)  # learned from, chosen by, judged
EVALUATIONS = 8
_SEED = 1


@dataclass(frozen=True, eq=False)
class WardenTask:
    """Tell covers uint8 (N, 3, H, W) from others of another source, of the same size, by a small network."""

    source: str
    covers: Images
    others: Images
    images: int  # seen in training

    def run(self, progress: Progress[str, float | None]) -> list[WardenResult]:
        """Return the result of this task alone."""
        return [learn(self, progress)]


@dataclass(frozen=True)
class WardenResult:
    """The warden's result: P_E with its 95 % interval, the number of pairs for training, validation and test, and the share of
    samples that were changed.
    """

    source: str
    p_e: float
    interval: tuple[float, float]
    pairs: tuple[int, int, int]
    change_rate: float
    images: int
    seconds: float

    @property
    def learned(self) -> bool:
        """Whether it is better than a coin, beyond chance."""
        return self.interval[1] < 0.5


class AnyTask(Protocol):
    """A task of wardens that a process of its own can do."""

    def run(self, progress: Progress[str, float | None]) -> list[WardenResult]:
        """Return the results."""


def watch(
    tasks: Sequence[AnyTask],
    progress: Progress[str, float | None] = lambda images_seen, source, error: None,
    *,
    together: int = 2,
) -> list[WardenResult]:
    """Run the tasks, `together` processes at a time, and return their results. Raises what a process raised."""
    done: dict[int, list[WardenResult]] = {}
    waiting, running = list(enumerate(tasks)), dict[Connection, tuple[int, PipedProcess]]()
    try:
        while waiting or running:
            while waiting and len(running) < together:
                number, task = waiting.pop(0)
                process = PipedProcess(_work, task)
                running[process.connection] = number, process
            for here in [one for one in wait(list(running)) if isinstance(one, Connection)]:
                try:
                    received = here.recv()
                except EOFError:
                    lost = ("a training process was ended from outside", "try again with more memory free")
                    message, hint = lost if running[here][1].has_begun else NEVER_BEGIN
                    raise SsganError(message, hint=hint) from None
                if isinstance(received, BaseException):
                    raise received
                if isinstance(received, list):
                    number, ended = running.pop(here)
                    done[number] = received
                    ended.join()
                else:
                    progress(*received)
    finally:
        for _, left in running.values():
            left.kill()
    return [result for number in range(len(tasks)) for result in done[number]]


def pairs_of(task: WardenTask) -> tuple[Pairs, Pairs, Pairs]:
    """Return pairs for training, validation and test; a cover is in one of them."""
    count = min(len(task.covers), len(task.others))
    pairs = Pairs(task.covers[:count], task.others[:count])
    train, validate, test = shuffled_split(len(pairs), SHARES, seed=_SEED, purpose=task.source)
    return pairs[train], pairs[validate], pairs[test]


def learn(task: WardenTask, progress: Progress[str, float | None] = lambda images_seen, source, error: None) -> WardenResult:
    """Run one task in this process."""
    train, validate, test = pairs_of(task)
    recipe = NETWORKS[NETWORK].recipe.with_(
        duration_images=task.images,
        evaluate_images=max(1, task.images // EVALUATIONS),
        patience=EVALUATIONS,
        batch_pairs=min(32, len(train)),
    )
    detector = NetworkDetector(NetworkSettings.of(NETWORK, train, seed=_SEED, recipe=recipe), examine=False)
    images_seen, seconds = 0, 0.0

    def hear(seen: int, figures: dict[str, float]) -> None:
        nonlocal images_seen, seconds
        images_seen, seconds = seen, figures["seconds"]
        progress(seen, task.source, figures["validation_p_e"])

    detector.fit(train, validate, progress=hear)
    scores = Scores(detector.scores(test.covers), detector.scores(test.stegos), tuple(str(k) for k in range(len(test))))
    found = error_interval([scores])
    sizes = (len(train), len(validate), len(test))
    error, _ = p_e(scores.covers, scores.stegos)
    return WardenResult(task.source, error, found, sizes, 0.0, images_seen, seconds)


def _work(there: Connection, task: AnyTask) -> None:
    """Run tasks in a process of its own: send figures on the way, then the result or the error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
    torch.set_num_threads(1)
    try:
        there.send(task.run(lambda *progressed: there.send(progressed)))
    except SsganError as error:
        there.send(error)
