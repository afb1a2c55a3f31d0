"""Make folders to write into, and find the system's folders for a user's files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

from ssgan.errors import StorageFailed

BUNDLED = Path(__file__).resolve().parents[1] / "bundled"  # models that come with the package
Kind = Literal["cache", "data", "config"]
_XDG = {"cache": ".cache", "data": ".local/share", "config": ".config"}  # in the home folder, where no variable names another
_MACOS = {"cache": "Library/Caches", "data": "Library/Application Support", "config": "Library/Application Support"}


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, if missing. Raises StorageFailed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(
            f"{folder} cannot be created: {error.strerror}", hint="choose another folder for the output"
        ) from error


def user_folder(kind: Kind) -> Path:
    """Return this system's folder for a user's files of that kind; it may not exist yet.

    Raises StorageFailed where the user has no home folder.
    """
    if sys.platform == "win32":
        return _named("LOCALAPPDATA") or home() / "AppData" / "Local"
    return home() / _MACOS[kind] if sys.platform == "darwin" else xdg_folder(kind)


def xdg_folder(kind: Kind) -> Path:
    """Return the folder by the XDG base directory specification, as shells look for it on every system.

    After the specification, a relative path in its variable is ignored. Raises StorageFailed where the user has no home.
    """
    return _named(f"XDG_{kind.upper()}_HOME") or home() / _XDG[kind]


def home() -> Path:
    """Return this user's home folder. Raises StorageFailed where there is none, as in a container or a service."""
    try:
        found = Path("~").expanduser()
    except RuntimeError:  # neither $HOME nor an entry in the list of users
        found = Path()
    if not found.is_absolute():
        raise StorageFailed("this user has no home folder", hint="set $HOME to a folder that can be written to")
    return found


def _named(variable: str) -> Path | None:
    named = Path(os.environ.get(variable, ""))
    return named if named.is_absolute() else None
