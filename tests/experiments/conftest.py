"""Real images for experiments of the smallest size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan import images


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 120 images of 32 x 32, two of each person."""
    folder, rng = tmp_path_factory.mktemp("experiments") / "faces", np.random.default_rng(3)
    folder.mkdir()
    for i in range(120):
        ramp = np.linspace(60, 180, 32)[None, :] + rng.normal(0, 20)
        samples = (ramp + rng.normal(0, 2, (32, 32))).round().clip(1, 254).astype(np.uint8)[None]
        images.write(folder / f"{i:03d}.png", samples, durable=False)
    (folder / "index.csv").write_text("file,identity\n" + "".join(f"{i:03d}.png,{i // 2}\n" for i in range(120)))
    return folder
