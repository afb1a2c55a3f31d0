"""Check this installation: versions, folders, bundled weights, a message there and back, compiled loops.

Each check finds something or fails; a failure says what to do, and keeps no other check from being made.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ssgan.compute.cores import cores
from ssgan.errors import NothingFound, SsganError, StorageFailed
from ssgan.storage.folders import make_folder
from ssgan.version import __version__

if TYPE_CHECKING:
    import numpy as np

    from ssgan.messages.keys import Key

SPACE = 200 << 20  # bytes for a cache and a small data set
OLDEST = (3, 11)
_MESSAGE = b"Is anybody there?"
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_LISTED = ("report", "parquet", "onnx", "quality", "tensorboard")


@dataclass(frozen=True)
class CheckResult:
    """The result of one check, with a `hint` where it failed."""

    check: str
    well: bool
    found: str
    seconds: float
    hint: str = ""


Check = Callable[[], str]  # what was found; raises SsganError where it is not well


def checks() -> dict[str, Check]:
    """Return all checks but those of compiled loops, by name, in their order."""
    return {
        "python": _python,
        "packages": _packages,
        "extras": _extras,
        "device": _device,
        "threads": _threads,
        "cache of compiled loops": _cache,
        "list of used covers": _ledger,
        "working folder": lambda: _writable(Path.cwd(), "change to a folder that you may write to"),
        "temporary folder": lambda: _writable(Path(tempfile.gettempdir()), "name another in $TMPDIR"),
        "bundled generators": _generators,
        "bundled detectors": _detectors,
        "a message there and back": _round_trip,
        "the same with a passphrase": _passphrase,
    }


def examine(checks_by_name: dict[str, Check]) -> Iterator[CheckResult]:
    """Yield the findings, one after the other."""
    for name, check in checks_by_name.items():
        started = time.perf_counter()
        try:
            found, well, hint = check(), True, ""
        except SsganError as error:
            found, well, hint = str(error), False, error.hint
        except Exception as error:  # a broken installation may fail in any way, and that is what is looked for
            found, well = f"{type(error).__name__}: {error}", False
            hint = "install ssgan again into an environment of its own"
        yield CheckResult(name, well, found, round(time.perf_counter() - started, 3), hint)


def warm() -> dict[str, Check]:
    """Return a check for each group of compiled loops: it runs them, and compiles those that are not yet."""
    from ssgan.cli import doctor_warmup

    def done(work: Callable[[], object]) -> str:
        before = doctor_warmup.kept()
        work()
        new = doctor_warmup.kept() - before
        return f"{new} compiled" if new else "ready"

    return {name: lambda work=work: done(work) for name, work in doctor_warmup.work().items()}  # type: ignore[misc]


def _python() -> str:
    found = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.machine()}"
    if sys.version_info < OLDEST:
        raise SsganError(found, hint=f"install Python {'.'.join(map(str, OLDEST))} or newer")
    return found


def _packages() -> str:
    versions, missing = [f"ssgan {__version__}"], []
    for name in _required(""):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        raise SsganError(f"not installed: {', '.join(missing)}", hint="run pip install ssgan, which brings what it needs")
    return ", ".join(versions)


def _extras() -> str:
    there = [name for name in _LISTED if all(_installed(package) for package in _required(name))]
    lacking = [name for name in _LISTED if name not in there]
    return f"{', '.join(there) or 'none'}" + (f"; not installed: {', '.join(lacking)}" if lacking else "")


def _required(extra: str) -> list[str]:
    """Return the packages that ssgan requires, for an extra or always."""
    try:
        requirements = importlib.metadata.requires("ssgan") or []
    except importlib.metadata.PackageNotFoundError:
        raise SsganError(
            "ssgan runs from its sources and is not installed", hint="run pip install -e . in the folder of its sources"
        ) from None
    found = []
    for line in requirements:
        asked = _EXTRA.search(line)
        name = _NAME.match(line)
        if name is not None and name[0] != "ssgan" and (asked[1] if asked else "") == extra:
            found.append(name[0])
    return found


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _device() -> str:
    import torch

    cards = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if cards:
        total = float(torch.ones(3, device="cuda").sum())
        if total != 3:
            raise SsganError(f"{cards[0]} computes 1 + 1 + 1 = {total}", hint="compute on the processor: --device cpu")
    return f"torch {torch.__version__}; " + (f"cuda: {', '.join(cards)}" if cards else "no graphics card that torch can use")


def _threads() -> str:
    settings = {
        name: os.environ[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS") if name in os.environ
    }
    return f"{cores()} cores" + "".join(f", {name}={value}" for name, value in settings.items())


def _cache() -> str:
    from ssgan.cli import doctor_warmup
    from ssgan.compute.compiled import cache_folder

    try:
        folder = Path(os.environ["NUMBA_CACHE_DIR"]) if os.environ.get("NUMBA_CACHE_DIR") else cache_folder()
        make_folder(folder)
        return f"{_writable(folder, '')}, {doctor_warmup.kept()} loops in it"
    except StorageFailed as error:
        hint = "name a folder in $NUMBA_CACHE_DIR: without one every process compiles again, which takes a minute"
        raise StorageFailed(str(error), hint=hint) from error


def _ledger() -> str:
    from ssgan.messages.ledger import usual_folder

    folder = usual_folder()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    _writable(there, "name another folder in $SSGAN_LEDGER, or leave the list out: --no-ledger")
    return str(folder) + ("" if there == folder else ", not begun yet")


def _writable(folder: Path, hint: str) -> str:
    """Write a file to the folder as a test, and return its free space in words. Raises StorageFailed."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".ssgan-"):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageFailed(f"{folder} cannot be written to: {error.strerror}", hint=hint) from error
    if free < SPACE:
        raise StorageFailed(f"{folder} has {free / 2**20:.0f} MiB left", hint=f"free {SPACE >> 20} MiB or more")
    return f"{folder}, {free / 2**30:.1f} GiB free"


