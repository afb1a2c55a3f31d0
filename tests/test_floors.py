"""The house: a room imports only from lower floors, and a few rules of the subject."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "ssgan"
# From the top to the ground; a room imports only from the floors below its own, never from a neighbor.
FLOORS = (
    {"cli"},
    {"web", "experiments"},
    {"bulk", "evaluation"},
    {"messages", "gan", "detection"},
    {"embedding", "steganalysis", "datasets", "views", "drawn"},
    {"images"},
    {"compute"},
    {"storage"},
    {"errors", "version"},
)
ENTRANCES = {"__init__", "__main__"}  # they name every room and are named by none
FORBIDDEN_NAMES = {"utils", "tools", "common", "helpers", "misc", "base", "core"}
FILES = sorted(SOURCE.rglob("*.py"))


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the modules of ours that `path` imports, as dotted names below `ssgan`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("ssgan.") for alias in node.names if alias.name.startswith("ssgan.")}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name} imports relatively"
            parts = tuple((node.module or "").split("."))
            if parts[0] != "ssgan":
                continue
            # `from ssgan.embedding.schemes import hill` names a module, `from ssgan.errors import X` a name in one.
            for alias in node.names:
                module = SOURCE.joinpath(*parts[1:], alias.name)
                is_module = module.with_suffix(".py").exists() or module.is_dir()
                found.add(".".join((*parts[1:], alias.name) if is_module else parts[1:]))
    return frozenset(found)


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def test_every_room_has_its_floor() -> None:
    rooms = {room(path) for path in FILES} - ENTRANCES
    assert rooms == set().union(*FLOORS)
    folders = {path.relative_to(SOURCE).parts[0] for path in SOURCE.rglob("*/*") if path.suffix in {".py", ".json"}}
    assert len(folders) <= 17
    assert {path.stem for path in SOURCE.glob("*.py")} <= ENTRANCES | FLOORS[-1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_room_imports_only_from_lower_floors(path: Path) -> None:
    if room(path) in ENTRANCES:
        return
    own = next(floor for floor, rooms in enumerate(FLOORS) if room(path) in rooms)
    below = set().union(*FLOORS[own + 1 :])
    rooms = {name.split(".")[0] for name in imported(path)} - {room(path)}
    assert rooms <= below, f"{path.relative_to(SOURCE)} may not import {sorted(rooms - below)}"
    asked = re.findall(r"import_module\(f?[\"']ssgan\.(\w+)", path.read_text(encoding="utf-8"))
    assert set(asked) - {room(path)} <= below, f"{path.relative_to(SOURCE)} may not ask for {asked} by name"


def test_imports_of_files_have_no_circle() -> None:
    """At the top of a file or within a function: no file needs itself by way of others."""
    names = {".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}
    done: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " > ".join((*above[above.index(name) :], name))
        if name in done or name not in names:
            return
        for below in sorted(imported(names[name]) - {name}):
            walk(below, (*above, name))
        done.add(name)

    for name in names:
        walk(name, ())


@pytest.mark.parametrize("folder", ["embedding/schemes", "steganalysis/networks", "gan/backbones"])
def test_siblings_do_not_import_each_other(folder: str) -> None:
    """No scheme imports a scheme, no network a network, no backbone a backbone: the files that end with a row."""
    prefix = folder.replace("/", ".") + "."
    files = (SOURCE / folder).glob("*.py")
    siblings = {prefix + path.stem for path in files if re.search(r"^ROWS? = ", path.read_text(encoding="utf-8"), re.MULTILINE)}
    assert siblings
    for name in siblings:
        path = SOURCE / f"{name.replace('.', '/')}.py"
        assert not imported(path) & (siblings - {name}), f"{path.name} imports a sibling"


def test_messages_know_neither_warden_nor_data_sets() -> None:
    for path in (SOURCE / "messages").rglob("*.py"):
        assert not {name.split(".")[0] for name in imported(path)} & {"steganalysis", "datasets"}, path.name


def test_revealing_imports_no_scheme_and_no_torch() -> None:
    reveal = SOURCE / "messages" / "reveal.py"
    assert not any(name.startswith("embedding.schemes") or name == "embedding.catalog" for name in imported(reveal))
    assert not re.search(r"^\s*(import|from) torch", reveal.read_text(encoding="utf-8"), re.MULTILINE)


def test_drawn_covers_know_neither_torch_nor_keys() -> None:
    """Sender, receiver and honest covers share every line of them, and a reader needs NumPy and Numba only."""
    for path in (SOURCE / "drawn").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(import|from) (torch|cryptography|secrets)", text, re.MULTILINE), path.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_doors_print_read_arguments_or_exit(path: Path) -> None:
    if room(path) in {"cli", "__main__", "web"}:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"print", "input", "exit", "quit"}, f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            assert node.attr not in {"argv", "exit", "stdout", "stderr"}, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_file_has_one_idea_and_a_name_of_its_own(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420, "a file above the ceiling is two ideas: find the seam"
