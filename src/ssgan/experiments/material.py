"""Make the material of the experiments: real images, generators trained on them, and folders of covers of each kind.

A generator learns from a part of the people alone; its covers are drawn with a public seed, so that they can be made again.
All of it is kept in the experiment's folder, and nothing is made twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssgan import images
from ssgan.compute import seeds
from ssgan.compute.progress import Notify
from ssgan.datasets import Geometry
from ssgan.detection.covers import CoverReading, Covers, read_covers
from ssgan.detection.question import JUDGED as JUDGED_SHARE
from ssgan.drawn.model import installed
from ssgan.embedding.detectability import deflection
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.titles import LUMA
from ssgan.evaluation.grid import Grid, run_grid
from ssgan.gan.covers.files import Order, fulfil, missing
from ssgan.gan.covers.generators import find_generator, open_generator, read_card
from ssgan.gan.covers.sample import prepared
from ssgan.gan.training.loop import Pace, train
from ssgan.gan.training.loop import RealReading as Read
from ssgan.gan.training.settings import TrainingConfig, configure
from ssgan.images import Images
from ssgan.images.grain import noise_for_median, residual_median, with_noise
from ssgan.storage.folders import make_folder
from ssgan.storage.names import name_bytes

JUDGED = "judged"  # the folder of the evaluation, in an experiment's
LATE = "compact"  # the preset of a game that begins from a trained generator
LATE_EMBEDDER = "lsb@0.4/plain"
NOISE = "-noise-"  # in a folder's name, before its noise in gray values
CHOSEN_BY = "lsb@0.4/plain"  # the embedder whose deflection chooses covers


@dataclass(frozen=True)
class Judges:
    """All combinations of these embedders and these detectors."""

    embedders: tuple[str, ...] = ("lsb@0.4/plain",)
    detectors: tuple[str, ...] = ("gncnn",)


@dataclass(frozen=True)
class ExperimentSize:
    """The size of an experiment.

    `covers` of each kind; `training` is what is changed in a preset; `ready` are generators that come with the package, to be
    judged beside those that are trained; `duration_images` is the length of a network's training, `judged_share` the share of
    the covers that is judged; `noise` are deviations in gray values.
    """

    covers: int
    training: dict[str, Any] = field(default_factory=dict)
    presets: tuple[str, ...] = ("sgan", "paper")
    ready: tuple[str, ...] = ()
    judges: tuple[Judges, ...] = (Judges(),)
    seeds: tuple[int, ...] = (0,)
    duration_images: int | None = None
    judged_share: float = JUDGED_SHARE
    late: dict[str, Any] = field(default_factory=dict)
    noise: tuple[float, ...] = ()


@dataclass(frozen=True)
class Material:
    """Real images at `data`, cut by `geometry`; all that is made goes to `out`, and `notify` receives what is being done."""

    data: Path
    out: Path
    geometry: Geometry = Geometry()
    convert: tuple[str, ...] = ()
    device: str = "cpu"
    threads: int | None = None
    notify: Notify[str] = lambda doing: None

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Return (channels, side) of the real images."""
        first = read_covers(CoverReading(self.data, self.geometry, self.convert, _A_FEW)).images
        return int(first.shape[1]), int(first.shape[-1])

    def config(self, preset: str, size: ExperimentSize, **changes: Any) -> TrainingConfig:
        """Return the settings of a training on these images; a shorter training has a shorter warm-up and average."""
        channels, side = self.shape
        whole = configure(preset)
        asked = {"channels": channels, "image_size": side} | size.training | changes
        share = asked.get("duration_images", whole.duration_images) / whole.duration_images
        shorter = {name: round(share * getattr(whole, name)) for name in ("warmup_images", "ema_images")}
        return configure(preset, **(shorter | asked))

    def late(self, name: str, size: ExperimentSize, **changes: Any) -> TrainingConfig:
        """Return the settings of a game that begins from the weights of a generator, with a critic and a detector from scratch.

        Of a color generator beside gray images it is the luma that begins. In color the detector reads changes of all channels
        together.
        """
        trained = read_card(find_generator(Path(name))).config
        own = {key: getattr(trained, key) for key in ("backbone", "width", "latent", "latent_law", "colors")}
        channels, side = self.shape
        own |= {"embedder": LATE_EMBEDDER if channels == 1 else f"{LATE_EMBEDDER}:{LUMA}"}
        return configure(LATE, start=name, channels=channels, image_size=side, **(own | size.late | changes))

    def generated(self, name: str, config: TrainingConfig, count: int, *, seed: int = 1) -> Path:
        """Return a folder of `count` covers named `name`, by a generator of these settings, which is trained first.

        What follows a plus in the name tells covers of one generator apart.
        """
        run, folder, mark = self.out / "generators" / name.partition("+")[0], self.out / "covers" / name, self._mark(name)
        if not mark.exists():
            self.notify(f"training {name}")
            read = Read(self.geometry, self.convert)
            train(
                self.data, config, run, reading=read, pace=Pace(), device=self.device, threads=self.threads, notify=self.notify
            )
            self.notify(f"sampling {name}")
            self._sample(run, folder, count, seed)
            mark.touch()
        return folder

    def ready(self, name: str, count: int, *, seed: int = 1) -> Path | None:
        """Return a folder of covers by a bundled generator; None where its images have another size.

        Of a color generator beside gray images it is the luma.
        """
        place = find_generator(Path(name))
        config = read_card(place).config
        if not self._suits(config.channels, config.image_size):
            return None
        folder, mark = self._colors_of(name, config.channels)
        if not mark.exists():
            self.notify(f"sampling {name}")
            self._sample(place, folder, count, seed)
            mark.touch()
        return self._in_gray(folder, name, config.channels)

    def drawn(self, name: str, count: int, *, seed: int = 1) -> Path | None:
        """Return a folder of honest covers drawn by the model of a bundled generator; None where its images have another
        shape, or it has no model.
        """
        side = self.shape[1]
        found = [(n, model) for n in (1, 3) for model in installed((side, side, n)) if model.name == name]
        channels, model = found[0] if found else (0, None)
        if model is None or not self._suits(channels, side):
            return None
        card = read_card(find_generator(Path(name)))
        folder, mark = self._colors_of(f"{name}-drawn", channels)
        if not mark.exists():
            self.notify(f"drawing {name}")
            order = Order(card, folder, count, seed, model=model)
            fulfil(order, missing(order), None, threads=self.threads or 1)
            mark.touch()
        return self._in_gray(folder, f"{name}-drawn", channels)

    def may_begin_from(self, name: str) -> bool:
        """Return whether a game on these images can begin from a generator."""
        config = read_card(find_generator(Path(name))).config
        return self._suits(config.channels, config.image_size)

    def _suits(self, channels: int, side: int) -> bool:
        """Return whether images of this shape can stand beside the real ones, as they are or in gray."""
        return side == self.shape[1] and channels >= self.shape[0]

    def _colors_of(self, name: str, channels: int) -> tuple[Path, Path]:
        """Return the folder for covers as a generator makes them, and the mark that it is whole."""
        called = name if channels == self.shape[0] else f"{name}-color"
        return self.out / "covers" / called, self._mark(called)

    def _in_gray(self, folder: Path, name: str, channels: int) -> Path:
        """Return the folder of the same covers with as many channels as the real images have."""
        if channels == self.shape[0]:
            return folder
        return self._folder(name, lambda: read_covers(CoverReading(folder, Geometry(gray=True), (), None)))

    def judge(
        self, covers: Path, asked: ExperimentSize, *, against: Path | None = None, transfer_to: Path | None = None
    ) -> Path:
        """Run these trials, and return the folder of the evaluation."""
        judged = self.out / JUDGED
        self.notify(f"judging {(transfer_to or covers).name}")
        for judges in asked.judges:
            embedders, detectors = judges.embedders, judges.detectors
            if self.shape[0] == 1:
                embedders = tuple(dict.fromkeys(name.replace(f":{LUMA}", "") for name in embedders))
                detectors = tuple(_colorless(name) for name in detectors)
            grid = Grid(
                (covers,), embedders, detectors, asked.seeds,
                duration_images=asked.duration_images, against=against, transfer_to=transfer_to,
                judged_share=asked.judged_share,
            )  # fmt: skip
            run_grid(grid, judged, device=self.device, threads=self.threads, refusing=False)
        return judged

    def _sample(self, generator: Path, folder: Path, count: int, seed: int) -> None:
        net, card = open_generator(find_generator(generator))
        order = Order(card, folder, count, seed)
        fulfil(order, missing(order), prepared(net, self.device), threads=self.threads or 1)

    def real(self, count: int) -> Path:
        """Return a folder of the first `count` real images, cut."""
        return self._folder("real", lambda: self._real(count))

    def noisy(self, count: int) -> Path:
        """Return a control: the same images with two thirds of the samples moved by one gray value, to test whether noise is
        enough.
        """

        def make() -> Covers:
            found = self._real(count)
            moved = torch.stack([_moved(cover, name) for cover, name in zip(found.images, found.names, strict=True)])
            return replace(found, images=moved)

        return self._folder("real-noisy", make)

    def noised(self, name: str, source: Path, like: Path) -> Path:
        """Return a control for the covers of `like`: those of `source` with white noise to the same median residual.

        Secrecy that bought no more than this bought nothing: noise is had without any detector. `source` itself, where it is as
        rough already.
        """
        found, noise = _beside_noise(source)
        some = slice(0, _MEASURED)
        deviation = noise_for_median(found.images[some], noise[some], residual_median(self.some(like)[some]))
        if not deviation:
            return source
        return self._folder(name, lambda: replace(found, images=with_noise(found.images, noise, deviation)))

    def with_noise_of(self, deviation: float, source: Path) -> Path:
        """Return the covers of `source` with white noise of this deviation in gray values: a point of the noise curve."""

        def make() -> Covers:
            found, noise = _beside_noise(source)
            return replace(found, images=with_noise(found.images, noise, deviation))

        return self._folder(f"{source.name}{NOISE}{deviation:g}", make)

    def selected(self, count: int) -> Path:
        """Return a control: of the images after those of `real`, `count` in which LSB matching shows least, by the deflection.

        A sender may choose them without any generator. They are others, so that no picture is in two sources. They are the
        best third of three times as many, or of all that there are.
        """

        def make() -> Covers:
            every = self._real(4 * count)
            rest = np.arange(count, len(every.images))
            shows = deflection(every.images[count:], Embedder.parse(CHOSEN_BY)).numpy()
            chosen = np.sort(rest[np.argsort(shows, kind="stable")[:count]])
            return replace(every, images=every.images[chosen], names=tuple(every.names[place] for place in chosen))

        return self._folder("real-selected", make)

    def some(self, folder: Path) -> Images:
        """Return all images of a folder of covers."""
        return read_covers(CoverReading(folder, Geometry(), (), None)).images

    def _mark(self, name: str) -> Path:
        """Return the file that marks a folder of covers as whole."""
        return self.out / "covers" / f".{name}.whole"

    def _real(self, count: int) -> Covers:
        found = read_covers(CoverReading(self.data, self.geometry, self.convert, count), workers=self.threads or 1)
        if found.left_out is not None and found.left_out.bad:
            self.notify(found.left_out.finding.sentence)
        return found

    def _folder(self, name: str, make: Callable[[], Covers]) -> Path:
        """Write Images as PNG files by number with their people in an index; a mark beside the folder says that it is whole."""
        folder, mark = self.out / "covers" / name, self._mark(name)
        if not mark.exists():
            self.notify(f"making {name}")
            make_folder(folder)
            found = make()
            files = [f"{number:06d}.png" for number in range(len(found.names))]
            for file, cover in zip(files, found.images.numpy(), strict=True):
                images.write(folder / file, cover, overwrite=True, durable=False)
            rows = [f"{file},{group}" for file, group in zip(files, _groups(found), strict=True)]
            with images.atomic_write(folder / "index.csv", overwrite=True) as temporary:
                temporary.write_text("\n".join(["file,identity", *rows, ""]), encoding="utf-8")
            mark.touch()
        return folder


