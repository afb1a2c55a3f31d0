"""`ssgan models` and `ssgan export`: which generators there are, and one of them for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ssgan.cli.options import Force, Json, Quiet
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting, SomeItemsFailed, SsganError

if TYPE_CHECKING:
    from ssgan.gan.export import Comparison
    from ssgan.gan.generators import Card

_DIGEST = 12  # hexadecimal digits that people are shown


def models(
    places: Annotated[
        list[Path] | None,
        Parameter(
            help="Runs, generators, folders of either; if left out, those that come with the package.", consume_multiple=True
        ),
    ] = None,
    /,
    *,
    json: Json = False,
) -> None:
    """List generators: how each was trained, for how many images, and how large it is. No weights are read.

    `embedder`, `detector` and `alpha` say against what it learned to make covers; without a detector it is a plain GAN.
    """
    from ssgan.gan.generators import bundled, find_generator, read_card

    screen = Screen(json=json)
    wanted = [inner for place in places for inner in _inner(place)] if places else bundled()
    if not wanted:
        raise InvalidSetting("no generator comes with this package.", hint="Give the folder of a run, or of a generator.")
    rows, failed = [], 0
    for place in wanted:
        try:
            rows.append(_row(str(place), read_card(find_generator(place)), whole=json))
        except SsganError as error:
            screen.warn(str(error))
            failed += 1
    if rows:
        screen.table("generator", rows)
    if failed:
        raise SomeItemsFailed(f"{failed} of {len(wanted)} are no generators.", hint="Give runs, or folders of generators.")


def export(
    generator: Annotated[
        Path, Parameter(help="A run, finished or under way, the folder of a generator, or one of the package: faces64.")
    ],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=("--out", "-o"), help="An .onnx file; needs the extra `ssgan[onnx]`.")] = None,
    to: Annotated[Path | None, Parameter(help="A folder for weights (safetensors) and settings (JSON), for ssgan.")] = None,
    half: Annotated[bool, Parameter(help="In that folder, kernels as float16: half the bytes.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Export a generator, and say how the copy's images differ from its own, on 256 latents.

    ONNX (opset 20) takes `latents`, float32 (N, L), and gives `pixels`, uint8 (N, C, H, W), and `values`, the gray values
    before rounding. onnxruntime must come within 0.02 gray values of torch before the file gets its name.
    """
    from ssgan.gan.export import export_onnx, export_weights
    from ssgan.gan.generators import find_generator, open_generator

    if out is None and to is None:
        raise InvalidSetting("nothing would be written.", hint="Give a file with -o, or a folder with --to, or both.")
    if half and to is None:
        raise InvalidSetting("--half is for the folder.", hint="Give one with --to.")
    screen = Screen(json=json, quiet=quiet)
    net, card = open_generator(find_generator(generator))
    if to is not None:
        _tell(screen, to, export_weights(net, card, to, half=half, overwrite=force), size=_folder_bytes(to))
    if out is not None:
        _tell(screen, out, export_onnx(net, card, out, overwrite=force), size=out.stat().st_size)


def _tell(screen: Screen, path: Path, found: Comparison, *, size: int) -> None:
    if found.largest:
        differing = f"{found.differing:.2g} of the samples differ, by {found.largest} at most"
    else:
        differing = "the same pixels"
    screen.result(
        "exported",
        f"{path}: {_bytes(size)}; on {found.images} images, {differing}",
        out=str(path),
        bytes=size,
        **found._asdict(),
    )


def _inner(place: Path) -> list[Path]:
    """The place itself, or, where it is a folder of runs or generators, these."""
    from ssgan.gan.generators import FOLDER
    from ssgan.weights import MANIFEST

    if (place / MANIFEST).exists() or (place / FOLDER).exists() or not place.is_dir():
        return [place]
    below = sorted(path for path in place.iterdir() if (path / MANIFEST).is_file() or (path / FOLDER / MANIFEST).is_file())
    return below or [place]


def _row(name: str, card: Card, *, whole: bool) -> dict[str, Any]:
    config, side = card.config, card.config.image_size
    return {
        "generator": name,
        "preset": config.preset,
        "backbone": config.backbone,
        "images": f"{side} x {side} {'gray' if config.channels == 1 else 'color'}",
        "detector": config.detector or "none",
        "embedder": config.embedder if config.detector else "none",
        "alpha": config.alpha,
        "images_seen": card.about.get("images_seen", "unknown"),
        "parameters": card.parameters,
        "bytes" if whole else "file": card.file_bytes if whole else _bytes(card.file_bytes),
        "digest": card.digest if whole else card.digest[:_DIGEST],
    }


def _folder_bytes(folder: Path) -> int:
    from ssgan.gan.generators import read_card

    return read_card(folder).file_bytes


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
