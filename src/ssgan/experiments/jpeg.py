"""Tabulate how detectable embedders of JPEGs are: by payload, quality and detector, with controls and the mismatch.

Pictures that were never compressed are cut into tiles, or as it is asked, and compressed as gray JPEGs; tiles of one picture
are in one part. Each detector is retrained on each embedder, payload and quality. Detectors of the lower quality also judge the
higher one: the mismatch of quality factors, which is no measure of security. Messages as `hide` sends them stand beside the
optimal sender; tiles where the shortest message has more bits than asked for are left out there, so that the two rows are
not of quite the same covers.

What must be found is nsF5 in half of the AC coefficients that are not zero; covers against covers must not be told apart. The
folder `judged` holds the rows in results.csv, as `ssgan evaluate` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssgan.datasets import Geometry, Patches
from ssgan.evaluation.grid import Grid, run_grid
from ssgan.evaluation.rows import of_kind, rows_of
from ssgan.experiments.material import JUDGED, Material
from ssgan.experiments.records import Record, records_of

NAME = "jpeg"
TILE = 128  # pixels a side, where no other cut is asked for
QUALITIES = (75, 95)
EMBEDDERS = tuple(f"{scheme}@{payload}" for payload in ("0.4", "0.2", "0.1") for scheme in ("juniward", "uerd", "nsf5"))
MESSAGES = ("juniward@0.4/message", "uerd@0.4/message")
QUESTIONS = {
    "retrained": "retrained on JPEGs of the judged quality",
    "transfer": "trained at another quality: mismatch",
    "gross": "control: nsF5 in half of the coefficients",
    "null": "control: covers against covers",
}


@dataclass(frozen=True)
class JpegSize:
    """The size of this experiment: detectors learn at all `qualities`, and those of the others judge the last one, too."""

    embedders: tuple[str, ...]
    detectors: tuple[str, ...]
    qualities: tuple[int, ...] = QUALITIES
    seeds: tuple[int, ...] = (0,)
    duration_images: int | None = None


SIZES = {
    "smoke": JpegSize(("nsf5@0.4",), ("dctr/ridge",)),
    "small": JpegSize((*EMBEDDERS[:3], *MESSAGES[:1]), ("dctr/fixed", "jrm/fixed")),
    "full": JpegSize((*EMBEDDERS, *MESSAGES), ("dctr/fixed", "jrm/fixed", "gfr/fixed", "xunet"), seeds=(0, 1, 2)),
}


def run(size: str, material: Material) -> list[Record]:
    """Return records of every cell and control; existing results are not computed again."""
    asked, judged = SIZES[size], material.out / JUDGED
    material.notify("judging JPEGs")
    grid = Grid(
        (material.data,), asked.embedders, asked.detectors, asked.seeds,
        geometry=material.geometry if material.geometry != Geometry() else Patches(TILE), convert=material.convert,
        duration_images=asked.duration_images, jpeg=asked.qualities, jpeg_judged=asked.qualities[-1],
    )  # fmt: skip
    run_grid(grid, judged, device=material.device, threads=material.threads, refusing=False)
    rows = rows_of(judged)
    return [
        record
        for kind, question in QUESTIONS.items()
        for row in of_kind(rows, kind)
        for record in records_of(row, experiment=NAME, question=question, size=size)
    ]
