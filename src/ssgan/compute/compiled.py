"""Compile loops by Numba with this package's settings: cached on the disk, and without the interpreter's lock.

By default Numba writes its cache beside the source, where an installed package may be read-only or shared between machines
with different processors, and it notices a change of a function's own file only, not of the functions that it calls. So ours is
a folder for each state of all compiled files together. The folder given by NUMBA_CACHE_DIR, where set, is used instead.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba.core import event
from numba.core.runtime.nrt import rtsys

from ssgan.errors import StorageFailed
from ssgan.storage import signals
from ssgan.storage.folders import user_folder

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled at its first call: without the interpreter's lock, without bounds or division checks.

    A product and a sum may become one fused operation; nothing else about the arithmetic is loosened.
    """
    return _compiled(function, {"contract"})


def compiled_sums(function: Callable[P, R]) -> Callable[P, R]:
    """Return the same where sums may be reordered, so that a sum over a row runs in vector registers.

    The order is the compiler's and stays the same on one machine.
    """
    return _compiled(function, {"contract", "reassoc"})


def _compiled(function: Callable[P, R], loosened: set[str]) -> Callable[P, R]:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": loosened}
    config: Any = numba.config
    kept = config.CACHE_DIR
    try:
        config.CACHE_DIR = kept or str(cache_folder())  # read while decorating only, so put back for others
        made = numba.njit(cache=True, **options)(function)
    except (RuntimeError, StorageFailed):  # no folder can be written: compile in every process
        made = numba.njit(**options)(function)
    finally:
        config.CACHE_DIR = kept
    # LLVM calls back into Python while it compiles or loads, and drops an exception that is raised there.
    made.compile = _uninterrupted(made.compile)
    made._cache.load_overload = functools.partial(_loaded, made._cache.load_overload, made._cache)
    return cast(Callable[P, R], made)


def _uninterrupted(compile_for: Callable[P, R]) -> Callable[P, R]:
    """Return `compile_for` with signals noted, and delivered between two passes of the compiler."""

    @functools.wraps(compile_for)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with signals.uninterrupted():
            return compile_for(*args, **kwargs)

    return wrapped


def _loaded(load: Callable[..., Any], cache: Any, signature: Any, context: Any) -> Any:
    """Return a loop from the cache, without what Numba prepares for compiling, such as SciPy's linear algebra.

    That takes longer than the loops of a command. This is what `load`, Numba's own, does, except for `context.refresh()`; what
    is not in the cache is left to that.
    """
    if hasattr(cache, "_load_overload"):
        rtsys.initialize(context)
        with contextlib.suppress(Exception):
            found = cache._load_overload(signature, context)
            if found is not None:
                return found
    return load(signature, context)


class _BetweenPasses(event.Listener):
    """A compiler event that delivers signals: compiling may take many seconds, one pass seldom takes one."""

    def on_start(self, _: Any) -> None:
        """Deliver what was noted during the last pass."""
        signals.pause()

    def on_end(self, _: Any) -> None:
        """Do nothing, since an exception may be under way."""


event.register("numba:run_pass", _BetweenPasses())  # type: ignore[no-untyped-call]


@functools.lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Return the user's cache folder for exactly these sources; it may not exist yet.

    Raises StorageFailed where this user has no home folder.
    """
    root = user_folder("cache")
    package = Path(__file__).parents[1]
    sources = [*package.rglob("*_loops.py"), Path(__file__)]
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sorted(sources))).hexdigest()[:16]
    return root / "ssgan" / "numba" / state
