"""The list of used covers: it knows what was put in, survives damage, and says nothing to others."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan.errors import InvalidSetting, RefusedImage, StorageFailed
from ssgan.messages.hide import hide
from ssgan.messages.keys import Key, KeyFile, Passphrase
from ssgan.messages.ledger import Ledger, usual_folder


def image(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (1, 32, 32), dtype=np.uint8)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "deep" / "ledger")
    made.prepare()
    return made


def test_looking_into_a_list_that_is_not_there_makes_none(tmp_path: Path) -> None:
    assert not Ledger(tmp_path / "ledger").knows(image(1), None)
    assert not list(tmp_path.iterdir())


def test_what_was_recorded_is_known_and_nothing_else(ledger: Ledger) -> None:
    ledger.record([(image(1), None), (image(2), None)])
    assert [ledger.knows(image(seed), None) for seed in range(5)] == [False, True, True, False, False]
    assert not ledger.knows(image(1)[:, :, :31], None)
    assert not ledger.knows(image(1), np.full((32, 32), 7, np.uint8))


@pytest.mark.parametrize("key", [Passphrase("correct horse battery"), KeyFile(bytes(32))], ids=["passphrase", "key file"])
def test_a_stego_is_known_as_its_cover(ledger: Ledger, key: Key) -> None:
    hidden = hide(image(1), b"x" * 40, key)
    ledger.record([(hidden.cover, None)])
    assert hidden.change_rate > 0
    assert ledger.knows(hidden.stego, None)


@pytest.mark.parametrize("edited", ["first", "last"])
def test_a_list_that_others_replaced_or_edited_is_read_anew(edited: str, ledger: Ledger) -> None:
    ledger.record([(image(seed), None) for seed in range(1, 5)])
    assert ledger.knows(image(1), None)
    path = ledger.folder / "covers"
    lines = path.read_text().splitlines(keepends=True)
    if edited == "last":  # in place: the same file
        path.write_text("".join([*lines[:3], lines[0]]))
    else:  # another file, whose last lines are those that were read
        path.with_name("new").write_text("".join([lines[1], *lines[1:]]))
        path.with_name("new").replace(path)
    assert [ledger.knows(image(seed), None) for seed in (1, 2, 3, 4)] == [edited == "last", True, True, edited == "first"]


def test_an_image_of_both_is_one_line(ledger: Ledger) -> None:
    ledger.record([(image(1), None), (image(1), None)])
    assert len((ledger.folder / "covers").read_text().splitlines()) == 1


@given(damage=st.lists(st.binary(max_size=60), max_size=4), torn=st.integers(0, 33))
def test_damaged_lines_are_passed_over(damage: list[bytes], torn: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger"))
    ledger.prepare()
    ledger.record([(image(1), None)])
    covers = ledger.folder / "covers"
    line = covers.read_bytes()
    covers.write_bytes(b"".join(piece + b"\n" for piece in damage) + line + line[:torn].replace(b"a", b"b"))
    ledger.record([(image(2), None)])
    assert ledger.knows(image(1), None)
    assert ledger.knows(image(2), None)
    assert not ledger.knows(image(3), None)


def test_two_lists_of_the_same_covers_have_nothing_in_common(tmp_path: Path) -> None:
    lines = []
    for name in ("one", "two"):
        ledger = Ledger(tmp_path / name)
        ledger.prepare()
        ledger.record([(image(1), None)])
        lines.append((ledger.folder / "covers").read_text())
    assert lines[0] != lines[1]
    assert all(len(line) == 33 for line in lines)


def test_writers_at_the_same_time_lose_no_line(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: ledger.record([(image(seed), None)]), range(40)))
    assert all(ledger.knows(image(seed), None) for seed in range(40))


def test_makers_at_the_same_time_agree_on_one_key(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ledger.prepare(), range(8)))
    assert sorted(path.name for path in ledger.folder.iterdir()) == ["covers", "key"]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_key_and_list_are_for_their_owner_only(ledger: Ledger) -> None:
    assert {stat.S_IMODE((ledger.folder / name).stat().st_mode) for name in ("key", "covers")} == {0o600}


def test_a_damaged_key_is_said_and_not_replaced(ledger: Ledger) -> None:
    ledger.record([(image(1), None)])
    (ledger.folder / "key").write_bytes(b"short")
    for use in (lambda: ledger.knows(image(1), None), ledger.prepare, lambda: ledger.record([(image(2), None)])):
        with pytest.raises(StorageFailed, match="damaged"):
            use()
    assert (ledger.folder / "key").read_bytes() == b"short"


@pytest.mark.parametrize("name", ["", "key", "covers"])
def test_what_stands_in_the_way_is_an_error_of_ours_with_a_hint(name: str, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    if name:
        (ledger.folder / name).mkdir(parents=True)
    else:
        ledger.folder.write_text("a file")
    with pytest.raises(StorageFailed, match="cannot be kept") as failed:
        ledger.prepare()
    assert "--no-ledger" in failed.value.hint


def test_recording_without_a_key_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="lost its key"):
        Ledger(tmp_path).record([(image(1), None)])


def _ways(samples: np.ndarray) -> dict[str, Any]:
    """One gray image, as NumPy, Pillow and torch have it."""
    import torch

    ways = {"(H, W)": samples[0], "(H, W, C)": samples.transpose(1, 2, 0), "strided": np.asfortranarray(samples)}
    return ways | {"PIL": Image.fromarray(samples[0]), "torch": torch.from_numpy(samples)}


@pytest.mark.parametrize("way", ["(H, W)", "(H, W, C)", "strided", "PIL", "torch"])
def test_an_image_is_known_however_it_is_held(ledger: Ledger, way: str) -> None:
    held = _ways(image(1))[way]
    assert ledger.digest(held, None) == ledger.digest(image(1), None)
    assert ledger.mark(held, None, "a") == ledger.mark(image(1), None, "a")
    ledger.record([(held, None)])
    assert ledger.knows(image(1))
    assert ledger.claim([[(held, None)], [(_ways(image(2))[way], None)]]) == [False, True]
    assert ledger.knows(image(2))


WRONG = [np.zeros((32, 32)), np.zeros((2, 32, 32), np.uint8), np.zeros((1, 1, 3), np.uint8), "a.png", None]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_what_is_no_image_is_refused_and_nothing_is_recorded(ledger: Ledger, wrong: Any) -> None:
    for use in (
        lambda: ledger.record([(image(1), None), (wrong, None)]),
        lambda: ledger.claim([[(image(1), None)], [(wrong, None)]]),
        lambda: ledger.record([(image(1), "alpha" if wrong is None else wrong)]),  # type: ignore[list-item]
        lambda: ledger.digest(wrong, None),
        lambda: ledger.mark(wrong, None, "a"),
    ):
        with pytest.raises((InvalidSetting, RefusedImage)) as refused:  # a name is that of a file, which is not there
            use()
        assert refused.value.hint
    assert not ledger.knows(image(1))


def test_the_folder_is_where_the_user_says_or_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSGAN_LEDGER", str(tmp_path))
    assert usual_folder() == tmp_path
    monkeypatch.delenv("SSGAN_LEDGER")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("sys.platform", "linux")
    assert usual_folder() == tmp_path / "data" / "ssgan" / "ledger"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert usual_folder() == Path.home() / ".local" / "share" / "ssgan" / "ledger"
