"""The demonstration: every scheme embeds into photographs, is measured and pictured, and one HTML page shows it all.

The photographs come with scikit-image's wheel (camera: Lav Varshney, coffee: Rachel Michetti, chelsea: Stefan van der Walt,
astronaut and moon: NASA and USGS, coins: Brooklyn Museum; free of restrictions). The page fetches nothing and runs no script.
"""

from __future__ import annotations

import base64
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import ssgan
from ssgan import images, pictures
from ssgan.datasets import Geometry
from ssgan.errors import InvalidSetting
from ssgan.folders import make_folder
from ssgan.inspection import Inspection, inspect_cover

if TYPE_CHECKING:
    from ssgan.embedding.embedder import Embedder

PAGE = "ssgan-demo.html"
PHOTOGRAPHS = ("camera", "astronaut", "chelsea", "coffee", "coins", "moon")
QUICK = ("camera", "moon")
SIDE = 256
PAYLOAD = 0.4
SEED = 1
# The share of samples that counts as easy to predict, and the neighborhood that says how easy a place is.
EASY = 0.5
NEIGHBORHOOD = 5
# A sample lies between two neighbors on four straight lines: steps down and to the right.
_LINES = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True)
class Shown:
    """One embedder on one photograph; `stc` is the stego of real coding, where the scheme has any use for it."""

    photograph: str
    seen: Inspection
    payload: float  # bits per sample that the change probabilities carry
    milliseconds: float
    coded: Coded | None

    @cached_property
    def easy_share(self) -> float:
        """The fraction of the changes that fall on the half of the samples that is easiest to predict."""
        changed = self.seen.cover != self.seen.stego
        return float(changed[easiest(self.seen.cover)].sum() / max(1, changed.sum()))


@dataclass(frozen=True)
class Coded:
    """A message really embedded, by syndrome-trellis codes: what it cost beside the optimal sender."""

    loss: float
    milliseconds: float


@dataclass(frozen=True)
class Row:
    """One embedder over all photographs: means of what was measured, and the maps of the first one."""

    name: str
    title: str
    summary: str
    formula: str
    paper: str
    change_rate: float
    payload_error: float
    psnr: float
    easy_share: float
    milliseconds: float
    loss: float | None
    coding_milliseconds: float | None
    maps: dict[str, str]
    changes: tuple[str, ...]


def steps(*, quick: bool = False) -> int:
    """How many times an embedder meets a photograph."""
    return len(_photographs(quick)) * len(_embedders())


def make(out: Path, *, quick: bool = False, report: Callable[[int], None] = lambda done: None) -> Path:
    """Measure every scheme on the photographs and write the page into `out`; its path. `report` is told the steps done.

    Raises InvalidSetting where the extra `report` is not installed, StorageFailed where the page cannot be written.
    """
    covers = {name: photograph(name) for name in _photographs(quick)}
    rows, done = [], 0
    for embedder in _embedders():
        shown = []
        for name, cover in covers.items():
            shown.append(_show(name, cover, embedder))
            report(done := done + 1)
        rows.append(_row(embedder, shown))
    return _write(out / PAGE, render(rows, {name: _inline(cover) for name, cover in covers.items()}))


def photograph(name: str) -> np.ndarray:
    """The middle SIDE x SIDE samples, uint8 (C, H, W), of a photograph in scikit-image's wheel."""
    package = find_spec("skimage")  # looks, and imports nothing: the package's own loader would reach for the network
    if package is None or package.origin is None:
        raise _without_extra()
    samples = images.read(Path(package.origin).parent / "data" / f"{name}.png").samples
    return next(cut for _, cut in Geometry(crop=SIDE).cut(samples))


def easiest(cover: np.ndarray) -> np.ndarray:
    """bool (C, H, W): the half of the samples whose surroundings are easiest to predict.

    What a straight line through two neighbors leaves of the sample between them, on average over a neighborhood, in the best
    of four directions: an edge goes on, so it is easy, however strong it is.
    """
    border = NEIGHBORHOOD // 2 + 1
    x = np.pad(cover.astype(np.float64), ((0, 0), (border, border), (border, border)), mode="symmetric")
    unexplained = []
    for step in _LINES:
        residual = np.abs(2 * x - np.roll(x, step, (1, 2)) - np.roll(x, (-step[0], -step[1]), (1, 2)))[:, 1:-1, 1:-1]
        windows = np.lib.stride_tricks.sliding_window_view(residual, (NEIGHBORHOOD, NEIGHBORHOOD), axis=(1, 2))
        unexplained.append(windows.mean(axis=(-2, -1)))
    order = np.min(unexplained, axis=0).ravel().argsort(kind="stable")
    easy = np.zeros(cover.size, dtype=bool)
    easy[order[: int(EASY * cover.size)]] = True
    return easy.reshape(cover.shape)


