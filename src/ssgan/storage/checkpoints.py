"""Keep the newest states of a training on the disk, each in a folder of its own, whole or not there.

A newest one that is damaged is passed over for the one before.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.errors import RefusedModel
from ssgan.storage import weights
from ssgan.storage.runs import STATS, Run

FOLDER = "checkpoints"
KEPT = 2
LARGEST_BYTES = 1 << 33  # weights, averages, and two moments of each


class Checkpoints:
    """The newest `kept` states in a run's folder, named after the images seen."""

    def __init__(self, run: Path, *, kept: int = KEPT) -> None:
        self.folder, self.kept = run / FOLDER, kept

    def save(self, tensors: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
        """Write a state; remove all but the newest, and unfinished ones. Raises StorageFailed."""
        weights.save(self.folder / f"{manifest['images_seen']:012d}", tensors, manifest)
        newest = self._folders()[-self.kept :]
        for other in self.folder.iterdir():
            if other.name.isdigit() and other not in newest:
                shutil.rmtree(other, ignore_errors=True)

    def newest(self) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Return (tensors, values) of the newest whole state, or None. Raises RefusedModel where none of several is whole."""
        failed: RefusedModel | None = None
        for folder in reversed(self._folders()):
            try:
                return weights.load(folder, largest_bytes=LARGEST_BYTES)
            except RefusedModel as refused:
                failed = failed or refused
        if failed is not None:
            raise failed
        return None

    def resume(self, run: Run) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Return the newest state, if there is one, and drop the run's statistics after it. Raises RefusedModel."""
        found = self.newest()
        if (run.folder / STATS).exists():
            run.rewind(0 if found is None else found[1]["images_seen"])
        return found

    def drop_after(self, images_seen: int) -> None:
        """Remove the states after that number of images."""
        for folder in self._folders():
            if int(folder.name) > images_seen:
                with contextlib.suppress(OSError):
                    shutil.rmtree(folder)

    def _folders(self) -> list[Path]:
        """Return the folders, oldest first; one without a manifest is unfinished and left out."""
        return sorted(path.parent for path in self.folder.glob(f"*/{weights.MANIFEST}") if path.parent.name.isdigit())
