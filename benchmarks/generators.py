"""Generators against real images that none of them saw: `python benchmarks/generators.py REAL NAME=PLACE ...`.

PLACE is a run or a generator's folder, REAL an archive or folder of photographs. Of each generator the first covers of a public
seed are judged as `ssgan quality` judges them. With `--write` the figures go to results/generators.csv, a row a figure, and a
sheet of covers to docs/generators/NAME.jpg; other generators' rows stay.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from PIL import Image

from ssgan.datasets import GEOMETRIES
from ssgan.evaluation.quality.compare import quality
from ssgan.evaluation.quality.features import spaces
from ssgan.evaluation.quality.image_sets import choose
from ssgan.gan.covers.generators import find_generator, open_generator
from ssgan.gan.covers.sample import prepared, public_latents, sample
from ssgan.views.contact_sheet import contact_sheet

ROOT = Path(__file__).resolve().parents[1]
RESULTS, SHEETS = ROOT / "results" / "generators.csv", ROOT / "docs" / "generators"
SEED = 1
SHOWN, COLUMNS = 48, 12
SHEET_QUALITY = 85


@dataclass(frozen=True)
class Row:
    """One figure of one generator, and what real images get."""

    name: str
    preset: str
    images_seen: int
    parameters: int
    figure: str
    features: str
    images: int
    generated: float
    generated_spread: float | None
    real: float
    real_spread: float | None


def judge(name: str, place: Path, real: torch.Tensor, features: list[str]) -> tuple[list[Row], torch.Tensor]:
    """The figures of a generator, and its first covers."""
    generator, card = open_generator(find_generator(place))
    covers = sample(prepared(generator), public_latents(card.config, range(len(real)), SEED))
    facts = (name, card.config.preset, int(card.about["images_seen"]), card.parameters)
    rows = []
    for found in quality(covers, real, spaces(features, [])):
        figure = {key: value for key, value in asdict(found).items() if key in Row.__dataclass_fields__}
        rows.append(Row(*facts, **figure))
    return rows, covers[:SHOWN]


def keep(rows: list[Row], sheets: dict[str, torch.Tensor]) -> None:
    """The rows in place of those of the same names; the sheets."""
    kept: list[dict[str, object]] = []
    if RESULTS.exists():
        with RESULTS.open(newline="", encoding="utf-8") as file:
            kept = [dict(row) for row in csv.DictReader(file) if row["name"] not in sheets]
    fresh = [{k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in asdict(row).items()} for row in rows]
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(Row.__dataclass_fields__), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept + fresh)
    SHEETS.mkdir(exist_ok=True)
    for name, covers in sheets.items():
        Image.fromarray(contact_sheet(covers, COLUMNS).transpose(1, 2, 0)).save(SHEETS / f"{name}.jpg", quality=SHEET_QUALITY)


def main() -> None:
    """A line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("real", type=Path)
    parser.add_argument("generators", nargs="+", metavar="NAME=PLACE")
    parser.add_argument("--geometry", default="celeba64", choices=list(GEOMETRIES))
    parser.add_argument("--features", nargs="+", default=["kv", "srmq1"])
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    real = choose(asked.real, GEOMETRIES[asked.geometry], convert=("jpeg",), limit=asked.images, seed=0).images
    rows: list[Row] = []
    sheets = {}
    for name, place in (named.split("=", 1) for named in asked.generators):
        found, sheets[name] = judge(name, Path(place), real, asked.features)
        rows += found
        for row in found:
            print(f"{row.name:<8} {row.figure:<36} {row.features:<8} {row.generated:10.4g}  real {row.real:10.4g}", flush=True)
    if asked.write:
        keep(rows, sheets)


if __name__ == "__main__":
    main()
