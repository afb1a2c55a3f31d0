"""Test whether the detector of the paper sees anything in the game: on frozen covers, and in the loop.

The paper's game needs a detector whose answers are right, or its gradient is noise. So S, the paper's steganalyser with the
paper's optimizer, learns from scratch from the covers of one generator that learns nothing, once with the colors as the paper's
last layer makes them, and once with chroma that varies slowly. Every cover is a new one, so that S is asked before it learns.
Then S plays in the whole game, where the covers change while it learns: from scratch, and late, from a generator that makes
faces.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from ssgan.compute.distributed import Processes
from ssgan.experiments.material import ExperimentSize, Material
from ssgan.experiments.records import Record
from ssgan.gan.covers.generators import find_generator, read_card
from ssgan.gan.training.assembly import assemble
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.settings import TrainingConfig, configure
from ssgan.gan.training.ssgan import numbers
from ssgan.storage import state_files
from ssgan.storage.atomic import atomic_write
from ssgan.storage.folders import make_folder
from ssgan.storage.runs import logged

NAME = "game"
FIGURES = {"detector_accuracy": "accuracy", "detector_pairs": "pairs rightly ordered"}
EMBEDDER = "lsb@0.4/plain"  # of the frozen covers: the paper's
LAST = 1000  # covers at the end of which a figure is the mean, at most
FROZEN_BATCH = 32
SIZES = {
    "smoke": ExperimentSize(
        40, {"width": 4, "batch": 4, "duration_images": 32}, ("ssgan",), ("faces64",),
        late={"batch": 4, "duration_images": 16, "warmup_images": 0, "ema_images": 8}, duration_images=64,
    ),
    "small": ExperimentSize(
        64, {"width": 16, "batch": 32, "duration_images": 12_000}, ("paper", "ssgan"), ("faces64",),
        late={"batch": 32, "duration_images": 4_000, "warmup_images": 500, "ema_images": 500}, seeds=(0, 1, 2),
        duration_images=20_000,
    ),
    "full": ExperimentSize(
        64, {"duration_images": 100_000}, ("paper", "ssgan"), ("faces64",),
        late={"duration_images": 100_000, "warmup_images": 10_000}, seeds=(0, 1, 2), duration_images=40_000,
    ),
}  # fmt: skip


def run(size: str, material: Material) -> list[Record]:
    """Return records of the detector's answers; existing results are not computed again."""
    asked = SIZES[size]
    found: list[Record] = []
    images = asked.duration_images or LAST
    for name in asked.ready:
        card = read_card(find_generator(Path(name)))
        for colors in ("rgb", "luma"):
            question = f"frozen covers, after {images:,}"
            per_seed = [
                _kept(material, f"{name}-{colors}-{seed}", _frozen(name, card.config, colors, seed), images)
                for seed in asked.seeds
            ]
            pairs = min(LAST // FROZEN_BATCH, -(-images // FROZEN_BATCH)) * FROZEN_BATCH
            found += _records(f"{name}, {colors}", question, EMBEDDER, per_seed, pairs, size)
        if material.may_begin_from(name):
            late = [material.late(name, asked, seed=seed) for seed in asked.seeds]
            found += _in_the_loop(f"{name}-late", late, asked, material, size)
    for preset in asked.presets:
        games = [material.config(preset, asked, seed=seed) for seed in asked.seeds]
        found += _in_the_loop(preset, games, asked, material, size)
    return found


def _in_the_loop(name: str, games: list[TrainingConfig], asked: ExperimentSize, material: Material, size: str) -> list[Record]:
    """Return records of the detector's answers at the end of these games, which are trained first."""
    for config in games:
        material.generated(f"{name}-{config.seed}", config, asked.covers)
    per_seed, pairs = zip(*(_last_answers(material.out / "generators" / f"{name}-{game.seed}") for game in games), strict=True)
    question = f"in the loop, after {games[0].duration_images:,} images"
    return _records(name, question, games[0].embedder, per_seed, pairs[0], size)


def _frozen(name: str, config: TrainingConfig, colors: str, seed: int) -> TrainingConfig:
    """Return the settings of a game in which only the detector learns: the paper's, with the net of a ready generator."""
    own = {key: getattr(config, key) for key in ("backbone", "width", "latent", "latent_law", "image_size", "channels")}
    return configure("paper", **own, start=name, colors=colors, seed=seed, batch=FROZEN_BATCH, embedder=EMBEDDER)


def _kept(material: Material, name: str, config: TrainingConfig, images: int) -> dict[str, float]:
    """Return the answers of a detector on frozen covers, measured once and then kept in the material's folder."""
    kept = material.out / "frozen" / f"{name}.json"
    if not kept.exists():
        material.notify(f"teaching the detector on {name}")
        found = learn_from(config, images, material.device)
        make_folder(kept.parent)
        with atomic_write(kept) as temporary:
            temporary.write_text(json.dumps({"settings": asdict(config), **found}), encoding="utf-8")
    contents = state_files.read_object(kept, *FIGURES, hint="remove it: the same command measures again")
    return {figure: state_files.number(kept, figure, contents=contents) for figure in FIGURES}


def learn_from(config: TrainingConfig, covers: int, device: str = "cpu") -> dict[str, float]:
    """Let the detector of a game learn from so many covers of its generator, which learns nothing; return its answers.

    They are means over the last LAST covers, each answered before it is learned from.
    """
    where = torch.device(device)
    processes = Processes()
    game, nets = assemble(replace(config, duration_images=covers), where, processes)
    nets["generator"].eval()
    draws = RandomDraws(config, processes, where)
    answers = []
    for step in range(-(-covers // config.batch)):
        measured = numbers(game.update_detector(draws.latents("detector", step), draws.image_seeds("detector", step)))
        answers.append([measured[figure] for figure in FIGURES])
    last = np.mean(answers[-max(1, LAST // config.batch) :], axis=0)
    return dict(zip(FIGURES, last.tolist(), strict=True))


def _last_answers(run: Path) -> tuple[dict[str, float], int]:
    """Return the means of the detector's answers over the last tenth of a training, and the number of pairs in it."""
    lines = [line for line in logged(run) if all(figure in line for figure in FIGURES)]
    begin = len(lines) - max(1, len(lines) // 10)
    pairs = int(lines[-1]["images_seen"]) - (int(lines[begin - 1]["images_seen"]) if begin else 0)
    return {figure: float(np.mean([line[figure] for line in lines[begin:]])) for figure in FIGURES}, pairs


def _records(
    covers: str, question: str, embedder: str, per_seed: Sequence[dict[str, float]], pairs: int, size: str
) -> list[Record]:
    found = []
    for figure, words in FIGURES.items():
        values = [answers[figure] for answers in per_seed]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        cells = (embedder, "gncnn", words, None, float(np.mean(values)), spread, min(values), max(values))
        found.append(Record(NAME, question, covers, "", *cells, len(values), pairs, size))
    return found
