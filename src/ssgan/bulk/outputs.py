"""Write outcomes: an image file each, or tar shards in the layout of WebDataset, one for each portion."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from ssgan.bulk.job import FAILED, Tally, forget_failures, keep_failures, remove
from ssgan.errors import InvalidSetting, StorageFailed
from ssgan.storage import runs
from ssgan.storage.atomic import atomic_write, left_over, sync, temporary_for
from ssgan.storage.folders import make_folder

MANIFEST = "run.json"
UNSEALED = ".unsealed"  # the folder of outcomes that are written and not yet sealed
SHARD_SIZE = 1000
SUFFIXES = (".tar", ".parquet", ".npz", ".csv")  # of shards
_NUMBERED = "[0-9]" * 6


def shard(folder: Path, number: int, suffix: str = ".tar") -> Path:
    """Return the file of a portion's outcome."""
    return folder / f"{number:06d}{suffix}"


def parts_of(table: Path, manifest: str = MANIFEST) -> Path:
    """Return the folder for the portions of a table. Raises InvalidSetting where it holds something else."""
    folder = table.with_name(table.name + ".parts")
    if folder.is_dir() and not (folder / manifest).exists() and not runs.is_bare(folder):
        raise InvalidSetting(f"{folder} is in the way", hint="move it, or choose another name for the table")
    return folder


Seal: TypeAlias = Callable[[Sequence[str]], Collection[str]]  # names of outcomes to those of them that must not be given


@contextmanager
def writing(
    folder: Path, number: int, tally: Tally, *, shards: bool, seal: Seal | None = None
) -> Iterator[Callable[[str, bytes], None]]:
    """Provide a function that takes name and bytes of each outcome of a portion; failures in the tally are written with them.

    A shard is whole or not there, and the same bytes each time. Single files may go without waiting for the disk: a job that
    was cut off can be run again. `seal` receives the names of outcomes that are on the disk before they can be seen there, and
    returns those to leave out; with it nothing is overwritten.
    """
    if not shards:
        yield lambda name, content: _write(folder, name, content, seal)
        keep_failures(folder, number, tally.failures)
        return
    path = shard(folder, number)
    with atomic_write(path, overwrite=seal is None, temporary=_temporary(folder, path.name, seal)) as temporary:
        names: list[str] = []
        with tarfile.open(temporary, "w", format=tarfile.PAX_FORMAT) as archive:
            yield lambda name, content: names.append(_add(archive, name, content))
        if seal is not None:
            sync(temporary)
            if left_out := seal(names):
                _leave_out(temporary, left_out, temporary_for(path))
        keep_failures(folder, number, tally.failures)


class _LeftOut(Exception):
    """An outcome that is not to be written."""


def _write(folder: Path, name: str, content: bytes, seal: Seal | None) -> None:
    path = folder / name
    make_folder(path.parent)
    temporary_path = _temporary(folder, name, seal)
    with (
        suppress(_LeftOut),
        atomic_write(path, overwrite=seal is None, durable=seal is not None, temporary=temporary_path) as temporary,
    ):
        temporary.write_bytes(content)
        if seal is not None:
            sync(temporary)
            if seal([name]):
                raise _LeftOut


def _temporary(folder: Path, where: str, seal: Seal | None) -> Path | None:
    if seal is None:
        return None
    path = unsealed(folder, where)
    make_folder(path.parent)
    return temporary_for(path)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> str:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o644
    archive.addfile(member, io.BytesIO(content))
    return name


def _leave_out(path: Path, names: Collection[str], without: Path) -> None:
    """Rewrite the shard in `path` without some of its outcomes; `without` is its temporary name."""
    try:
        with tarfile.open(without, "w", format=tarfile.PAX_FORMAT) as archive:
            for name, content in outcomes(path):
                if name not in names:
                    _add(archive, name, content)
        without.replace(path)
    finally:
        without.unlink(missing_ok=True)


def outcomes(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield names and bytes in a shard. Raises StorageFailed where it cannot be read."""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is not None:
                    yield member.name, file.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise StorageFailed(f"{path} cannot be read: {error}", hint="remove it, then give the command again") from error


def sweep(folder: Path, *, but: Path | None = None) -> None:
    """Remove temporary files of killed processes, except those in the folder `but`."""
    for path in left_over(folder):
        if path.parent != but:
            with suppress(OSError):
                path.unlink()


def unsealed(folder: Path, where: str) -> Path:
    """Return the temporary name of the outcome `where`, in a folder of its own until it is sealed (`atomic.temporary_for`)."""
    return folder / UNSEALED / hashlib.blake2b(where.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def write_manifest(
    folder: Path,
    manifest: dict[str, Any],
    *,
    what: str,
    free: Collection[str] = (),
    overwrite: bool = False,
    name: str = MANIFEST,
) -> None:
    """Write the manifest of a job into its folder. Raises InvalidSetting where `what` of another job is in it.

    Values under the keys in `free` may differ. With `overwrite` shards and failures of before go first, so that a job that is
    cut off leaves none to be taken for done. What killed processes left goes, but for
    what a job may take up again (`unsealed`).
    """
    make_folder(folder)
    if overwrite:
        clear(folder, name)
    else:
        runs.check_manifest(folder / name, manifest, what=what, free=free)
    sweep(folder, but=folder / UNSEALED)
    runs.write_manifest(folder / name, manifest)


def clear(folder: Path, manifest: str) -> None:
    """Remove the shards and the manifest of an earlier job."""
    forget_failures(folder)
    shards = (path for suffix in SUFFIXES for path in folder.glob(f"{_NUMBERED}{suffix}"))
    for path in (*shards, folder / manifest):
        remove(path)


def drop_unsealed(folder: Path) -> None:
    """Remove unsealed outcomes at the end of a job."""
    sweep(folder)
    with suppress(OSError):
        (folder / UNSEALED).rmdir()


def remove_manifest(folder: Path) -> None:
    """Remove the manifest, since it describes outcomes and there are none."""
    remove(folder / MANIFEST)
    if (folder / FAILED).is_dir():
        forget_failures(folder)
