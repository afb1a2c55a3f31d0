"""Keep a run: a folder that a long job writes to and resumes from.

config.json holds the settings and the versions; stats.jsonl grows by one JSON object a line, counted in images
seen; other files are written whole or not at all. The same settings on the same folder resume where it stopped; other settings
are refused, unless nothing was done there yet, that is, the folder holds only its config.json.

A folder of outcomes, such as stegos or covers, has a manifest in place of a config.json, under the same rule.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ssgan.errors import InvalidSetting, SsganError, StorageFailed
from ssgan.storage import state_files
from ssgan.storage.atomic import UNFINISHED, atomic_write
from ssgan.storage.folders import make_folder
from ssgan.storage.locks import FOLDER_LOCK, alone

CONFIG, STATS, DONE = "config.json", "stats.jsonl", "done.json"
LONGEST_VALUE, SHORTENED = 40, 17  # characters of a value in an error, such as a digest


class Run:
    """The folder of one job. `config` decides the job's outcome, as plain JSON values.

    `notes` are those of its keys, such as data or question.covers, that are written down and may differ: a path is no picture.
    `device` is what it computes on. That, and the keys in `changeable`, may change with `allow_changes` alone, and
    `note_changes` writes down that they did.
    """

    def __init__(
        self,
        folder: Path,
        config: dict[str, Any],
        *,
        notes: Collection[str] = (),
        device: str | None = None,
        changeable: Collection[str] = (),
        allow_changes: bool = False,
    ) -> None:
        self.folder, self.changes = folder, dict[str, list[Any]]()
        kind = None if device is None else device.partition(":")[0]
        make_folder(folder)
        wanted = json.loads(json.dumps(config))
        path = folder / CONFIG
        if path.exists():
            manifest = self.manifest(folder)
            found, asked = _without(manifest["config"], notes), _without(wanted, notes)
            before = _dictionary(manifest.get("made")).get("device")
            differing = {key: [found.get(key), asked.get(key)] for key in {*found, *asked} if found.get(key) != asked.get(key)}
            moved = {"device": [before, kind]} if kind and before and before != kind else {}
            if not differing and not moved:
                return
            if not is_bare(folder):
                was = ", ".join(sorted(differing))
                if set(differing) <= set(changeable):
                    self.changes = differing | moved
                    if allow_changes:
                        return
                    values = " and ".join(f"{key} {old}" for key, (old, _) in sorted(self.changes.items()))
                    raise InvalidSetting(
                        f"{folder} is a run of {values}",
                        hint="give the same, or add --allow-changes, which is noted in the run's config.json",
                    )
                raise InvalidSetting(
                    f"{folder} is the run of other settings ({was})",
                    hint="choose another folder, or give the settings of this one",
                )
        with atomic_write(path, overwrite=path.exists()) as temporary:
            temporary.write_text(
                json.dumps({"config": wanted, "made": _circumstances(kind)}, indent=2) + "\n", encoding="utf-8"
            )

    def note_changes(self, images_seen: int) -> None:
        """Write down what was allowed to change, and from which image on; do nothing where nothing did."""
        if not self.changes:
            return
        manifest = self.manifest(self.folder)
        made = manifest["made"] = _dictionary(manifest.get("made"))
        for key, (_, new) in self.changes.items():
            (made if key == "device" else manifest["config"])[key] = new
        noted = manifest.get("changes")
        manifest["changes"] = [*(noted if isinstance(noted, list) else []), {"images_seen": images_seen, **self.changes}]
        with atomic_write(self.folder / CONFIG, overwrite=True) as temporary:
            temporary.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        self.changes = {}

    @staticmethod
    def manifest(folder: Path) -> dict[str, Any]:
        """Return the content of config.json. Raises InvalidSetting where this is no run."""
        try:
            found = state_files.read_object(folder / CONFIG)
        except state_files.Damaged as error:
            hint = f"restore its {CONFIG} from a copy, or choose another folder" if (folder / CONFIG).exists() else ""
            raise InvalidSetting(
                f"{folder} is not a run: of its {CONFIG}, {error.reason}", hint=hint or "give the folder of a run"
            ) from error
        if not isinstance(found.get("config"), dict):
            raise InvalidSetting(
                f"{folder} is not a run: its {CONFIG} says nothing of settings", hint="give the folder of a run"
            )
        return found

    @property
    def done(self) -> bool:
        """Whether the job ended and its result can be read: an empty file left by a power loss does not count."""
        try:
            result(self.folder)
        except state_files.Damaged:
            return False
        return True

    def finish(self, result: dict[str, Any]) -> None:
        """Write the result of the job, which marks it as done."""
        with atomic_write(self.folder / DONE, overwrite=True) as temporary:
            temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")

    def log(self, images_seen: int, **figures: float | int | str) -> None:
        """Append one line of statistics."""
        line = json.dumps({"images_seen": images_seen, **figures}) + "\n"
        try:
            with (self.folder / STATS).open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise StorageFailed(f"{self.folder / STATS} cannot be written: {error.strerror}", hint="check the disk") from error

    def stats(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of statistics, oldest first (`logged`)."""
        return logged(self.folder)

    def rewind(self, images_seen: int) -> None:
        """Drop the statistics after the point from which the job resumes."""
        kept = [line for line in self.stats() if line["images_seen"] <= images_seen]
        with atomic_write(self.folder / STATS, overwrite=True) as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")


