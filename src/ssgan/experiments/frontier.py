"""Draw the frontier of the game: how hard a message is to find in covers, against how good the covers are.

Secrecy in the loss is worth something only where its covers lie beyond those that cost nothing: photographs with white noise,
photographs chosen because a message shows least in them, and the same game without the detector with white noise. Noise has a
curve: photographs and the covers of the game without the detector, with more and more of it. Each source is judged by a
detector that is retrained on it, on many pairs, and stands beside its controls. Color data are judged with changes of single
channels and with changes of all channels together; of a color generator, gray data take the luma.

The game begins late, from the generator that comes with the package, so that its covers are faces; in color its detector reads
changes of all channels together, since no generator can answer where the channels tell of each other.

Where the texture lies: the covers of a game beside those of the same game without the detector, from the same latents, in
fifths of the places, the smoothest first. White noise shows most in the smoothest.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ssgan.evaluation.quality.compare import quality
from ssgan.evaluation.quality.features import spaces
from ssgan.evaluation.quality.texture import texture_by_fifths
from ssgan.evaluation.rows import of_kind, rows_of
from ssgan.experiments.material import ExperimentSize, Judges, Material
from ssgan.experiments.records import Record, record_of, records_of
from ssgan.gan.training.settings import TrainingConfig
from ssgan.images import Images

NAME = "frontier"
ALONE = "alone"  # the game without the detector
TEXTURE = "where the texture lies"
JUDGES = Judges(("lsb@0.4/plain", "lsb@0.4/plain:luma", "hill@0.4:luma"), ("scrmq1/fixed",))
SIZES = {
    "smoke": ExperimentSize(
        40, {"width": 4, "batch": 4, "duration_images": 32}, ("ssgan",), ("faces64",),
        (Judges(("lsb@0.4/plain:luma",), ("cspam/fixed",)),),
        late={"batch": 4, "duration_images": 16, "warmup_images": 0, "ema_images": 8}, noise=(1.0,),
    ),
    "small": ExperimentSize(
        8_000, presets=(), ready=("faces64",), judges=(JUDGES,), judged_share=0.5,
        late={"alpha": 0.5, "batch": 32, "duration_images": 4_000, "warmup_images": 500, "ema_images": 500},
        noise=(0.5, 1.0),
    ),
    "full": ExperimentSize(
        20_000, {}, ("paper", "ssgan", "sgan", "modern"), ("faces64",), (JUDGES,), (0, 1, 2), judged_share=0.2,
        late={"alpha": 0.5}, noise=(0.5, 1.0, 2.0),
    ),
}  # fmt: skip


def run(size: str, material: Material) -> list[Record]:
    """Return records of detectability and of quality; existing results are not computed again."""
    asked = SIZES[size]
    real, found = material.real(asked.covers), list[Record]()
    for source in _sources(material, asked, real):
        judged = material.judge(source, asked, against=None if source == real else real)
        some = material.some(source)
        figures = quality(some, material.some(real), spaces(["kv"], []), repeats=1)
        found += [record_of(figure, experiment=NAME, covers=source.name, size=size, at=0.0) for figure in figures]
        without = plain_of(source)
        if without is not None:
            found += _texture(source.name, some, material.some(without), size)
    questions = {
        "retrained": "retrained on these covers", "gross": "control: LSB replacement of every sample",
        "null": "control: covers against covers", "conspicuous": "covers against real ones",
    }  # fmt: skip
    for kind, question in questions.items():
        for row in of_kind(rows_of(judged), kind):
            found += records_of(row, experiment=NAME, question=question, size=size)
    return found


def plain_of(covers: Path) -> Path | None:
    """Return the folder of the same game's covers without the detector, where there is one: of the game's own, or of the noise
    control.
    """
    plain = covers.with_name(covers.name.partition("-as-")[0] if "-as-" in covers.name else f"{covers.name}-{ALONE}")
    return plain if plain.name.endswith(f"-{ALONE}") and plain.is_dir() else None


def _texture(covers: str, made: Images, plain: Images, size: str) -> list[Record]:
    """Return a record for each fifth of the places."""
    ratios = texture_by_fifths(made, plain)
    return [
        Record(
            NAME, TEXTURE, covers, "", "", "", f"local deviation over that without the detector, fifth {number} of the places",
            None, ratio, None, None, None, 1, len(made), size,
        )
        for number, ratio in enumerate(ratios, 1)
    ]  # fmt: skip


def _sources(material: Material, asked: ExperimentSize, real: Path) -> list[Path]:
    found = [real, material.selected(asked.covers), *_curve(material, real, asked)]
    for name in asked.ready:
        made = material.ready(name, asked.covers)
        if made is not None:
            found += [made, material.noised(f"real-as-{name}", real, made)]
        drawn = material.drawn(name, asked.covers)
        found += [] if drawn is None else [drawn]
        if made is not None and asked.late:
            found += _with_noise(material, f"{name}-late", material.late(name, asked), asked, real)
    for preset in asked.presets:
        found += _with_noise(material, preset, material.config(preset, asked), asked, real)
    return list(dict.fromkeys(found))  # where no noise was needed, the source stands for its control


def _with_noise(material: Material, name: str, game: TrainingConfig, asked: ExperimentSize, real: Path) -> list[Path]:
    """Return the covers of a game, those of the same game without the detector, and controls with noise."""
    made = material.generated(name, game, asked.covers)
    alone = material.generated(f"{name}-{ALONE}", replace(game, alpha=1.0, detector=""), asked.covers)
    like = [material.noised(f"{alone.name}-as-{name}", alone, made), material.noised(f"real-as-{name}", real, made)]
    return [made, alone, *like, *_curve(material, alone, asked)]


def _curve(material: Material, source: Path, asked: ExperimentSize) -> list[Path]:
    return [material.with_noise_of(deviation, source) for deviation in asked.noise]
