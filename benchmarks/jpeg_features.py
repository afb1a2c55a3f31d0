"""Feature sets for JPEGs against sealwatch in one run, one thread: `python benchmarks/jpeg_features.py --peer FOLDER`.

FOLDER holds sealwatch unpacked (`pip install --no-deps --target FOLDER sealwatch`); only its features of JPEGs are used, which
need NumPy, SciPy and jpeglib: the whole package brings another torch. Without --peer our own times are printed. Both begin
with the quantized coefficients of a photograph in memory. Times are the processor's, medians of alternating rounds. Bars
at 512 x 512: DCTR and JRM 40 x, GFR 15 x, PHARM with its 900 projections 5 x.
"""

from __future__ import annotations

import pairing  # isort: skip  (one thread: before NumPy)
import argparse
import importlib
import statistics
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from features import processor_seconds

from ssgan.images.coefficients import planes
from ssgan.images.new_jpeg import new_jpeg
from ssgan.steganalysis.catalog import FEATURES
from ssgan.steganalysis.features import dctr, gfr, pharm

SIZES, QUALITIES = (256, 512), (75, 95)
SETS = ("dctr", "jrm", "ccjrm", "gfr", "pharm")
# Of blocks (R, C, 8, 8), a table (8, 8) and a quality.
Extract = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def peer_sets(folder: Path) -> dict[str, Extract]:
    """sealwatch's extractors, in our order."""
    sys.path.insert(0, str(folder))
    for name in ("sealwatch", "sealwatch.tools"):  # without the packages' own imports, the networks among them
        package = types.ModuleType(name)
        package.__path__ = [str(folder / name.replace(".", "/"))]
        sys.modules[name] = package
    tools: Any = sys.modules["sealwatch.tools"]
    for part in ("matlab", "signal", "dct", "jpeg", "calibration", "features"):
        setattr(tools, part, importlib.import_module(f"sealwatch.tools.{part}"))
    tools.jpeglib_to_jpegio = tools.dct.jpeglib_to_jpegio
    peer_dctr, peer_jrm = (importlib.import_module(f"sealwatch.{name}") for name in ("dctr._dctr", "jrm.jrm"))
    peer_gfr, peer_pharm = (importlib.import_module(f"sealwatch.{name}") for name in ("gfr._gfr", "pharm"))

    def joined(found: dict[str, np.ndarray]) -> np.ndarray:
        return np.concatenate([np.ravel(part) for part in found.values()])

    def samples(blocks: np.ndarray, table: np.ndarray) -> np.ndarray:
        made: np.ndarray = tools.jpeg.decompress(blocks, table)
        return made

    original = peer_pharm.PHARM_ORIGINAL
    return {
        "dctr": lambda y, table, q: joined(peer_dctr.extract(samples(y, table) - 128, dctr.quantization_step(q))),
        "jrm": lambda y, table, q: joined(peer_jrm.extract(y)),
        "ccjrm": lambda y, table, q: joined(peer_jrm.extract(y, calibrated=True, qt=table)),
        "gfr": lambda y, table, q: peer_gfr.extract(samples(y, table), quantization_steps=gfr.quantization_steps(q)).ravel(),
        "pharm": lambda y, table, q: joined(
            peer_pharm.extract(
                samples(y, table), implementation=original, q=pharm.quantization_step(q), num_projections=pharm.PROJECTIONS
            )
        ),
    }


def rows(peers: dict[str, Extract], sizes: list[int]) -> list[pairing.Row]:
    """Every set at every size and quality."""
    found = []
    for size in sizes:
        for quality in QUALITIES:
            luma = new_jpeg(skimage.data.camera()[:size, :size], quality).cover.components[0]
            coefficients = planes(luma.blocks)[None, None]
            for name in SETS:

                def ours(name: str = name, given: np.ndarray = coefficients, table: np.ndarray = luma.table) -> np.ndarray:
                    return FEATURES[name].extract(given, table, threads=1)

                first, peer = ours()[0], peers.get(name)
                mine, other, error = [], [float("nan")], float("nan")
                for _ in range(3):
                    mine += [processor_seconds(ours) * 1e3 for _ in range(7)]
                    if peer:
                        made: list[np.ndarray] = []
                        work = lambda p=peer, y=luma, q=quality, m=made: m.append(p(y.blocks, y.table, q))  # noqa: E731
                        other.append(processor_seconds(work) * 1e3)
                        error = float(np.abs(first - made[0]).max())
                times = statistics.median(mine), statistics.median(other[1:] or other)
                found.append(pairing.Row(f"{name}, quality {quality}", size, 1, "int16", *times, times[1] / times[0], error))
                print(found[-1], flush=True)
    return found


def main() -> None:
    """Print every figure; --write keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="the folder that holds sealwatch")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--write", action="store_true", help="keep the figures in results/jpeg_features.csv")
    asked = parser.parse_args()
    found = rows(peer_sets(asked.peer) if asked.peer else {}, asked.sizes)
    if asked.write:
        pairing.write("jpeg_features", found)


if __name__ == "__main__":
    main()
