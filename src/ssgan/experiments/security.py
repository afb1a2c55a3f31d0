"""Test whether generated covers are safer than real ones: Table 2 of the paper, crossed to separate its two mixtures.

The paper gives the accuracy of "the steganalyser trained on real images": SSGAN's S and SGAN's S, on real and on generated
covers. The row of real covers cannot depend on a generator, so the columns differ in the detector; and a detector trained on
real images and asked about generated ones measures how unlike the two are. So every source is judged by every detector, each
trained on real covers and retrained on the covers that it judges; beside them are covers by a plain GAN (alpha = 1), real
ones with noise added, and real ones chosen because a message shows least in them: what a sender could do without any secrecy
in the loss. Covers of a game with a detector have controls of their own: the plain GAN's and real ones with white noise to the
same median residual.
The last rows are of covers whose samples a message draws, judged against honest covers of the same model; beside them, the same
honest covers with changes.

Look at the covers before the figures. A generator that has seen little makes patterns and no faces; what hides in these says
nothing of a cover that could be sent.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ssgan.evaluation.rows import Row, rows_of
from ssgan.experiments.material import ExperimentSize, Judges, Material
from ssgan.experiments.records import Record, records_of

NAME = "table2"
# Source, detector -> accuracy, always of a detector trained on real images.
PUBLISHED = {
    ("real", "gncnn"): 0.87,
    ("paper", "gncnn"): 0.72,
    ("real", "sgan-s"): 0.92,
    ("sgan", "sgan-s"): 0.90,
}
DRAWN = ("drawn@0.4", "drawn@1.5")  # bits a sample: as much as the changes, and nearly all that a cover takes for sure
PLAIN = "plain"  # the paper's game without the detector
SIZES = {
    "smoke": ExperimentSize(40, {"width": 4, "batch": 4, "duration_images": 32}, ("paper",), duration_images=64),
    # GNCNN finds LSB matching in real faces after 10,000 images; adaptive embedding is left to the rich model.
    "small": ExperimentSize(
        2000, {"width": 16, "batch": 32, "duration_images": 12_000}, ("dcgan", "paper"), ("faces64",),
        (Judges(detectors=("gncnn", "scrmq1")), Judges(("hill@0.4",), ("scrmq1",))), duration_images=16_000,
    ),
    "full": ExperimentSize(
        20_000, {}, ("dcgan", "sgan", "wgan", "paper", "modern"), ("faces64",),
        (Judges(
            ("lsb@0.4/plain", "hugo@0.4", "wow@0.4", "suniward@0.4", "hill@0.4"), ("gncnn", "sgan-s", "srnet", "srm", "scrmq1"),
        ),), (0, 1, 2),
    ),
}  # fmt: skip


def run(size: str, material: Material) -> list[Record]:
    """Return the table's records, in the material's folder; existing results are not computed again."""
    asked = SIZES[size]
    real = material.real(asked.covers)
    others = [material.noisy(asked.covers), material.selected(asked.covers)]
    for preset in asked.presets:
        others.append(material.generated(preset, material.config(preset, asked), asked.covers))
    config = material.config("paper", asked, alpha=1.0, detector="")
    plain = material.generated(PLAIN, config, asked.covers)
    others.append(plain)
    for preset in asked.presets:
        if material.config(preset, asked).uses_detector:  # what noise does at the same roughness
            like = material.out / "covers" / preset
            noised = (material.noised(f"{PLAIN}-as-{preset}", plain, like), material.noised(f"real-as-{preset}", real, like))
            others += [made for made in noised if made not in (plain, real)]
    others += [made for name in asked.ready if (made := material.ready(name, asked.covers)) is not None]
    for other in others:
        judged = material.judge(real, asked, against=real, transfer_to=other)
    for name in asked.ready:
        if (drawn := material.drawn(name, asked.covers)) is not None:
            both = tuple(replace(judges, embedders=(*judges.embedders, *DRAWN)) for judges in asked.judges)
            judged = material.judge(drawn, replace(asked, judges=both))
    return [record for row in rows_of(judged) for record in _records(row, size)]


def _records(row: Row, size: str) -> list[Record]:
    first = row.first
    home, source = Path(first.trained_on).name, Path(first.covers).name
    if first.kind == "retrained":
        question = "retrained on the covers that are judged"
    elif first.kind == "transfer":
        question = "trained on real covers: mismatch"
    elif first.kind == "conspicuous":
        question = "covers against real ones, nothing embedded"
    else:
        return []
    published = PUBLISHED.get((source, first.detector)) if home == "real" and first.embedder == "lsb@0.4/plain" else None
    return records_of(row, experiment=NAME, question=question, size=size, published=published)
