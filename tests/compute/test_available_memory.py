"""What is too large for the memory there is gets refused from its header."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.compute import available_memory
from ssgan.errors import NotEnoughMemory
from ssgan.images import files
from ssgan.messages import plan


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's files are Linux's")
def test_something_is_known_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    found = available_memory.available_memory()
    assert found is not None
    assert 0 < found < 1 << 50
    monkeypatch.setattr(available_memory, "_of_limits", lambda: 12345)
    assert available_memory.available_memory() == 12345


@pytest.mark.parametrize("names", [("memory.max", "memory.current", "memory.stat")])
def test_a_container_s_limit_counts(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name, text in zip(names, ("1000000\n", "300000\n", "anon 5\ninactive_file 20000\n"), strict=True):
        (tmp_path / name).write_text(text)
    assert available_memory._of_container(tmp_path) == 720_000
    (tmp_path / names[0]).write_text("max\n")
    assert available_memory._of_container(tmp_path) is None


def test_a_picture_too_large_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cover = tmp_path / "large.png"
    images.write(cover, np.zeros((1, 2000, 2400), np.uint8), durable=False)
    assert plan.cover_picture(cover).samples.shape == (1, 2000, 2400)
    monkeypatch.setattr(files, "available_memory", lambda: 50_000_000)
    assert images.read(cover).samples.size == 4_800_000  # reading alone takes little
    monkeypatch.setattr(files, "_check_decoded", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(NotEnoughMemory, match=r"large.png: 2400 x 2000 pixels of 1 channel take about 0.1 GB") as raised:
        plan.cover_picture(cover)
    assert raised.value.hint
    assert isinstance(raised.value, MemoryError)


def test_a_scheme_is_allowed_what_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What raises and lowers at two prices keeps two arrays of them."""
    cover = tmp_path / "large.png"
    images.write(cover, np.zeros((1, 2000, 2400), np.uint8), durable=False)
    monkeypatch.setattr(files, "available_memory", lambda: 140_000_000)
    assert plan.cover_picture(cover, plan.HideSettings("hill")).samples.shape == (1, 2000, 2400)
    for scheme in ("hugo", "mipod"):
        with pytest.raises(NotEnoughMemory):
            plan.cover_picture(cover, plan.HideSettings(scheme))