def is_bare(folder: Path, also: Collection[str] = ()) -> bool:
    """Return whether a folder holds nothing but its manifest, unfinished files, and the files that `also` names."""
    return all(
        path.name in (CONFIG, FOLDER_LOCK) or path.name.endswith(UNFINISHED) or path.relative_to(folder).parts[0] in also
        for path in folder.rglob("*")
        if not path.is_dir() or path.is_symlink()
    )


def manifest(path: Path) -> dict[str, Any]:
    """Return the content of a folder's manifest, {} where there is none. Raises InvalidSetting where it is damaged."""
    try:
        return state_files.read_object(path) if path.exists() else {}
    except state_files.Damaged as error:
        raise InvalidSetting(str(error), hint="choose another folder, or begin again with --force") from error


def check_manifest(path: Path, wanted: Mapping[str, Any], *, what: str, free: Collection[str] = ()) -> None:
    """Raise InvalidSetting where the manifest at `path` is of another job than `wanted`, and other files are beside it.

    `what` names the outcomes, such as "stegos"; values under the keys in `free` may differ.
    """
    if not path.exists() or is_bare(path.parent, also=(path.name,)):
        return
    found = manifest(path)
    plain = json.loads(json.dumps({key: value for key, value in wanted.items() if key not in free}))
    differing = [key for key, value in plain.items() if found.get(key) != value]
    if not differing:
        return
    hint = "choose another folder, or begin again with --force"
    if differing == ["images"]:
        raise InvalidSetting(f"{path.parent} holds {what} of other images, or of these before they changed", hint=hint)
    values = {key: repr(found.get(key)) for key in differing if key != "images"}
    was = ", ".join(f"{key} {text if len(text) <= LONGEST_VALUE else text[:SHORTENED]}" for key, text in values.items())
    raise InvalidSetting(f"{path.parent} holds {what} of other settings: there, {was}", hint=hint)


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a job into the folder of its outcomes. Raises StorageFailed."""
    with atomic_write(path, overwrite=True, durable=False) as temporary:
        temporary.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


@contextmanager
def working_in(folder: Path, *, also: Collection[str] = ()) -> Iterator[None]:
    """Make and lock the folder of one run within the block. Raises StorageFailed where another run has it.

    A new folder and its config.json are removed where the block is refused before any work. `also` names other files that
    may be in the folder by then, such as a cache.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    with alone(folder):
        try:
            yield
        except SsganError:
            if is_bare(folder, also):
                spared = () if missing else {folder / name for name in also}  # what was there before is not ours to remove
                for path in sorted(folder.rglob("*"), reverse=True):
                    if not any(path == one or one in path.parents for one in spared):
                        with suppress(OSError):
                            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
                for place in missing:
                    with suppress(OSError):
                        place.rmdir()
            raise


def result(folder: Path, *keys: str) -> dict[str, Any]:
    """Return the content of done.json, which has these keys. Raises Damaged, a StorageFailed that names the file."""
    return state_files.read_object(folder / DONE, *keys, hint="remove it: the same command makes it again")


def logged(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of statistics in a run's folder, oldest first; lines that were cut off or have no time are skipped.

    Raises Damaged where the file cannot be read at all.
    """
    path = folder / STATS
    if os.path.lexists(path):
        yield from (line for line in state_files.read_lines(path) if state_files.is_figure(line.get("images_seen")))


def _without(config: dict[str, Any], notes: Collection[str]) -> dict[str, Any]:
    """Return a copy without the values under some keys; a dot separates the keys of nested values."""
    kept = {}
    for key, value in config.items():
        below = [note.removeprefix(f"{key}.") for note in notes if note.startswith(f"{key}.")]
        if key not in notes:
            kept[key] = _without(value, below) if below and isinstance(value, dict) else value
    return kept


def _dictionary(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _circumstances(device: str | None) -> dict[str, str]:
    """Return facts of the environment for a reader of the folder."""
    from importlib.metadata import PackageNotFoundError, version

    found = {} if device is None else {"device": device}
    found |= {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    for package in ("ssgan", "torch", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    asked = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        made = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=10)
        found["commit"] = made.stdout.strip() or "unknown"
    except OSError:
        found["commit"] = "unknown"
    return found
