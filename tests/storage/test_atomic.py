from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ssgan.errors import StorageFailed
from ssgan.images import atomic_write
from ssgan.storage.atomic import sync, temporary_for, unfinished, write_all
from tests.processes import begun


def test_the_file_appears_after_the_block_and_not_before(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a") as temporary:
        temporary.write_bytes(b"all of it")
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").read_bytes() == b"all of it"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_exception_nothing_is_there_and_nothing_is_lost(error: type[BaseException], tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")

    def fail() -> None:
        with atomic_write(tmp_path / "old", overwrite=True) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a"

    def race() -> None:
        with atomic_write(path) as temporary:
            temporary.write_bytes(b"ours")
            path.write_bytes(b"theirs")

    with pytest.raises(StorageFailed, match="exists already"):
        race()
    assert [found.read_bytes() for found in tmp_path.iterdir()] == [b"theirs"]


def write(path: Path, data: bytes = b"x") -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "reason"), [("no/folder", "No such file"), ("file/below", "Not a directory"), ("x" * 300, "too long")]
)
def test_a_place_that_cannot_be_written_is_named_with_a_hint(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed, match=reason) as failure:
        write(tmp_path / name)
    assert failure.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission_is_named_with_a_hint(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageFailed, match="Permission") as failure:
        write(tmp_path / "a")
    tmp_path.chmod(0o700)
    assert "permissions" in failure.value.hint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_named_with_a_hint(tmp_path: Path) -> None:
    def fill() -> None:
        with atomic_write(tmp_path / "a"), Path("/dev/full").open("wb") as full:
            full.write(b"x")

    with pytest.raises(StorageFailed, match="No space") as failure:
        fill()
    assert "space" in failure.value.hint
    assert not list(tmp_path.iterdir())


def test_all_bytes_are_written_however_few_go_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: really(descriptor, content[:3]))
    with (tmp_path / "a").open("wb") as file:
        write_all(file.fileno(), b"eleven byte")
    assert (tmp_path / "a").read_bytes() == b"eleven byte"
    monkeypatch.setattr(os, "write", lambda *_: 0)
    with (tmp_path / "a").open("wb") as file, pytest.raises(OSError, match="No space"):
        write_all(file.fileno(), b"x")


def test_files_are_closed_when_they_are_on_the_disk(tmp_path: Path) -> None:
    write(tmp_path / "a")
    before = os.open(tmp_path, os.O_RDONLY)
    os.close(before)
    sync(tmp_path)
    after = os.open(tmp_path, os.O_RDONLY)
    os.close(after)
    assert after == before


def test_what_a_killed_process_left_is_found(tmp_path: Path) -> None:
    for path in (tmp_path / "a", tmp_path / ("long" * 30), tmp_path / "b"):
        temporary_for(path).touch()
    for path in (tmp_path / "a", tmp_path / ("long" * 30)):
        assert len(unfinished(path)) == 1
    assert unfinished(tmp_path / "c") == unfinished(tmp_path / "nowhere" / "a") == []


def test_a_file_that_grows_beyond_the_limit_leaves_nothing(tmp_path: Path) -> None:
    """The kernel stops the write in its middle (a short write, then EFBIG): as real as a full disk gets here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageFailed, match="too large"):
            write(tmp_path / "a", bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert not list(tmp_path.iterdir())


def test_a_killed_writer_leaves_the_old_file_or_the_new_one_whole(tmp_path: Path) -> None:
    path, size = tmp_path / "a", 2**20
    script = f"""
import itertools, pathlib
from ssgan.images import atomic_write
for number in itertools.count():
    with atomic_write(pathlib.Path({str(path)!r}), overwrite=True) as temporary:
        temporary.write_bytes(bytes([number % 256]) * {size})
"""
    for delay in (0.0, 0.01, 0.03):
        with begun([sys.executable, "-c", script]) as writer:
            while not path.exists():
                assert writer.poll() is None
                time.sleep(0.01)
            time.sleep(delay)
        data = path.read_bytes()
        assert len(data) == size
        assert len(set(data)) == 1
        path.unlink()


@pytest.mark.skipif(os.name != "posix", reason="folders are forced to the disk on POSIX")
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("options", [{}, {"durable": True}, {"durable": False}], ids=["usually", "durable", "not"])
def test_bytes_then_name_go_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool, options: dict[str, bool]
) -> None:
    """Write, fsync of the file, rename, fsync of its folder: in another order a power loss leaves a name without bytes."""
    path, events = tmp_path / "a", list[tuple[object, ...]]()
    if overwrite:
        path.write_bytes(b"old")
    really, names = os.fsync, dict[int, Path]()

    def fsync(descriptor: int) -> None:
        really(descriptor)
        name = names[os.fstat(descriptor).st_ino]
        events.append(("fsync", name, name.read_bytes() if name.is_file() else path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)

    def noting(move: Callable[..., None]) -> Callable[..., None]:
        def noted(source: str, target: str) -> None:
            events.append(("move", Path(source), Path(target)))
            move(source, target)

        return noted

    for function in ("link", "replace", "rename"):
        monkeypatch.setattr(os, function, noting(getattr(os, function)))
    with atomic_write(path, overwrite=overwrite, **options) as temporary:  # type: ignore[arg-type]
        temporary.write_bytes(b"new")
        names |= {temporary.stat().st_ino: temporary, tmp_path.stat().st_ino: tmp_path}
    moved = [("move", temporary, path)]
    assert events == (
        [("fsync", temporary, b"new"), *moved, ("fsync", tmp_path, b"new")] if options.get("durable", True) else moved
    )
    assert path.read_bytes() == b"new"
