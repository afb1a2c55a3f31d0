"""Numba's compiler with this package's settings: machine code is kept in the user's cache folder, and threads run beside it.

By default Numba writes its cache beside the source, where an installed package may be read-only or shared between machines
with different processors, and it notices a change of a function's own file only, not of the functions that it calls. So ours is
a folder for each state of all compiled files together. The folder given by NUMBA_CACHE_DIR, where set, is used instead.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """`function` compiled at its first call: without the interpreter's lock, without bounds or division checks.

    A product and a sum may become one fused operation; nothing else about the arithmetic is loosened.
    """
    return _compiled(function, {"contract"})


def compiled_sums(function: Callable[P, R]) -> Callable[P, R]:
    """The same where sums may also be taken in another order, so that one over a row runs in vector registers.

    The order is the compiler's and stays the same on one machine.
    """
    return _compiled(function, {"contract", "reassoc"})


def _compiled(function: Callable[P, R], loosened: set[str]) -> Callable[P, R]:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": loosened}
    config: Any = numba.config
    kept = config.CACHE_DIR
    config.CACHE_DIR = kept or str(cache_folder())  # read while decorating only, so put back for others
    try:
        made = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder can be written: compile in every process
        made = numba.njit(**options)(function)
    finally:
        config.CACHE_DIR = kept
    return cast(Callable[P, R], made)


@functools.lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Where this user's programs keep what they can make again, for these very sources; it may not exist yet."""
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        root = "~/Library/Caches"
    else:
        root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    package = Path(__file__).parent
    sources = [*package.rglob("*_loops.py"), *package.rglob("*_kernels.py"), package / "elementary.py", Path(__file__)]
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sorted(sources))).hexdigest()[:16]
    return Path(root).expanduser() / "ssgan" / "numba" / state
