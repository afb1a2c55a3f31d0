"""The notebooks run from top to bottom, cell by cell, as Jupyter would run them; what they printed is not kept in them."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from pathlib import Path

import pytest

import ssgan

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "docs" / "notebooks").glob("*.ipynb"))
# What each must have said by its end.
SAID = {
    "say_something": ["no message found with this key"],
    "how_detectable": [
        "LSB replacement at 0.4: P_E 0.0",
        "hill@0.4: P_E 0.4",
        "one stego in 1000: 1.6% of the alarms are right",
    ],
    "make_covers": ["b'Meet me at nine'"],
}


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == sorted(SAID)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_public_names_alone(path: Path) -> None:
    code = "\n".join(
        "".join(c["source"]) for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"
    )
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("ssgan"), ast.unparse(node)
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("ssgan.") for alias in node.names), ast.unparse(node)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ssgan":
            assert node.attr in ssgan.__all__, node.attr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_keeps_no_outputs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("skimage")
    monkeypatch.chdir(tmp_path)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    known: dict[str, object] = {"__name__": "__main__"}
    printed = io.StringIO()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"]
            assert cell["execution_count"] is None
            with contextlib.redirect_stdout(printed):
                exec(compile("".join(cell["source"]), f"{path.name}: {cell['id']}", "exec"), known)
    for words in SAID[path.stem]:
        assert words in printed.getvalue(), printed.getvalue()
