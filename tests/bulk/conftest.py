"""Small covers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan import images

COUNT = 40


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gray covers 16 x 16."""
    folder = tmp_path_factory.mktemp("covers")
    rng = np.random.default_rng(3)
    for k in range(COUNT):
        images.write(folder / f"{k:03}.png", rng.integers(0, 256, (1, 16, 16), dtype=np.uint8), durable=False)
    return folder
