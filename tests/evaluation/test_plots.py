from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.evaluation import plots
from ssgan.evaluation.rows import Row, of_kind
from ssgan.steganalysis.error_rate import Scores
from ssgan.views.plot_frame import round_up

SVG = "svg"


def drawn(text: str) -> ET.Element:
    """The picture, whose numbers are all finite and within it."""
    picture = ET.fromstring(text)
    _, _, width, height = (float(value) for value in picture.attrib["viewBox"].split())
    for shape in picture.iter():
        for point in shape.attrib.get("points", "").split():
            x, y = (float(value) for value in point.split(","))
            assert -1 <= x <= width + 1
            assert -1 <= y <= height + 1
    return picture


def test_a_curve_and_a_band_for_each_row(rows: list[Row]) -> None:
    chosen = of_kind(rows, "retrained")
    picture = drawn(plots.roc(chosen))
    assert len(picture.findall("polygon")) == len(chosen)
    assert len(picture.findall("polyline")) == len(chosen) + 1


def test_error_falls_along_the_payload(rows: list[Row]) -> None:
    picture = drawn(plots.payloads(of_kind(rows, "retrained")))
    assert len(picture.findall("circle")) == 4
    labels = ["".join(text.itertext()) for text in picture.findall("text")]
    assert {"quiet, lsb/plain, spam/ridge", "noisy, lsb/plain, spam/ridge"} <= set(labels)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=20), st.floats(-4, 4))
def test_any_scores_can_be_shown(values: list[tuple[int, int]], threshold: float) -> None:
    covers, stegos = (np.array(column, dtype=float) for column in zip(*values, strict=True))
    drawn(plots.histogram(Scores(covers, stegos, tuple(map(str, range(len(values))))), threshold))


@given(st.floats(0, 1e6))
def test_an_axis_ends_a_little_above(value: float) -> None:
    assert value <= round_up(value)
    assert round_up(value) <= max(1e-6, 2.7 * value)


@pytest.mark.parametrize(("value", "end"), [(0.4, 0.5), (1.0, 2), (7, 10), (0, 1e-6)])
def test_ends_are_round(value: float, end: float) -> None:
    assert round_up(value) == pytest.approx(end)


def test_a_det_has_a_curve_and_a_band_for_each_row(rows: list[Row]) -> None:
    chosen = of_kind(rows, "retrained")
    picture = drawn(plots.det(chosen))
    assert len(picture.findall("polygon")) == len(chosen)
    assert len(picture.findall("polyline")) == len(chosen) + 1
    assert "10%" in {"".join(text.itertext()) for text in picture.findall("text")}


values = st.floats(0, 1e6, allow_nan=False)


@given(st.dictionaries(st.text("abc", min_size=1), st.lists(st.tuples(values, values), min_size=1, max_size=7), min_size=1))
def test_any_curves_can_be_shown(lines: dict[str, list[tuple[float, float]]]) -> None:
    picture = drawn(plots.curves(lines, "images", "distance", level=("real", 3.0)))
    assert len(picture.findall("circle")) == sum(len(line) for line in lines.values())


@given(st.lists(st.tuples(values, st.floats(0, 0.5)), min_size=1, max_size=7))
def test_any_frontier_can_be_shown(points: list[tuple[float, float]]) -> None:
    made = [plots.Point(f"kind {i % 2}", f"{i}", cost, error, (0.9 * error, error)) for i, (cost, error) in enumerate(points)]
    picture = drawn(plots.frontier(made, "distance"))
    assert len(picture.findall("circle")) == len(points)


def test_curves_keep_the_ends_that_are_asked_for() -> None:
    lines = plots.curves({"<a>": [(0, 1.0), (2, 1.0)], "b": [(0, 0.5), (1, 0.7)]}, "x", "y", up=(0.4, 1.2))
    assert lines.count("<polyline") == 2
    assert "nan" not in lines
    assert "&lt;a&gt;" in lines
    assert {"0.4", "1.2"} <= {"".join(text.itertext()) for text in drawn(lines).findall("text")}
