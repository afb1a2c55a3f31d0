"""The pages of what generators made, and of what came out of the paper's questions, from `results/`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from results_tables import RESULTS, figures

from ssgan.experiments import jpeg
from ssgan.experiments.catalog import EXPERIMENTS
from ssgan.steganalysis.catalog import DETECTORS

# How each generator of results/generators.csv was trained, and what is to be seen.
GENERATORS = {
    "paper": (
        "--preset paper --precision bf16 --images 300000",
        "SSGAN as printed. Around 40,000 images nearly all samples were one face, which the training said; from 120,000 on "
        "there are many. Faces, some badly distorted. The detector never got beyond 52 % of right answers, so that its part of "
        "the gradient, four times as long as the critic's, was noise.",
    ),
    "sgan": (
        "--preset sgan --precision bf16 --images 300000",
        "Faces, to the eye as good as SSGAN's after as many images, and by what a warden reads the nearest to photographs "
        "of all here. Its much larger detector is right on 70 to 78 % of its covers and stegos.",
    ),
    "wgan": (
        "--preset wgan --precision bf16 --images 300000",
        "Its generator learns once in five batches and slowly: after 300,000 images it has made 938 steps, and its faces are "
        "rough. Compare it with the others after ten times as many.",
    ),
    "modern": (
        "--preset modern --width 32 --precision bf16",
        "Ended after 60,000 images, before it heard the detector; its penalties of second order on residual blocks cost six "
        "times the arithmetic of `compact`.",
    ),
    "compact": (
        "--preset compact --precision bf16",
        "Ended after 169,000 images, 70,000 of them with the detector. Most are faces that a person would take for a "
        "photograph's thumbnail; dark ones and those with glasses or hats fail. Its colors have a grain each, and its last "
        "layer leaves a checkerboard. It was the first generator that came with the package.",
    ),
    "faces64": (
        "--preset compact --detector '' --alpha 1 --start COMPACT --train-share 1 --seed 2",
        "Begun from the weights of `compact`, with colors that go together and a last layer without uneven overlap; it saw "
        "109,440 images more, of 24,282 faces, in 1 h 30 min on one core of a processor. Most are faces; dark ones and those "
        "with hats or glasses fail. It is the generator that comes with the package, `ssgan sample faces64`.",
    ),
    "tiny": (
        "--preset tiny",
        "100,000 images on one core of a shared machine; they are faces from about 20,000 on.",
    ),
}
GRAY = "-gray"  # in the name of a file of results, after the experiment's
# What came out of each experiment, in plain words.
ANSWERS = {
    "game": "The covers made the detector blind, not the game. The paper's detector, trained with the paper's optimizer, "
    "guesses on covers whose channels each have their own grain: on the earlier `faces64` (rgb) it is right on "
    "0.53 of covers, though it orders 94 % of pairs rightly. On covers of the same generator whose colors go "
    "together (luma) it is right on 97.4 to 99.8 %. Today's `faces64` was trained with such colors. There the "
    "detector is right on 99.9 % (three seeds), and on 84 to 89 % even without the map of colors, because the "
    "three channels learned to go together. It had not seen these covers before; a seed takes three minutes of "
    "one core. It also works in the loop. In a late game, begun from `faces64`, with changes of all channels "
    "together, the detector is right on 0.77 at the end, orders every pair rightly, and is heard with a weight of "
    "0.15. The covers stay as smooth as photographs (median residual 1.9). From scratch, with the preset `ssgan` "
    "at width 16, it is right on more than 99 %, but these covers are poor: the gradient of the clipped critic "
    "is 1e-7, and the covers are rough (median residual 6.6) and much alike. We ran one seed of the late game and "
    "two from scratch; we did not run `paper` in the loop.",
    "frontier": "No. The controls pass: LSB replacement of every sample is found without an error, and covers against covers "
    "are not told apart. A rich model judges 4,000 pairs of each source after learning from 3,200 of the same "
    "source, one seed. It finds changes of single channels without an error in every source, because the channels "
    "predict each other. When all channels change together (0.4 bits a pixel), its P_E for HILL is 0.373 in "
    "photographs (0.363 to 0.384) and 0.308 in `faces64`: generated covers are not safer, although their grain is "
    "as fine. A late game from `faces64` over 4,000 images gives 0.328 with the detector heard (0.317 to 0.338) "
    "and 0.322 without it (0.311 to 0.332). So the small gain came from more training, at the price of worse "
    "patches (29 and 30 against 16), and secrecy bought nothing. Neither needed added noise as a control, because "
    "both have the same median residual. Secrecy does not move the texture either: in each fifth of the places, "
    "from the smoothest to the roughest, covers of the same latents vary by 1.000 to 1.005 times what they do "
    "without the detector. Choosing covers helps: the half of the photographs in which LSB matching shows least "
    "gives 0.441. Drawn covers, whose grain is independent by construction, give 0.456 when HILL changes them. A "
    "drawn cover that the message itself picks changes nothing at all; see above. The price: every generated "
    "cover is told from photographs without an error, and chosen photographs with a P_E of 0.28. We ran no "
    "further seeds.",
    "frontier-gray": "Generated covers are no safer in gray either. We compare the luma of `faces64` with the luma of "
    "photographs, 4,000 pairs of each, one seed; the controls pass. P_E for HILL is 0.399 in photographs (0.388 to 0.409) and "
    "0.342 in generated covers (0.332 to 0.353); for LSB matching it is 0.037 and 0.021. Every generated cover "
    "is told from a photograph without an error. In the late game from `faces64`, the paper's detector, from "
    "scratch, is right on 0.72 of gray covers at the end and orders every pair rightly; the last two rows are "
    "from the log of that training. We have not judged its covers, covers with noise, chosen photographs or drawn "
    "covers in gray. The command judges them all.",
    "table1": "After the same number of images the two games differ, and neither is nearer to faces. SSGAN, a clipped WGAN, "
    "has the better grain at the end (patches at 64 x 64: 133 against 193; kernel distance of residuals: 3,400 "
    "against 6,400), but its covers are nearly all one picture (MS-SSIM of pairs 0.98; real faces have 0.26). "
    "SGAN's covers vary (0.53) and have the better shapes (patches at 16 x 16: 59 against 287). The paper says "
    "that its game converges faster, of pictures and without a measure; 10,752 images of one seed on narrow nets "
    "do not show it. Nor do we find its gain of 5 % in time: SGAN's own detector is so slow on a processor that "
    "SSGAN takes 0.30 of SGAN's time, where the paper has 0.95 on a graphics card. That is the price of the "
    "detector, not of the game.",
    "table2": "This table uses the earlier `faces64`, with colored grain; the frontier has today's. In real faces (once "
    "JPEGs, then shrunk) both messages are found: GNCNN, after 16,000 images, is right on more than 99 % of "
    "covers and stegos by LSB matching, where the paper had 87 %. A detector trained on real faces guesses on "
    "generated ones (0.50), even where a retrained one does not, and also on real ones with noise of one gray "
    "value: the paper's 0.72 measures that mismatch. The retrained rich model nearly always finds LSB matching in "
    "the covers of `paper` (0.007), hardly in those of the same game without the detector (0.460), and finds "
    "HILL in neither. But neither made faces in 12,000 images, so nobody could send these. `dcgan` and the "
    "earlier `faces64` give no answer: their grain is so rough that even LSB replacement of every sample is "
    "missed more than 5 % of the time. Roughness hides: noise of one gray value in real faces raises the P_E of "
    "HILL from 0.010 to 0.198 without any generator. Every generated cover, and every noisy real one, is told "
    "from real faces without an error. So at this size generated covers are harder to search because of their "
    "noise, not because of secrecy in the loss. The price is that a person who sends them is noticed.",
    "table3": "We find the paper's fall from S1 to S3, and it is a mismatch. The rich model is right on 99.3 % of covers "
    "from the stream that it learned from, and on 98.8 % of covers of the same generator by another seed: another "
    "seed alone hides nothing (the paper's detector, 0.87, fell to 0.72). On a generator that was trained "
    "further it guesses (0.500); this is S3 (0.71). Retrained on those very covers it is right on 99.6 % (S4, "
    "which the paper does not ask). A detector that may sample from the generator, as Kerckhoffs assumes, loses "
    "nothing when the generator trains further. Testing on the covers learned from (S1') would have added half a "
    "point.",
    "alpha": "No weight of secrecy had a visible effect. Against the same detector, no alpha from 0.9 to 0.5, plain or "
    "balanced, made LSB matching harder to find than alpha = 1, the same game without the detector (0.435); "
    "balanced 0.9 made it easier (0.362). Quality falls where secrecy really gets its share (balanced), and "
    "hardly where the loss is taken plainly. Every one of these covers is told from real faces without an error, "
    "and in none is LSB replacement of every sample found as it should be. So these are differences between "
    "generators after 12,000 images, and no measure of safety.",
}
MEASURES = {  # columns of the table of generators: (figure, features begin with) and a title
    ("sliced Wasserstein distance x 1000, 64 x 64", ""): "patches, 64 x 64",
    ("sliced Wasserstein distance x 1000, 16 x 16", ""): "patches, 16 x 16",
    ("kernel distance", "SRMQ1"): "SRMQ1 co-occurrences",
    ("residual median", ""): "residual, median",
    ("channel correlation", ""): "its correlation between channels",
    ("checkerboard", ""): "checkerboard",
    ("median deflection", ""): "deflection",
    ("mean MS-SSIM of pairs", ""): "likeness of pairs",
    ("share of copies of real images", ""): "copies",
}


def generators() -> str:
    """docs/generators.md."""
    with (RESULTS / "generators.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in GENERATORS if any(row["name"] == name for row in rows)]
    parts = [
        "# Generators",
        "",
        "Generated by `make docs` from `results/`: what was trained, how far, and what the covers look like. The settings",
        "are those of `ssgan train`; [paper.md](paper.md) has the points that the paper leaves open. They learned from 14,116",
        "faces of CelebA, 64 x 64 in color (`--geometry celeba64`); 743 others of the same set were held back, by person.",
        "They shared one NVIDIA H200 with a dozen other trainings, so their times mean little. `tiny` learned from 11,557",
        "faces of other people, on one core.",
        "",
        "# Beside faces of other people",
        "",
        "1,000 covers of a public seed beside 1,000 photographs of people that none of them learned from. `real` is what two",
        "halves of the photographs get. Patches: sliced Wasserstein distance times 1000, of 7 x 7 patches at that scale.",
        "Co-occurrences: kernel distance in the roots of SRMQ1's, what a warden reads. Residual: median size of the KV",
        "residual in gray values; more than a photograph's is roughness that no camera makes. Its correlation: the least of",
        "two channels. Checkerboard: power at the highest frequency over its neighbors'. Deflection: the median of d^2 of LSB",
        "matching at 0.4 bits a sample (`ssgan rank`); the less, the harder a message is to find. Likeness: mean MS-SSIM of",
        "pairs; more is less variety. Copies: share of covers as near to a photograph as one photograph in a hundred is to",
        "another. None of these is an FID. What is empty was not measured while that generator was at hand.",
        "",
        f"| generator | images seen | parameters | {' | '.join(MEASURES.values())} |",
        f"|{' --- |' * (3 + len(MEASURES))}",
        *(_generator(name, [row for row in rows if row["name"] == name]) for name in names),
        f"| real | | | {' | '.join(_measured(rows[::-1], measure, 'real') for measure in MEASURES)} |",
        "",
        "`python benchmarks/generators.py PHOTOGRAPHS NAME=RUN ... --write`",
        "",
    ]
    for name in names:
        how, seen = GENERATORS[name]
        parts += [
            f"## {name}",
            "",
            f"`ssgan train FACES --geometry celeba64 {how}`",
            "",
            seen,
            "",
            f"![Covers](generators/{name}.jpg)",
            "",
        ]
    parts += [
        "# A step on a graphics card",
        "",
        "Real images a second of a step of the preset `paper`, draws and numbers included. `graphs` is what a training does:",
        "each update recorded once and replayed. Measured before embedding was recorded too, before the layers at the image",
        "went by phases and before GNCNN had its lean form; with those it has not been measured yet.",
        "",
        *figures("train_step-cuda"),
        "",
    ]
    return "\n".join(parts)


def reproduce() -> str:
    """docs/reproduce.md."""
    parts = [
        "# The paper's questions again",
        "",
        "Generated by `make docs` from `results/`. `ssgan reproduce all FACES --geometry celeba64 --convert jpeg` repeats the",
        "paper's experiments. It writes the CSV files shown here to `results`, and the answers with pictures to `report.html`.",
        "This page shows `--size small`: `table1` took 18 minutes and `table3` 14, on one core each, `table2` and `alpha`",
        "50 minutes of processor time each. Published figures are from the paper's tables. When a detector is trained on one",
        "source and judges another, the error says how different the two sources are, not how safe the covers are.",
        "",
    ]
    parts += _first_answer() if (RESULTS / "covers.csv").exists() else []
    parts += _wanted() if (RESULTS / "drawn.csv").exists() else []
    for name, experiment in EXPERIMENTS.items():
        parts += [f"## {name}: {experiment.title}", ""]
        if name == jpeg.NAME:
            parts += [
                "The table is in [detectors.md](detectors.md#table-of-detection-in-jpegs): `ssgan reproduce jpeg PHOTOGRAPHS",
                "--size full` writes its rows, `jpeg/judged/results.csv`. Give pictures that were never compressed.",
                "",
            ]
            continue
        if not (RESULTS / f"{name}.csv").exists():
            parts += [f"Not measured yet: `ssgan reproduce {name} FACES --geometry celeba64 --convert jpeg`.", ""]
            continue
        parts += _asked_again(name)
        if (RESULTS / f"{name}{GRAY}.csv").exists():
            parts += [f"### {name} in gray", "", *_asked_again(name, gray=True)]
    return "\n".join(parts)


def _asked_again(name: str, *, gray: bool = False) -> list[str]:
    """The answer, the picture and the records of an experiment, in color or in gray."""
    called = name + GRAY if gray else name
    with (RESULTS / f"{called}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    judged = [row for row in rows if row["question"] != "quality"]
    parts = [*_sentences(ANSWERS.get(called, "")), *_picture(called), *_records(judged), ""]
    parts += [*_quality([row for row in rows if row["question"] == "quality"]), ""] if len(judged) < len(rows) else []
    circumstances = ", ".join(f"{key} {rows[0][key]}" for key in ("size", "device", "torch") if rows[0].get(key))
    asked = f"ssgan reproduce {name} FACES --geometry celeba64 {'--gray ' if gray else ''}--convert jpeg"
    return [*parts, f"`{asked}`; {circumstances}.", ""]


def _wanted() -> list[str]:
    """What the paper wanted, from results/drawn.csv, which benchmarks/drawn.py wrote."""
    with (RESULTS / "drawn.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["figure"]: row for row in csv.DictReader(file)}
    bits = float(rows["honest, bits a sample"]["value"])
    ways = {
        f"drawn by the message, all that is promised, {8 * _promise() / 12288:.1f} bits a sample": "drawn at the promise",
        "LSB matching, 0.4 bits a sample": "lsb@0.4 in the same covers",
        "HILL, 0.4 bits a sample": "hill@0.4 in the same covers",
    }
    lines = ["| covers of faces64 with a message | warden | P_E, a seed each | pairs judged |", f"|{' --- |' * 4}"]
    for words, question in ways.items():
        for detector, called in (("spam", "SPAM + ensemble"), ("scrmq1", "SCRMQ1 + ensemble"), ("xunet", "Xu-Net")):
            found = [row for name, row in rows.items() if name.startswith(f"{question} by {detector},")]
            errors = ", ".join(f"{float(r['value']):.3f} ({float(r['low']):.3f} to {float(r['high']):.3f})" for r in found)
            judged = ", ".join(row["count"] for row in found)
            lines += [f"| {words} | {called} | {errors} | {judged} |"] if found else []
    return [
        "## What SSGAN wanted: covers that are secure by their generation",
        "",
        "The paper's way is a detector in the loss of the generator, and changes by one afterwards. The other way changes",
        "nothing: the ciphertext picks the samples that the generator draws ([drawn.md](drawn.md)). Here are both, in the same",
        "honest covers, by wardens that are trained for each question on seven covers of ten; two of ten are judged, once.",
        f"Samples carry {bits:.2f} bits on average; the promise takes what every picture has. The intervals of the drawn way",
        "must hold one half, as the proof says. That the same warden finds LSB matching shows that it can see.",
        "",
        *lines,
        "",
        "`python benchmarks/drawn.py warden --write`. Nor does SPAM find anything in what might give a message away by itself:",
        "",
        *_parts(rows),
        "",
        "`python benchmarks/drawn.py parts --write`. That they are no photographs is found:",
        "",
        *_natural(rows),
        "",
        "`python benchmarks/drawn.py natural FACES --write`.",
        "",
    ]


def _promise() -> int:
    manifest = RESULTS.parent / "src" / "ssgan" / "bundled" / "faces64" / "drawn" / "manifest.json"
    return int(json.loads(manifest.read_text())["manifest"]["about"]["promise_bytes"])


def _parts(rows: dict[str, dict[str, str]]) -> list[str]:
    lines = ["| drawn at the promise | P_E by SPAM | judged |", "| --- | --- | --- |"]
    for name, row in rows.items():
        if name.startswith("drawn at the promise, "):
            looked_at = name.removeprefix("drawn at the promise, ").partition(" by ")[0]
            error = f"{float(row['value']):.3f} ({float(row['low']):.3f} to {float(row['high']):.3f})"
            lines.append(f"| {looked_at} | {error} | {row['count']} |")
    return lines


def _natural(rows: dict[str, dict[str, str]]) -> list[str]:
    lines = [
        "| pictures | KV residual: deviation, median size | its correlation, R and G, G and B, R and B | P_E, SPAM, SCRMQ1 |",
        "| --- | --- | --- | --- |",
    ]
    for kind in ("photographs", "faces64 as it is", "drawn covers"):
        if f"{kind}: residual, deviation in gray values" not in rows:
            continue
        sizes = (f"{kind}: residual, {what} in gray values" for what in ("deviation", "median size"))
        residual = ", ".join(f"{float(rows[name]['value']):.1f}" for name in sizes)
        pairs = (f"{kind}: correlation of residuals of {pair}" for pair in ("R and G", "G and B", "R and B"))
        colors = ", ".join(f"{float(rows[name]['value']):.2f}" for name in pairs)
        known = (rows.get(f"{kind}, told from photographs by {name}, seed 0, P_E") for name in ("spam", "scrmq1"))
        errors = ", ".join("" if row is None else f"{float(row['value']):.3f}" for row in known)
        lines.append(f"| {kind} | {residual} | {colors} | {errors} |")
    return lines


def _first_answer() -> list[str]:
    """The generators of generators.md beside photographs, from results/covers.csv, which `ssgan evaluate` wrote."""
    with (RESULTS / "covers.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "retrained"]
    lines = [
        "| covers | embedder | P_E | LSB replacement of every sample | covers against covers | against photographs |",
        f"|{' --- |' * 6}",
    ]
    for row in rows:
        error = f"{float(row['p_e']):.3f} ({float(row['p_e_low']):.3f} to {float(row['p_e_high']):.3f})"
        controls = " | ".join(f"{float(row[key]):.3f}" for key in ("gross_p_e", "null_error", "conspicuous_p_e"))
        lines.append(f"| {row['covers']} | `{row['embedder']}` | {error} | {controls} |")
    train, test, detector = rows[0]["train_pairs"], rows[0]["test_pairs"], DETECTORS[rows[0]["detector"]].title
    return [
        "## Are generated covers safer, against whom, and at what price?",
        "",
        f"{detector}, retrained on the very covers that it judges, {train} pairs to learn from and {test} judged, one seed.",
        "The generators are those of [generators.md](generators.md), color, 64 x 64; `compact` is the `faces64` of before,",
        "with colored grain. The last column is the price.",
        "",
        *lines,
        "",
        "In SGAN's covers this detector, with so few pairs, finds a message less often than in photographs. For SSGAN's and",
        "`compact`'s there is no answer: it misses even LSB replacement of every sample more than 5 % of the time, so it has",
        "not learned enough, and the figure does not measure safety. The rougher the residual of the covers (see their page),",
        "the higher the error: photographs with noise might do as well. And there is a price: the same detector tells every",
        "generated cover from a photograph without an error, so a person who sends them stands out before anybody looks for a",
        "message. These photographs were JPEGs and are easy covers: their colors tell of each other.",
        "",
        "`ssgan evaluate PHOTOGRAPHS PAPER SGAN COMPACT --embedder lsb@0.4/plain hill@0.4 --detector scrmq1 --against OTHERS",
        "--geometry celeba64 --limit 2000 -o FOLDER`; OTHERS are photographs of other people.",
        "",
    ]


def _picture(name: str) -> list[str]:
    """The picture of an experiment, where docs/draw_pictures.py draws one."""
    path = RESULTS.parent / "docs" / "pictures" / f"{name}.svg"
    words = "P_E of a retrained detector against the distance of patches to photographs, a point each kind of covers"
    found = [f"![{words}](pictures/{name}.svg)", ""] if path.exists() else []
    if name == "frontier" and path.with_name("texture.png").exists():
        words = (
            "Covers of the late game without the detector and with it, of the same latents, and where their gray values vary"
        )
        found += [f"![{words}](pictures/texture.png)", ""]
        found += [
            "Without the detector (rows 1 and 2) and with it (3 and 4), the same latents: bright where gray values vary.",
            "",
        ]
    return found


def _sentences(text: str) -> list[str]:
    return [text, ""] if text else []


def _records(rows: list[dict[str, str]]) -> list[str]:
    """Published beside ours."""
    lines = ["| question | covers | detector, embedder | figure | published | ours | test pairs, seeds |", f"|{' --- |' * 7}"]
    for row in rows:
        spread = f" ± {float(row['spread']):.3f}" if row["spread"] else ""
        interval = f" ({float(row['low']):.3f} to {float(row['high']):.3f})" if row["low"] else ""
        judge = ", ".join(part for part in (row["detector"], row["embedder"]) if part)
        ours, covers = f"{float(row['ours']):.3f}{spread}{interval}", Path(row["covers"]).name
        cells = [row["question"], covers, judge, row["figure"], row["published"], ours, f"{row['test_pairs']}, {row['seeds']}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _quality(rows: list[dict[str, str]]) -> list[str]:
    """A line for each kind of covers, a column for each measure, with what real images get below."""
    measures = list(dict.fromkeys((row["figure"], row["detector"]) for row in rows))
    titles = [f"{figure}, {features}" if features else figure for figure, features in measures]
    lines = [f"| covers | at | {' | '.join(titles)} |", f"|{' --- |' * (len(titles) + 2)}"]
    for covers, at in dict.fromkeys((row["covers"], row["at"]) for row in rows):
        own = {(r["figure"], r["detector"]): r for r in rows if (r["covers"], r["at"]) == (covers, at)}
        cells = [f"{float(own[m]['ours']):.4g}" if m in own else "" for m in measures]
        lines.append(f"| {covers} | {float(at):g} | {' | '.join(cells)} |")
    real = {(r["figure"], r["detector"]): r["real"] for r in rows}
    return [*lines, f"| real images | | {' | '.join(f'{float(real[m]):.4g}' if real[m] else '' for m in measures)} |"]


def _generator(name: str, rows: list[dict[str, str]]) -> str:
    seen, parameters = int(rows[0]["images_seen"]), int(rows[0]["parameters"])
    figures = " | ".join(_measured(rows, measure, "generated") for measure in MEASURES)
    return f"| {name} | {seen:,} | {parameters / 1e6:.2f} M | {figures} |"


def _measured(rows: list[dict[str, str]], measure: tuple[str, str], column: str) -> str:
    figure, features = measure
    return next((row[column] for row in rows if row["figure"] == figure and row["features"].startswith(features)), "")
