"""A simulation over many files of samples that are no pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ssgan import images
from ssgan.bulk import Serial
from ssgan.bulk.simulate import Cover, SimulationSettings, change_rate, prepare, run
from ssgan.compute import seeds
from ssgan.embedding.embedder import Embedder
from ssgan.errors import RefusedImage
from ssgan.images.samples import Samples
from tests.coefficients import LEAST, MOST, UNIT, Coefficients, as_torch, check, coefficients

SETTINGS = SimulationSettings("lsb@0.3/stc:h=8", seed=5)


def encode(values: NDArray[Any]) -> bytes:
    """A file of coefficients (1, H, W): a picture whose red is the low byte and whose green is the high byte."""
    raw = values[0].astype(np.uint16)
    return images.encode(np.stack([raw & 255, raw >> 8, raw * 0]).astype(np.uint8), "PNG")


@dataclass(frozen=True)
class ToyCover:
    samples: Coefficients

    def encode(self, values: NDArray[Any], place: str) -> bytes:
        return encode(values)


def read(data: bytes, name: str, settings: SimulationSettings) -> Cover:
    red, green, blue = images.read(data).samples.astype(np.uint16)
    if blue.any():
        raise RefusedImage(f"{name} holds no coefficients", hint="give a file of the toy maker")
    values = (red | green << 8).astype(np.uint16).view(np.int16)[None]
    usable = values != 0
    usable[:, ::8, ::8] = False
    return ToyCover(Samples(values, LEAST, MOST, usable, UNIT))


@pytest.mark.parametrize("shard_size", [None, 3])
def test_many_files_of_coefficients_become_stegos(tmp_path: Path, shard_size: int | None) -> None:
    (tmp_path / "covers").mkdir()
    samples = coefficients(5)
    for number, values in enumerate(samples.values):
        (tmp_path / f"covers/{number}.png").write_bytes(encode(values))
    (tmp_path / "covers/photograph.png").write_bytes(images.encode(np.full((3, 9, 9), 7, np.uint8), "PNG"))
    plan = prepare([tmp_path / "covers"], tmp_path / "stegos", SETTINGS, read=read, shard_size=shard_size)
    tally = run(plan, Serial())
    assert (tally.written, tally.failed) == (5, 1)
    own = np.array([seeds.derive(5, f"{number}.png") for number in range(5)], dtype=np.uint64)
    expected = Embedder.parse(SETTINGS.embedder).simulate_seeded(as_torch(samples), own).numpy()
    assert change_rate(tally) == check(samples, expected)
    if shard_size is None:
        for number in range(5):
            stego = read((tmp_path / f"stegos/{number}.png").read_bytes(), "", SETTINGS).samples.values
            assert np.array_equal(stego, expected[number])
