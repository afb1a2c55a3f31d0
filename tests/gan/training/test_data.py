"""Real images: what is shown when, mirrored or not, and what never is."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan import images
from ssgan.compute.distributed import Processes
from ssgan.datasets import Geometry
from ssgan.errors import InvalidSetting
from ssgan.gan.training.data import Batches, RealImages, read
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.settings import PRESETS, TrainingConfig

CONFIG = replace(PRESETS["paper"], image_size=16, channels=1, batch=8)
CPU, ALONE = torch.device("cpu"), Processes()


def numbered(count: int) -> RealImages:
    """Images that are recognized by their first gray value, and mirrored ones by their last."""
    pictures = torch.zeros(count + 5, 1, 16, 16, dtype=torch.uint8)
    pictures[:, 0, 0, 0] = torch.arange(count + 5) + 1
    chosen = np.arange(count) + 5  # the first five are held back
    return RealImages(pictures, tuple(f"{i}.png" for i in range(count + 5)), chosen, (), [])


def batches(count: int, config: TrainingConfig = CONFIG, processes: Processes = ALONE) -> Batches:
    return Batches(numbered(count), config, RandomDraws(config, processes, CPU).mine, CPU)


def numbers(floats: torch.Tensor) -> list[int]:
    pixels = images.to_pixels(floats)[:, 0, 0].int()
    return [int(left or right) for left, right in zip(pixels[:, 0], pixels[:, -1], strict=True)]


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 5), st.booleans())
def test_every_epoch_shows_each_chosen_image_once_in_an_order_of_its_own(
    count: int, batch: int, seed: int, flips: bool
) -> None:
    config = replace(CONFIG, batch=batch, seed=seed, flips=flips)
    source = batches(count, config)
    shown = [number for k in range(-(-3 * count // batch)) for number in numbers(source.at(k))]
    for epoch in range(3):
        assert sorted(shown[epoch * count : (epoch + 1) * count]) == list(range(6, count + 6))
    again = batches(count, config)
    assert numbers(again.at(2)) == shown[2 * batch : 3 * batch] or 3 * batch > len(shown), "any batch can be asked for first"


def test_half_of_them_are_mirrored_where_flips_are_asked_for() -> None:
    def mirrored(flips: bool) -> float:
        source = batches(40, replace(CONFIG, flips=flips))
        return float(np.mean([float((source.at(k)[:, 0, 0, -1] > -1).float().mean()) for k in range(50)]))

    assert mirrored(False) == 0
    assert mirrored(True) == pytest.approx(0.5, abs=0.1)


def test_processes_together_are_shown_what_one_is() -> None:
    config = replace(CONFIG, flips=True)
    parts = [batches(11, config, Processes(rank, 4)).at(5) for rank in range(4)]
    torch.testing.assert_close(torch.cat(parts), batches(11, config).at(5), rtol=0, atol=0)


def test_the_mapped_images_stay_as_they_are() -> None:
    source = batches(11, replace(CONFIG, flips=True))
    before = source.real.images.clone()
    for k in range(4):
        source.at(k).fill_(7.0)
    assert torch.equal(source.real.images, before)


def folder_of_people(path: Path) -> Path:
    rng = np.random.default_rng(1)
    path.mkdir()
    rows = [("file", "identity")]
    for i in range(40):
        images.write(path / f"{i:02d}.png", rng.integers(0, 256, (1, 20, 20), dtype=np.uint8))
        rows.append((f"{i:02d}.png", str(i // 4)))
    with (path / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_people_are_held_back_whole_and_the_cache_is_made_once(tmp_path: Path) -> None:
    data = folder_of_people(tmp_path / "data")
    found = read(data, replace(CONFIG, train_share=0.8), tmp_path / "cache", geometry=Geometry(size=16))
    people = [{int(name[:2]) // 4 for name in names} for names in ([found.names[i] for i in found.chosen], found.held_back)]
    assert len(found.held_back) == 8
    assert not people[0] & people[1]
    stood = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()}
    again = read(data, replace(CONFIG, train_share=0.8), tmp_path / "cache", geometry=Geometry(size=16))
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()} == stood
    np.testing.assert_array_equal(again.chosen, found.chosen)
    everything = read(data, replace(CONFIG, train_share=1.0), tmp_path / "cache", geometry=Geometry(size=16))
    assert (len(everything.chosen), everything.held_back) == (40, ())


def test_a_share_that_leaves_nothing_is_refused(tmp_path: Path) -> None:
    data = folder_of_people(tmp_path / "data")
    with pytest.raises(InvalidSetting, match="no image is left"):
        read(data, replace(CONFIG, train_share=0.01), tmp_path / "cache", geometry=Geometry(size=16))
