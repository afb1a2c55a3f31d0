"""Where outcomes go: an image file each, or tar shards in the layout of WebDataset, one for each portion."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ssgan.atomic import UNFINISHED, whole_file
from ssgan.bulk.job import FAILED, Tally, forget_failures, keep_failures, remove, write_text
from ssgan.errors import InvalidSetting
from ssgan.folders import make_folder

MANIFEST = "run.json"
SHARD_SIZE = 1000
_NUMBERED = "[0-9]" * 6


def shard(folder: Path, number: int, suffix: str = ".tar") -> Path:
    """The file of a portion's outcome."""
    return folder / f"{number:06d}{suffix}"


@contextmanager
def writing(folder: Path, number: int, tally: Tally, *, shards: bool) -> Iterator[Callable[[str, bytes], None]]:
    """What takes the name and the bytes of each outcome of a portion; what the tally says has failed is written with them.

    A shard is whole or not there, and the same bytes each time. Single files may go without waiting for the disk: a job that
    was cut off can be run again.
    """
    if not shards:
        yield lambda name, content: _write(folder / name, content)
        keep_failures(folder, number, tally.failures)
        return
    with whole_file(shard(folder, number), overwrite=True) as temporary:
        with tarfile.open(temporary, "w", format=tarfile.PAX_FORMAT) as archive:
            yield lambda name, content: _add(archive, name, content)
        keep_failures(folder, number, tally.failures)


def _write(path: Path, content: bytes) -> None:
    make_folder(path.parent)
    with whole_file(path, overwrite=True, durable=False) as temporary:
        temporary.write_bytes(content)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o644
    archive.addfile(member, io.BytesIO(content))


def claim(
    folder: Path,
    told: dict[str, Any],
    *,
    what: str,
    free: Collection[str] = (),
    overwrite: bool = False,
    manifest: str = MANIFEST,
) -> None:
    """Write what a job is into its folder. Raises InvalidSetting where `what` of another job is in it.

    Values under the keys in `free` may differ. With `overwrite` shards and failures of before go first, so that a job that is
    cut off leaves none to be taken for done.
    """
    make_folder(folder)
    path = folder / manifest
    if overwrite:
        clear(folder, manifest)
    else:
        check(folder, told, what=what, free=free, manifest=manifest)
    for left in folder.glob(f".{_NUMBERED}.*{UNFINISHED}"):  # of a process that was killed
        with suppress(OSError):
            left.unlink()
    write_text(path, json.dumps(told, indent=2) + "\n")


def check(folder: Path, told: dict[str, Any], *, what: str, free: Collection[str] = (), manifest: str = MANIFEST) -> None:
    """Raise InvalidSetting where the folder's manifest speaks of another job, and there is anything beside it."""
    path = folder / manifest
    if not path.exists() or _is_bare(folder, manifest):
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        wanted = json.loads(json.dumps({key: value for key, value in told.items() if key not in free}))
        differing = [key for key, value in wanted.items() if found.get(key) != value]
    except (OSError, ValueError, AttributeError) as error:
        raise InvalidSetting(
            f"{path} cannot be read ({error}).", hint="Choose another folder, or begin anew with --force."
        ) from error
    if differing == ["images"]:
        raise InvalidSetting(
            f"{folder} holds {what} of other images, or of these before they changed.",
            hint="Choose another folder, or begin anew with --force.",
        )
    if differing:
        was = ", ".join(f"{key} {found.get(key)!r}" for key in differing if key != "images")
        raise InvalidSetting(
            f"{folder} holds {what} of other settings: there, {was}.",
            hint="Choose another folder, or begin anew with --force.",
        )


def _is_bare(folder: Path, manifest: str) -> bool:
    """Whether a job has said what it is, and no more."""
    with os.scandir(folder) as found:
        return all(entry.name == manifest or entry.name.endswith(UNFINISHED) for entry in found)


def told(folder: Path, manifest: str = MANIFEST) -> dict[str, Any]:
    """What a folder's manifest says; nothing where it has none."""
    path = folder / manifest
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def clear(folder: Path, manifest: str) -> None:
    """Remove the shards of an earlier job, and what it said of itself."""
    forget_failures(folder)
    for path in (*folder.glob(f"{_NUMBERED}.tar"), *folder.glob(f"{_NUMBERED}.parquet"), folder / manifest):
        remove(path)


def give_up_claim(folder: Path) -> None:
    """The manifest goes: it speaks of outcomes, and there are none."""
    remove(folder / MANIFEST)
    if (folder / FAILED).is_dir():
        forget_failures(folder)
