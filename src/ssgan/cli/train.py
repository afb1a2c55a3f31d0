"""`ssgan train`: a generator of covers, taught by a critic and a warden."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from ssgan.cli.options import LENGTH, AllowChanges, Device, Json, Out, Quiet, Verbose, settings_as_options
from ssgan.cli.screen import Screen
from ssgan.cli.simulate import ReadingOptions
from ssgan.cli.threads import cores, use_threads
from ssgan.gan.training.settings import TrainingConfig, configure

if TYPE_CHECKING:
    from ssgan.gan.training.budget import Budget


if TYPE_CHECKING:
    Settings = TrainingConfig
else:
    Settings = settings_as_options(TrainingConfig, "Settings, the preset's where left out", without=("preset",), names=LENGTH)


@Parameter(name="*", group=Group("How it works and what it prints", sort_key=2))
@dataclass(frozen=True)
class Working:
    """Options that do not change the result."""

    device: Device = "cpu"
    allow_changes: AllowChanges = False
    threads: Annotated[int | None, Parameter(help="Threads; by default one a core.")] = None
    strict: Annotated[bool, Parameter(help="Stop at the first bad picture instead of leaving it out.")] = False
    cache: Annotated[Path | None, Parameter(help="The folder for the cut images; by default within the run.")] = None
    log_images: Annotated[int | None, Parameter(help="Images between two lines of statistics.")] = None
    sample_images: Annotated[int | None, Parameter(help="Images between two grids of samples.")] = None
    save_seconds: Annotated[float, Parameter(help="Seconds between two checkpoints.")] = 300.0
    tensorboard: Annotated[bool, Parameter(help="Write curves for TensorBoard too.")] = False
    dry_run: Annotated[bool, Parameter(help="Show settings and cost, and write nothing.")] = False


def train(
    data: Annotated[Path, Parameter(help="A folder, a zip or a tar of real images, or CelebA as it comes.")],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder of the run; the same command resumes it.")],
    preset: Annotated[str, Parameter(help="paper, ssgan, sgan, dcgan, wgan, wgan-gp, modern, compact, tiny.")] = "paper",
    settings: Settings | None = None,
    reading: ReadingOptions | None = None,
    working: Working | None = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Train a generator of covers.

    It learns against a critic, which asks whether covers look real, and against a detector, which looks for messages in them.
    A part of the people, or else of the pictures, is held back and never shown; data.json in the run names it. The latest
    generator is in RUN/generator, grids of samples in RUN/samples. After Ctrl-C or a crash the same command resumes; so does
    one with a longer --images.

    Several processes share out every batch: torchrun --nproc-per-node N -m ssgan train ...
    """
    from ssgan.gan.training.loop import Pace, train
    from ssgan.gan.training.loop import RealReading as Material

    working = working or Working()
    reading = reading or ReadingOptions()
    geometry, convert = reading.parse()
    changes = {} if settings is None else asdict(settings)
    if reading.gray:
        changes["channels"] = changes.get("channels") or 1
    if geometry.size is not None:
        changes["image_size"] = changes.get("image_size") or geometry.size
    config = configure(preset, **changes)
    is_first = os.environ.get("RANK", "0") == "0"  # of the processes of torchrun
    screen = Screen(json=json, quiet=quiet or not is_first, verbose=verbose)
    together = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    threads = use_threads(working.threads or max(1, cores() // together))
    if working.dry_run:
        from ssgan.gan.training.budget import estimate

        _announce(screen, config, estimate(config))
        return
    with screen.progress(config.duration_images, "training") as progress:
        result = train(
            data,
            config,
            out,
            reading=Material(geometry, convert, working.strict, working.cache),
            pace=Pace(working.log_images, working.sample_images, working.save_seconds, working.tensorboard),
            device=working.device,
            allow_changes=working.allow_changes,
            threads=threads,
            progress=lambda images, figures: progress(images, said(figures), **figures),
            notify=screen.warn,
            load_progress=lambda done, pictures: progress(0, f"{done} of {pictures} pictures read"),
        )
    if is_first:
        text = f"{result.images_seen} images seen in {_time(result.seconds)}, {result.held_back} held back; {out}"
        screen.result("generator", text, **result.to_json(), out=str(out))


def said(figures: dict[str, float]) -> str:
    """Return losses, both gradients at the images, and how often the detector is right, in words; what does not learn is left
    out.
    """
    parts = [f"critic {figures['critic_loss']:.3g}"]
    if "generator_loss" in figures:
        parts.append(f"generator {figures['generator_loss']:.3g}")
    if "detector_accuracy" in figures:
        parts.append(f"detector {figures['detector_loss']:.3g} ({figures['detector_accuracy']:.0%} right)")
    norms = [f"{figures[name]:.2g}" for name in ("realism_gradient", "secrecy_gradient") if name in figures]
    if norms:
        parts.append(f"gradients {' and '.join(norms)}")
    left = _time(figures["seconds_left"])
    return f"{', '.join(parts)}; {figures['images_per_second']:.3g} images/s, {left} to go"


def _announce(screen: Screen, config: TrainingConfig, budget: Budget) -> None:
    """Print settings and cost."""
    if screen.json:
        screen.note("plan", "", **asdict(config), **asdict(budget))
        return
    for name, value in asdict(config).items():
        screen.result("setting", f"{name:24}{value}")
    for name, count in budget.parameters.items():
        screen.result("parameters", f"{name:24}{count / 1e6:.3f} M parameters")
    flops, memory = budget.flops_per_image, budget.memory_bytes
    total = flops * config.duration_images
    screen.result("cost", f"{'arithmetic':24}{flops / 1e9:.3g} GFLOP an image, {total / 1e15:.3g} PFLOP in all")
    screen.result("cost", f"{'memory':24}about {memory / 2**30:.2g} GiB")


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
