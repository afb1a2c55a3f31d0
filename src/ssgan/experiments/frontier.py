"""Draw the frontier of the game: how hard a message is to find in covers, against how good the covers are.

Secrecy in the loss is worth something only where its covers lie beyond those that cost nothing: photographs with white noise,
photographs chosen because a message shows least in them, and the same game without the detector with white noise. Each source
is judged by a detector that is retrained on it, on many pairs, and stands beside its controls. Color data are judged with
changes of single channels and with changes of all channels together; of a color generator, gray data take the luma.
"""

from __future__ import annotations

from pathlib import Path

from ssgan.evaluation.quality.compare import quality
from ssgan.evaluation.quality.features import spaces
from ssgan.evaluation.rows import of_kind, rows_of
from ssgan.experiments.material import ExperimentSize, Judges, Material
from ssgan.experiments.records import Record, record_of, records_of

NAME = "frontier"
ALONE = "alone"  # the game without the detector
JUDGES = Judges(("lsb@0.4/plain", "lsb@0.4/plain:luma", "hill@0.4:luma"), ("scrmq1/fixed",))
SIZES = {
    "smoke": ExperimentSize(
        40, {"width": 4, "batch": 4, "duration_images": 32}, ("ssgan",), (),
        (Judges(("lsb@0.4/plain:luma",), ("cspam/fixed",)),),
    ),
    "small": ExperimentSize(
        10_000, {"width": 16, "batch": 32, "duration_images": 12_000}, ("ssgan",), ("faces64",), (JUDGES,), judged_share=0.4
    ),
    "full": ExperimentSize(
        20_000, {}, ("paper", "ssgan", "sgan", "modern"), ("faces64",), (JUDGES,), (0, 1, 2), judged_share=0.2
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
    questions = {
        "retrained": "retrained on these covers", "gross": "control: LSB replacement of every sample",
        "null": "control: covers against covers", "conspicuous": "covers against real ones",
    }  # fmt: skip
    for kind, question in questions.items():
        for row in of_kind(rows_of(judged), kind):
            found += records_of(row, experiment=NAME, question=question, size=size)
    return found


def _sources(material: Material, asked: ExperimentSize, real: Path) -> list[Path]:
    found = [real, material.selected(asked.covers)]
    for name in asked.ready:
        made = material.ready(name, asked.covers)
        if made is not None:
            found += [made, material.noised(f"real-as-{name}", real, made)]
        drawn = material.drawn(name, asked.covers)
        found += [] if drawn is None else [drawn]
    for preset in asked.presets:
        made = material.generated(preset, material.config(preset, asked), asked.covers)
        without = material.config(preset, asked, alpha=1.0, detector="")
        alone = material.generated(f"{preset}-{ALONE}", without, asked.covers)
        found += [made, alone, material.noised(f"{alone.name}-as-{preset}", alone, made)]
        found += [material.noised(f"real-as-{preset}", real, made)]
    return list(dict.fromkeys(found))  # where no noise was needed, the source stands for its control
