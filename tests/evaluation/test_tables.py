from __future__ import annotations

import csv
import io

import pytest

from ssgan.evaluation.rows import Row
from ssgan.evaluation.tables import _tex, _written, as_csv, as_latex, as_markdown


def test_the_csv_has_every_row_and_every_figure(rows: list[Row]) -> None:
    cells = list(csv.DictReader(io.StringIO(as_csv(rows))))
    assert len(cells) == len(rows)
    for cell, row in zip(cells, rows, strict=True):
        assert (cell["kind"], cell["embedder"], cell["detector"]) == (row.first.kind, row.first.embedder, row.first.detector)
        for name in ("p_e", "p_md_5", "p_fa_50", "auc", "wauc", "accuracy"):
            assert float(cell[name]) == pytest.approx(row.figures[name], abs=1e-6)
        assert float(cell["p_e_low"]) <= float(cell["p_e"]) <= float(cell["p_e_high"])
        assert bool(cell["keys"]) == bool(row.first.embedder)
        assert cell["null_error"]
        assert cell["gross_p_e"]
    assert {cell["seeds"] for cell in cells if cell["kind"] == "retrained"} == {"0 1"}


def test_markdown_never_calls_a_transfer_security(rows: list[Row]) -> None:
    text = as_markdown(rows)
    assert "mismatch, no measure of security" in text
    parts = text.split("## ")
    assert len(parts) == 6
    for part in parts[1:]:
        table = [line for line in part.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in table}) == 1
    transfers = next(part for part in parts if part.startswith("Transfers"))
    assert "P_E at home" in transfers


def test_latex_is_a_table_with_transfers_marked(rows: list[Row]) -> None:
    text = as_latex(rows)
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(body) == 1 + 4 + 2
    assert {line.count("&") for line in body} == {2}
    assert sum(r"$^\dagger$" in line for line in body) == 2
    assert text.startswith("%")
    assert r"\pm" in text
    assert text.count(r"\caption{") == text.count(r"\label{") == 1
    assert text.count("($n=") == sum(line.count("$n=") for line in body) >= 6
    assert text.count("{") == text.count("}")


def test_what_latex_reads_otherwise_is_escaped() -> None:
    assert _tex("50 % & a_b #1 \\ ~ ^") == r"50 \% \& a\_b \#1 \textbackslash{} \textasciitilde{} \textasciicircum{}"


def test_embedders_that_differ_are_written_differently() -> None:
    names = [
        f"{scheme}@0.4{rest}"
        for scheme in ("hill", "lsb")
        for rest in ("", ":luma", "/stc", "/stc:luma", "/message", "/message:luma")
    ]
    names += ["juniward@0.4", "juniward@0.4:luma", "juniward@0.4:original", "hill@0.2", "drawn@0.4"]
    assert len({_written(name) for name in names}) == len(names)
    assert _written("hill@0.4:luma") == "HILL luma, 0.4 bpp"
