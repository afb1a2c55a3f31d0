"""Measure the price of secrecy: quality against detectability, for weights of realism from 1 to 0.5.

The paper says that below 0.7 images come closer to noise, and gives no figure of quality. Each alpha is trained plainly, as
printed, and balanced, so that it is the share that it claims to be; alpha = 1 is the same game without the detector. The error
is that of a detector retrained on the covers: what secrecy gains, if anything. Beside every alpha stand the covers of alpha = 1
with white noise to the same median residual: secrecy is worth something where its error is larger than that of noise.
"""

from __future__ import annotations

from pathlib import Path

from ssgan.evaluation.quality.compare import quality
from ssgan.evaluation.quality.features import spaces
from ssgan.evaluation.rows import of_kind, rows_of
from ssgan.experiments.material import ExperimentSize, Judges, Material
from ssgan.experiments.records import Record, record_of, records_of

NAME = "alpha"
UNGATED = {"gated": False, "roughness": 0.0}  # else no alpha changes anything while the detector is at chance
PLAIN = "alpha-1-plain"  # the same game without the detector
ALPHAS = {"smoke": (1.0, 0.5), "small": (1.0, 0.9, 0.7, 0.5), "full": (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)}
STRONG = Judges(detectors=("scrmq1",))
SIZES = {
    "smoke": ExperimentSize(40, {"width": 4, "batch": 4, "duration_images": 32}, ("tiny",), duration_images=64),
    "small": ExperimentSize(2000, {"width": 16, "batch": 32, "duration_images": 12_000}, ("tiny",), judges=(STRONG,)),
    "full": ExperimentSize(20_000, {}, ("modern",), judges=(Judges(detectors=("gncnn", "srnet", "srm")),), seeds=(0, 1, 2)),
}


def run(size: str, material: Material) -> list[Record]:
    """Return records of quality, conspicuousness and detectability; existing results are not computed again."""
    asked = SIZES[size]
    real, found = material.real(asked.covers), list[Record]()
    for alpha in ALPHAS[size]:
        for mode in ("plain", "balanced") if alpha < 1 else ("plain",):
            changes = {"alpha": alpha, "alpha_mode": mode} | UNGATED | ({"detector": ""} if alpha == 1 else {})
            name = f"alpha-{alpha:g}-{mode}"
            made = material.generated(name, material.config(asked.presets[0], asked, **changes), asked.covers)
            sources = [made]
            if alpha < 1:  # what noise does at the same roughness, without any detector
                sources += [material.noised(f"{name}-noise", material.out / "covers" / PLAIN, made)]
            for source in (one for one in sources if alpha == 1 or one.name != PLAIN):
                judged = material.judge(source, asked, against=real)
                figures = quality(material.some(source), material.some(real), spaces(["kv"], []), repeats=3)
                found += [record_of(figure, experiment=NAME, covers=source.name, size=size, at=alpha) for figure in figures]
    for kind, question in (("retrained", "retrained on these covers"), ("conspicuous", "covers against real ones")):
        for row in of_kind(rows_of(judged), kind):
            alpha = float(Path(row.first.covers).name.split("-")[1])
            found += records_of(row, experiment=NAME, question=question, size=size, at=alpha)
    return found
