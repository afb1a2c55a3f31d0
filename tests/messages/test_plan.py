"""A plan says beforehand what hiding will do, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan import images
from ssgan.errors import DoesNotFit
from ssgan.images import Picture
from ssgan.messages import plan, scheme_choice
from ssgan.messages.container import capacity
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile

KEY = KeyFile(bytes(range(32)))


def write(path: Path, *shape: int) -> Path:
    images.write(path, np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8))
    return path


@given(
    channels=st.sampled_from([1, 3]), height=st.integers(1, 60), width=st.integers(1, 60), opaque=st.none() | st.floats(0, 1)
)
def test_the_room_of_a_picture_is_its_capacity(channels: int, height: int, width: int, opaque: float | None) -> None:
    rng = np.random.default_rng(0)
    alpha = None if opaque is None else np.where(rng.random((height, width)) < opaque, 255, 7).astype(np.uint8)
    samples = np.zeros((channels, height, width), np.uint8)
    assert scheme_choice.picture_capacity(Picture(samples, alpha, "PNG")) == capacity(samples, alpha=alpha, layout="chw")


@settings(max_examples=10)
@given(message=st.binary(max_size=40), compress=st.booleans())
def test_what_is_planned_is_what_is_done(message: bytes, compress: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("planned")
    cover = write(folder / "cover.png", 1, 40, 48)
    task = plan.one_cover(cover, message, folder / "out.png", plan.HideSettings(compress=compress)).tasks[0]
    assert [path.name for path in folder.iterdir()] == ["cover.png"]
    done = hide(task.picture.samples, message, KEY, compress=compress)
    assert (task.body_bytes, task.rung_bytes, task.payload) == (done.message_bytes, done.rung_bytes, done.payload)


def test_the_number_that_would_fit_fits_and_one_more_does_not(tmp_path: Path) -> None:
    cover = write(tmp_path / "cover.png", 1, 40, 48)
    with pytest.raises(DoesNotFit) as refused:
        plan.one_cover(cover, bytes(1000), tmp_path / "out.png", plan.HideSettings())
    most = int(refused.value.reachable)
    assert plan.one_cover(cover, bytes(most), tmp_path / "out.png", plan.HideSettings()).tasks[0].rung_bytes == most
    with pytest.raises(DoesNotFit):
        plan.one_cover(cover, bytes(most + 1), tmp_path / "out.png", plan.HideSettings())


def test_a_cover_too_small_for_anything_does_not_take_an_empty_message(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFit):
        plan.one_cover(write(tmp_path / "tiny.png", 1, 12, 12), b"", tmp_path / "out.png", plan.HideSettings())


def test_a_stego_of_several_keeps_its_cover_s_name_in_a_format_that_is_written(tmp_path: Path) -> None:
    from PIL import Image

    write(tmp_path / "a.bmp", 1, 40, 48)
    Image.fromarray(np.random.default_rng(2).integers(0, 256, (40, 48, 3), dtype=np.uint8)).save(
        tmp_path / "b.webp", lossless=True
    )
    covers = [tmp_path / "a.bmp", tmp_path / "b.webp"]
    tasks = plan.several_covers(covers, b"x", tmp_path / "out", 2, plan.HideSettings()).tasks
    assert [task.out.name for task in tasks] == ["a.bmp", "b.png"]


def test_a_plan_shows_neither_message_nor_samples(tmp_path: Path) -> None:
    planned = plan.one_cover(write(tmp_path / "a.png", 1, 40, 48), b"canary", tmp_path / "out.png", plan.HideSettings())
    assert "canary" not in repr(planned) + str(planned.tasks)
