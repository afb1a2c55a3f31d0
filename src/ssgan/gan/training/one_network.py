"""Train one network by a loss of its own: resume, take the steps that are left, log, save, and stop where a signal says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import nn

from ssgan.compute.progress import Progress
from ssgan.compute.training_state import diverged, refusing_other_states, restore, state_tensors
from ssgan.storage.checkpoints import Checkpoints
from ssgan.storage.runs import Run
from ssgan.storage.signals import Interruption

_LOGS = 200


class Length(Protocol):
    """How long a training is."""

    @property
    def batch(self) -> int:
        """Images in a step."""

    @property
    def duration_images(self) -> int:
        """Images in all."""


class OneNetwork:
    """A network in training with its optimizer, resumed from the last checkpoint of its run where there is one."""

    def __init__(self, run: Run, network: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.run, self.network, self.optimizer = run, network, optimizer
        self.checkpoints, self.seen, self.seconds = Checkpoints(run.folder), 0, 0.0
        if found := self.checkpoints.resume(run):
            tensors, record = found
            with refusing_other_states():
                restore(tensors, {"network": network}, {"network": optimizer})
                self.seen, self.seconds = int(record["images_seen"]), float(record["seconds"])
            run.note_changes(self.seen)

    def train(
        self,
        length: Length,
        step: Callable[[int], Mapping[str, float]],
        interrupted: Interruption,
        *,
        save: Callable[[], None],
        save_seconds: float,
        progress: Progress[dict[str, float]] | None,
    ) -> None:
        """Take the steps that are left, until a signal comes.

        `step` takes the number of a step and returns its figures, whose means are logged. `save` is called every
        `save_seconds`; what is there at the end is the caller's to save.
        """
        before_now, began, began_at = self.seconds, time.monotonic(), self.seen
        saved, sums, count, every = began, dict[str, float](), 0, max(length.duration_images // _LOGS, 1)
        while self.seen < length.duration_images and not interrupted.number:
            for name, value in step(self.seen // length.batch).items():
                sums[name] = sums.get(name, 0.0) + value
            count += 1
            before, self.seen = self.seen, self.seen + length.batch
            passed = time.monotonic() - began
            self.seconds = before_now + passed
            if self.seen // every > before // every or self.seen >= length.duration_images:
                rate = (self.seen - began_at) / max(passed, 1e-9)
                figures = {name: round(total / count, 4) for name, total in sums.items()} | {
                    "seconds": round(self.seconds, 1),
                    "images_per_second": round(rate, 2),
                    "seconds_left": round(max(length.duration_images - self.seen, 0) / rate, 1),
                }
                sums, count = {}, 0
                self.run.log(self.seen, **figures)
                if progress is not None:
                    progress(self.seen, figures)
            if time.monotonic() - saved > save_seconds:
                save()
                saved = time.monotonic()

    def descend(self, loss: torch.Tensor, *, clip: float) -> None:
        """Take a step against the gradient of a loss, its norm at most `clip`. Raises TrainingDiverged."""
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        if not bool(torch.isfinite(norm)):
            raise diverged(self.seen)
        self.optimizer.step()

    def save_state(self) -> None:
        """Save what the training resumes from."""
        tensors = state_tensors({"network": self.network}, {"network": self.optimizer})
        self.checkpoints.save(tensors, {"images_seen": self.seen, "seconds": self.seconds})
