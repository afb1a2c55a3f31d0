from __future__ import annotations

import pytest
import torch

from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.training.plateau import COIN, explain_plateau, is_plateau
from ssgan.steganalysis.training.settings import NetworkSettings

COVERS = torch.randint(1, 250, (20, 1, 32, 32), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def pairs(share: float, covers: torch.Tensor = COVERS) -> Pairs:
    changed = torch.rand(covers.shape, generator=torch.Generator().manual_seed(2)) < share
    return Pairs(covers, covers + changed)


def history(**figures: float) -> list[dict[str, float]]:
    usual = {"loss": COIN, "error_at_zero": 0.5, "spread": 0.1, "images_seen": 500_000}
    return [usual | figures for _ in range(3)]


def network_settings(network: str = "xunet", **changes: object) -> NetworkSettings:
    return NetworkSettings(network, 32, 1, NETWORKS[network].recipe.with_(**changes))


def test_a_loss_stands_still_after_three_evaluations_near_that_of_a_coin() -> None:
    assert not is_plateau(history()[:2])
    assert is_plateau(history())
    assert is_plateau([{"loss": 0.4}, *history(loss=0.75)])
    assert not is_plateau([*history(), {"loss": 0.6}])


@pytest.mark.parametrize(
    ("figures", "settings", "seen", "expected"),
    [
        ({"images_seen": 60_000}, network_settings("srnet"), pairs(0.4), "early for srnet"),
        ({"error_at_zero": 0.8}, network_settings(), pairs(0.4), "worse than a coin"),
        ({"spread": 1e-6}, network_settings(), pairs(0.4), "says the same of every image"),
        ({}, network_settings(learning_rate=0.1), pairs(0.4), "learning rate is 0.1, where xunet learns with 0.002"),
        ({}, network_settings(), pairs(0.01), "which is little"),
        ({}, network_settings(), pairs(0.4, COVERS // 32), "the covers lie between"),
        ({}, network_settings(), pairs(0.4), "nothing is found that explains it"),
    ],
)
def test_each_cause_is_named_alone(figures: dict[str, float], settings: NetworkSettings, seen: Pairs, expected: str) -> None:
    found = explain_plateau(history(**figures), settings=settings, pairs=seen, validate_pairs=200)
    assert len(found) == 1
    assert expected in found[0].sentence
    assert found[0].hint


def test_an_error_just_above_one_half_is_chance() -> None:
    found = explain_plateau(history(error_at_zero=0.52), settings=network_settings(), pairs=pairs(0.4), validate_pairs=200)
    assert "nothing is found" in found[0].sentence


def test_several_causes_come_together() -> None:
    found = explain_plateau(
        history(spread=0.0, images_seen=100), settings=network_settings("yenet"), pairs=pairs(0.001), validate_pairs=20
    )
    assert [f.severity for f in found] == ["warn", "warn", "note"]
