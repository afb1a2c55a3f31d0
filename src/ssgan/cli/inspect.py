"""`ssgan inspect`: the maps of one cover, or what differs between a cover and its stego."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ssgan.cli import inspect_jpeg
from ssgan.cli.inspect_output import files, where, write_pictures
from ssgan.cli.keys import KeyOptions
from ssgan.cli.options import Convert, Force, Json, Out, Seed, words
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    import numpy as np

    from ssgan.embedding.embedder import Embedder
    from ssgan.evaluation.inspection import Inspection
    from ssgan.images.difference import Difference

USUAL = "hill@0.4"


def inspect(
    cover: Annotated[Path, Parameter(help="An image file.")],
    stego: Annotated[Path | None, Parameter(help="A second image: say what differs, instead of simulating.")] = None,
    /,
    *,
    out: Annotated[
        Out | None, Parameter(help="A folder for the pictures, as PNG files, or a file in .html: a page with all of them.")
    ] = None,
    embedder: Annotated[
        str | None,
        Parameter(help="Scheme, payload and coder, see `ssgan list`; hill@0.4 where none is named, of a JPEG juniward@0.4."),
    ] = None,
    seed: Seed = 0,
    convert: Convert = "",
    key: KeyOptions | None = None,
    generator: Annotated[
        Path | None, Parameter(help="Of a drawn cover, its generator; a passphrase is asked for where no key is named.")
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Show costs, changes, residuals and bit planes of a picture.

    See where changes are cheap in a cover, how likely an embedder makes them, and which it makes. With -o: the cost maps of
    this and of every other scheme (bright is cheap), the change probabilities, the change map (orange +1, blue -1), the
    residual that a detector sees, and the bit planes. Of two images: what differs, and the residual of both. Of a drawn
    cover, with its key: the bits that each sample carries. Of a JPEG: its tables and the histogram of its coefficients, and
    the same maps of these, by coefficient and by block.
    """
    from ssgan import images

    screen, key = Screen(json=json), key or KeyOptions()
    key.check()
    if inspect_jpeg.is_meant(cover, embedder, words(convert)) and not key.is_given and generator is None:
        if stego is not None:
            inspect_jpeg.compare(screen, cover, stego, out=out, force=force)
        else:
            inspect_jpeg.inspect(screen, cover, embedder or inspect_jpeg.USUAL, seed, out=out, force=force)
        return
    samples = images.read(cover, convert=words(convert)).samples
    if stego is not None:
        other = images.read(stego, convert=words(convert)).samples
        if key.is_given or generator is not None:
            raise InvalidSetting("a key is for one drawn cover", hint="name one image, or leave the key out")
        _compare(screen, (cover.name, samples), (stego.name, other), out=out, force=force)
        return
    if key.is_given or generator is not None:
        _show_drawn(screen, cover, samples, key, generator, out=out, force=force)
        return
    _tell_of_models(screen, cover, samples)

    from ssgan.embedding.embedder import Embedder
    from ssgan.evaluation import inspection

    chosen = Embedder.parse(embedder or USUAL)
    seen = inspection.inspect_cover(samples, chosen, seed=seed, name=cover.name, layout="chw")
    shown = seen.pictures
    if out is not None:
        every = inspection.every_scheme(samples, chosen.payload, seed=seed, name=cover.name, layout="chw")
        shown["schemes"] = inspection.sheet(every)
        write_pictures(out, cover.name, _facts(seen, chosen, seed), shown, every, force=force)
    made = seen.difference
    screen.result(
        "inspection",
        [
            f"{cover.name}: {_kind(samples.shape)}, {seen.wet_share:.2%} of its samples wet, deflection {seen.deflection:.4g}",
            f"{chosen}, seed {seed}: {_changed(made)} ({made.change_rate:.2%}; "
            f"{seen.expected_change_rate:.2%} expected), PSNR {made.psnr:.2f} dB",
            *where(out),
        ],
        cover=str(cover),
        embedder=str(chosen),
        seed=seed,
        shape=list(samples.shape),
        wet_share=seen.wet_share,
        deflection=seen.deflection,
        expected_change_rate=seen.expected_change_rate,
        change_rate=made.change_rate,
        psnr=made.psnr,
        pictures=files(out, shown),
    )


