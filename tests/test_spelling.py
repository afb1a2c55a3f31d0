"""Names in any case, with or without hyphens, mean the entry of the list; an unknown one suggests the nearest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ssgan
from ssgan.bulk.image_features import ExtractionSettings
from ssgan.detection.question import Question
from ssgan.embedding.catalog import CODERS, COEFFICIENT_SCHEMES, SCHEMES
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.titles import COEFFICIENT_TITLES, TITLES, is_for_jpegs, scheme_name
from ssgan.errors import InvalidSetting, spelled
from ssgan.gan.covers.generators import find_generator
from ssgan.gan.training.settings import PRESETS, configure
from ssgan.messages.plan import HideSettings
from ssgan.steganalysis.catalog import DETECTORS, FEATURES


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("S-UNIWARD@0.4", "suniward@0.4"),
        ("HILL@0.4", "hill@0.4"),
        ("J-UNIWARD@0.2", "juniward@0.2"),
        ("Hugo-BD@0.4/STC", "hugo@0.4/stc"),
        ("MiPOD@0.1", "mipod@0.1"),
        ("DRAWN@0.4", "drawn@0.4"),
        ("LSB@0.4/Plain:red", "lsb@0.4/plain:red"),
    ],
)
def test_embedders_are_kept_in_the_spelling_of_the_lists(written: str, meant: str) -> None:
    assert str(Embedder.parse(written)) == meant
    assert is_for_jpegs(written) == is_for_jpegs(meant)


def test_titles_of_schemes_mean_them() -> None:
    for name, title in (TITLES | COEFFICIENT_TITLES).items():
        if title != "HUGO":  # of 2010; the word alone means its bounding distortion
            assert scheme_name(title) == name, title
    assert scheme_name("HUGO") == "hugo"
    assert HideSettings(scheme="S-Uniward").scheme == "suniward"
    assert scheme_name("HILL:luma") == "hill:luma"


@pytest.mark.parametrize("table", [SCHEMES, COEFFICIENT_SCHEMES, CODERS, DETECTORS, FEATURES, PRESETS])
def test_names_of_one_list_stay_apart(table: dict[str, object]) -> None:
    for name in table:
        assert spelled(name, table) == name
        assert spelled(name.upper(), table) == name


def test_python_takes_names_as_the_command_line_does() -> None:
    image = np.random.default_rng(1).integers(0, 256, (32, 32))
    assert np.array_equal(ssgan.features(image, "SPAM"), ssgan.features(image, "spam"))
    assert ssgan.Detector("SPAM/Ridge").name == "spam/ridge"
    assert ssgan.hide(image, b"", ssgan.fresh_key(), scheme="S-UNIWARD", allow_flat=True).scheme == "suniward"
    assert np.array_equal(ssgan.costs(image, "HILL").plus, ssgan.costs(image, "hill").plus)


def test_records_hold_the_spelling_of_the_lists() -> None:
    assert Question(Path("covers"), "HILL@0.4", "SPAM/Ridge").to_json()["detector"] == "spam/ridge"
    assert Question(Path("covers"), "HILL@0.4", "SRNet").to_json()["embedder"] == "hill@0.4"
    assert ExtractionSettings("SRM").features == "srm"
    assert configure("WGAN-GP").preset == "wgan-gp"
    assert find_generator(Path("Faces64")).name == "faces64"


def test_unknown_generator_suggests_the_nearest() -> None:
    with pytest.raises(InvalidSetting) as raised:
        find_generator(Path("faces46"))
    assert raised.value.hint == "did you mean faces64?"
