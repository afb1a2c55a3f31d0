"""Log a training: means of the updates' figures, with speed and time left, a line per interval."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ssgan.errors import InvalidSetting
from ssgan.gan.training.state import State

FOLDER = "tensorboard"


class MetricLog:
    """Sums of figures, kept in the state, so that a resumed training logs the same."""

    def __init__(self, state: State) -> None:
        self.state, self.waiting = state, 0.0
        self.begun, self.began_at, self.seconds_before = time.monotonic(), state.images_seen, state.seconds

    @contextmanager
    def waited(self) -> Iterator[None]:
        """Count the time of the block as waiting for data."""
        asked = time.monotonic()
        yield
        self.waiting += time.monotonic() - asked

    def add(self, measured: Mapping[str, float]) -> None:
        """Add the figures of one step."""
        for name, value in measured.items():
            total, count = self.state.sums.get(name, [0.0, 0])
            self.state.sums[name] = [total + value, count + 1]
        self.state.seconds = self.seconds_before + time.monotonic() - self.begun

    def line(self) -> dict[str, float]:
        """Return the means since the last line, with speed and time left."""
        means = {name: total / count for name, (total, count) in self.state.sums.items()}
        self.state.sums = {}
        passed = max(time.monotonic() - self.begun, 1e-9)
        rate = max(self.state.images_seen - self.began_at, 1) / passed
        left = (self.state.game.config.duration_images - self.state.images_seen) / rate
        return means | {
            "seconds": round(self.state.seconds, 1),
            "images_per_second": round(rate, 2),
            "seconds_left": round(max(left, 0.0), 1),
            "data_share": round(self.waiting / passed, 4),
        }


class TensorBoardWriter:
    """A writer of the same figures for TensorBoard, where it is asked for and installed."""

    def __init__(self, run: Path, *, images_seen: int, wanted: bool) -> None:
        self.writer: Any = None
        if wanted:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError as error:
                raise InvalidSetting(
                    f"TensorBoard is not installed ({error})",
                    hint="install it with pip install tensorboard, or leave it out",
                ) from error
            self.writer = SummaryWriter(str(run / FOLDER), purge_step=images_seen)

    def show(self, images_seen: int, figures: Mapping[str, float]) -> None:
        """Add a point to every curve."""
        if self.writer is not None:
            for name, value in figures.items():
                self.writer.add_scalar(name, value, images_seen)
            self.writer.flush()
