from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.evaluation import plots
from ssgan.evaluation.bootstrap import Scores
from ssgan.evaluation.rows import Row, of_kind

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
    assert value <= plots._round(value)
    assert plots._round(value) <= max(1e-3, 2.7 * value)


@pytest.mark.parametrize(("value", "end"), [(0.4, 0.5), (1.0, 2), (7, 10), (0, 0.001)])
def test_ends_are_round(value: float, end: float) -> None:
    assert plots._round(value) == pytest.approx(end)
