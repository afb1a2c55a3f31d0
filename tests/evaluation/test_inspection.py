"""The inspection of a cover shows what the embedder does, and the stego is the one that a simulation would write."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import correlate

from ssgan import images
from ssgan.bulk import Serial
from ssgan.bulk.simulate import SimulationSettings, prepare, run
from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit, StorageFailed
from ssgan.evaluation import inspection
from ssgan.evaluation.inspection import inspect_cover, write_pictures
from ssgan.images.filters import KV

HILL = Embedder.parse("hill@0.4")


def cover(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (channels, 24, 20), dtype=np.uint8)


def test_the_stego_is_that_of_a_simulation_of_the_file(tmp_path: Path) -> None:
    images.write(tmp_path / "cover.png", cover())
    run(prepare([tmp_path / "cover.png"], tmp_path / "out", SimulationSettings("hill@0.4", seed=8)), Serial())
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
    assert found.keys() == {"cover", "stego", "costs", "change_probabilities", "changes", "bit_planes", "residual"}
    assert np.array_equal(found["stego"], seen.stego)
    with pytest.raises(StorageFailed, match="exists already"):
        write_pictures(seen.pictures, tmp_path / "deep" / "folder")


def test_a_cover_that_cannot_carry_the_payload_is_refused_with_what_it_can() -> None:
    with pytest.raises(DoesNotFit) as caught:
        inspect_cover(np.full((1, 16, 16), 255, np.uint8), Embedder.parse("hill@1.2"), seed=1)
    assert caught.value.reachable <= 256


@pytest.mark.parametrize("channels", [1, 3])
def test_every_scheme_prices_the_cover_and_changes_what_it_says(channels: int) -> None:
    priced = inspection.every_scheme(cover(channels), 0.3, seed=1)
    assert [one.name.split("@")[0] for one in priced] == list(SCHEMES)
    for one in priced:
        assert one.seen is not None
        assert one.seen.difference.change_rate == pytest.approx(one.seen.expected_change_rate, abs=0.05)
        assert one.costs.shape[1:] == priced[0].costs.shape[1:]
    sheet = inspection.sheet(priced)
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] >= priced[0].costs.shape[2]


def test_a_scheme_that_cannot_take_the_payload_still_shows_its_costs() -> None:
    priced = {one.name: one for one in inspection.every_scheme(cover(1), 1.2, seed=1)}
    assert priced["lsb@1.2/plain"].seen is None
    assert priced["hill@1.2"].seen is not None


def test_the_residual_is_what_the_kv_filter_leaves() -> None:
    samples = cover(3)
    expected = np.stack([correlate(channel.astype(float), -KV, mode="reflect") for channel in samples])
    assert np.allclose(inspection.residual(samples), expected)
    assert np.allclose(inspection.residual(np.full((1, 9, 9), 200, np.uint8)), 0)


def test_two_images_are_compared_in_every_way() -> None:
    seen = inspect_cover(cover(), HILL, seed=1)
    shown = inspection.ImageComparison(seen.cover, seen.stego).pictures
    assert shown.keys() == {"changes", "difference", "residual_first", "residual_second", "bit_planes_changed"}
    same = inspection.ImageComparison(seen.cover, seen.cover).pictures
    assert not np.array_equal(shown["difference"], same["difference"])
    assert len(np.unique(same["difference"][:, :, :20].reshape(3, -1), axis=1).T) == 1


def test_the_page_stands_alone_and_escapes_what_a_file_is_called() -> None:
    seen = inspect_cover(cover(1), HILL, seed=1)
    text = inspection.page("<b>x</b>", {"image": "a & b"}, seen.pictures, inspection.every_scheme(cover(1), 0.4, seed=1))
    assert "<b>x</b>" not in text
    assert "a &amp; b" in text
    assert not re.search(r"https?://|<script|@import|<link", text)
    assert text.count("<img ") == len(seen.pictures) + len(SCHEMES)
