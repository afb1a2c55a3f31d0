"""Test whether a secret seed of the generator protects: Table 3 of the paper, with the two conditions that it lacks.

S1: the detector is asked about covers of the stream that it learned from; S2: about covers of another seed; S3: of another
seed and a generator trained further. S1 against S2 is mostly the gap between what was learned by heart and what was not, if
the streams overlap: here they do not, and S1' shows what happens when they do. S4 retrains on the covers of S3, as a warden
would.
"""

from __future__ import annotations

from ssgan.detection.question import Question, prepare
from ssgan.detection.train import DETECTOR, pair_scores
from ssgan.evaluation.roc import accuracy
from ssgan.evaluation.rows import Row, of_kind, rows_of
from ssgan.evaluation.trial import RUN, as_files
from ssgan.experiments.material import ExperimentSize, Judges, Material
from ssgan.experiments.records import Record, records_of
from ssgan.steganalysis import detectors

NAME = "table3"
PUBLISHED = {"S1": 0.87, "S2": 0.72, "S3": 0.71}
FURTHER = 1.5  # times as long as the first generator
SIZES = {
    "smoke": ExperimentSize(40, {"width": 4, "batch": 4, "duration_images": 32}, duration_images=64),
    # At this size GNCNN learns nothing from generated covers; the color rich model does.
    "small": ExperimentSize(
        2000, {"width": 16, "batch": 32, "duration_images": 12_000}, judges=(Judges(detectors=("scrmq1",)),)
    ),
    "full": ExperimentSize(20_000, {}, seeds=(0, 1, 2)),
}


def run(size: str, material: Material) -> list[Record]:
    """Return the table's records, in the material's folder; existing results are not computed again."""
    asked = SIZES[size]
    config = material.config("paper", asked)
    longer = material.config("paper", asked, duration_images=round(FURTHER * config.duration_images))
    learned = material.generated("first", config, asked.covers, seed=1)
    other = material.generated("first+other-seed", config, asked.covers, seed=2)
    further = material.generated("further", longer, asked.covers, seed=2)
    for away in (other, further):
        judged = material.judge(learned, asked, transfer_to=away)
    rows = rows_of(judged)
    conditions = [
        ("S1", _one(rows, "retrained", str(learned)), "covers of the stream learned from, none of them learned"),
        ("S2", _one(rows, "transfer", str(other)), "the same generator, another seed"),
        ("S3", _one(rows, "transfer", str(further)), "a generator trained further, another seed"),
        ("S4", _one(rows, "retrained", str(further)), "the same covers, by a detector retrained on them"),
    ]
    found = []
    for name, row, question in conditions:
        labels = {"experiment": NAME, "question": f"{name}: {question}", "size": size, "published": PUBLISHED.get(name)}
        found += records_of(row, **labels)  # type: ignore[arg-type]
        if name == "S1":
            found.append(_by_heart(row, size, material))
    return found


def _by_heart(row: Row, size: str, material: Material) -> Record:
    """Return S1': the accuracy on the training covers of the detector, of the first seed."""
    first, run = row.first, row.folders[0] / RUN
    asked = SIZES[size]
    question = Question(
        material.out / "covers" / "first", first.embedder, first.detector, first.seed, duration_images=asked.duration_images
    )
    detector = detectors.load(run / DETECTOR, device=material.device, threads=material.threads)
    scores = pair_scores(detector, as_files(prepare(question)).parts["train"])
    found = accuracy(*scores, row.threshold)
    about = (NAME, "S1': the very covers learned from: a leak", row.covers, row.covers, first.embedder, first.detector)
    return Record(*about, "accuracy", None, found, None, None, None, 1, first.pairs[0], size)


def _one(rows: list[Row], kind: str, covers: str) -> Row:
    return next(row for row in of_kind(rows, kind) if row.first.covers == covers)
