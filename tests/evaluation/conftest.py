"""A small evaluation, run once for all tests that look at its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.evaluation.grid import Grid, run_grid
from ssgan.evaluation.rows import Row, rows_of


def write_covers(folder: Path, *, count: int, noise: float, seed: int) -> Path:
    """A folder of smooth images of 32 x 32."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for i in range(count):
        ramp = np.linspace(60, 180, 32)[None, :] + rng.normal(0, 20)
        samples = (ramp + rng.normal(0, noise, (32, 32))).round().clip(1, 254).astype(np.uint8)[None]
        images.write(folder / f"{i:03d}.png", samples, durable=False)
    return folder


@pytest.fixture(scope="session", name="write_covers")
def _write_covers() -> Callable[..., Path]:
    """How such a folder is written."""
    return write_covers


@pytest.fixture(scope="session")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an evaluation of quiet covers, with two payloads and seeds, photographs and a transfer to noisy covers."""
    place = tmp_path_factory.mktemp("evaluation")
    quiet, noisy, photographs = (
        write_covers(place / name, count=60, noise=noise, seed=seed)
        for seed, (name, noise) in enumerate((("quiet", 0.6), ("noisy", 4.0), ("photographs", 2.0)))
    )
    chosen = (("lsb@0.5/plain", "lsb@1.0/plain"), ("spam/ridge",), (0, 1))
    run_grid(Grid((quiet,), *chosen, against=photographs, transfer_to=noisy), place / "out", threads=1)
    return place / "out"


@pytest.fixture(scope="session")
def rows(evaluation: Path) -> list[Row]:
    """Its rows."""
    return rows_of(evaluation)