def _show_drawn(
    screen: Screen, cover: Path, samples: np.ndarray, key: KeyOptions, generator: Path | None, *, out: Path | None, force: bool
) -> None:
    """Show the bits that the samples of a drawn cover carry."""
    from ssgan.cli.hide_drawn import model_of
    from ssgan.evaluation import inspection

    models = [] if generator is None else [model_of(generator)]
    seen = inspection.inspect_drawn(samples, key.key(screen, new=False), models)
    bits, shown = float(seen.bits.sum()), seen.pictures
    rate, most = bits / seen.bits.size, float(seen.bits.max())
    text = f"{bits:.0f} bits in {seen.bits.size} samples, {rate:.2f} a sample, {most:.1f} at most"
    if out is not None:
        facts = {"image": f"{_kind(samples.shape)}, drawn by {seen.model}", "carries": text}
        write_pictures(out, cover.name, facts, shown, [], force=force)
    screen.result(
        "drawn_inspection",
        [f"{cover.name}: {_kind(samples.shape)}, drawn by {seen.model}", text, *where(out)],
        cover=str(cover),
        generator=seen.model,
        shape=list(samples.shape),
        bits=bits,
        bits_per_sample=rate,
        pictures=files(out, shown),
    )


def _tell_of_models(screen: Screen, cover: Path, samples: np.ndarray) -> None:
    """Say that an image may be a drawn one where a model draws such images, since only the key decides."""
    from ssgan.drawn.model import announced_shape, installed_folders

    channels, height, width = samples.shape
    names = [folder.parent.name for folder in installed_folders() if announced_shape(folder) == (height, width, channels)]
    if names:
        text = f"{cover.name} may be a cover drawn by {' or '.join(names)}: with its key, --key-file, its bits are shown"
        screen.note("note", text, generators=names)


def _compare(
    screen: Screen, first: tuple[str, np.ndarray], second: tuple[str, np.ndarray], *, out: Path | None, force: bool
) -> None:
    from ssgan.evaluation import inspection
    from ssgan.images.difference import difference

    found = difference(first[1], second[1], layout="chw")
    shown: dict[str, np.ndarray] = {}
    if out is not None:
        shown = inspection.ImageComparison(first[1], second[1]).pictures
        facts = {"images": f"{_kind(first[1].shape)} each", "changed": f"{_changed(found)}, {found.change_rate:.2%}"}
        facts |= {"raised, lowered": f"{found.raised}, {found.lowered}", "by at most": str(found.largest)}
        write_pictures(out, f"{first[0]} and {second[0]}", facts | {"PSNR": f"{found.psnr:.2f} dB"}, shown, [], force=force)
    screen.result(
        "difference",
        [
            f"{found.changes} of {found.samples} samples differ ({found.change_rate:.2%}): {found.raised} raised, "
            f"{found.lowered} lowered, by {found.largest} at most; PSNR {found.psnr:.2f} dB",
            *where(out),
        ],
        samples=found.samples,
        raised=found.raised,
        lowered=found.lowered,
        largest=found.largest,
        change_rate=found.change_rate,
        psnr=found.psnr,
        pictures=files(out, shown),
    )


def _facts(seen: Inspection, chosen: Embedder, seed: int) -> dict[str, Any]:
    made = seen.difference
    return {
        "image": _kind(seen.cover.shape),
        "embedder": f"{chosen}, seed {seed}",
        "changed": f"{_changed(made)}, {made.change_rate:.2%} ({seen.expected_change_rate:.2%} expected)",
        "PSNR": f"{made.psnr:.2f} dB",
        "wet": f"{seen.wet_share:.2%} of its samples may not change",
        "deflection": f"{seen.deflection:.4g}; the less, the safer among covers of this size (ssgan rank)",
    }


def _changed(found: Difference) -> str:
    return f"{found.changes} of {found.samples} samples changed"


def _kind(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{width} x {height} {'gray' if channels == 1 else 'color'}"
