"""A folder is made with all above it, and what stands in the way is said; where a user's files are, on every system."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from ssgan import images
from ssgan.cli import doctor_checks, doctor_warmup
from ssgan.cli.app import run
from ssgan.compute import compiled
from ssgan.errors import StorageFailed
from ssgan.messages.ledger import usual_folder
from ssgan.storage.folders import Kind, home, make_folder, user_folder, xdg_folder

KINDS = get_args(Kind)
SOURCES = Path(__file__).resolve().parents[2] / "src" / "ssgan"


def test_a_folder_is_made_once_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_in_the_way_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(StorageFailed, match="cannot be created"):
            make_folder(folder)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("named", [None, "", "cache", "./cache", "../cache", "~/cache", "absolute"])
def test_only_an_absolute_path_names_another_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: Kind, system: str, named: str | None
) -> None:
    """As the XDG base directory specification asks; a relative one would be another folder in each working folder."""
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for variable in ("LOCALAPPDATA", *(f"XDG_{one.upper()}_HOME" for one in KINDS)):
        monkeypatch.delenv(variable, raising=False)
    usual, variable = user_folder(kind), "LOCALAPPDATA" if system == "win32" else f"XDG_{kind.upper()}_HOME"
    assert usual.is_relative_to(tmp_path / "home")
    if named is not None:
        monkeypatch.setenv(variable, str(tmp_path / "other") if named == "absolute" else named)
    elsewhere = named == "absolute" and system != "darwin"
    assert user_folder(kind) == (tmp_path / "other" if elsewhere else usual)
    if system == "linux":
        assert xdg_folder(kind) == user_folder(kind)


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No $HOME and no entry in the list of users, as in a container that is started with any number for a user."""
    pwd = pytest.importorskip("pwd")

    def unknown(_: int) -> Any:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for variable in ("HOME", "SSGAN_LEDGER", "NUMBA_CACHE_DIR", *(f"XDG_{one.upper()}_HOME" for one in KINDS)):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    compiled.cache_folder.cache_clear()


@pytest.mark.usefixtures("homeless")
def test_without_a_home_there_is_a_typed_error_and_no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    of_kinds = (partial(user_folder, kind) for kind in KINDS)
    folders: list[Callable[[], object]] = [home, *of_kinds, compiled.cache_folder, usual_folder]
    for folder in folders:
        with pytest.raises(StorageFailed, match="this user has no home folder"):
            folder()
    monkeypatch.setenv("HOME", "relative")
    with pytest.raises(StorageFailed):
        home()
    assert doctor_warmup.kept() == 0
    assert compiled.compiled(lambda number: number + 1)(1) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("homeless")
def test_commands_do_without_a_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images.write(tmp_path / "cover.png", np.random.default_rng(1).integers(60, 200, (1, 48, 48), dtype=np.uint8))
    assert run(["keygen", "-o", "our.key"]) == 0
    hide = ["hide", "cover.png", "-m", "hi", "-o", "stego.png", "--key-file", "our.key", "--no-risk"]
    assert run(hide) == StorageFailed.exit_code
    assert "the list of used covers cannot be kept: this user has no home folder" in (said := capsys.readouterr().err)
    assert "$SSGAN_LEDGER, or leave the list out: --no-ledger" in said
    assert run([*hide, "--no-ledger", "--dry-run"]) == 0
    assert run(["completion", "bash", "--install"]) == run(["completion", "zsh", "--install"]) == StorageFailed.exit_code
    assert "this user has no home folder" in capsys.readouterr().err
    checks = doctor_checks.checks()
    names = ("cache of compiled loops", "list of used covers")
    for found in doctor_checks.examine({name: checks[name] for name in names}):
        assert not found.well
        assert "this user has no home folder" in found.found
        assert found.hint


def test_a_home_is_looked_for_in_one_place() -> None:
    """Path.home and expanduser raise where there is none: `folders` alone asks."""
    asks = re.compile(r"expanduser|Path\.home|XDG_|LOCALAPPDATA")
    assert {path.name for path in SOURCES.rglob("*.py") if asks.search(path.read_text(encoding="utf-8"))} == {"folders.py"}
