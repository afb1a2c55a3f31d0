"""Keep weights in a folder: one safetensors file and a manifest with its digest. Nothing in it is ever executed.

The manifest names the weights file after its content, so that replacing a model is one step: the old manifest names the old
file until the new one has taken its place. What is read was made by anyone: every number is checked before memory is asked for
(https://github.com/huggingface/safetensors, section "Format"). NumPy is enough; torch tensors are taken, arrays given back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.storage import state_files
from ssgan.storage.atomic import atomic_write
from ssgan.storage.folders import make_folder

MANIFEST = "manifest.json"
FORMAT = "ssgan weights 1"
LARGEST_BYTES = 1 << 27  # of a weights file, unless the caller allows more
LARGEST_TEXT = 1 << 20  # bytes of a manifest, and of the header of a weights file
LARGEST_RANK = 8
DTYPES = {"<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1"}
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # which a network keeps and nothing trains
_HINT = "fetch the model again, or train it again"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
_FILE = re.compile(r"weights-[0-9a-f]{16}\.safetensors")


def save(folder: Path, tensors: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Write NumPy arrays or torch tensors by name, and a manifest of plain JSON values; a model in the folder is replaced.

    Raises InvalidSetting for what the format does not hold, StorageFailed where the disk does not take it.
    """
    arrays = {name: _array(name, tensor) for name, tensor in tensors.items()}
    content = safetensors.numpy.save(arrays)
    if int.from_bytes(content[:8], "little") > LARGEST_TEXT:
        raise InvalidSetting(f"{len(arrays)} tensors are too many for one file", hint="stack what belongs together")
    digest = hashlib.sha256(content).hexdigest()
    try:
        about = json.loads(json.dumps(manifest, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidSetting(f"a manifest holds plain JSON values only: {error}", hint="leave out nan and objects") from error
    record = {
        "format": FORMAT,
        "weights": f"weights-{digest[:16]}.safetensors",
        "bytes": len(content),
        "sha256": digest,
        "manifest_sha256": _digest(about),
        "manifest": about,
    }
    text = json.dumps(record, indent=2, allow_nan=False).encode() + b"\n"
    if len(text) > LARGEST_TEXT:
        raise InvalidSetting(f"the manifest has {len(text)} bytes, more than {LARGEST_TEXT}", hint="keep tables as tensors")
    make_folder(folder)
    with atomic_write(folder / record["weights"], overwrite=True) as temporary:
        temporary.write_bytes(content)
    with atomic_write(folder / MANIFEST, overwrite=True) as temporary:
        temporary.write_bytes(text)
    for other in folder.iterdir():
        if _FILE.fullmatch(other.name) and other.name != record["weights"]:
            with contextlib.suppress(OSError):
                other.unlink()


def load(
    folder: Path, *, largest_bytes: int = LARGEST_BYTES, finite: bool = True
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return (arrays by name, manifest) as given to `save`. With `finite`, nan and infinity are refused.

    Raises RefusedModel for everything that is damaged, oversized, not a plain file, or not of this format. At most
    `largest_bytes` twice and a few megabytes of memory are used.
    """
    record = _manifest(folder)
    length = record["bytes"]
    if not isinstance(length, int) or isinstance(length, bool) or not 8 <= length <= largest_bytes:
        raise refused(folder, f"its weights file should have 8 to {largest_bytes} bytes, not {str(length)[:30]}")
    if not isinstance(record["weights"], str) or not _FILE.fullmatch(record["weights"]):
        raise refused(folder, "it names no weights file of its own")
    try:
        content = state_files.read_bytes(folder / record["weights"], largest=length, links=False)
    except state_files.Damaged as error:
        raise refused(folder, f"of its weights file, {error.reason}") from error
    if len(content) != length or hashlib.sha256(content).hexdigest() != record["sha256"]:
        raise refused(folder, "the weights file is not the one that the manifest speaks of")
    return _decoded(content, folder, finite=finite), record["manifest"]


def announced(folder: Path) -> dict[str, Any]:
    """Return `manifest` as given to `save`, and `bytes` and `sha256` of the weights file, unread. Raises RefusedModel."""
    record = _manifest(folder)
    if not isinstance(record["bytes"], int) or not isinstance(record["sha256"], str):
        raise refused(folder, "it does not say which weights are its own")
    return {"manifest": record["manifest"], "bytes": record["bytes"], "sha256": record["sha256"]}


def models_in(folder: Path) -> list[Path]:
    """Return the folders of the models that are directly in a folder."""
    return sorted(manifest.parent for manifest in folder.glob(f"*/{MANIFEST}"))


def parameters(folder: Path) -> int:
    """Return how many numbers of a network's weights file are trained: all but the statistics of its normalizations.

    The header of the file is read, and no weights. Raises RefusedModel.
    """
    record = _manifest(folder)
    try:
        with (folder / str(record["weights"])).open("rb") as file:
            length = min(int.from_bytes(file.read(8), "little"), LARGEST_TEXT)
            header = json.loads(file.read(length))
        shapes = {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}
        return sum(math.prod(shape) for name, shape in shapes.items() if not name.endswith(_STATISTICS))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise refused(folder, "its weights file has no header that can be read") from error


def take(tensors: Mapping[str, np.ndarray], name: str, dtype: str, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return the array of that name, which must have this dtype and shape (None: any length). Raises RefusedModel."""
    found = tensors.get(name)
    fits = (
        found is not None and found.ndim == len(shape) and all(w in (None, g) for w, g in zip(shape, found.shape, strict=True))
    )
    if found is None or not fits or found.dtype != np.dtype(dtype):
        came = "nothing" if found is None else f"{found.dtype} {found.shape}"
        raise RefusedModel(f"the model should hold {name!r} as {dtype} {shape}, not {came}", hint=_HINT)
    return found


def refused(folder: Path, reason: str) -> RefusedModel:
    """Return the error for a folder that holds no model of the kind that is wanted."""
    return RefusedModel(f"{folder} holds no model that can be trusted: {reason}", hint=_HINT)


def _is_name(name: str) -> bool:
    """Return whether a tensor may have this name: no path out of a folder, no name that the format reserves."""
    return bool(_NAME.fullmatch(name)) and ".." not in name and name != "__metadata__"


def _digest(manifest: object) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _array(name: str, tensor: Any) -> np.ndarray:
    """Return a contiguous, little-endian array."""
    if not _is_name(name):
        raise InvalidSetting(f"{name!r} is no name for a tensor", hint="use up to 200 letters, digits, dots, _ and -")
    try:
        array = np.asarray(tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor)
    except TypeError as error:
        raise InvalidSetting(f"{name} cannot be saved: {error}", hint="convert it to float32 first") from error
    if array.dtype.newbyteorder("<").str not in DTYPES or array.ndim > LARGEST_RANK:
        raise InvalidSetting(f"{name} is {array.dtype} {array.shape}", hint="save real numbers, whole numbers or truth values")
    return np.asarray(array, array.dtype.newbyteorder("<"), order="C")


def _manifest(folder: Path) -> dict[str, Any]:
    """Return the caller's part of the manifest; the digest is in our own part."""
    try:
        record = state_files.read_strictly(folder / MANIFEST, largest=LARGEST_TEXT)
    except state_files.Damaged as error:
        raise refused(folder, f"of {MANIFEST}, {error.reason}") from error
    if record.get("format") != FORMAT or set(record) != {"format", "weights", "bytes", "sha256", "manifest_sha256", "manifest"}:
        raise refused(folder, f"the manifest is not one of {FORMAT!r}")
    if not isinstance(record["manifest"], dict) or _digest(record["manifest"]) != record["manifest_sha256"]:
        raise refused(folder, "the manifest has been altered")
    return record


def _decoded(content: bytes, folder: Path, *, finite: bool) -> dict[str, np.ndarray]:
    """Decode a safetensors file. The library checks header, shapes and offsets against each other; our limits are here."""
    length = int.from_bytes(content[:8], "little")
    if not 2 <= length <= min(LARGEST_TEXT, len(content) - 8):
        raise refused(folder, f"the header of the weights file has {length} bytes")
    try:
        state_files.parsed_strictly(content[8 : 8 + length])  # refuses a key that occurs twice
        arrays: dict[str, np.ndarray] = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise refused(folder, f"the weights file is not sound ({str(error)[:80]})") from error
    for name, array in arrays.items():
        if not _is_name(name):
            raise refused(folder, f"{name[:40]!r} is no name for a tensor")
        if array.dtype.str not in DTYPES or array.ndim > LARGEST_RANK:
            raise refused(folder, f"{name} is {array.dtype} of {array.ndim} dimensions")
        # The least and the largest are nan where any is, and need no memory beside the array.
        if finite and array.dtype.kind == "f" and not np.isfinite([array.min(initial=0), array.max(initial=0)]).all():
            raise refused(folder, f"{name} holds numbers that are not finite")
        if array.dtype.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
            raise refused(folder, f"{name} holds truth values that are neither")
    return arrays
