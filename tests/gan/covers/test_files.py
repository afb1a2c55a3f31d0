"""As many files as images, gone on with after an interruption, and nothing written over."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ssgan import images
from ssgan.errors import InvalidSetting, StorageFailed
from ssgan.gan.catalog import generator_of
from ssgan.gan.covers.files import MANIFEST, Order, first_covers, fulfil, missing
from ssgan.gan.covers.generators import Card, open_generator, save_generator
from ssgan.gan.covers.sample import PIECE, prepared, public_latents, sample
from ssgan.gan.training.settings import configure

SMALL = configure("tiny", image_size=16, width=16, latent=8)


def opened(folder: Path, seed: int = 3) -> tuple[nn.Module, Card]:
    torch.manual_seed(seed)
    generator = generator_of(SMALL)
    save_generator(folder, generator, SMALL)
    net, card = open_generator(folder)
    return prepared(net), card


@pytest.fixture
def generator(tmp_path: Path) -> tuple[nn.Module, Card]:
    return opened(tmp_path / "generator")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


@pytest.mark.parametrize("seed", [1, None], ids=["seed", "no seed"])
@pytest.mark.parametrize("count", [1, PIECE, 2 * PIECE + 3])
def test_there_are_as_many_files_as_images(
    count: int, seed: int | None, generator: tuple[nn.Module, Card], tmp_path: Path
) -> None:
    order = Order(generator[1], tmp_path / "covers", count, seed)
    progressed: list[int] = []
    fulfil(order, missing(order), generator[0], progress=progressed.append)
    found = files(order.out)
    assert sorted(found) == [f"{number:06d}.png" for number in range(count)]
    assert len(set(found.values())) == count
    assert progressed[-1] == count
    assert progressed == sorted(progressed)
    assert missing(order) == []


def test_a_file_holds_the_image_of_its_number(generator: tuple[nn.Module, Card], tmp_path: Path) -> None:
    order = Order(generator[1], tmp_path / "covers", 5, 9)
    fulfil(order, missing(order), generator[0])
    expected = sample(generator[0], public_latents(SMALL, range(5), 9))
    for number in range(5):
        np.testing.assert_array_equal(images.read(order.target(number)).samples, expected[number].numpy())
    assert torch.equal(first_covers(order, 3), expected[:3])


def test_what_was_interrupted_goes_on_to_the_same_files(generator: tuple[nn.Module, Card], tmp_path: Path) -> None:
    whole, parts = Order(generator[1], tmp_path / "whole", 9, 9), Order(generator[1], tmp_path / "parts", 9, 9)
    fulfil(whole, missing(whole), generator[0], threads=2)
    fulfil(parts, [7, 2], generator[0])
    assert missing(parts) == [0, 1, 3, 4, 5, 6, 8]
    fulfil(parts, missing(parts), generator[0])
    assert files(parts.out) == files(whole.out)


def test_secret_covers_leave_nothing_from_which_they_could_be_made_again(
    generator: tuple[nn.Module, Card], tmp_path: Path
) -> None:
    order = Order(generator[1], tmp_path / "covers", 2)
    fulfil(order, missing(order), generator[0])
    assert sorted(path.name for path in order.out.iterdir()) == ["000000.png", "000001.png", MANIFEST]
    manifest = json.loads((order.out / MANIFEST).read_text())
    assert set(manifest) == {"command", "version", "generator", "seed", "drawn"}
    assert manifest["seed"] is None
    assert manifest["drawn"] is None  # not drawn from an integer model
    before = files(order.out)
    again = Order(generator[1], tmp_path / "again", 2)
    fulfil(again, missing(again), generator[0])
    assert not set(before.values()) & set(files(again.out).values())


def test_covers_of_another_seed_or_generator_are_not_mixed(generator: tuple[nn.Module, Card], tmp_path: Path) -> None:
    order = Order(generator[1], tmp_path / "covers", 2, 1)
    fulfil(order, missing(order), generator[0])
    other = opened(tmp_path / "other", seed=4)
    for wanted, what in ((Order(generator[1], order.out, 4, 2), "seed 1"), (Order(other[1], order.out, 4, 1), "generator")):
        with pytest.raises(InvalidSetting, match=what):
            missing(wanted)


def test_files_of_unknown_origin_are_left_alone(generator: tuple[nn.Module, Card], tmp_path: Path) -> None:
    (tmp_path / "covers").mkdir()
    (tmp_path / "covers" / "000001.png").write_bytes(b"a photograph")
    with pytest.raises(StorageFailed, match=r"000001\.png exists already"):
        missing(Order(generator[1], tmp_path / "covers", 2, 1))


def test_with_overwrite_no_cover_of_before_remains(generator: tuple[nn.Module, Card], tmp_path: Path) -> None:
    order = Order(generator[1], tmp_path / "covers", 5, 1)
    fulfil(order, missing(order), generator[0])
    (order.out / "notes.png").write_bytes(b"mine")
    before = files(order.out)
    again = Order(generator[1], order.out, 3, 2, overwrite=True)
    fulfil(again, missing(again), generator[0])
    after = files(order.out)
    assert sorted(after) == ["000000.png", "000001.png", "000002.png", "notes.png"]
    assert all(after[name] != before[name] for name in after if name != "notes.png")


def test_a_damaged_manifest_is_said(generator: tuple[nn.Module, Card], tmp_path: Path) -> None:
    order = Order(generator[1], tmp_path / "covers", 1, 1)
    fulfil(order, missing(order), generator[0])
    (order.out / MANIFEST).write_text("[1")
    with pytest.raises(InvalidSetting, match="damaged"):
        missing(order)
