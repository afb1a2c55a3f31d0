"""`ssgan export`: a generator for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.models import size_in_words
from ssgan.cli.options import Force, Json, Quiet, Verbose
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    from torch import nn

    from ssgan.gan.covers.export import ExportCheck
    from ssgan.gan.covers.generators import Card


def export(
    generator: Annotated[
        Path, Parameter(help="A run, finished or under way, the folder of a generator, or one of the package: faces64.")
    ],
    /,
    *,
    out: Annotated[
        Path | None, Parameter(name=("--out", "-o"), help="An .onnx file; needs onnx, onnxscript, onnxruntime.")
    ] = None,
    to: Annotated[Path | None, Parameter(help="A folder for weights (safetensors) and settings (JSON), for ssgan.")] = None,
    drawn: Annotated[
        bool, Parameter(help="In that folder, the generator and its detail networks in integers, to draw covers with.")
    ] = False,
    detail: Annotated[
        list[Path] | None,
        Parameter(
            help="With --drawn, the runs of `ssgan train-detail`, from the generator's size up, each twice as large as the one "
            "before; by default GENERATOR/detail.",
            consume_multiple=True,
        ),
    ] = None,
    draws: Annotated[
        int, Parameter(help="With --drawn, how many pictures to draw to measure how many bytes they take.")
    ] = 2000,
    half: Annotated[bool, Parameter(help="In that folder, kernels as float16: half the size.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Copy a generator into another format.

    The copy is compared with the original on 256 latents. ONNX (opset 20) takes `latents`, float32 (N, L), and gives
    `pixels`, uint8 (N, C, H, W), and `values`, the gray values before rounding. onnxruntime must come within 0.02 gray values
    of torch before the file is written under its name.
    """
    from ssgan.gan.covers.export import export_onnx, export_weights
    from ssgan.gan.covers.generators import find_generator, open_generator

    if out is None and to is None:
        raise InvalidSetting("nothing would be written", hint="give a file with -o, or a folder with --to, or both")
    if half and to is None:
        raise InvalidSetting("--half is given without --to", hint="give a folder with --to")
    if drawn and to is None:
        raise InvalidSetting("--drawn is given without --to", hint="give a folder with --to")
    if detail and not drawn:
        raise InvalidSetting("--detail is given without --drawn", hint="add --drawn")
    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    net, card = open_generator(find_generator(generator))
    if to is not None and drawn:
        _export_drawn(screen, generator, net, card, to, detail or [], draws, force=force)
    if to is not None and not (drawn and to.resolve() == card.folder.resolve()):
        _tell(screen, to, export_weights(net, card, to, half=half, overwrite=force), size=_folder_bytes(to))
    if out is not None:
        _tell(screen, out, export_onnx(net, card, out, overwrite=force), size=out.stat().st_size)


def _export_drawn(
    screen: Screen,
    generator: Path,
    net: nn.Module,
    card: Card,
    to: Path,
    places: list[Path],
    draws: int,
    *,
    force: bool,
) -> None:
    """Write the model of integers, and print the measurements."""
    from ssgan.gan.covers.integers import export_drawn
    from ssgan.gan.training.detail import FOLDER, load_detail

    found = places or [next((p for p in (generator / FOLDER, card.folder / FOLDER) if p.is_dir()), generator / FOLDER)]
    details = [load_detail(place) for place in found]
    about = {"detail": [one[2] for one in details]}
    with screen.progress(draws, "drawing") as progress:
        model, promise = export_drawn(
            net, card, [one[:2] for one in details], to, about=about, draws=draws, overwrite=force, progress=progress
        )
    text = (
        f"{to}: draws {model.shape[0]} x {model.shape[1]} x {model.shape[2]}; of {draws} pictures the least takes "
        f"{promise.bytes_least} bytes, the mean {promise.bytes_mean:.0f}; {promise.promise_bytes} are promised"
    )
    screen.result("drawn", text, out=str(to), model=model.identity.hex(), **promise.to_json())


def _tell(screen: Screen, path: Path, found: ExportCheck, *, size: int) -> None:
    if found.largest:
        differing = f"{found.differing:.2g} of the samples differ, by {found.largest} at most"
    else:
        differing = "the same pixels"
    screen.result(
        "exported",
        f"{path}: {size_in_words(size)}; on {found.images} images, {differing}",
        out=str(path),
        bytes=size,
        **found._asdict(),
    )


def _folder_bytes(folder: Path) -> int:
    from ssgan.gan.covers.generators import read_card

    return read_card(folder).file_bytes
