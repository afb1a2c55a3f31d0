"""Whatever fails while a stego is written, and wherever: the folder then holds the old state or the new one, never half a file.

An injector counts the calls that reach for files (opening, writing, closing, forcing to the disk, linking, renaming, removing)
and lets the n-th of them fail, for every n; half of a failing write is written. The same calls kill the process with SIGKILL,
in children of a process of their own: `python test_faults.py FOLDER`.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
import pytest

from ssgan import images
from ssgan.errors import SsganError, StorageFailed
from ssgan.messages.files import hide_file, hide_spread, reveal_files
from ssgan.messages.keys import KeyFile
from ssgan.messages.ledger import Ledger

KEY = KeyFile(bytes(range(32)))
MESSAGE = b"whole or not at all"
CALLS = ("open", "fsync", "link", "replace", "rename", "mkdir", "unlink", "write")
REMOVING = ("unlink", "close")  # where these fail, too, a hidden temporary file is left
pytestmark = pytest.mark.skipif(os.name != "posix", reason="counts POSIX calls")


class Injector:
    """Calls `strike` at the n-th file call (from 1), or, `lasting`, at this and all later ones but those that clean up."""

    def __init__(self, strike: Callable[[], None], n: int, *, lasting: bool = False) -> None:
        self.strike, self.n, self.lasting = strike, n, lasting
        self.count = 0
        self.struck: list[str] = []

    def install(self, patch: Callable[[Any, str, Any], None]) -> None:
        """Put itself before the calls."""
        for name in CALLS:
            patch(os, name, self._guarded(name, getattr(os, name)))
        patch(io, "open", functools.partial(self._open, io.open))

    def hit(self, name: str) -> None:
        """One call."""
        self.count += 1
        if self.count == self.n or (self.lasting and self.count > self.n and name not in REMOVING):
            self.struck.append(name)
            self.strike()

    def _guarded(self, name: str, function: Callable[..., object]) -> Callable[..., object]:
        def guarded(*arguments: object, **options: object) -> object:
            self.hit(name)
            return function(*arguments, **options)

        return guarded

    def _open(
        self, function: Callable[..., BinaryIO], file: object, mode: str = "r", *rest: object, **options: object
    ) -> object:
        self.hit("open")
        opened = function(file, mode, *rest, **options)
        return _Guarded(opened, self) if "b" in mode and "r" not in mode else opened


class _Guarded:
    """A file open for writing whose writes and whose closing count; a failing write writes half."""

    def __init__(self, file: BinaryIO, injector: Injector) -> None:
        self._file, self._injector = file, injector

    def write(self, data: bytes) -> int:
        half = len(data) // 2
        self._file.write(data[:half])
        self._file.flush()
        self._injector.hit("write")
        return half + self._file.write(data[half:])

    def close(self) -> None:
        self._file.close()
        self._injector.hit("close")

    def __enter__(self) -> _Guarded:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def failing_with(number: int) -> Callable[[], NoReturn]:
    def strike() -> NoReturn:
        raise OSError(number, os.strerror(number))

    return strike


def make_cover(folder: Path, name: str = "cover.png") -> Path:
    images.write(folder / name, np.random.default_rng(len(name)).integers(0, 256, (1, 32, 32), dtype=np.uint8))
    return folder / name


def state(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Job:
    """A hiding, with what stood in its folder before: nothing, an old stego, or a list of used covers."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder, self.out = kind, folder, folder / "here" / "stego.png"
        self.cover = make_cover(folder)
        self.out.parent.mkdir()
        if kind == "overwrite":
            self.out.write_bytes(b"the old stego")
        self.ledger = Ledger(folder / "ledger") if kind == "ledger" else None
        self.before = state(folder)

    def run(self) -> None:
        hide_file(self.cover, MESSAGE, KEY, self.out, scheme="lsb", ledger=self.ledger, overwrite=self.kind == "overwrite")

    def check(self, *, leftovers: int = 0, done: bool = False) -> None:
        """The old state or the new one; beside them at most so many hidden temporary files."""
        after = state(self.folder)
        stego = after.pop("here/stego.png", None)
        old = self.before.get("here/stego.png")
        if stego != old or done:
            assert reveal_files([self.out], KEY) == MESSAGE
        temporary = [name for name in after if Path(name).name.startswith(".") and name.endswith(".part")]
        assert len(temporary) <= leftovers, temporary
        for name in temporary:
            del after[name]
        if self.ledger is not None:  # its key, and whole lines or none
            assert len(after.pop("ledger/key", bytes(32))) == 32
            assert set(map(len, after.pop("ledger/covers", b"").split(b"\n"))) <= {0, 16, 32}
        assert after == {name: content for name, content in self.before.items() if name != "here/stego.png"}


def jobs(kind: str, folder: Path) -> Iterator[Job]:
    for number in itertools.count():
        (folder / str(number)).mkdir()
        yield Job(kind, folder / str(number))


