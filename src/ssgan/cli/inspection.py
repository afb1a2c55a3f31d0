"""`ssgan inspect`: the maps of one cover, or what differs between a cover and its stego."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.options import Convert, EmbedderName, Force, Json, Out, Seed, words
from ssgan.cli.screen import Screen

if TYPE_CHECKING:
    import numpy as np


def inspect(
    cover: Annotated[Path, Parameter(help="An image file.")],
    stego: Annotated[Path | None, Parameter(help="A second image: say what differs, instead of simulating.")] = None,
    /,
    *,
    out: Annotated[Out | None, Parameter(help="A folder for the pictures, as PNG files.")] = None,
    embedder: EmbedderName = "hill@0.4",
    seed: Seed = 0,
    convert: Convert = "",
    force: Force = False,
    json: Json = False,
) -> None:
    """Show where changes are cheap in a cover, how likely an embedder makes them, and which it then makes.

    With -o: the cost map (bright is cheap), the change probabilities, the change map (orange +1, blue -1) and the bit planes.
    """
    from ssgan import images

    screen = Screen(json=json)
    samples = images.read(cover, convert=words(convert)).samples
    if stego is not None:
        _compare(screen, samples, images.read(stego, convert=words(convert)).samples, out=out, force=force)
        return

    from ssgan import inspection
    from ssgan.embedding.embedder import Embedder

    chosen = Embedder.parse(embedder)
    seen = inspection.inspect_cover(samples, chosen, seed=seed, name=cover.name)
    if out is not None:
        inspection.write_pictures(seen.pictures, out, overwrite=force)
    made = seen.difference
    screen.result(
        "inspection",
        f"{cover.name}: {_kind(samples.shape)}, {seen.wet_share:.2%} of its samples wet\n"
        f"{chosen}, seed {seed}: {made.changes} of {made.samples} samples changed ({made.change_rate:.2%}; "
        f"{seen.expected_change_rate:.2%} expected), PSNR {made.psnr:.2f} dB" + (f"\npictures in {out}" if out else ""),
        cover=str(cover),
        embedder=str(chosen),
        seed=seed,
        shape=list(samples.shape),
        wet_share=seen.wet_share,
        expected_change_rate=seen.expected_change_rate,
        change_rate=made.change_rate,
        psnr=made.psnr,
        pictures=[str(out / f"{name}.png") for name in seen.pictures] if out else [],
    )


def _compare(screen: Screen, cover: np.ndarray, stego: np.ndarray, *, out: Path | None, force: bool) -> None:
    from ssgan import inspection, pictures
    from ssgan.differences import difference

    found = difference(cover, stego)
    if out is not None:
        inspection.write_pictures({"changes": pictures.change_map(cover, stego)}, out, overwrite=force)
    screen.result(
        "difference",
        f"{found.changes} of {found.samples} samples differ ({found.change_rate:.2%}): {found.raised} raised, {found.lowered} "
        f"lowered, by {found.largest} at most; PSNR {found.psnr:.2f} dB" + (f"\npictures in {out}" if out else ""),
        samples=found.samples,
        raised=found.raised,
        lowered=found.lowered,
        largest=found.largest,
        change_rate=found.change_rate,
        psnr=found.psnr,
    )


def _kind(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{width} x {height} {'gray' if channels == 1 else 'color'}"
