"""Compare the convergence of SSGAN and SGAN: Table 1 and Fig. 5 of the paper, minutes for seven epochs, and grids.

The paper's 227.5 against 240.3 minutes are the time of an epoch, 5 % apart, which the optimizer and the loss explain; how good
the images are after each epoch it only shows. So both are measured: the time of an epoch, as a ratio, from steps of the two in
turn, and after every epoch the distance from real images, beside what real images get among themselves.
"""

from __future__ import annotations

import json
from dataclasses import replace

from ssgan.evaluation.quality.compare import quality
from ssgan.evaluation.quality.features import spaces
from ssgan.experiments.material import ExperimentSize, Material
from ssgan.experiments.records import Record, record_of
from ssgan.gan.training.settings import TrainingConfig
from ssgan.gan.training.timing import seconds_per_image
from ssgan.storage import state_files
from ssgan.storage.atomic import atomic_write

NAME = "table1"
MINUTES = {"paper": 227.5, "sgan": 240.3}  # of seven epochs on a Titan X
EPOCHS = {"smoke": 2, "small": 7, "full": 7}
SIZES = {
    "smoke": ExperimentSize(40, {"width": 4, "batch": 4, "duration_images": 16}),
    "small": ExperimentSize(500, {"width": 16, "batch": 32, "duration_images": 1_536}),
    "full": ExperimentSize(5_000, {"duration_images": 200_000}),
}  # `duration_images` is an epoch


def run(size: str, material: Material) -> list[Record]:
    """Return records of quality after each epoch, and the time of an epoch; existing results are not computed again."""
    asked = SIZES[size]
    real = material.some(material.real(asked.covers))
    found: list[Record] = []
    for preset in asked.presets:
        whole = material.config(preset, asked)
        for epoch in range(1, EPOCHS[size] + 1):
            config = replace(whole, duration_images=epoch * whole.duration_images)
            made = material.generated(f"{preset}+epoch-{epoch}", config, asked.covers)
            material.notify(f"measuring {made.name}")
            figures = quality(material.some(made), real, spaces(["kv"], []))
            seen = epoch * whole.duration_images
            found += [record_of(figure, experiment=NAME, covers=preset, size=size, at=seen) for figure in figures]
    return [*found, *_times(material, asked, size)]


def _times(material: Material, asked: ExperimentSize, size: str) -> list[Record]:
    """Return the time of the whole training, and SSGAN's time over SGAN's, from alternating steps of the two."""
    configs = {preset: material.config(preset, asked) for preset in MINUTES}
    images = EPOCHS[size] * configs["paper"].duration_images
    minutes = {preset: images * seconds / 60 for preset, seconds in _seconds_per_image(material, configs).items()}
    question = f"training, {images:,} images"
    as_long = {preset: MINUTES[preset] if size == "full" else None for preset in MINUTES}  # else of other lengths
    found = [_time(question, preset, "minutes", as_long[preset], value, size) for preset, value in minutes.items()]
    ratio, published = minutes["paper"] / minutes["sgan"], MINUTES["paper"] / MINUTES["sgan"]
    return [*found, _time(f"{question}: SSGAN's time over SGAN's", "paper", "ratio", round(published, 3), ratio, size)]


def _time(question: str, preset: str, figure: str, published: float | None, ours: float, size: str) -> Record:
    return Record(NAME, question, preset, "", "", "", figure, published, ours, None, None, None, 1, 0, size)


def _seconds_per_image(material: Material, configs: dict[str, TrainingConfig]) -> dict[str, float]:
    """Return the seconds an image, measured once and then kept in the material's folder."""
    kept = material.out / "times.json"
    if not kept.exists():
        material.notify("timing steps of both in turn")
        found = seconds_per_image(configs, material.device)
        with atomic_write(kept) as temporary:
            temporary.write_text(json.dumps(found), encoding="utf-8")
    contents = state_files.read_object(kept, *configs, hint="remove it: the same command measures again")
    return {name: state_files.number(kept, name, contents=contents) for name in configs}
