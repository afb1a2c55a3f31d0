"""What is said in the source is said in one place: a fact, a name, a way to do a thing."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "ssgan"


@cache
def trees() -> dict[str, ast.Module]:
    return {str(path.relative_to(SOURCE)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}


@pytest.mark.parametrize("name", ["PEAK", "NORMAL_95", "PARTS"])
def test_a_fact_of_the_field_is_written_once(name: str) -> None:
    found = defaultdict(list)
    for path, tree in trees().items():
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lstrip("_") == name:
                found[ast.unparse(node.value)].append(path)
    assert found
    assert all(len(paths) == 1 for paths in found.values()), dict(found)


def test_a_class_name_occurs_once() -> None:
    """A search for a name finds one class. A backbone is chosen by its file: each has a Generator and a Critic."""
    found = defaultdict(list)
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not path.startswith("gan/backbones/"):
                found[node.name].append(path)
    assert len(found) > 200
    assert not {name: paths for name, paths in found.items() if len(paths) > 1}


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        (r"torch\.optim\.[A-Z]\w+\(|getattr\(torch\.optim", "compute/optimizers.py"),
        (r"BrokenProcessPool:", "compute/pool.py"),
        (r"TrainingDiverged\(f?\"", "compute/training_state.py"),
        (r"\.optimizer\w*\.load_state_dict|optimizer\.load_state_dict", "compute/training_state.py"),
    ],
)
def test_a_job_of_several_rooms_is_done_in_one_place(pattern: str, place: str) -> None:
    """To make an optimizer, restore it, end where numbers are not finite, and retry what a lost process worked on."""
    sources = {str(path.relative_to(SOURCE)): path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    assert [path for path, text in sources.items() if re.search(pattern, text)] == [place]


def test_internal_failures_are_no_assertion_errors() -> None:
    """What an input may reach has a type and a hint; the rest is `assert`, or cannot be reached and is not written."""
    sources = {str(path.relative_to(SOURCE)): path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    assert not [path for path, text in sources.items() if "raise AssertionError" in text]
