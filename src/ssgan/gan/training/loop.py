"""Train a generator: one loop, read from top to bottom, that can be stopped anywhere and resumed exactly.

A step shows real images to the critic, stegos of generated covers to the detector, and updates the generator by both.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ssgan.compute import distributed
from ssgan.compute.allocator import keep_freed
from ssgan.compute.progress import Notify, Progress
from ssgan.datasets import Geometry, open_source
from ssgan.datasets.loading import left_out
from ssgan.datasets.sources import refuse_among
from ssgan.errors import InvalidSetting
from ssgan.gan.covers.generators import FOLDER as GENERATOR
from ssgan.gan.covers.generators import save_generator
from ssgan.gan.training.assembly import assemble, faster_products
from ssgan.gan.training.data import Batches, RealImages, read
from ssgan.gan.training.metrics import MetricLog, TensorBoardWriter
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.result import TrainingResult
from ssgan.gan.training.sample_grids import SIDE, SampleGrids, alike, warning
from ssgan.gan.training.settings import CHANGEABLE, TrainingConfig
from ssgan.gan.training.ssgan import numbers, play
from ssgan.gan.training.state import RATE_FACTOR, Snapshot, State
from ssgan.storage import signals, state_files
from ssgan.storage.atomic import atomic_write
from ssgan.storage.checkpoints import Checkpoints
from ssgan.storage.names import name_bytes
from ssgan.storage.runs import CONFIG, Run, working_in

CACHE, DATA = "cache", "data.json"
PATHS = ("data",)  # notes: the pictures decide
LOGS, GRIDS = 1000, 50  # of each in a training, unless the pace sets others
LOUD_ALPHA = 0.7  # the paper: with less, "the results are closer to the noise"
KEPT_STEPS = 100  # between the states that are kept in memory


@dataclass(frozen=True)
class Pace:
    """Intervals of reports, grids of samples and checkpoints; none changes the result."""

    log_images: int | None = None
    sample_images: int | None = None
    save_seconds: float = 300.0
    tensorboard: bool = False


@dataclass(frozen=True)
class RealReading:
    """The reading of files as real images; `strict` refuses a bad one, `cache` is the folder of the cache."""

    geometry: Geometry = Geometry()
    convert: tuple[str, ...] = ()
    strict: bool = False
    cache: Path | None = None


def train(
    data: Path,
    config: TrainingConfig,
    out: Path,
    *,
    reading: RealReading = RealReading(),
    pace: Pace = Pace(),
    device: str = "cpu",
    allow_changes: bool = False,
    threads: int | None = None,
    progress: Progress[dict[str, float]] | None = None,
    notify: Notify[str] | None = None,
    load_progress: Progress[int] | None = None,
) -> TrainingResult:
    """Train in the folder `out`, or resume there; return the result, which is also in its done.json.

    The same settings resume in the folder, also for a longer duration; with `allow_changes` also with another batch or on
    another device, which is noted in its config.json, and draws and order are those of the new batch from there on. `progress`
    receives images seen and metrics, `notify` warnings, `load_progress` pictures read, of how many. Under torchrun the
    processes share out every batch, and the first one
    writes. `threads` processes read files.

    Raises InvalidSetting, RefusedImage where no image can be used, TrainingDiverged, StorageFailed.
    """
    refuse_among([data], out)
    keep_freed()
    where = torch.device(distributed.device_of(device))
    with distributed.joined(device) as processes, faster_products(where), ExitStack() as until_the_end:
        # The run. A folder becomes one only when all settings are valid.
        processes.first(lambda: until_the_end.enter_context(working_in(out, also=(CACHE,))))
        resumed: Callable[[], Run] = partial(_run, out, data, config, reading, device, allow_changes)
        if processes.first(lambda: (out / CONFIG).exists() and bool(resumed()) and _done(out, config, data)):
            return processes.first(lambda: TrainingResult.read(out))
        is_first = processes.rank == 0
        game, nets = assemble(config, where, processes)
        state, draws = State(game, nets), RandomDraws(config, processes, where)
        real = _read(data, config, reading, out, threads or 1, processes, load_progress)
        run = processes.first(resumed)
        processes.first(lambda: _keep_list(out, data, real, notify, holds_back=config.train_share < 1))
        batches, grids = Batches(real, config, draws.mine, where), SampleGrids(out, config, real.some(SIDE**2, config.seed))
        writer = RunWriter(run, state) if is_first else None
        if (
            is_first
            and notify is not None
            and config.uses_detector
            and config.alpha_mode == "plain"
            and config.alpha < LOUD_ALPHA
        ):
            notify(
                f"alpha {config.alpha:g}, taken plainly: the detector drowns the critic, and images turn to noise; balance it"
            )
        if found := processes.first(lambda: None if writer is None else writer.checkpoints.resume(run)):
            state.take(*found)
            processes.first(lambda: None if writer is None else writer.run.note_changes(state.images_seen))
        metrics, snapshot = MetricLog(state), Snapshot(state)
        tensorboard = TensorBoardWriter(out, images_seen=state.images_seen, wanted=pace.tensorboard and is_first)
        step_images = config.critic_steps * config.batch
        log_images = pace.log_images or config.duration_images // LOGS
        sample_images = pace.sample_images or config.duration_images // GRIDS
        if is_first and not found:
            grids.write(state.best_generator, 0)
        saved, signal = time.monotonic(), 0
        interrupted = until_the_end.enter_context(signals.defer_signals())

        # The game.
        while state.images_seen < config.duration_images and not signal:
            step, before = state.images_seen // step_images, state.images_seen

            def real_batch(turn: int, step: int = step) -> torch.Tensor:
                with metrics.waited():
                    return batches.at(step * config.critic_steps + turn)

            given = play(
                game,
                draws,
                step,
                real_batch,
                train_detector=2 * before >= config.warmup_images,
                use_detector=before >= config.warmup_images,
            )
            state.images_seen += step_images
            if state.average is not None:
                state.average.follow(state.images_seen, step_images)

            # Are all numbers finite?
            measured = numbers(given)
            shared = processes.figures(float(state.sound(measured)), interrupted.number)
            signal = int(shared[:, 1].max())
            if not shared[:, 0].all():
                _go_back(snapshot, writer, notify)
                continue
            if (state.images_seen // step_images) % KEPT_STEPS == 0:
                snapshot.keep()

            # Metrics, sample grids and checkpoints.
            metrics.add(distributed.mean_figures(measured, processes))
            ended = state.images_seen >= config.duration_images
            writes_grids = ended or _passed(before, state.images_seen, sample_images)
            if writes_grids or _passed(before, state.images_seen, log_images):
                figures = metrics.line()
                if is_first and writes_grids:
                    figures |= grids.write(state.best_generator, state.images_seen)
                    _look_alike(figures["diversity"], state, run, notify)
                if is_first:
                    run.log(state.images_seen, **figures)
                    tensorboard.show(state.images_seen, figures)
                if is_first and progress is not None:
                    progress(state.images_seen, figures)
            if writer is not None and (ended or signal or time.monotonic() - saved > pace.save_seconds):
                writer.save()
                saved = time.monotonic()

        # How it ends.
        result = None if signal else processes.first(lambda: _finish(run, state, real))
    if result is None:
        signals.end_by(signal)
    return result


class RunWriter:
    """The writer of the first process: checkpoints to resume from, and the latest generator to make covers with."""

    def __init__(self, run: Run, state: State) -> None:
        self.run, self.state, self.checkpoints = run, state, Checkpoints(run.folder)

    def save(self) -> None:
        """Save the current state."""
        state = self.state
        self.checkpoints.save(state.tensors(), state.to_json())
        about = {"images_seen": state.images_seen}
        save_generator(self.run.folder / GENERATOR, state.best_generator, state.game.config, about)

    def go_back(self) -> None:
        """Drop what came after the state."""
        self.run.rewind(self.state.images_seen)
        self.checkpoints.drop_after(self.state.images_seen)
        self.save()


def _go_back(snapshot: Snapshot, writer: RunWriter | None, notify: Notify[str] | None) -> None:
    """Return to the last sound state, with lower rates. Raises TrainingDiverged."""
    state = snapshot.state
    left_at = state.images_seen
    snapshot.go_back()
    if writer is not None:
        writer.go_back()
    state.slower()
    text = (
        f"numbers were no longer finite after {left_at} images: on from the state after {state.images_seen}, at "
        f"{RATE_FACTOR**state.retries:g} of the learning rates"
    )
    if writer is not None:
        _say(text, writer.run, state.images_seen, notify)


def _look_alike(diversity: float, state: State, run: Run, notify: Notify[str] | None) -> None:
    """Warn that the generator may have collapsed, once until that is over."""
    before, state.collapsed = state.collapsed, alike(diversity, state.images_seen, state.game.config.duration_images)
    if state.collapsed and not before:
        _say(warning(diversity, state.images_seen), run, state.images_seen, notify)


def _say(text: str, run: Run, images_seen: int, notify: Notify[str] | None) -> None:
    """Write a warning into the statistics, and send it to `notify`."""
    run.log(images_seen, warning=text)
    if notify is not None:
        notify(text)


def _identity(data: Path, config: TrainingConfig, reading: RealReading) -> dict[str, Any]:
    """Return the settings that identify a run: all but the duration, since a longer training resumes a shorter one."""
    training = asdict(config)
    del training["duration_images"]
    return {**training, "data": str(data), **asdict(reading.geometry), "convert": sorted(reading.convert)}


def _run(out: Path, data: Path, config: TrainingConfig, reading: RealReading, device: str, allow_changes: bool) -> Run:
    """Return the run in a folder, new or to be resumed. Raises InvalidSetting where it is of other settings."""
    identity = _identity(data, config, reading)
    return Run(out, identity, notes=PATHS, device=device, changeable=CHANGEABLE, allow_changes=allow_changes)


def _done(out: Path, config: TrainingConfig, data: Path) -> bool:
    """Return whether there is nothing to do, decided without reading pictures, which may have changed.

    A done.json damaged by a power loss does not count: the training resumes from its last state and ends again.
    """
    try:
        seen, shown = TrainingResult.read(out).images_seen, state_files.read_object(out / DATA).get("stamp")
    except state_files.Damaged:
        return False
    if seen < config.duration_images:
        return False
    with open_source(data) as source:
        return bool(shown == source.stamp())


def _read(
    data: Path,
    config: TrainingConfig,
    reading: RealReading,
    out: Path,
    workers: int,
    processes: distributed.Processes,
    load_progress: Progress[int] | None,
) -> RealImages:
    """Read images first in the first process, which makes the cache; then in all, which find it or, on another disk, make their
    own.
    """

    def read_them() -> RealImages:
        return read(
            data,
            config,
            reading.cache or out / CACHE,
            geometry=reading.geometry,
            convert=reading.convert,
            strict=reading.strict,
            workers=workers,
            progress=load_progress,
        )

    if processes.count > 1:
        processes.first(lambda: bool(read_them()))
    return read_them()


def _keep_list(out: Path, data: Path, real: RealImages, notify: Notify[str] | None, *, holds_back: bool) -> None:
    """Write data.json: images held back, and refused ones. Raises InvalidSetting where the run began with other images."""
    digest = hashlib.sha256(name_bytes("\0".join(real.names[i] for i in real.chosen)))
    for row in real.chosen:
        digest.update(real.images[row].numpy().tobytes())
    with open_source(data) as source:
        stamp = source.stamp()
    record = {
        "shown": len(real.chosen),
        "shown_sha256": digest.hexdigest(),
        "stamp": stamp,
        "held_back": list(real.held_back),
        "bad": real.bad,
    }
    path = out / DATA
    if path.exists() and state_files.read_object(path, "shown_sha256")["shown_sha256"] != record["shown_sha256"]:
        raise InvalidSetting(
            "these are not the images that the run began with", hint="give those, or train into another folder"
        )
    with atomic_write(path, overwrite=True) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if holds_back and not real.held_back and notify is not None:
        shown = f"{len(real.chosen)} are too few for this train_share"
        notify(f"no picture is held back: {shown}, and none is left to tell whether images are copies")
    if real.bad and notify is not None:
        notify(f"{left_out(real.bad, len(real.names) + len(real.bad), data)}; {path} names all")


def _finish(run: Run, state: State, real: RealImages) -> TrainingResult:
    """Write done.json and return it."""
    lost = {"images_seen": state.images_seen, "seconds": round(state.seconds, 1)}  # with its lines of statistics
    lines = [line for line in run.stats() if "warning" not in line]
    result = TrainingResult(
        figures=lines[-1] if lines else lost,
        shown=len(real.chosen),
        held_back=len(real.held_back),
        bad=len(real.bad),
        retries=state.retries,
        parameters={name: sum(weight.numel() for weight in net.parameters()) for name, net in state.nets.items()},
    )
    run.finish(result.to_json())
    return result


def _passed(before: int, now: int, every: int) -> bool:
    """Return whether a multiple of `every` is between."""
    return now // max(every, 1) > before // max(every, 1)
