from __future__ import annotations

import pytest

from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.gan.catalog import BACKBONES, OBJECTIVES
from ssgan.gan.training.settings import PRESETS, TrainingConfig, configure
from ssgan.steganalysis.catalog import NETWORKS


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_named_after_itself_and_names_what_exists(name: str) -> None:
    preset = PRESETS[name]
    assert preset.preset == name
    assert preset.backbone in BACKBONES
    assert preset.objective in OBJECTIVES
    assert preset.detector in {"", *NETWORKS}
    assert str(Embedder.parse(preset.embedder)) == preset.embedder
    assert preset.uses_detector == (preset.alpha < 1)


def test_the_paper_updates_once_once_twice() -> None:
    paper = PRESETS["paper"]
    assert (paper.critic_steps, paper.detector_steps, paper.generator_steps) == (1, 1, 2)
    assert (paper.learning_rate, paper.smoothing, paper.clip, paper.alpha) == (2e-4, 0.99, 0.01, 0.9)


def test_a_preset_can_be_changed_field_by_field() -> None:
    assert configure("paper", alpha=0.7, width=None) == TrainingConfig(alpha=0.7)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 1.5}, "alpha"),
        ({"batch": 0}, "batch"),
        ({"warmup_images": -1}, "warmup_images"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"smoothing": 1.0}, "smoothing"),
        ({"channels": 2}, "channel"),
        ({"depth": 3}, "depth"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, float], said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        configure("paper", **changes)


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="no preset"):
        configure("stylegan")
