"""`ssgan inspect` of a JPEG: tables, coefficients, and what an embedder for coefficients changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssgan.cli.inspect_output import files, where, write_pictures
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    import numpy as np

    from ssgan.images.coefficients import Coefficients

USUAL = "juniward@0.4"
_FEW = 2  # values of a histogram that are printed have this magnitude at most


def is_meant(cover: Path, embedder: str | None, convert: tuple[str, ...]) -> bool:
    """Return whether the coefficients of a file are to be inspected: of a JPEG, unless it is to be converted to pixels.

    Raises InvalidSetting for an embedder that does not change such files.
    """
    is_jpeg = _begins_as_jpeg(cover)
    if embedder is not None:
        from ssgan.embedding.titles import is_for_jpegs, wrong_kind

        for_jpegs = is_for_jpegs(embedder)
        if is_jpeg is not None and is_jpeg != for_jpegs and (for_jpegs or "jpeg" not in convert):
            raise wrong_kind(embedder, str(cover), InvalidSetting)
        return for_jpegs
    return "jpeg" not in convert and is_jpeg is True


def inspect(screen: Screen, path: Path, embedder: str, seed: int, *, out: Path | None, force: bool) -> None:
    """Show a JPEG and what the embedder changes in it."""
    from ssgan.embedding.embedder import Embedder
    from ssgan.evaluation import coefficient_inspection as inspection
    from ssgan.evaluation.inspection import sheet
    from ssgan.images.coefficient_files import read_coefficients

    chosen, cover = Embedder.parse(embedder), read_coefficients(path)
    seen = inspection.inspect_coefficients(cover, chosen, seed=seed, name=path.name)
    shown: dict[str, np.ndarray] = {}
    parts = [inspection.histogram(component.carriers) for component in cover.components]
    lines = [line for number in range(len(parts)) for line in _component(cover, number, parts[number])]
    changed = (
        f"{seen.changes} of {seen.samples} coefficients changed, {seen.changes / seen.num_nonzero_ac:.2%} of the nonzero AC "
        f"({seen.expected_changes / seen.num_nonzero_ac:.2%} expected), {seen.wet_share:.2%} wet"
    )
    if out is not None:
        shown = {**seen.pictures, "schemes": sheet(inspection.every_scheme(cover, chosen.payload, seed=seed, name=path.name))}
        facts = {"image": _kind(cover), "embedder": f"{chosen}, seed {seed}", "changed": changed}
        facts |= {name: ", ".join(text) for name, text in _tables(cover).items()}
        write_pictures(out, path.name, facts, shown, [], force=force)
    screen.result(
        "jpeg_inspection",
        [f"{path.name}: {_kind(cover)}", *lines, f"{chosen}, seed {seed}: {changed}", *where(out)],
        cover=str(path),
        embedder=str(chosen),
        seed=seed,
        height=cover.height,
        width=cover.width,
        nonzero_ac=cover.num_nonzero_ac,
        components=[
            {
                "sampling": list(component.sampling),
                "table": component.table.tolist(),
                "whole_blocks": list(component.whole),
                "nonzero_ac": component.num_nonzero_ac,
                "histogram": {str(value): count for value, count in part.items()},
            }
            for component, part in zip(cover.components, parts, strict=True)
        ],
        samples=seen.samples,
        changes=seen.changes,
        expected_changes=seen.expected_changes,
        wet_share=seen.wet_share,
        pictures=files(out, shown),
    )


def compare(screen: Screen, first: Path, second: Path, *, out: Path | None, force: bool) -> None:
    """Show which coefficients of two JPEGs differ."""
    import numpy as np

    from ssgan.evaluation.coefficient_inspection import NAMES
    from ssgan.images.coefficient_files import read_coefficients
    from ssgan.images.coefficients import planes
    from ssgan.views import maps

    one, two = read_coefficients(first), read_coefficients(second)
    alike = len(one.components) == len(two.components) and all(
        a.blocks.shape == b.blocks.shape and np.array_equal(a.table, b.table)
        for a, b in zip(one.components, two.components, strict=True)
    )
    if not alike:
        raise InvalidSetting(
            f"{first.name} and {second.name} differ in size, sampling or quantization tables, so that nothing is comparable",
            hint="allow --convert jpeg to compare the pixels, or name a cover and its own stego",
        )
    shown, moves = {}, []
    for name, a, b in zip(NAMES, one.components, two.components, strict=False):
        before, after = planes(a.blocks)[None], planes(b.blocks)[None]
        moves.append((after.astype(int) - before).reshape(-1))
        end = "" if name == NAMES[0] else f"_{name}"
        if out is not None:
            shown[f"changes{end}"] = maps.change_map(before, after)
    moved = np.concatenate(moves)
    raised, lowered, largest = int((moved > 0).sum()), int((moved < 0).sum()), int(np.abs(moved).max(initial=0))
    share = (raised + lowered) / max(1, one.num_nonzero_ac)
    text = (
        f"{raised + lowered} of {moved.size} coefficients differ, {share:.2%} of the nonzero AC: {raised} raised, "
        f"{lowered} lowered, by {largest} at most"
    )
    if out is not None:
        write_pictures(out, f"{first.name} and {second.name}", {"changed": text}, shown, [], force=force)
    figures: dict[str, Any] = {"raised": raised, "lowered": lowered, "largest": largest, "nonzero_ac": one.num_nonzero_ac}
    screen.result("jpeg_difference", [text, *where(out)], coefficients=int(moved.size), **figures, pictures=files(out, shown))


def _kind(cover: Coefficients) -> str:
    color = "gray" if len(cover.components) == 1 else "color"
    return f"{cover.width} x {cover.height} {color} JPEG, {cover.num_nonzero_ac} AC coefficients are not zero"


def _tables(cover: Coefficients) -> dict[str, list[str]]:
    """Return the rows of each component's quantization table, as text."""
    from ssgan.evaluation.coefficient_inspection import NAMES

    tables = {f"steps of {name}": part.table for name, part in zip(NAMES, cover.components, strict=False)}
    return {name: [" ".join(str(step) for step in row) for row in table.tolist()] for name, table in tables.items()}


def _component(cover: Coefficients, number: int, counts: dict[int, int]) -> list[str]:
    """Return the lines about one component: sampling, table, and the share of the small values."""
    from ssgan.evaluation.coefficient_inspection import NAMES

    part, name = cover.components[number], NAMES[number]
    count = max(1, part.carriers.size * 63 // 64)
    shares = ", ".join(f"{value:+d}: {counts[value] / count:.1%}" for value in range(-_FEW, _FEW + 1) if value)
    rows = list(_tables(cover).values())[number]
    known = [list(_tables(cover).values())[earlier] for earlier in range(number)]
    steps = [f"  {row}" for row in rows] if rows not in known else [f"  as {NAMES[known.index(rows)]}"]
    horizontal, vertical = part.sampling
    return [
        f"{name}: {part.whole[1]} x {part.whole[0]} whole blocks, sampled {horizontal} x {vertical}; AC 0: "
        f"{counts[0] / count:.1%}, {shares}; steps:",
        *steps,
    ]


def _begins_as_jpeg(path: Path) -> bool | None:
    """Return whether a file is named like a JPEG and begins as one; None where it cannot be read."""
    from ssgan.images import JPEG_SIGNATURE, JPEG_SUFFIXES

    if path.suffix.lower() not in JPEG_SUFFIXES:
        return False if path.is_file() else None
    try:
        with path.open("rb") as file:
            return file.read(len(JPEG_SIGNATURE)) == JPEG_SIGNATURE
    except OSError:
        return None  # the usual way says what is wrong
