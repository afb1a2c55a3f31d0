"""Train a network: steps, evaluations, and the state, which is saved to and resumed from a run's folder.

The network kept is the best of the evaluations on the question itself, never of those made during easier stages. What is
saved lets a training resume as if it had not been stopped, bit for bit on the same machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from ssgan.compute import distributed
from ssgan.compute.cuda_graphs import runner_for
from ssgan.compute.optimizers import make_optimizer, set_rate
from ssgan.compute.progress import Notify, Progress
from ssgan.compute.training_state import FiniteCheck, below, diverged, refusing_other_states, restore, state_tensors
from ssgan.errors import InvalidSetting
from ssgan.images import Images
from ssgan.images.quantization import Table
from ssgan.steganalysis.checks.findings import Finding, keep, kept
from ssgan.steganalysis.detector import Pairs, Probabilities
from ssgan.steganalysis.error_rate import p_e
from ssgan.steganalysis.jpegs import decompressed
from ssgan.steganalysis.networks.fused.acceleration import accelerated
from ssgan.steganalysis.training.curriculum import Stage, batch, easier_images, stage_at
from ssgan.steganalysis.training.plateau import explain_plateau, is_plateau
from ssgan.steganalysis.training.settings import NetworkSettings
from ssgan.storage import signals
from ssgan.storage.checkpoints import Checkpoints
from ssgan.storage.runs import Run

SCORED_TOGETHER = 128
SGD_MOMENTUM = 0.95

ALONE = distributed.Processes()


class Training:
    """One training. `run` is its folder, which the first process alone writes to."""

    def __init__(
        self,
        settings: NetworkSettings,
        network: torch.nn.Module,
        stages: Sequence[Stage],
        run: Run | None,
        device: torch.device,
    ) -> None:
        recipe = settings.recipe
        self.settings, self.stages, self.run, self.device = settings, stages, run, device
        self.processes = distributed.current()
        self.easier_images = easier_images(stages)
        if self.easier_images >= recipe.duration_images:
            raise InvalidSetting(
                f"{self.easier_images} images of easier stages leave nothing of {recipe.duration_images} for the question",
                hint="make the training longer, or the stages shorter or fewer",
            )
        self.processes.part(range(recipe.batch_pairs), what="pairs")
        self.network = network.to(device)
        self.processes.share_statistics(self.network)
        self.forward = self.processes.averaging(self.network, self._way(), device)
        momentum = {"momentum": SGD_MOMENTUM} if recipe.optimizer == "sgd" else {}
        self.optimizer = make_optimizer(
            recipe.optimizer, network, recipe.learning_rate, is_scheduled=True, weight_decay=recipe.weight_decay, **momentum
        )
        self.runner = runner_for(device, processes=self.processes.count)
        self.is_finite = FiniteCheck(self._tensors, {"network": self.optimizer}, self.runner)
        self.images_seen, self.best_error, self.waited = 0, 1.0, 0
        self.loss_sum, self.loss_images, self.seconds, self.explained = 0.0, 0, 0.0, False
        self.history: list[dict[str, float]] = []
        self.best = _state(self.network)
        self.findings: list[Finding] = []

    def _way(self) -> distributed.Forward:
        """Return the forward pass of training; its logits, and so the loss, are float32 in any precision."""
        recipe = self.settings.recipe
        shared = any(isinstance(layer, distributed.SharedBatchNorm) for layer in self.network.modules())
        # A faster way has neither change probabilities nor statistics of other processes.
        if not self.settings.probabilities and not shared:
            return accelerated(self.network, device=self.device, images=recipe.duration_images, precision=recipe.precision)

        def plain(*given: torch.Tensor) -> torch.Tensor:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
                logits: torch.Tensor = self.network(*given)
            return logits.float()

        return plain

    def go(self, validate: Pairs, progress: Progress[dict[str, float]] | None, notify: Notify[Finding] | None) -> None:
        """Train to the end; a signal ends it after everything is saved, if there is a folder."""
        self.started, self.started_at = time.monotonic() - self.seconds, self.images_seen
        self.began = time.monotonic()
        number = 0
        with signals.defer_signals() if self.run is not None else nullcontext(signals.Interruption()) as interrupted:
            while not self.over() and not number:
                due, number = self.step(interrupted)
                if due:
                    self.evaluate(validate, progress, notify)
            number = number or interrupted.number
            if number:
                self.save()
        if number:
            signals.end_by(number)

    def over(self) -> bool:
        """Return whether the duration or the patience is over, or the error cannot improve."""
        recipe = self.settings.recipe
        return self.images_seen >= recipe.duration_images or self.waited >= recipe.patience or self.best_error == 0

    def step(self, interrupted: signals.Interruption) -> tuple[bool, int]:
        """Train on one batch; return whether an evaluation is due, and the signal noted in any of the processes, or 0."""
        recipe = self.settings.recipe
        set_rate(self.optimizer, recipe.learning_rate * (1 + math.cos(math.pi * self.images_seen / recipe.duration_images)) / 2)
        stage = self.stages[stage_at(self.stages, self.images_seen)]
        start = self.images_seen // 2
        mine = self.processes.part(range(start, start + recipe.batch_pairs), what="pairs")
        shown = batch(stage, mine, seed=self.settings.seed, device=self.device)
        self.network.train()
        loss = self.runner("step", self._learn, *_given(shown.images, shown.probabilities, self.settings, self.device))
        own_loss = float(loss)
        shared = self.processes.figures(own_loss, interrupted.number, float(self.is_finite([own_loss])))
        if not shared[:, 2].all():
            raise diverged(self.images_seen)
        mean = float(shared[:, 0].mean())
        count = 2 * recipe.batch_pairs
        self.loss_sum, self.loss_images = self.loss_sum + mean * count, self.loss_images + count
        before, self.images_seen = self.images_seen, self.images_seen + count
        passed = self.images_seen // recipe.evaluate_images > before // recipe.evaluate_images
        return passed or self.images_seen >= recipe.duration_images, int(shared[:, 1].max())

    def _learn(self, *given: torch.Tensor) -> torch.Tensor:
        """Take a step on covers and their stegos, and return the loss."""
        logits = self.forward(*given)
        labels = (torch.arange(len(logits), device=logits.device) >= len(logits) // 2).float()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def evaluate(self, validate: Pairs, progress: Progress[dict[str, float]] | None, notify: Notify[Finding] | None) -> None:
        """Compute the validation error, keep the best network so far, and save everything."""
        parts = ((validate.covers, validate.cover_probabilities), (validate.stegos, validate.stego_probabilities))
        covers, stegos = (
            scored(
                self.network,
                pictures,
                self.settings,
                self.device,
                probabilities=maps,
                table=validate.table,
                processes=self.processes,
            )
            for pictures, maps in parts
        )
        error, _ = p_e(covers, stegos)
        if self.images_seen > self.easier_images:
            self.waited += 1
            if error < self.best_error:
                self.best_error, self.best, self.waited = error, _state(self.network), 0
        figures = self._figures(error, covers, stegos)
        self.history.append({"images_seen": self.images_seen, **figures})
        self.loss_sum, self.loss_images = 0.0, 0
        self._explain(validate, notify)
        if self.run is not None and self.processes.rank == 0:
            self.run.log(self.images_seen, **figures)
            self.save()
        if progress is not None and self.processes.rank == 0:
            progress(self.images_seen, figures)

    def _figures(self, error: float, covers: np.ndarray, stegos: np.ndarray) -> dict[str, float]:
        """Return the figures of an evaluation; the loss is the mean since the last one."""
        now = time.monotonic()
        self.seconds = now - self.started
        rate = (self.images_seen - self.started_at) / max(now - self.began, 1e-9)
        return {
            "loss": self.loss_sum / self.loss_images,
            "validation_p_e": error,
            "best_p_e": min(self.best_error, 0.5),
            "error_at_zero": float(((covers > 0).mean() + (stegos <= 0).mean()) / 2),
            "spread": float(np.concatenate([covers, stegos]).std()),
            "lesson": stage_at(self.stages, self.images_seen - 1),
            "seconds": round(self.seconds, 1),
            "images_per_second": round(rate, 1),
            "seconds_left": round((self.settings.recipe.duration_images - self.images_seen) / rate, 1),
        }

    def _explain(self, validate: Pairs, notify: Notify[Finding] | None) -> None:
        """Explain a plateau of the loss, once."""
        if not self.explained and is_plateau(self.history):
            self.explained = True
            self.tell(
                explain_plateau(
                    self.history, settings=self.settings, pairs=self.stages[-1].pairs, validate_pairs=len(validate)
                ),
                notify,
            )

    def tell(self, findings: Sequence[Finding], notify: Notify[Finding] | None) -> None:
        """Send findings to `notify`, and write them into the folder."""
        if not findings or self.processes.rank:
            return
        self.findings += findings
        if self.run is not None:
            keep(self.run.folder, self.findings)
        if notify is not None:
            for finding in findings:
                notify(finding)

    def best_network(self) -> torch.nn.Module:
        """Return the network of the best evaluation."""
        self.network.load_state_dict(self.best)
        return self.network.eval()

    def resume(self) -> bool:
        """Resume from the folder; return whether it held a state."""
        if self.run is None:
            return False
        found = self.processes.first(lambda: _saved(self.run))
        if found is None:
            return False
        tensors, record, self.history, self.findings = found
        with refusing_other_states():
            restore(tensors, {"network": self.network}, {"network": self.optimizer})
            self.best = {name: tensor.to(self.device) for name, tensor in below(tensors, "best").items()}
            for name in _COUNTED:
                setattr(self, name, record[name])
        self.is_finite.forget()  # the moments are other tensors now
        return True

    def _tensors(self) -> dict[str, torch.Tensor]:
        return state_tensors({"network": self.network}, {"network": self.optimizer})

    def save(self) -> None:
        """Save the state, in one step."""
        if self.run is None or self.processes.rank:
            return
        tensors = self._tensors() | {f"best.{name}": tensor for name, tensor in self.best.items()}
        Checkpoints(self.run.folder, kept=1).save(tensors, {name: getattr(self, name) for name in _COUNTED})


_COUNTED = ("images_seen", "best_error", "waited", "loss_sum", "loss_images", "seconds", "explained")


def _saved(run: Run | None) -> tuple[dict[str, np.ndarray], dict[str, Any], list[dict[str, float]], list[Finding]] | None:
    """Return tensors, counters, the evaluations so far and the findings; later statistics are dropped."""
    found = None if run is None else Checkpoints(run.folder).resume(run)
    if run is None or found is None:
        return None
    return *found, list(run.stats()), kept(run.folder)


def scored(
    network: torch.nn.Module,
    pictures: Images,
    settings: NetworkSettings,
    device: torch.device,
    *,
    probabilities: Probabilities | None = None,
    table: Table | None = None,
    processes: distributed.Processes = ALONE,
) -> np.ndarray:
    """Return float64 (N,): the logits of images, or of coefficients with their table.

    Several processes divide whole batches, so that they are those of one process.
    """
    if settings.probabilities and probabilities is None:
        raise InvalidSetting(
            "this detector was trained with change probabilities and needs those of the images",
            hint="give probabilities=..., as the sender's embedder says them",
        )
    network.eval()
    starts = range(0, len(pictures), SCORED_TOGETHER)
    own: dict[int, np.ndarray] = {}
    with torch.inference_mode():
        for start in starts[processes.rank :: processes.count]:
            part = slice(start, start + SCORED_TOGETHER)
            maps = None if probabilities is None else probabilities[part]
            shown = decompressed(pictures[part], table)
            own[start] = network(*_given(shown, maps, settings, device)).double().cpu().numpy()
    every = {start: part for parts in processes.gathered(own) for start, part in parts.items()}
    return np.concatenate([every[start] for start in starts]) if every else np.empty(0)


def _given(
    pictures: Images, probabilities: Probabilities | None, settings: NetworkSettings, device: torch.device
) -> tuple[torch.Tensor, ...]:
    """Return the network's inputs, float32 on the device: gray values, and probabilities where it uses them."""
    pixels = pictures.to(device).float()
    if not settings.probabilities or probabilities is None:
        return (pixels,)
    return pixels, probabilities.to(device).float()


def _state(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
