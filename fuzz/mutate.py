"""Change one small thing in a source file at a time, and ask the tests nearest to it whether they notice.

    python fuzz/mutate.py src/ssgan/storage/atomic.py tests/storage/test_atomic.py --count 60

A mutant that no test notices is printed with its line: either a test is missing, or the change makes no difference; a person
has to judge. The tests run in a fork of this process, in which the heavy packages are imported already. Programs that a test
starts see the file as it is on the disk.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
HEAVY = ("numpy", "torch", "numba", "scipy.stats", "PIL.Image", "starlette.applications", "uvicorn")
_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def changed(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield each small change of `node` with its name; `node` itself stays as it is."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[op]) if type(op) in _COMPARED:
            new.ops = [_COMPARED[type(op)]()]
            yield new, "comparison"
        case ast.BinOp() if type(new.op) in _COMPUTED:
            new.op = _COMPUTED[type(new.op)]()
            yield new, "operator"
        case ast.BoolOp():
            new.op = ast.And() if isinstance(new.op, ast.Or) else ast.Or()
            yield new, "and, or"
        case ast.UnaryOp(op=ast.Not()):
            yield new.operand, "not"
        case ast.Constant(value=bool()):
            yield ast.Constant(not new.value), "truth value"
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1), "number"
        case ast.Constant(value=bytes() as value) if value:
            yield ast.Constant(value[:-1]), "bytes"
        case ast.Name(id="min" | "max" | "any" | "all"):
            yield ast.Name(_NAMES[new.id], ast.Load()), "name"
        case ast.If() | ast.IfExp() | ast.While():
            new.test = ast.Constant(isinstance(new, ast.IfExp))
            yield new, "condition"
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise() | ast.AugAssign():
            yield ast.Pass(), "statement left out"
        case ast.Return(value=ast.expr()):
            new.value = ast.Constant(None)
            yield new, "value"


def mutants(source: str) -> list[tuple[int, str, str]]:
    """Return line, kind and new source of every mutant; docstrings, annotations and what is only said stay as they are."""
    tree, found = ast.parse(source), []
    annotations = [getattr(node, name, None) for node in ast.walk(tree) for name in ("annotation", "returns")]
    left_out = {id(part) for one in annotations if isinstance(one, ast.AST) for part in ast.walk(one)}
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if isinstance(parent, ast.JoinedStr) or id(parent) in left_out:
                continue
            places = enumerate(value) if isinstance(value, list) else [(None, value)]
            for place, node in places:
                if not isinstance(node, ast.AST) or id(node) in left_out:
                    continue
                for new, kind in changed(node):
                    _set(parent, name, place, ast.copy_location(new, node))
                    found.append((getattr(node, "lineno", 0), kind, ast.unparse(ast.fix_missing_locations(tree))))
                    _set(parent, name, place, node)
    return sorted(found, key=lambda one: one[:2])


def _set(parent: ast.AST, name: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[place] = node


class _Loader(importlib.abc.SourceLoader):
    """Gives one module another source; it is found where the real one is."""

    def __init__(self, path: Path, source: str) -> None:
        self.path, self.source = path, source

    def get_data(self, path: str) -> bytes:
        """The new source; no compiled file is kept."""
        if not path.endswith(".py"):
            raise OSError
        return self.source.encode()

    def get_filename(self, _: str) -> str:
        """Where the real one is."""
        return str(self.path)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, loader: _Loader) -> None:
        self.name, self.loader = name, loader

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Of the one module."""
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.loader.path, loader=self.loader)


def survives(path: Path, source: str, tests: list[str], seconds: float) -> str:
    """Run the tests on one mutant: "killed", "too slow", or "survived"."""
    child = os.fork()
    if not child:
        os.setsid()
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        import pytest

        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        sys.meta_path.insert(0, _Finder(name, _Loader(path, source)))
        try:
            code = int(
                pytest.main(
                    [
                        "-x",
                        "-q",
                        "-p",
                        "no:cacheprovider",
                        "-p",
                        "no:randomly",
                        "-W",
                        "ignore::pytest.PytestAssertRewriteWarning",
                        *tests,
                    ]
                )
            )
        except BaseException:  # a mutant may do anything; then it is noticed
            code = 1
        os._exit(code)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return "survived" if status == 0 else "killed"
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "too slow"


def main() -> None:
    """Say of each mutant that survives where it is, and of all how many were killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("tests", nargs="+", help="files of tests, or other words for pytest")
    parser.add_argument("--count", type=int, default=10**6, help="so many of them, by chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", help="only these, as 10-20")
    given, rest = parser.parse_known_args()
    path = given.source.resolve()
    os.chdir(ROOT)
    sys.path[:0] = [str(SOURCE), str(ROOT)]
    for name in HEAVY:
        importlib.import_module(name)
    source, tests = path.read_text(encoding="utf-8"), [*given.tests, *rest]
    first, last = (int(number) for number in (given.lines or f"0-{10**6}").split("-"))
    every = [one for one in mutants(source) if first <= one[0] <= last]
    chosen = sorted(random.Random(given.seed).sample(range(len(every)), min(given.count, len(every))))
    begun = time.monotonic()
    if survives(path, source, tests, 600) != "survived":
        sys.exit("the tests fail without any change")
    seconds, outcomes = 10 + 5 * (time.monotonic() - begun), Counter[str]()
    print(f"{len(chosen)} of {len(every)} mutants of {given.source}; at most {seconds:.0f} s each", flush=True)
    for number in chosen:
        line, kind, new = every[number]
        outcome = survives(path, new, tests, seconds)
        outcomes[outcome] += 1
        if outcome == "survived":
            print(f"{given.source}:{line}: {kind}: {source.splitlines()[line - 1].strip()}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()), flush=True)


if __name__ == "__main__":
    main()