def _moved(cover: Images, name: str) -> Images:
    """Return uint8 (C, H, W): every sample moved by -1, 0 or 1 at random."""
    move = torch.from_numpy(seeds.generator(0, "noise", name).integers(-1, 2, tuple(cover.shape)))
    return (cover.long() + move).clamp(0, 255).to(torch.uint8)


def _noise(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return float32 of this shape, standard normal, by a public seed and the picture's name."""
    return seeds.generator(0, "white noise", name).standard_normal(shape, dtype=np.float32)


def _beside_noise(folder: Path) -> tuple[Covers, torch.Tensor]:
    """Return the covers of a folder, and standard normal noise of their shape."""
    found = read_covers(CoverReading(folder, Geometry(), (), None))
    return found, torch.from_numpy(np.stack([_noise(one, tuple(found.images.shape[1:])) for one in found.names]))


def _groups(covers: Covers) -> list[str]:
    """Return the groups as digests, since names of people and pictures may hold anything."""
    return [hashlib.sha256(name_bytes(covers.group[name])).hexdigest()[:16] for name in covers.names]


def _colorless(detector: str) -> str:
    """Return the detector that asks the same of gray images."""
    name, slash, classifier = detector.partition("/")
    return _COLORLESS.get(name, name) + slash + classifier


_COLORLESS = {"scrmq1": "srmq1", "cspam": "spam"}
_A_FEW = 30  # images from which the shape is read
_MEASURED = 1000  # images by which noise is measured out