@pytest.fixture(scope="module", autouse=True)
def _warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is loaded and compiled at the first hiding reaches for files, too; that is not what is tested here."""
    for kind in ("fresh", "ledger"):
        Job(kind, tmp_path_factory.mktemp("warm")).run()


@pytest.mark.parametrize("kind", ["fresh", "overwrite", "ledger"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS], ids=errno.errorcode.get)
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
def test_a_call_that_fails_leaves_the_old_state_or_the_new(kind: str, number: int, lasting: bool, tmp_path: Path) -> None:
    seen: set[str] = set()
    for n, job in enumerate(jobs(kind, tmp_path), start=1):
        injector = Injector(failing_with(number), n, lasting=lasting)
        failed = False
        with pytest.MonkeyPatch.context() as patch:
            injector.install(patch.setattr)
            try:
                job.run()
            except SsganError as error:
                failed = True
                assert error.hint
        job.check(leftovers=sum(name in REMOVING for name in injector.struck), done=not failed)
        seen |= set(injector.struck)
        if not injector.struck:
            break
    assert {"open", "write", "close", "fsync", "unlink"} <= seen
    assert ("replace" if kind == "overwrite" else "link") in seen
    assert n > 10


@pytest.mark.parametrize("kind", ["fresh", "overwrite"])
def test_an_interruption_at_any_call_leaves_the_old_state_or_the_new(kind: str, tmp_path: Path) -> None:
    def strike() -> NoReturn:
        raise KeyboardInterrupt

    for n, job in enumerate(jobs(kind, tmp_path), start=1):
        injector = Injector(strike, n)
        with pytest.MonkeyPatch.context() as patch:
            injector.install(patch.setattr)
            with contextlib.suppress(KeyboardInterrupt):
                job.run()
        job.check(leftovers=sum(name in REMOVING for name in injector.struck), done=not injector.struck)
        if not injector.struck:
            break


def test_where_neither_link_nor_rename_goes_through_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job("fresh", tmp_path)

    def refused(*arguments: object, **options: object) -> NoReturn:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    for name in ("link", "replace", "rename"):
        monkeypatch.setattr(os, name, refused)
    with pytest.raises(StorageFailed, match="Operation not permitted"):
        job.run()
    assert state(tmp_path) == job.before


def test_a_spread_message_is_written_to_all_its_files_or_to_none(tmp_path: Path) -> None:
    for n in itertools.count(1):
        folder = tmp_path / str(n)
        folder.mkdir()
        covers = [make_cover(folder, f"{'c' * i}.png") for i in (1, 2, 3)]
        injector = Injector(failing_with(errno.EIO), n)
        with pytest.MonkeyPatch.context() as patch:
            injector.install(patch.setattr)
            with contextlib.suppress(SsganError):
                hide_spread(covers, b"x", KEY, folder / "out", needed=2, scheme="lsb")
        made = {name for name in state(folder) if name.startswith("out") and not name.endswith(".part")}
        if made:
            assert len(made) == 3
            assert reveal_files([folder / name for name in made], KEY) == b"x"
        if not injector.struck:
            assert len(made) == 3
            break


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="everything is writable for this user")
def test_a_folder_that_cannot_be_written_to_is_said_so(tmp_path: Path) -> None:
    job = Job("fresh", tmp_path)
    job.out.parent.chmod(0o555)
    with pytest.raises(StorageFailed, match="Permission denied") as refusal:
        job.run()
    job.out.parent.chmod(0o755)
    assert "permissions" in refusal.value.hint
    assert state(tmp_path) == job.before


def test_a_killed_process_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    """SIGKILL at every call, and the operating system's own limit on the size of files; see `main`."""
    completed = subprocess.run([sys.executable, __file__, tmp_path], capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    kills = dict(line.split() for line in completed.stdout.splitlines())
    assert set(kills) == {"fresh", "overwrite", "ledger", "limit"}
    assert min(int(count) for count in kills.values()) >= 10


def main(folder: Path) -> None:
    """Kill children at each of their file calls, and let others write files that the system cuts off; print how many."""
    Job("fresh", folder).run()  # what is loaded and compiled now, every child has
    for kind in ("fresh", "overwrite", "ledger"):
        (folder / kind).mkdir()
        for n, job in enumerate(jobs(kind, folder / kind), start=1):
            killed = in_child(functools.partial(killed_at, job, n))
            job.check(leftovers=2, done=not killed)
            if not killed:
                break
        sys.stdout.write(f"{kind} {n - 1}\n")
    (folder / "limit").mkdir()
    sizes = range(0, 1000, 90)
    for size, job in zip(sizes, jobs("fresh", folder / "limit"), strict=False):
        assert not in_child(functools.partial(cut_at, job, size))
        job.check()
        assert not job.out.exists()
    sys.stdout.write(f"limit {len(sizes)}\n")


def in_child(act: Callable[[], None]) -> bool:
    """Whether the child was killed; it must not fail otherwise."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        assert os.WTERMSIG(ended) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(ended) == 0
    return False


def killed_at(job: Job, n: int) -> None:
    Injector(lambda: os.kill(os.getpid(), signal.SIGKILL), n).install(setattr)
    job.run()


def cut_at(job: Job, size: int) -> None:
    """No file may grow beyond `size` bytes: a write stops short, as on a full disk."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with pytest.raises(StorageFailed, match="File too large"):
        job.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
