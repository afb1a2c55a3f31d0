"""Decode and cut images once, then map them: uint8 in one .npy file, and a JSON manifest.

The manifest is written last, so a cache with a manifest is whole. It names source, geometry and decoder; a change in any
of them makes another cache.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from PIL import features

from ssgan import images
from ssgan.compute.progress import Progress
from ssgan.datasets.geometry import Geometry, Patches
from ssgan.datasets.loading import Bad, OnBad, rows
from ssgan.datasets.sources import Source
from ssgan.datasets.splits import picture_of
from ssgan.errors import RefusedImage, StorageFailed
from ssgan.images import Images
from ssgan.storage.state_files import read_object

_VERSION = 1
_HEADER_BYTES = 128


@dataclass(frozen=True)
class Cached:
    """A cached data set.

    images      uint8 (N, C, H, W), mapped from the file; writing to them changes this process's copy only
    names       the N names
    identities  name → person, where known
    partitions  name → official part, where known
    bad         the refused pictures, each with the reason
    """

    images: Images
    names: tuple[str, ...]
    identities: dict[str, str]
    partitions: dict[str, str]
    bad: Bad


def cached(
    source: Source,
    geometry: Geometry | Patches,
    folder: Path,
    *,
    convert: Collection[str] = (),
    on_bad: OnBad = "skip",
    workers: int = 1,
    progress: Progress[int] | None = None,
    shape: tuple[int, int, int] | None = None,
) -> Cached:
    """Return the images of a source from their cache in `folder`, which is made first where none fits.

    With a `shape`, (C, H, W), pictures that give another one are left out, else those that give another than most do.

    Raises as `load` does, and StorageFailed where the cache cannot be written.
    """
    request = _request(source, geometry, convert) | {"shape": None if shape is None else list(shape)}
    key = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:16]
    file = folder / f"{source.path.stem}-{key}.npy"
    manifest = _manifest(file, request)
    if manifest is None:
        manifest = _build(
            source, geometry, file, request, convert=convert, on_bad=on_bad, workers=workers, progress=progress, shape=shape
        )
    if manifest["bad"] and on_bad == "refuse":
        name, reason = manifest["bad"][0]
        raise RefusedImage(
            f"{name}: {reason.removeprefix(name + ': ')}", hint="leave it out, or allow bad images to be skipped"
        )
    return _opened(file, manifest)


def _request(source: Source, geometry: Geometry | Patches, convert: Collection[str]) -> dict[str, Any]:
    """Return everything that the pixels depend on. Another JPEG decoder may differ by a gray level."""
    return {
        "version": _VERSION,
        "source": str(source.path.resolve()),
        "stamp": source.stamp(),
        "geometry": {"kind": type(geometry).__name__, **asdict(geometry)},
        "convert": sorted(convert),
        "decoder": f"Pillow {PIL.__version__}, libjpeg {features.version('jpg')}",
    }


def _manifest(file: Path, request: dict[str, Any]) -> dict[str, Any] | None:
    """Return the manifest of a whole cache that fits this request, or None."""
    try:
        manifest = read_object(file.with_suffix(".json"), "request", "shape", "names", "bad")
        length = _HEADER_BYTES + int(np.prod(manifest["shape"]))
        return manifest if manifest["request"] == request and file.stat().st_size == length else None
    except (OSError, StorageFailed, ValueError, TypeError, OverflowError):
        return None


def _build(
    source: Source, geometry: Geometry | Patches, file: Path, request: dict[str, Any], **settings: Any
) -> dict[str, Any]:
    """Write the images as they come, then the header, which needs their number, then the manifest."""
    bad: Bad = []
    names: list[str] = []
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"{file.parent} cannot be created: {error.strerror}", hint="choose another folder") from error
    with images.atomic_write(file, overwrite=True) as temporary, temporary.open("wb") as stream:
        stream.write(bytes(_HEADER_BYTES))
        for name, samples in rows(source, geometry, bad, **settings):
            stream.write(samples.tobytes())
            names.append(name)
        shape = (len(names), *samples.shape)
        stream.seek(0)
        stream.write(_npy_header(shape))
    known = {name: picture_of(name) for name in names}
    manifest = {
        "request": request,
        "shape": shape,
        "names": names,
        "identities": {name: found for name, of in known.items() if (found := source.identity(of)) is not None},
        "partitions": {name: found for name, of in known.items() if (found := source.partition(of)) is not None},
        "bad": bad,
    }
    with images.atomic_write(file.with_suffix(".json"), overwrite=True) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return manifest


def _npy_header(shape: tuple[int, ...]) -> bytes:
    """Return NumPy's file header, format 1.0, for uint8 in C order, padded to a fixed length so that it can be written last."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head = b"\x93NUMPY\x01\x00" + (_HEADER_BYTES - 10).to_bytes(2, "little")
    return head + text.ljust(_HEADER_BYTES - 11) + b"\n"


def _opened(file: Path, manifest: dict[str, Any]) -> Cached:
    # Copy on write: torch takes only memory that may be written to, and the file stays as it is.
    mapped = np.load(file, mmap_mode="c")
    return Cached(
        images=images.to_images(mapped),
        names=tuple(manifest["names"]),
        identities=manifest["identities"],
        partitions=manifest["partitions"],
        bad=[(name, reason) for name, reason in manifest["bad"]],
    )
