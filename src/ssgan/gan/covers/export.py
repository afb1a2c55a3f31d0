"""Export a generator for other programs: as ONNX, proved against torch before the file gets its name, or in half the bytes.

ONNX takes `latents`, float32 (N, L), and gives `pixels`, uint8 (N, C, H, W). The file's metadata say by which law latents are
to be drawn.
"""

from __future__ import annotations

import contextlib
import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import nn

from ssgan import images
from ssgan.errors import InvalidSetting, RefusedModel, StorageFailed
from ssgan.gan.covers.generators import Card, open_generator, save_generator
from ssgan.gan.covers.sample import PIECE, prepared, public_latents, sample
from ssgan.images import Images
from ssgan.storage.weights import MANIFEST

OPSET = 20  # as old as what is exported allows
TRIED = 256  # images on which the copy is compared with the original
# Gray values by which two runtimes, which sum in other orders, may differ before rounding. Measured with onnxruntime 1.32 on
# four presets' generators, brought to the contrast of trained ones: 0.0005 at most, and 4 of 100,000 samples round otherwise.
TOLERANCE = 0.02
_SEED = 0


class ExportCheck(NamedTuple):
    """The differences between the images of a copy and of the original, on TRIED public latents."""

    images: int
    differing: float  # share of the samples
    largest: int  # difference, in gray values
    before_rounding: float | None = None  # largest difference there, in gray values, where it was looked at


class _Pixels(nn.Module):
    """A module from latents to gray values before rounding, and to pixels."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values: torch.Tensor = (self.generator(latents) + 1) * 127.5  # as ssgan.images.to_pixels
        return values, values.round().clamp(0, 255).to(torch.uint8)


def export_onnx(generator: nn.Module, card: Card, path: Path, *, overwrite: bool = False) -> ExportCheck:
    """Write an ONNX file, after onnxruntime made the same images from it as torch.

    Gray values may differ by TOLERANCE before rounding, so pixels differ by 1 at most, and only where the value is on a
    rounding edge. Raises InvalidSetting where packages are missing, StorageFailed, RefusedModel where the images are others.
    """
    if path.suffix.lower() != ".onnx":
        raise InvalidSetting(f"{path.name} does not end in .onnx", hint="call it something.onnx")
    runtime = _runtime()
    if path.exists() and not overwrite:
        raise StorageFailed(f"{path} exists already and was left as it is", hint="choose another name, or give --force")
    program = _exported(_Pixels(generator).eval(), card)
    with images.atomic_write(path, overwrite=overwrite) as temporary:
        program.save(temporary, external_data=False)
        return _compared(runtime, temporary, generator, card)


def export_weights(generator: nn.Module, card: Card, folder: Path, *, half: bool, overwrite: bool = False) -> ExportCheck:
    """Write the generator's folder once more, with kernels in float16 where `half`, and compare. Raises StorageFailed."""
    if (folder / MANIFEST).exists() and not overwrite:
        raise StorageFailed(f"{folder} holds a generator already", hint="choose another folder, or give --force")
    if folder.resolve() == card.folder.resolve():
        raise InvalidSetting(f"{folder} is the folder that is exported", hint="choose another one")
    given = public_latents(card.config, range(TRIED), _SEED)
    expected = sample(prepared(generator), given)
    save_generator(folder, generator, card.config, card.about, half=half)
    return compare(expected, sample(prepared(open_generator(folder)[0]), given))


def compare(expected: Images, found: Images) -> ExportCheck:
    """Compare two sets of Images of one shape."""
    apart = (expected.int() - found.int()).abs()
    return ExportCheck(len(expected), float((apart > 0).double().mean()), int(apart.max()))


def _exported(module: nn.Module, card: Card) -> Any:
    """Return the ONNX program, for batches of any size. The exporter's remarks on missing packages are dropped."""
    example = public_latents(card.config, range(2), _SEED)
    config = card.config
    with _quiet():
        program = torch.onnx.export(
            module,
            (example,),
            input_names=["latents"],
            output_names=["values", "pixels"],
            dynamic_shapes=({0: torch.export.Dim("images")},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.model.metadata_props.update(
        {
            "ssgan.generator": card.digest,
            "ssgan.config": json.dumps(asdict(config)),
            "ssgan.latents": f"{config.latent} independent numbers, "
            + ("uniform in -1...1" if config.latent_law == "uniform" else "normal, mean 0, deviation 1"),
        }
    )
    return program


def _compared(runtime: ModuleType, path: Path, generator: nn.Module, card: Card) -> ExportCheck:
    """Compare the images of onnxruntime with those of torch. Raises RefusedModel."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    given = public_latents(card.config, range(TRIED), _SEED)
    generator = prepared(generator)
    furthest, found = 0.0, []
    for part in given.split(PIECE):
        values, pixels = (torch.from_numpy(array) for array in session.run(["values", "pixels"], {"latents": part.numpy()}))
        with torch.inference_mode():
            expected = (generator(part) + 1) * 127.5
        furthest = max(furthest, float((values - expected).abs().max()))
        found.append(pixels)
    comparison = compare(sample(generator, given), torch.cat(found))
    if not furthest <= TOLERANCE or comparison.largest > 1:
        raise RefusedModel(
            f"onnxruntime makes other images than torch: up to {furthest:.3g} gray values apart, {TOLERANCE} are allowed",
            hint="use the generator's folder instead, and report this generator's settings",
        )
    return comparison._replace(before_rounding=furthest)


def _runtime() -> ModuleType:
    """Return onnxruntime, once all packages of an export are there."""
    try:
        import onnx  # noqa: F401
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise InvalidSetting(
            f"exporting to ONNX needs a package that is not installed ({error})",
            hint="install it with pip install onnx onnxscript onnxruntime",
        ) from error
    return onnxruntime


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's warnings."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