def render(rows: list[Row], covers: dict[str, str]) -> str:
    """The page as text, from rows and covers as inline images."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise _without_extra() from error
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("ssgan") / "demo.html").read_text(encoding="utf-8"))
    return template.render(
        rows=rows,
        covers=covers,
        payload=PAYLOAD,
        side=SIDE,
        seed=SEED,
        easy=EASY,
        version=ssgan.__version__,
        even=rows[0],
        shown=next(row for row in rows if row.name.startswith("hill")),
    )


def _photographs(quick: bool) -> tuple[str, ...]:
    return QUICK if quick else PHOTOGRAPHS


def _embedders() -> list[Embedder]:
    """Every scheme: by the optimal sender, or, where all samples cost the same, by the plain one, which does not code."""
    from ssgan.embedding.catalog import SCHEMES
    from ssgan.embedding.embedder import Embedder

    return [Embedder(scheme, PAYLOAD, "bound" if entry.adaptive else "plain") for scheme, entry in SCHEMES.items()]


def _show(name: str, cover: np.ndarray, embedder: Embedder) -> Shown:
    from ssgan.embedding import bound

    seen = inspect_cover(cover, embedder, seed=SEED, name=name)
    covers = images.to_images(cover)
    probabilities = embedder.change_probabilities(covers)
    # The plain sender's bits are one a visited sample; its probabilities would carry more if they were coded for.
    carried = PAYLOAD if embedder.coder == "plain" else float(bound.entropy_bits(probabilities)) / cover.size
    milliseconds = _milliseconds(lambda: embedder.simulate_seeded(covers, np.array([SEED], dtype=np.uint64)))
    return Shown(name, seen, carried, milliseconds, _code(cover, embedder) if embedder.coder == "bound" else None)


def _code(cover: np.ndarray, embedder: Embedder) -> Coded | None:
    """What real coding loses: the share of the payload that the optimal sender would carry besides at the same distortion."""
    from ssgan.embedding import bound
    from ssgan.embedding.costs import distortion
    from ssgan.embedding.embedder import CODERS, Embedder

    if "stc" not in CODERS:
        return None
    coder = Embedder(embedder.scheme, embedder.payload, "stc")
    covers, costs = images.to_images(cover), embedder.costs(images.to_images(cover))
    seeds = np.array([SEED], dtype=np.uint64)
    started = time.perf_counter()
    stegos = coder.simulate_seeded(covers, seeds)
    milliseconds = 1e3 * (time.perf_counter() - started)
    lam = bound.lambdas(costs, distortion=distortion(costs, covers, stegos))
    carried = float(bound.entropy_bits(bound.probabilities_at(costs, lam))) / cover.size
    return Coded(1 - embedder.payload / carried, milliseconds)


def _milliseconds(work: Callable[[], object], *, times: int = 3) -> float:
    """The median of a few calls, in milliseconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - started))
    return statistics.median(taken)


def _row(embedder: Embedder, shown: list[Shown]) -> Row:
    from ssgan.embedding.catalog import SCHEMES

    entry, first = SCHEMES[embedder.scheme], shown[0].seen
    coded = [one.coded for one in shown if one.coded is not None]
    return Row(
        name=str(embedder),
        title=entry.title,
        summary=entry.summary,
        formula=entry.formula,
        paper=entry.paper,
        change_rate=_mean(one.seen.difference.change_rate for one in shown),
        payload_error=max(abs(one.payload / embedder.payload - 1) for one in shown),
        psnr=_mean(one.seen.difference.psnr for one in shown),
        easy_share=_mean(one.easy_share for one in shown),
        milliseconds=_mean(one.milliseconds for one in shown),
        loss=_mean(one.loss for one in coded) if coded else None,
        coding_milliseconds=_mean(one.milliseconds for one in coded) if coded else None,
        maps={name: _inline(first.pictures[name]) for name in ("costs", "change_probabilities", "changes")},
        changes=tuple(_inline(pictures.change_map(*_green(one.seen))) for one in shown[1:]),
    )


def _green(seen: Inspection) -> tuple[np.ndarray, np.ndarray]:
    """Cover and stego of the one channel, or of the green one: the page has no room for three."""
    middle = slice(len(seen.cover) // 2, len(seen.cover) // 2 + 1)
    return seen.cover[middle], seen.stego[middle]


def _mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)


def _inline(picture: np.ndarray) -> str:
    """The picture as an address that carries its own PNG."""
    return "data:image/png;base64," + base64.b64encode(images.encode(picture)).decode("ascii")


def _write(path: Path, text: str) -> Path:
    make_folder(path.parent)
    with images.whole_file(path, overwrite=True, durable=False) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _without_extra() -> InvalidSetting:
    return InvalidSetting("The demonstration needs the extra 'report'.", hint='Install it: pip install "ssgan[report]"')
