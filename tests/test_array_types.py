"""Arrays say their type in every public signature: `NDArray[np.uint8]`, never a bare `np.ndarray`."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

import ssgan

SOURCE = Path(ssgan.__file__).parent
# Rooms whose functions are the package's own interfaces. Compiled loops take several types of arrays, as their docstrings say.
ROOMS = ("embedding", "messages", "images", "steganalysis/features")
FILES = [path for room in ROOMS for path in sorted((SOURCE / room).rglob("*.py")) if not path.stem.endswith("_loops")]


def hints_of(name: str) -> Iterator[tuple[str, str]]:
    """The type hints of a public name, as they are written: of a function, or of the fields and public methods of a class."""
    found = getattr(ssgan, name)
    members = {name: found}
    if inspect.isclass(found):
        members |= {f"{name}.{key}": member for key, member in vars(found).items() if not key.startswith("_")}
    for where, member in members.items():
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        for parameter, hint in getattr(function, "__annotations__", {}).items():
            yield f"{where}: {parameter}", str(hint)


@pytest.mark.parametrize("name", ssgan.__all__)
def test_public_names_take_and_give_arrays_of_a_type(name: str) -> None:
    for where, hint in hints_of(name):
        assert "np.ndarray" not in hint, f"{where} is a bare np.ndarray"


def said_in(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Those of all public functions, methods and fields."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from said_in(node.body)
        elif isinstance(node, ast.AnnAssign):
            yield ast.unparse(node.target), node.annotation
            if ast.unparse(node.annotation) == "TypeAlias" and node.value is not None:
                yield ast.unparse(node.target), node.value
        elif isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
            given = node.args
            for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
                if argument is not None and argument.annotation is not None:
                    yield f"{node.name}({argument.arg})", argument.annotation
            if node.returns is not None:
                yield node.name, node.returns


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_rooms_take_and_give_arrays_of_a_type(path: Path) -> None:
    for name, annotation in said_in(ast.parse(path.read_text(encoding="utf-8")).body):
        for node in ast.walk(annotation):
            assert not (isinstance(node, ast.Attribute) and node.attr == "ndarray"), f"{name} has a bare np.ndarray"


def test_what_train_and_evaluate_give_is_a_frozen_dataclass_that_can_be_written() -> None:
    from ssgan.detection.train import train_detector

    for function in (ssgan.train, ssgan.evaluate, train_detector):
        result = get_type_hints(function)["return"]
        assert result.__dataclass_params__.frozen
        assert callable(result.to_json)
