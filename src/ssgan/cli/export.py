"""`ssgan export`: a generator for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.models import size_in_words
from ssgan.cli.options import Force, Json, Quiet
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    from ssgan.gan.covers.export import Comparison


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
    from ssgan.gan.covers.export import export_onnx, export_weights
    from ssgan.gan.covers.generators import find_generator, open_generator

    if out is None and to is None:
        raise InvalidSetting("nothing would be written", hint="give a file with -o, or a folder with --to, or both")
    if half and to is None:
        raise InvalidSetting("--half is for a folder of weights", hint="give one with --to")
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
        f"{path}: {size_in_words(size)}; on {found.images} images, {differing}",
        out=str(path),
        bytes=size,
        **found._asdict(),
    )


def _folder_bytes(folder: Path) -> int:
    from ssgan.gan.covers.generators import read_card

    return read_card(folder).file_bytes
