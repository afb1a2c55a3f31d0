"""A folder to write into, made if it is missing."""

from __future__ import annotations

from pathlib import Path

from ssgan.errors import StorageFailed


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it; it may stand already. Raises StorageFailed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(
            f"{folder} cannot be made: {error.strerror}.", hint="Choose another folder for the output."
        ) from error
