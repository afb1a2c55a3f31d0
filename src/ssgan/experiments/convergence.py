"""Does SSGAN converge faster than SGAN? Table 1 and Fig. 5 of the paper: minutes for seven epochs, and grids to look at.

The paper's 227.5 against 240.3 minutes are the time of an epoch, 5 % apart, which the optimizer and the loss explain; how good
the images are after each epoch it only shows. So both are measured: the time of an epoch, as a ratio, and after every epoch the
distance from real images, beside what real images get among themselves. Grids of samples lie in each generator's folder.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ssgan.evaluation.quality import Figure, quality
from ssgan.evaluation.quality_features import spaces
from ssgan.experiments.material import Material, Size
from ssgan.experiments.records import Record
from ssgan.runs import Run

NAME = "table1"
MINUTES = {"paper": 227.5, "sgan": 240.3}  # of seven epochs on a Titan X
EPOCHS = {"smoke": 2, "small": 7, "full": 7}
SIZES = {
    "smoke": Size(40, {"width": 4, "batch": 4, "duration_images": 16}),
    "small": Size(500, {"width": 16, "batch": 32, "duration_images": 1_536}),
    "full": Size(5_000, {"duration_images": 200_000}),
}  # `duration_images` is an epoch


def run(size: str, material: Material) -> list[Record]:
    """Quality after each epoch, and the time of an epoch; what is there already is not done again."""
    asked = SIZES[size]
    real = material.some(material.real(asked.covers))
    found: list[Record] = []
    for preset in asked.presets:
        whole = material.config(preset, asked)
        for epoch in range(1, EPOCHS[size] + 1):
            config = replace(whole, duration_images=epoch * whole.duration_images)
            made = material.generated(f"{preset}+epoch-{epoch}", config, asked.covers)
            material.tell(f"measuring {made.name}")
            for figure in quality(material.some(made), real, spaces(["kv"], [])):
                found.append(_quality(figure, preset, epoch * whole.duration_images, size))
    return [*found, *_times(material, EPOCHS[size] * material.config("paper", asked).duration_images, size)]


def _quality(figure: Figure, preset: str, images_seen: int, size: str) -> Record:
    question = f"quality after {images_seen:,} images; real images get {figure.real:.4g}"
    about = (NAME, question, preset, "", "", figure.features, figure.figure, None)
    return Record(*about, figure.generated, figure.generated_spread, None, None, figure.repeats, figure.images, size)


def _times(material: Material, images_seen: int, size: str) -> list[Record]:
    """How long the training was, and SSGAN's time over SGAN's."""
    minutes = {preset: _seconds(material.out / "generators" / preset) / 60 for preset in MINUTES}
    question = f"training, {images_seen:,} images"
    as_long = {preset: MINUTES[preset] if size == "full" else None for preset in MINUTES}  # else of other lengths
    found = [_time(question, preset, "minutes", as_long[preset], value, size) for preset, value in minutes.items()]
    ratio, published = minutes["paper"] / minutes["sgan"], MINUTES["paper"] / MINUTES["sgan"]
    return [*found, _time(f"{question}: SSGAN's time over SGAN's", "paper", "ratio", round(published, 3), ratio, size)]


def _time(question: str, preset: str, figure: str, published: float | None, ours: float, size: str) -> Record:
    return Record(NAME, question, preset, "", "", "", figure, published, ours, None, None, None, 1, 0, size)


def _seconds(run: Path) -> float:
    """All that the training has taken, as its statistics count it."""
    told = Run(run, Run.told(run)["config"]).stats()
    return max(float(line["seconds"]) for line in told if "seconds" in line)