def _generators() -> str:
    from ssgan.gan.covers.generators import bundled, open_generator

    names = []
    for folder in bundled():
        _, card = open_generator(folder)  # compares the digest
        names.append(f"{folder.name}, {card.parameters:,} parameters, digest as it should be")
    if not names:
        raise SsganError("no generator is bundled", hint="install ssgan again: its wheel holds faces64")
    return "; ".join(names)


def _detectors() -> str:
    from ssgan.detection.verdicts.bundled import bundled_detectors

    return ", ".join(one.name for one in bundled_detectors()) or "none but the attacks on LSB replacement"


def _round_trip() -> str:
    from ssgan.messages.keys import fresh_key
    from ssgan.messages.reveal import reveal

    cover, key = _cover(), fresh_key()
    said = _said(cover, key)
    try:
        reveal(cover, key)
    except NothingFound:
        return said
    raise SsganError("a message was found where none is", hint="install ssgan again")


def _passphrase() -> str:
    from ssgan.messages.keys import Passphrase

    return _said(_cover(), Passphrase("there and back"))


def _said(cover: np.ndarray, key: Key) -> str:
    """Hide a message and reveal it, and return the times. Raises SsganError where it does not come back."""
    from ssgan.messages.hide import hide
    from ssgan.messages.reveal import reveal

    begun = time.perf_counter()
    hidden = hide(cover, _MESSAGE, key)
    between = time.perf_counter()
    if reveal(hidden.stego, key) != _MESSAGE:
        raise SsganError("what came back is not what was hidden", hint="install ssgan again, and send nothing before")
    return f"hidden in {between - begun:.2f} s, revealed in {time.perf_counter() - between:.2f} s"


def _cover() -> np.ndarray:
    """Return a generated cover, from secret latents."""
    from ssgan.gan.covers.generators import find_generator, open_generator
    from ssgan.gan.covers.sample import prepared, sample, secret_latents

    generator, card = open_generator(find_generator(Path("faces64")))
    return sample(prepared(generator), secret_latents(card.config, 1))[0].numpy()
