"""Hiding in many covers: a stego counts only if the key opens it, and no cover is taken twice, whatever is cut off and where.

The steps of a job are its calls for files: the process is killed at each of them, in children of a process of its own
(`python test_hiding.py FOLDER`), and the same command goes on.
"""

from __future__ import annotations

import errno
import io
import itertools
import os
import signal
import struct
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.bulk import Pool, Serial, outputs
from ssgan.bulk import hide as hiding
from ssgan.bulk.job import Engine
from ssgan.errors import SsganError, StorageFailed
from ssgan.messages import plan
from ssgan.messages.container import Carrier
from ssgan.messages.files import reveal_files
from ssgan.messages.keys import Key, KeyFile, Passphrase
from ssgan.messages.ledger import Ledger
from ssgan.messages.plan import HideSettings
from ssgan.storage.locks import alone

KEY, OTHER = KeyFile(bytes(range(32))), KeyFile(bytes(32))
SHARDS = pytest.mark.parametrize("shard_size", [None, 2], ids=["files", "shards"])


def cover(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (1, 32, 32), dtype=np.uint8)


def make_covers(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    for seed in range(count):
        images.write(folder / f"{seed}.png", cover(seed), durable=False)
    return folder


@pytest.fixture
def covers(tmp_path: Path) -> Path:
    return make_covers(tmp_path / "covers", 3)


def hide(
    covers: Path, out: Path, message: bytes = b"first", key: Key = KEY, *, shard_size: int | None = None,
    engine: Engine | None = None, ledger: Ledger | None = None, scheme: str = "lsb", jpeg: int | None = None,
) -> Any:  # fmt: skip
    prepared = hiding.prepare([covers], out, HideSettings(scheme, ledger=ledger, jpeg=jpeg), shard_size=shard_size)
    return hiding.run(prepared, hiding.Messages(message), key, engine or Serial())


@SHARDS
def test_stegos_that_are_not_quite_written_as_their_covers_are_counted(
    covers: Path, tmp_path: Path, shard_size: int | None
) -> None:
    assert hide(covers, tmp_path / "a", shard_size=shard_size).sums["near"] == 0
    path = covers / "1.png"
    _filter_otherwise(path)
    tally = hide(covers, tmp_path / "b", shard_size=shard_size)
    assert (tally.written, tally.sums["near"], tally.sums["cover"]) == (3, 1, 2)


def _filter_otherwise(path: Path) -> None:
    """Rows with no filter and with that of the left neighbor in turn: no rule makes that choice."""
    data, rows = path.read_bytes(), images.read(path).samples[0].copy()
    rows[1::2, 1:] -= rows[1::2, :-1].copy()
    content = np.insert(rows, 0, np.arange(len(rows)) % 2, axis=1).tobytes()
    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    whole = b"IDAT" + zlib.compress(content)
    chunk = struct.pack(">I", len(whole) - 4) + whole + struct.pack(">I", zlib.crc32(whole))
    path.write_bytes(data[: at - 4] + chunk + data[at + 8 + length :])


def state(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stegos(out: Path) -> dict[str, bytes]:
    """By the covers' names, in files and in shards."""
    found = {}
    for path in out.rglob("*"):
        if path.suffix in (".png", ".bmp", ".jpg"):
            found[path.name] = path.read_bytes()
        elif path.suffix == ".tar":
            with tarfile.open(path) as archive:
                found |= {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    return found


# What is there counts only if the key opens it to the message.


@SHARDS
@pytest.mark.parametrize("change", ["another key", "another message"])
@pytest.mark.parametrize("done", ["all of it", "a part"])
def test_what_another_key_or_message_made_is_named_and_nothing_is_written(
    change: str, done: str, shard_size: int | None, covers: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    hide(covers, out, shard_size=shard_size)
    first = out / ("0.png" if shard_size is None else "000000.tar")
    if done == "a part":
        (out / ("2.png" if shard_size is None else "000001.tar")).unlink()
    before = state(tmp_path)
    message, key = (b"first", OTHER) if change == "another key" else (b"second", KEY)
    with pytest.raises(StorageFailed, match="is not what would be written there") as refused:
        hide(covers, out, message, key, shard_size=shard_size, ledger=Ledger(tmp_path / "ledger"))
    assert str(first) in str(refused.value)
    assert "0.png" in str(refused.value)
    assert refused.value.hint
    assert {name: content for name, content in state(tmp_path).items() if not name.startswith("ledger")} == before
    assert hide(covers, out, shard_size=shard_size).failed == 0


@pytest.mark.parametrize("in_the_way", ["ordinary pictures", "no picture", "a link", "a folder"])
def test_what_is_no_stego_does_not_count_as_one(in_the_way: str, covers: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    if in_the_way == "ordinary pictures":
        images.write(out / "1.png", cover(1))
    elif in_the_way == "no picture":
        (out / "1.png").write_bytes(b"no picture")
    elif in_the_way == "a link":
        (out / "1.png").symlink_to(covers / "1.png")
    else:
        (out / "1.png").mkdir()
    with pytest.raises(StorageFailed, match=r"1\.png is not what"):
        hide(covers, out)
    assert [path.name for path in out.iterdir()] == ["1.png"]


@pytest.mark.parametrize("damage", ["ordinary pictures", "one is missing", "one too many", "torn", "no archive"])
def test_a_shard_that_is_not_what_the_job_writes_is_named(damage: str, covers: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    hide(covers, out, shard_size=3)
    path, made = out / "000000.tar", stegos(out)
    if damage == "torn":
        path.write_bytes(path.read_bytes()[:3000])
    elif damage == "no archive":
        path.write_bytes(b"no archive")
    else:
        if damage == "ordinary pictures":
            made["1.png"] = (covers / "1.png").read_bytes()
        elif damage == "one is missing":
            del made["1.png"]
        else:
            made["other.png"] = made["1.png"]
        with tarfile.open(path, "w") as archive:
            for name, content in made.items():
                outputs._add(archive, name, content)
    with pytest.raises(StorageFailed, match=r"000000\.tar"):
        hide(covers, out, shard_size=3)


def test_a_resumed_run_enters_into_the_list_what_it_has_lost(covers: Path, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    hide(covers, tmp_path / "out")
    hide(covers, tmp_path / "out", ledger=ledger)
    for picture in (*(covers / f"{k}.png" for k in range(3)), *(tmp_path / "out").glob("*.png")):
        assert ledger.knows(images.read(picture).samples, None)


# No cover twice.


@SHARDS
@pytest.mark.parametrize("workers", [1, 3])
def test_one_cover_twice_in_a_batch_gets_one_stego(
    shard_size: int | None, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same file, the same pixels in other formats, and in folders below."""
    folder, picture, ledger = make_covers(tmp_path / "covers", 2), Image.fromarray(cover(0)[0]), Ledger(tmp_path / "ledger")
    (folder / "below").mkdir()
    (folder / "below" / "copy.png").write_bytes((folder / "0.png").read_bytes())
    picture.save(folder / "other.png", compress_level=9)
    picture.save(folder / "z.bmp")
    monkeypatch.setattr(hiding, "BATCH", 1 if workers > 1 else 64)  # with 1, workers meet in the list alone
    engine, size = Serial() if workers == 1 else Pool(workers), None if shard_size is None else 1
    tally = hide(folder, tmp_path / "out", shard_size=size, engine=engine, ledger=ledger)
    assert (tally.written, tally.failed) == (2, 3)
    assert all("was used before" in failure.error for failure in tally.failures)
    made = stegos(tmp_path / "out")
    assert len(made) == 2
    assert "1.png" in made
    assert all(reveal_files([io.BytesIO(content)], KEY) == b"first" for content in made.values())


def test_two_that_meet_in_the_list_alone_get_one_stego_and_the_shard_is_written_without_the_other(
    covers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes a cover while the shard is made."""
    ledger, before = Ledger(tmp_path / "ledger"), hiding._Worker._seal

    def sealed(self: Any, wheres: Any) -> Any:
        ledger.record([(cover(1), None)])
        return before(self, wheres)

    monkeypatch.setattr(hiding._Worker, "_seal", sealed)
    tally = hide(covers, tmp_path / "out", shard_size=3, ledger=ledger)
    assert (tally.written, tally.failed) == (2, 1)
    assert set(stegos(tmp_path / "out")) == {"0.png", "2.png"}
    monkeypatch.undo()
    again = hide(covers, tmp_path / "out", shard_size=3, ledger=ledger)
    assert (again.written, again.failed) == (0, 1)


@SHARDS
@pytest.mark.parametrize("key", [KEY, Passphrase("correct horse battery")], ids=["key file", "passphrase"])
def test_what_was_made_and_not_named_is_taken_up_but_not_for_another_cover_alike(
    key: Key, shard_size: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, ledger, out = make_covers(tmp_path / "covers", 1), Ledger(tmp_path / "ledger"), tmp_path / "out"
    alike = tmp_path / "alike"
    alike.mkdir()
    ledger.prepare()
    images.write(alike / "0.png", cover(0))

    def killed(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt  # and what was written stays, as after a kill

    with monkeypatch.context() as patch:
        patch.setattr("ssgan.storage.atomic._move", killed)
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        for source, where in ((folder, out), (alike, tmp_path / "second")):
            with pytest.raises(KeyboardInterrupt):
                hide(source, where, key=key, shard_size=shard_size, ledger=ledger if source == folder else None)
    assert hide(folder, out, key=key, shard_size=shard_size, ledger=ledger).written == 1
    assert reveal_files([io.BytesIO(stegos(out)["0.png"])], key) == b"first"
    # The second one was made without the list: its cover belongs to the first.
    assert hide(alike, tmp_path / "second", key=key, shard_size=shard_size, ledger=ledger).failed == 1
    assert not stegos(tmp_path / "second")
    assert not list(tmp_path.rglob("*.part"))


# Full disks.


@SHARDS
@pytest.mark.parametrize("where", ["open", "write", "close", "fsync"])
def test_a_full_disk_ends_the_job_with_its_reason(
    where: str, shard_size: int | None, covers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.FileIO):
        def write(self, content: Any) -> int:
            if where == "write":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(content)

        def close(self) -> None:
            super().close()
            if where == "close":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    opened = io.open

    def full(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        if ".unsealed" not in str(file) or "w" not in mode:
            return opened(file, mode, *rest, **options)
        if where == "open":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return Full(file, mode.replace("b", ""))

    def no_sync(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    ledger = Ledger(tmp_path / "ledger")
    ledger.prepare()
    with monkeypatch.context() as patch:
        patch.setattr(io, "open", full)
        patch.setattr(tarfile, "bltn_open", full)
        if where == "fsync":
            patch.setattr(os, "fsync", no_sync)
        with pytest.raises(StorageFailed, match="No space left") as failed:
            hide(covers, tmp_path / "out", shard_size=shard_size, ledger=ledger)
    assert failed.value.hint
    assert not stegos(tmp_path / "out")
    assert not ledger.knows(cover(0), None)
    assert hide(covers, tmp_path / "out", shard_size=shard_size, ledger=ledger).written == 3


# Two runs, and what killed ones leave.


def commands(folder: Path, covers: Path) -> dict[str, list[str]]:
    return {
        "hide-each": ["hide-each", str(covers), "-m", "x", "--key-file", str(folder / "key"), "--no-ledger", "--workers", "1"],
        "simulate": ["simulate", str(covers), "--embedder", "lsb@0.4/plain", "--workers", "1"],
        "sample": ["sample", "faces64", "-n", "3", "--to", "tars", "--workers", "1"],
    }


@pytest.mark.parametrize("name", ["hide-each", "simulate", "sample"])
def test_a_second_run_into_a_folder_is_refused_and_what_killed_ones_left_goes(name: str, covers: Path, tmp_path: Path) -> None:
    from ssgan.cli.app import run

    (tmp_path / "key").write_text(KEY.text())
    (tmp_path / "key").chmod(0o600)
    out, printed = tmp_path / "out", io.StringIO()
    out.mkdir()
    left = [out / f".{stem}.0123456789ab.part" for stem in ("1.png", "000000.tar", "gone.png")]
    for path in left:
        path.write_bytes(b"half")
    words = commands(tmp_path, covers)
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())), redirect_stderr(printed):
        with alone(out):
            assert run([*words[name], "-o", str(out)]) == 7
        assert "another run is writing into" in printed.getvalue()
        assert set(out.iterdir()) == set(left)
        assert run([*words[name], "-o", str(out)]) == 0
    assert not list(out.rglob("*.part"))
    assert len(stegos(out)) == 3


# Every step.


def test_a_job_that_is_killed_at_any_step_goes_on_and_loses_no_cover(tmp_path: Path) -> None:
    completed = subprocess.run([sys.executable, __file__, tmp_path], capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    steps = dict(line.split() for line in completed.stdout.splitlines())
    assert set(steps) == set(KILLED)
    assert min(int(count) for count in steps.values()) > 25


@dataclass(frozen=True)
class Kind:
    """Covers and stegos of a job that is killed; new JPEGs are made of PNGs."""

    shard_size: int | None
    cover_suffix: str = ".png"
    scheme: str = "lsb"
    jpeg: int | None = None

    def make_covers(self, folder: Path, count: int) -> Path:
        if self.cover_suffix == ".png" and self.jpeg is None:
            return make_covers(folder, count)
        folder.mkdir(parents=True)
        for seed in range(count):
            picture = np.random.default_rng(seed).integers(0, 256, (40, 48, 3), dtype=np.uint8)
            Image.fromarray(picture).save(folder / f"{seed}{self.cover_suffix}", quality=85)
        return folder

    def hide(self, covers: Path, out: Path, ledger: Ledger | None = None) -> Any:
        return hide(covers, out, shard_size=self.shard_size, ledger=ledger, scheme=self.scheme, jpeg=self.jpeg)

    @property
    def stego_suffix(self) -> str:
        return self.cover_suffix if self.jpeg is None else ".jpg"

    def carriers_of_covers(self, covers: Path) -> Iterator[Carrier]:
        """What of each cover the list of used ones must know."""
        for path in covers.iterdir():
            yield from plan.used_carriers(plan.cover_picture(path, HideSettings(jpeg=self.jpeg)))


KILLED = {
    "files": Kind(None),
    "shards": Kind(2),
    "jpegs": Kind(None, ".jpg", "uerd"),
    "jpegs-in-shards": Kind(2, ".jpg", "uerd"),
    "new-jpegs": Kind(None, ".png", "uerd", 90),
    "new-jpegs-in-shards": Kind(2, ".png", "uerd", 90),
}


def main(folder: Path) -> None:
    """Kill children at each of their calls for files, go on, and look; print how many calls there are."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.messages.test_faults import Injector, in_child

    for name, kind in KILLED.items():
        covers = kind.make_covers(folder / name / "covers", 2)
        kind.hide(covers, folder / name / "warm")  # what is loaded and compiled now, every child has
        wanted = {f"{seed}{kind.stego_suffix}" for seed in range(2)}
        for n in itertools.count(1):
            out, ledger = folder / name / str(n), Ledger(folder / name / f"{n}.ledger")

            def killed(n: int = n, out: Path = out, ledger: Ledger = ledger, kind: Kind = kind, covers: Path = covers) -> None:
                injector, opened = Injector(lambda: os.kill(os.getpid(), signal.SIGKILL), n), io.open
                injector.install(setattr)

                def hit_and_open(*given: Any, **more: Any) -> Any:
                    injector.hit("open")
                    return opened(*given, **more)

                tarfile.bltn_open = hit_and_open  # type: ignore[attr-defined]
                kind.hide(covers, out, ledger)

            is_killed = in_child(killed)
            before = stegos(out) if out.exists() else {}
            for content in before.values():  # whoever could take it, finds it whole, and its cover in the list
                assert reveal_files([io.BytesIO(content)], KEY) == b"first"
                assert ledger.knows(plan.picture_carrier(plan.made_stego(content)))
            if is_killed:
                tally = kind.hide(covers, out, ledger)
                assert tally.failed == 0, (n, tally.failures)
            after = stegos(out)
            assert set(after) == wanted
            assert {name: after[name] for name in before} == before, "a second stego of one cover"
            assert all(reveal_files([io.BytesIO(content)], KEY) == b"first" for content in after.values())
            assert all(ledger.knows(carrier) for carrier in kind.carriers_of_covers(covers))
            assert not [path.name for path in out.rglob("*") if path.name not in (*after, "000000.tar")]
            if not is_killed:
                break
        sys.stdout.write(f"{name} {n - 1}\n")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except SsganError as error:
        sys.exit(f"{error} ({error.hint})")
