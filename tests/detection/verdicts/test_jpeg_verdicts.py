"""Verdicts on JPEGs: clean ones are left alone, old embedders are found, and foreign tables are not examined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ssgan.detection.verdicts.bundled import bundled_detectors
from ssgan.detection.verdicts.judge import judge_jpeg
from ssgan.detection.verdicts.verdict import Verdict
from ssgan.embedding.coefficient_embedder import simulate_coefficients
from ssgan.images.coefficients import Coefficients
from ssgan.images.new_jpeg import new_jpeg
from tests.detection.verdicts import clean

pytest.importorskip("skimage")
QUALITIES = (75, 85, 92, 98)


def verdict(jpeg: Coefficients) -> Verdict:
    return judge_jpeg(jpeg, bundled_detectors())


def jpeg(name: str, quality: int) -> Coefficients:
    return new_jpeg(clean.photograph(name), quality).cover


@pytest.mark.parametrize("quality", QUALITIES)
def test_clean_jpegs_are_left_alone(quality: int) -> None:
    found = [verdict(jpeg(name, quality)) for name in clean.PHOTOGRAPHS]
    assert sum(one.verdict == "stego" for one in found) <= 1  # 5 % of covers may be
    assert any(len(one.answered) == 2 for one in found)


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("embedder", ["jsteg@0.4/plain:luma", "jsteg@0.4/plain:luma,raster", "nsf5@0.9:luma"])
def test_old_embedders_are_found(embedder: str, quality: int) -> None:
    found = [verdict(simulate_coefficients(jpeg(name, quality), embedder, 1)) for name in clean.PHOTOGRAPHS]
    assert np.mean([one.verdict == "stego" for one in found]) > 0.7
    alarms = [one for one in found if one.verdict == "stego"]
    assert all(one.probability is not None and one.probability > 0.5 for one in alarms)
    assert all(one.reasons[0].endswith(".") for one in found)


def test_another_table_is_not_examined_but_for_the_attacks() -> None:
    cover = jpeg(clean.PHOTOGRAPHS[0], 90)
    table = np.full((8, 8), 5, np.uint16)
    foreign = replace(cover, components=(replace(cover.components[0], table=table), *cover.components[1:]))
    found = verdict(foreign)
    assert found.verdict == "out of domain"
    assert any("quantization table" in reason for reason in found.reasons)
    stego = simulate_coefficients(foreign, "jsteg@0.4/plain:luma", 1)
    assert verdict(stego).verdict == "stego"


def test_nothing_is_said_of_what_is_too_small() -> None:
    small = new_jpeg(clean.photograph(clean.PHOTOGRAPHS[0])[:, :40, :40], 90).cover
    found = verdict(small)
    assert (found.verdict, found.probability, found.answered) == ("out of domain", None, ())


def test_nothing_is_said_of_a_flat_picture() -> None:
    found = verdict(new_jpeg(np.full((1, 512, 512), 90, np.uint8), 80).cover)
    assert (found.verdict, found.probability, found.answered) == ("out of domain", None, ())
    assert any("AC coefficients" in reason for reason in found.reasons)
