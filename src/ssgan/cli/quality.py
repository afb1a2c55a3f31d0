"""`ssgan quality`: the quality of generated covers, beside real ones."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.options import Json, Quiet, Verbose, words
from ssgan.cli.screen import Screen
from ssgan.cli.simulate import ReadingOptions
from ssgan.cli.threads import use_threads

if TYPE_CHECKING:
    from ssgan.datasets import Geometry
    from ssgan.evaluation.quality.compare import Figure
    from ssgan.images import Images


def quality(
    generated: Annotated[Path, Parameter(help="A folder or archive of generated covers.")],
    real: Annotated[Path, Parameter(help="A folder or archive of real ones: the generator's training data or the like.")],
    /,
    *,
    features: Annotated[
        str, Parameter(help="Features to measure distances in, separated by commas: pixels, kv, spam, srmq1, srm, crm, scrmq1.")
    ] = "pixels,kv,spam,srmq1",
    own: Annotated[
        list[str] | None,
        Parameter(help="Features of your own, FILE.py:FUNCTION, from uint8 (N, C, H, W) to numbers (N, D); FILE.py is run."),
    ] = None,
    limit: Annotated[int, Parameter(help="Images of each kind, chosen at random.")] = 2000,
    repeats: Annotated[int, Parameter(help="How often halves of the real images, and directions, are drawn.")] = 3,
    seed: Annotated[int, Parameter(help="The public seed of all choices.")] = 0,
    reading: ReadingOptions | None = None,
    threads: Annotated[int | None, Parameter(help="Threads; by default one a core.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Compare generated covers with real photographs.

    The figures measure what eyes see and what steganalysis features see. The column `real` is what a perfect generator would
    get: two halves of the real images compared, or the same measure of them. Distances: Frechet's and the kernel distance
    (KID's formula) in named features, none of them Inception's, so no figure is an FID; and the sliced Wasserstein distance
    of patches, scale by scale. A residual deviation below that of real images says that the covers are too smooth to hide in.
    A copy is a cover as near to a real image as one in a hundred real images is to another. The options for reading are for
    REAL.
    """
    from ssgan.datasets import Geometry
    from ssgan.evaluation.quality.compare import quality
    from ssgan.evaluation.quality.features import spaces

    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    chosen = spaces(list(words(features)), own or [])
    geometry, convert = (reading or ReadingOptions()).parse()
    use_threads(threads)
    made = _chosen(screen, generated, Geometry(gray=geometry.gray), convert, limit, seed)
    given = _chosen(screen, real, geometry, convert, limit, seed)
    figures = quality(
        made,
        given,
        chosen,
        seed=seed,
        repeats=repeats,
        notify=lambda doing: screen.note("measuring", f"measuring: {doing}", measuring=doing),
    )
    if json:
        for figure in figures:
            screen.result("figure", "", **asdict(figure))
        return
    screen.table("figure", [_row(figure) for figure in figures])


def _chosen(screen: Screen, path: Path, geometry: Geometry, convert: tuple[str, ...], limit: int, seed: int) -> Images:
    """Return images of a source, and their number in words."""
    from ssgan.datasets.loading import left_out
    from ssgan.evaluation.quality.image_sets import choose

    with screen.progress(limit, f"reading {path}") as progress:
        found = choose(path, geometry, convert=convert, limit=limit, seed=seed, progress=progress)
    if found.bad:
        screen.warn(left_out(found.bad, len(found.bad) + len(found.images), path))
    summary = {"source": str(path), "images": len(found.images), "available": found.available, "left_out": found.bad}
    screen.note("images", f"{len(found.images)} of {found.available} images of {path}", **summary)
    return found.images


def _row(figure: Figure) -> dict[str, str]:
    return {
        "figure": figure.figure,
        "features": figure.features,
        "dimension": str(figure.dimension),
        "images": str(figure.images),
        "generated": _spread(figure.generated, figure.generated_spread),
        "real": _spread(figure.real, figure.real_spread),
    }


def _spread(mean: float, spread: float | None) -> str:
    return f"{mean:.4g}" if spread is None else f"{mean:.4g} ± {spread:.2g}"
