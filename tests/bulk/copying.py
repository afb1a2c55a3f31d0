"""A job that shows how work goes."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from ssgan.bulk.job import Tally
from ssgan.bulk.outputs import shard, writing
from ssgan.datasets.portions import Portion


@dataclass(frozen=True)
class Copying:
    """A job that writes the names of its images, and ends its own process at a portion, so many times."""

    folder: Path
    deadly: int = -1
    times: int = 0
    file_prefix = ""

    def worker(self) -> Copying:
        return self

    def is_done(self, number: int) -> bool:
        return shard(self.folder, number).exists()

    def work(self, portion: Portion) -> Tally:
        tally = Tally()
        with writing(self.folder, portion.number, tally, shards=True) as write:
            for entry in portion.entries:
                write(entry.name, entry.name.encode())
                tally.written += 1
            if portion.number == self.deadly and self._dies():
                os.kill(os.getpid(), signal.SIGKILL)
        return tally

    def _dies(self) -> bool:
        """So many times, counted by files: the process that counts is gone each time."""
        died = len(list(self.folder.glob("died-*")))
        if died < self.times:
            (self.folder / f"died-{died}").touch()
        return died < self.times
