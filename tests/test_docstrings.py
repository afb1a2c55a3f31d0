"""Docstrings open in one voice: modules and functions with what they do, classes with what they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import ssgan

SOURCE = Path(ssgan.__file__).parent
NO_VERB = re.compile(
    r"(the|a|an|whether|what|how|which|where|who|when|why|all|as|of|in|on|with|without|from|for|to|by|one|some|each|every|such|"
    r"it|its|this|these|those|there|if|no|nothing|once|only|not|at|and|or|\(|[a-z])\b",
)
PEOPLE = re.compile(r"\b(who|whoever|whom|nobody|somebody|anybody|everybody)\b", re.IGNORECASE)


def opened(path: Path) -> Iterator[tuple[int, ast.AST, str]]:
    """Yield line, node and first line of every docstring in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), node, text.partition("\n")[0]


def is_property(node: ast.AST) -> bool:
    """Return whether a function is read like an attribute, so that a noun names it."""
    return isinstance(node, ast.FunctionDef) and any("property" in ast.unparse(mark) for mark in node.decorator_list)


def wrong(node: ast.AST, first: str) -> str:
    """Return what is wrong with the first line of a docstring; empty where nothing is."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_property(node):
        word = re.match(r"\(|[A-Za-z]+", first)
        if word is None or NO_VERB.fullmatch(word[0].lower()) or word[0][:1].islower():
            return "opens without a verb"
    return "speaks of people" if PEOPLE.search(first) else ""


def test_docstrings_open_with_what_they_do() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {fault}: {first}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.parent.name != "cli"  # there they are the help, which is for people
        for line, node, first in opened(path)
        if (fault := wrong(node, first))
    ]
    assert not found, "\n".join(found)


def test_an_opening_without_a_verb_is_found() -> None:
    said = ast.parse("def f():\n    pass").body[0]
    assert wrong(said, "Whether there is room.")
    assert wrong(said, "uint8 (N, C, H, W) of a batch.")
    assert wrong(ast.parse("class C: pass").body[0], "A key for whoever asks.")
    assert not wrong(said, "Return whether an empty message fits.")
