"""Draw the handbook's pictures again: `python docs/draw_pictures.py` writes docs/pictures/.

With the folder of `ssgan reproduce frontier` as its argument it draws the maps of texture, too.

The photograph is scikit-image's `camera` (Lav Varshney, CC0). What is drawn is computed: costs, changes, bit planes, and the
estimates that weighted stego gives of covers and of stegos.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import skimage.data

from ssgan import images
from ssgan.embedding.embedder import Embedder
from ssgan.evaluation.inspection import inspect_cover
from ssgan.evaluation.quality.texture import local_deviation
from ssgan.experiments.page import LOUDEST
from ssgan.steganalysis.attacks import structural
from ssgan.views import maps as pictures

OUT = Path(__file__).resolve().parent / "pictures"
RESULTS = OUT.parents[1] / "results"
SIDE = 192
PLACE = (40, 170)  # of the part that is shown: sky, a face, a coat, grass
TILE = 64
PAYLOAD = 0.1
COVERS = 10
FRONTIERS = ("frontier", "frontier-gray")
BLUE, ORANGE, INK = "#2c7fb8", "#e6862e", "#333333"
MARKERS = "os^vDPX*<>hp8d"
NAMES = {
    "real": "photographs", "real-selected": "photographs, chosen", "faces64-drawn": "drawn covers, changed",
    "faces64-late": "late game, detector heard", "faces64-late-alone": "late game without it",
    "real-noise-0.5": "photographs, noise of 0.5", "real-noise-1": "photographs, noise of 1",
    "faces64-late-alone-noise-0.5": "late game without it, noise of 0.5", "faces64-late-alone-noise-1": "the same, noise of 1",
}  # fmt: skip
ALWAYS_FOUND = 0.01  # P_E below which in all covers an embedder has no panel
LARGEST_GROSS = 0.05  # P_E of LSB replacement of every sample, beyond which a detector has not learned enough


def part() -> np.ndarray:
    """uint8 (1, SIDE, SIDE)."""
    y, x = PLACE
    return np.ascontiguousarray(skimage.data.camera()[None, y : y + SIDE, x : x + SIDE])


def changes() -> None:
    """Cover, stego, change probabilities, and the changes of HILL and of LSB matching with the same payload."""
    hill, lsb = (inspect_cover(part(), Embedder.parse(name), seed=1) for name in ("hill@0.4", "lsb@0.4"))
    gray = [np.repeat(one, 3, axis=0) for one in (hill.cover, hill.stego)]
    maps = [hill.pictures["change_probabilities"], *(pictures.change_map(one.cover, one.stego) for one in (hill, lsb))]
    images.write(OUT / "changes.png", pictures.side_by_side([*gray, *maps]), overwrite=True)


def planes() -> None:
    """The eight bit planes, the most significant first."""
    images.write(OUT / "planes.png", pictures.bit_planes(part()[:, :160, :160]), overwrite=True)


def tiles(photographs: tuple[str, ...]) -> np.ndarray:
    """uint8 (N, 1, TILE, TILE)."""
    found = []
    for name in photographs:
        gray = getattr(skimage.data, name)()
        height, width = (side // TILE * TILE for side in gray.shape)
        squares = gray[:height, :width].reshape(height // TILE, TILE, width // TILE, TILE).swapaxes(1, 2)
        found.append(squares.reshape(-1, 1, TILE, TILE))
    return np.concatenate(found)


def scores() -> None:
    """What weighted stego says of tiles of photographs and of their stegos, with the threshold that errs least."""
    mpl.use("svg")
    from matplotlib import pyplot as plt

    covers = images.to_images(tiles(("camera", "coins", "moon")))
    stegos = Embedder.parse(f"lsbr@{PAYLOAD}/plain").simulate(covers, np.random.default_rng(1))
    estimates = [structural.weighted_stego(batch) for batch in (covers, stegos)]
    enough = estimates[0].enough & estimates[1].enough
    raw_scores = [one.raw[enough] for one in estimates]
    thresholds = np.unique(np.concatenate(raw_scores))
    errors = [(np.mean(raw_scores[0] > t) + np.mean(raw_scores[1] <= t)) / 2 for t in thresholds]
    best = thresholds[int(np.argmin(errors))]
    mpl.rcParams.update({"svg.hashsalt": "ssgan", "font.size": 11, "text.color": INK, "axes.labelcolor": INK})
    figure, axes = plt.subplots(figsize=(7.2, 3.0), layout="constrained")
    bins = np.linspace(-0.2, 0.4, 49).tolist()
    for name, values, color in (("covers", raw_scores[0], BLUE), ("stegos", raw_scores[1], ORANGE)):
        axes.hist(values.clip(-0.2, 0.4), bins, alpha=0.65, color=color, label=f"{len(values)} {name}")
    axes.axvline(best, color=INK, linewidth=1.2)
    top = axes.get_ylim()[1]
    axes.annotate(
        f"threshold {best:.3f}\nP_E = {min(errors):.3f}", (best, top * 0.85), (-8, 0), textcoords="offset points", ha="right"
    )
    axes.set_xlabel("score: the payload that weighted stego estimates")
    axes.set_ylabel("tiles")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper right")
    figure.savefig(OUT / "scores.svg", metadata={"Date": None})
    print(
        f"P_E {min(errors):.3f}; false alarms {np.mean(raw_scores[0] > best):.3f}, missed {np.mean(raw_scores[1] <= best):.3f}"
    )


def frontier(name: str) -> None:
    """How hard a message is to find in each kind of covers, against how far their patches are from photographs'."""
    mpl.use("svg")
    from matplotlib import pyplot as plt

    with (RESULTS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    patches = {r["covers"]: float(r["ours"]) for r in rows if "Wasserstein" in r["figure"] and "64 x 64" in r["figure"]}
    found = [r for r in rows if r["question"].startswith("retrained") and r["figure"] == "P_E"]
    gross = {r["covers"]: float(r["ours"]) for r in rows if r["question"].startswith("control: LSB") and r["figure"] == "P_E"}
    embedders = [e for e in dict.fromkeys(r["embedder"] for r in found) if max_error(found, e) > ALWAYS_FOUND]
    mpl.rcParams.update({"svg.hashsalt": "ssgan", "font.size": 10, "text.color": INK, "axes.labelcolor": INK})
    figure, places = plt.subplots(1, len(embedders), figsize=(3.2 * len(embedders) + 2, 3.4), sharey=True, layout="constrained")
    for axes, embedder in zip(np.atleast_1d(places), embedders, strict=True):
        for number, row in enumerate(one for one in found if one["embedder"] == embedder):
            at, error = patches[row["covers"]], float(row["ours"])
            hollow = gross.get(row["covers"], 0.0) > LARGEST_GROSS
            spread = [[max(0.0, error - float(row["low"]))], [max(0.0, float(row["high"]) - error)]]
            color = BLUE if row["covers"].startswith("real") else ORANGE
            axes.errorbar(
                at, error, spread, fmt=MARKERS[number], color=color, mfc="white" if hollow else color, capsize=2, markersize=7,
                label=NAMES.get(row["covers"], row["covers"]),
            )  # fmt: skip
        axes.set_title(embedder, fontsize=10)
        axes.set_xlabel("patches, distance x 1000")
        axes.set_xlim(left=0)
        axes.set_ylim(-0.02, 0.52)
        axes.spines[["top", "right"]].set_visible(False)
    np.atleast_1d(places)[0].set_ylabel("P_E of a retrained detector")
    np.atleast_1d(places)[-1].legend(frameon=False, loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=9)
    figure.savefig(OUT / f"{name}.svg", metadata={"Date": None})


def texture(covers: Path) -> None:
    """Covers of the game without the detector, and where their gray values vary; the same latents with the detector heard."""
    rows = []
    for name in ("faces64-late-alone", "faces64-late"):
        made = np.stack([images.read(path).samples for path in sorted((covers / name).glob("*.png"))[:COVERS]])
        shown = [pictures.heat(one / LOUDEST) for one in local_deviation(images.to_images(made))]
        rows += [pictures.side_by_side(list(made)), pictures.side_by_side(shown)]
    images.write(OUT / "texture.png", pictures.stacked(rows), overwrite=True)


def max_error(rows: list[dict[str, str]], embedder: str) -> float:
    """The largest P_E of an embedder in any covers."""
    return max(float(row["ours"]) for row in rows if row["embedder"] == embedder)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    if sys.argv[1:]:
        texture(Path(sys.argv[1]) / "frontier" / "covers")
    for name in FRONTIERS:
        if (RESULTS / f"{name}.csv").exists():
            frontier(name)
    changes()
    planes()
    scores()
