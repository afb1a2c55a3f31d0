"""The inspection of a cover shows what the embedder does, and the stego is the one that a simulation would write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit, StorageFailed
from ssgan.inspection import inspect_cover, write_pictures
from ssgan.simulation import Settings, prepare, run

HILL = Embedder.parse("hill@0.4")


def cover(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (channels, 24, 20), dtype=np.uint8)


def test_the_stego_is_that_of_a_simulation_of_the_file(tmp_path: Path) -> None:
    images.write(tmp_path / "cover.png", cover())
    run(prepare([tmp_path / "cover.png"], tmp_path / "out", Settings("hill@0.4", seed=8)), workers=1)
    seen = inspect_cover(cover(), HILL, seed=8, name="cover.png")
    assert np.array_equal(seen.stego, images.read(tmp_path / "out" / "cover.png").samples)


def test_changes_happen_only_where_they_may(tmp_path: Path) -> None:
    seen = inspect_cover(cover(), HILL, seed=1)
    change = seen.stego.astype(int) - seen.cover
    assert (seen.probabilities[0][change > 0] > 0).all()
    assert (seen.probabilities[1][change < 0] > 0).all()
    assert seen.difference.changes == np.abs(change).sum()
    assert seen.expected_change_rate == pytest.approx(seen.difference.change_rate, abs=0.03)


def test_the_wet_share_counts_what_may_move_neither_way() -> None:
    assert inspect_cover(cover(), HILL, seed=1).wet_share == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_every_picture_can_be_written_and_is_not_written_over(channels: int, tmp_path: Path) -> None:
    seen = inspect_cover(cover(channels), HILL, seed=1)
    write_pictures(seen.pictures, tmp_path / "deep" / "folder")
    found = {path.stem: images.read(path).samples for path in (tmp_path / "deep" / "folder").glob("*.png")}
    assert found.keys() == {"cover", "stego", "costs", "change_probabilities", "changes", "bit_planes"}
    assert np.array_equal(found["stego"], seen.stego)
    with pytest.raises(StorageFailed, match="exists already"):
        write_pictures(seen.pictures, tmp_path / "deep" / "folder")


def test_a_cover_that_cannot_carry_the_payload_is_refused_with_what_it_can() -> None:
    with pytest.raises(DoesNotFit) as caught:
        inspect_cover(np.full((1, 16, 16), 255, np.uint8), Embedder.parse("hill@1.2"), seed=1)
    assert caught.value.reachable <= 256
