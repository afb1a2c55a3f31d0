"""Who may import whom: every arrow points down, and neighbors do not see each other (docs: the tree in README.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "ssgan"
GROUND = {
    "errors",
    "names",
    "seeds",
    "filters",
    "filter_loops",
    "compiled",
    "elementary",
    "folders",
    "seed_loops",
    "memory",
    "atomic",
    "locks",
    "available",
    "interruption",
    "launching",
    "state_files",
}
MATTER = {"images", "datasets", "runs", "weights"}
ARTS = {"embedding", "steganalysis"}
JOBS = {"messages", "gan", "evaluation"}
# What a room may import besides its own files; the version in `__init__` is everybody's.
MAY_IMPORT = {
    **dict.fromkeys(GROUND, GROUND),
    "images": GROUND,
    "datasets": GROUND | {"images"},
    "runs": GROUND,
    "weights": GROUND,
    "embedding": GROUND | {"images"},
    "steganalysis": GROUND | {"images", "runs", "weights"},
    "messages": {"embedding", "images", "errors", "compiled", "folders", "atomic", "locks"},
    "gan": ARTS | MATTER | GROUND - {"filters"},
    # A trial is a question to a detector: what asks and teaches lies below those who judge.
    "evaluation": ARTS
    | {
        "questions",
        "detection",
        "pictures",
        "pages",
        "images",
        "datasets",
        "runs",
        "errors",
        "names",
        "state_files",
        "seeds",
        "filters",
        "atomic",
        "folders",
    },
    "differences": GROUND | {"images"},
    "pictures": GROUND,
    "scoring": {"detection", "questions", "embedding", "steganalysis", "images", "datasets", "runs", "errors"},
    "questions": {"embedding", "steganalysis", "images", "datasets", "errors", "seeds"},
    "detection": {"questions", "embedding", "steganalysis", "images", "datasets", "runs", "errors", "names", "seeds", "atomic"},
    "extraction": {"embedding", "steganalysis", "images", "datasets", "runs", "errors", "names", "atomic", "folders"}
    | {"state_files"},
    "estimation": {"steganalysis", "images", "datasets", "errors"},
    "verdicts": ARTS | MATTER | GROUND,
    "generated": JOBS | MATTER | GROUND | {"verdicts"},
    "pages": GROUND | {"images"},
    "predictability": set(),
    "inspection": {"embedding", "images", "errors", "seeds", "folders", "filters", "differences", "pictures", "pages"}
    | {"predictability"},
    "warming": {"embedding", "steganalysis", "messages", "images", "compiled", "errors"},
    "doctor": JOBS | ARTS | MATTER | GROUND | {"warming", "verdicts"},
    "experiments": JOBS | ARTS | MATTER | GROUND | {"questions", "detection", "pages"},
    "bulk": JOBS | ARTS | MATTER | GROUND | {"extraction", "scoring"},
    "web": JOBS | ARTS | MATTER | GROUND | {"verdicts", "differences", "pictures", "inspection", "pages", "predictability"},
    "demo": JOBS
    | ARTS
    | MATTER
    | GROUND
    | {"differences", "pictures", "inspection", "pages", "predictability", "questions", "verdicts", "generated"},
}
EVERYBODY = {"cli", "__main__", "__init__"}
SCHEMES = {"lsb", "hugo", "hugo2010", "wow", "suniward", "hill", "mipod", "mg"}
NETWORKS = {"gncnn", "sgan", "xunet", "yenet", "yedroudj", "srnet", "zhunet", "effnet"}
BACKBONES = {"dcgan", "resnet", "r3gan"}
FORBIDDEN_NAMES = {"utils", "tools", "common", "helpers", "misc", "base", "core"}
FILES = sorted(SOURCE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The modules of ours that `path` imports, as dotted names below `ssgan`."""
    package = path.relative_to(SOURCE).parent.parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("ssgan.") for alias in node.names if alias.name.startswith("ssgan.")}
        elif isinstance(node, ast.ImportFrom):
            parts = tuple((node.module or "").split(".")) if node.module else ()
            if node.level:
                parts = (*package[: len(package) - node.level + 1], *parts)
            elif parts[:1] == ("ssgan",):
                parts = parts[1:]
            else:
                continue
            # `from ssgan.embedding import hill` names a module, `from ssgan.errors import X` a name in one.
            for alias in node.names:
                module = SOURCE.joinpath(*parts, alias.name)
                is_module = module.with_suffix(".py").exists() or module.is_dir()
                found.add(".".join((*parts, alias.name) if is_module or not parts else parts))
    return found


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_imports_only_from_floors_below(path: Path) -> None:
    if room(path) in EVERYBODY:
        return
    rooms = {name.split(".")[0] for name in imported(path)} - {room(path), ""}
    assert rooms <= MAY_IMPORT[room(path)], f"{path.name} may not import {sorted(rooms - MAY_IMPORT[room(path)])}"


@pytest.mark.parametrize("siblings", [SCHEMES, NETWORKS, BACKBONES], ids=["schemes", "networks", "backbones"])
def test_only_the_catalog_imports_them_all(siblings: set[str]) -> None:
    for path in FILES:
        named = {name.split(".")[-1] for name in imported(path) if "." in name} & siblings
        if path.stem in siblings:
            assert not named - {path.stem}, f"{path.name} imports its siblings {sorted(named)}"
        assert len(named) <= 1 or path.stem == "catalog", f"{path.name} imports {sorted(named)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_doors_print_read_arguments_or_exit(path: Path) -> None:
    if room(path) in {"cli", "__main__", "web"}:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"print", "input", "exit", "quit"}, f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            assert node.attr not in {"argv", "exit", "stdout", "stderr"}, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_is_one_idea_with_one_name(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES
    assert len(path.read_text().splitlines()) <= 420, "a file that passes the ceiling is two ideas: find the seam"


def test_revealing_knows_no_scheme() -> None:
    reveal = SOURCE / "messages" / "reveal.py"
    if reveal.exists():
        assert not {name.split(".")[-1] for name in imported(reveal)} & (SCHEMES | {"catalog", "embedder"})
