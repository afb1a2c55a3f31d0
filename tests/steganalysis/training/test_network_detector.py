from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.compute.cuda_graphs import Eager
from ssgan.errors import InvalidSetting, RefusedModel, TrainingDiverged
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.checks.findings import Finding
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.error_rate import p_e
from ssgan.steganalysis.network import Recipe
from ssgan.steganalysis.training.curriculum import Stage
from ssgan.steganalysis.training.loop import Training
from ssgan.steganalysis.training.network_detector import NetworkDetector
from ssgan.steganalysis.training.settings import NetworkSettings
from ssgan.storage.checkpoints import Checkpoints

QUICK = Recipe("adamax", 2e-3, batch_pairs=16, duration_images=640, evaluate_images=160)


def gross_pairs(count: int, seed: int, size: int = 32, share: float = 0.5) -> Pairs:
    """Smooth covers, and stegos with a change on a share of their samples."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(60, 180, size)[None, :] + rng.normal(0, 20, (count, 1, 1))
    covers = (ramp + rng.normal(0, 0.6, (count, size, size))).round().clip(1, 254).astype(np.uint8)[:, None]
    return Pairs(torch.from_numpy(covers), torch.from_numpy(changed(covers, rng, share)))


def changed(covers: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    return (covers + rng.choice([-1, 1], covers.shape) * (rng.random(covers.shape) < share)).astype(np.uint8)


def embed(covers: torch.Tensor, seeds: np.ndarray) -> torch.Tensor:
    """One change in five samples, of each image from its own seed."""
    made = [changed(c, np.random.default_rng(int(s)), 0.2) for c, s in zip(covers.numpy(), seeds, strict=True)]
    return torch.from_numpy(np.stack(made))


def with_maps(pairs: Pairs, seed: int) -> Pairs:
    rng = np.random.default_rng(seed)
    maps = [torch.from_numpy(rng.random(pairs.covers.shape)) for _ in range(2)]
    return Pairs(pairs.covers, pairs.stegos, maps[0], maps[1])


def test_it_learns_a_gross_embedding_and_says_so_of_single_images() -> None:
    train, validate, test = gross_pairs(200, 1), gross_pairs(40, 2), gross_pairs(60, 3)
    detector = NetworkDetector(NetworkSettings.of("xunet", train, recipe=QUICK))
    detector.fit(train, validate)
    covers, stegos = detector.scores(test.covers), detector.scores(test.stegos)
    assert covers.shape == (60,)
    assert covers.dtype == np.float64
    assert p_e(covers, stegos)[0] < 0.15
    np.testing.assert_allclose(detector.scores(test.covers.flip(0)), covers[::-1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(detector.scores(test.covers[:1]), covers[:1], rtol=1e-4, atol=1e-5)


def test_half_precision_learns_as_well_and_keeps_weights_and_logits_whole() -> None:
    train, validate, test = gross_pairs(200, 1), gross_pairs(40, 2), gross_pairs(60, 3)
    detector = NetworkDetector(NetworkSettings.of("xunet", train, recipe=QUICK.with_(precision="bf16")))
    detector.fit(train, validate)
    assert p_e(detector.scores(test.covers), detector.scores(test.stegos))[0] < 0.2
    assert detector.network is not None
    assert {parameter.dtype for parameter in detector.network.parameters()} == {torch.float32}


@pytest.mark.parametrize("network", ["gncnn", "xunet"])
def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path, network: str) -> None:
    """Through an easier stage and fresh changes, and with the same statistics."""
    train, validate = gross_pairs(40, 1, share=0.05), gross_pairs(10, 2, share=0.05)
    stages = [Stage(gross_pairs(40, 1, share=0.4), 224), Stage(train, embed=embed)]
    settings_of_run = NetworkSettings.of(network, train, recipe=QUICK)
    straight = NetworkDetector(settings_of_run)
    straight.fit(stages, validate, run=tmp_path / "straight")
    for at in (160, 480):

        def stop(images_seen: int, figures: dict[str, float], at: int = at) -> None:
            if images_seen >= at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            NetworkDetector(settings_of_run).fit(stages, validate, run=tmp_path / "stopped", progress=stop)
    resumed = NetworkDetector(settings_of_run)
    resumed.fit(stages, validate, run=tmp_path / "stopped")
    np.testing.assert_array_equal(resumed.scores(train.covers), straight.scores(train.covers))
    lines = [
        [json.loads(line) for line in (tmp_path / name / "stats.jsonl").read_text().splitlines()]
        for name in ("straight", "stopped")
    ]
    timed = {"seconds", "images_per_second", "seconds_left"}
    assert [{k: v for k, v in line.items() if k not in timed} for line in lines[0]] == [
        {k: v for k, v in line.items() if k not in timed} for line in lines[1]
    ]
    assert timed <= set(lines[0][0])


def test_only_evaluations_of_the_question_itself_choose_the_network_and_wear_out_the_patience() -> None:
    train, validate = gross_pairs(64, 1, share=0.02), gross_pairs(32, 2, share=0.02)
    recipe = QUICK.with_(duration_images=960, patience=2)
    detector = NetworkDetector(NetworkSettings.of("gncnn", train, recipe=recipe))
    metrics: list[dict[str, float]] = []
    detector.fit([Stage(gross_pairs(64, 1), 480), Stage(train)], validate, progress=lambda _, figures: metrics.append(figures))
    stages = [figures["lesson"] for figures in metrics]
    assert stages[:4] == [0, 0, 0, 1]
    assert [figures["best_p_e"] for figures in metrics[:3]] == [0.5] * 3
    own = [figures["validation_p_e"] for figures in metrics[3:]]
    assert metrics[-1]["best_p_e"] == min(own)


def test_lessons_that_leave_no_time_for_the_question_are_refused() -> None:
    train = gross_pairs(20, 1)
    detector = NetworkDetector(NetworkSettings.of("gncnn", train, recipe=QUICK))
    with pytest.raises(InvalidSetting, match="leave nothing"):
        detector.fit([Stage(train, 640), Stage(train)], gross_pairs(10, 2))


def test_a_network_that_takes_change_probabilities_learns_from_them_and_asks_for_them(tmp_path: Path) -> None:
    """Covers and stegos look alike here: the maps alone tell them apart."""
    train, validate, test = gross_pairs(96, 1, share=0.01), gross_pairs(32, 2, share=0.01), gross_pairs(32, 3, share=0.01)

    def with_maps(pairs: Pairs) -> Pairs:
        return Pairs(pairs.covers, pairs.stegos, torch.full(pairs.covers.shape, 0.0), torch.full(pairs.covers.shape, 1.0))

    recipe = NETWORKS["yenet"].recipe.with_(batch_pairs=16, duration_images=640, evaluate_images=160)
    detector = NetworkDetector(NetworkSettings.of("yenet", with_maps(train), recipe=recipe))
    assert detector.settings.probabilities
    detector.fit(with_maps(train), with_maps(validate))
    detector.save(tmp_path)
    loaded = NetworkDetector.load(tmp_path)
    covers = loaded.scores(test.covers, probabilities=with_maps(test).cover_probabilities)
    stegos = loaded.scores(test.stegos, probabilities=with_maps(test).stego_probabilities)
    assert p_e(covers, stegos)[0] < 0.1
    with pytest.raises(InvalidSetting, match="change probabilities"):
        loaded.scores(test.covers)


def test_a_network_without_use_for_change_probabilities_takes_no_notice() -> None:
    train = with_maps(gross_pairs(32, 1), 3)
    detectors = [NetworkDetector(NetworkSettings.of("gncnn", p, recipe=QUICK)) for p in (train, gross_pairs(32, 1))]
    detectors[0].fit(train, with_maps(gross_pairs(8, 2), 4))
    detectors[1].fit(gross_pairs(32, 1), gross_pairs(8, 2))
    one = detectors[0].scores(train.covers, probabilities=train.cover_probabilities)
    np.testing.assert_array_equal(one, detectors[1].scores(train.covers))
    with pytest.raises(InvalidSetting, match="no use"):
        NetworkSettings("gncnn", 32, 1, QUICK, probabilities=True)


def test_pairs_that_cannot_be_learned_from_are_refused_unless_they_are_not_to_be_examined(tmp_path: Path) -> None:
    train, validate = gross_pairs(40, 1), gross_pairs(10, 2)
    shuffled = Pairs(train.covers, train.stegos.roll(1, 0))
    settings_of_run = NetworkSettings.of("gncnn", train, recipe=QUICK.with_(duration_images=64))
    with pytest.raises(InvalidSetting, match="belong to other covers"):
        NetworkDetector(settings_of_run).fit(shuffled, validate, run=tmp_path)
    assert [found["severity"] for found in json.loads((tmp_path / "findings.json").read_text())][0] == "refuse"
    NetworkDetector(settings_of_run, examine=False).fit(shuffled, validate)


def test_a_loss_that_stands_still_is_explained_once_and_not_again_when_going_on(tmp_path: Path) -> None:
    train, validate = gross_pairs(40, 1, share=0.001), gross_pairs(10, 2, share=0.001)
    recipe = Recipe("sgd", 1e-9, batch_pairs=8, duration_images=480, evaluate_images=64)
    findings: list[Finding] = []

    def stop(images_seen: int, figures: dict[str, float]) -> None:
        if images_seen >= 320:
            raise KeyboardInterrupt

    detector = NetworkDetector(NetworkSettings.of("gncnn", train, recipe=recipe))
    with pytest.raises(KeyboardInterrupt):
        detector.fit(train, validate, run=tmp_path, progress=stop, notify=findings.append)
    said = [finding.sentence for finding in findings if "early" in finding.sentence]
    assert len(said) == 1
    assert any("of the samples" in finding.sentence for finding in findings)
    detector.fit(train, validate, run=tmp_path, notify=findings.append)
    assert json.loads((tmp_path / "findings.json").read_text()) == [asdict(finding) for finding in findings]
    assert sum("early" in finding.sentence for finding in findings) == 1


def test_what_is_saved_scores_the_same_when_loaded(tmp_path: Path) -> None:
    train = gross_pairs(32, 1)
    detector = NetworkDetector(NetworkSettings.of("gncnn", train, recipe=QUICK.with_(duration_images=64)))
    detector.fit(train, gross_pairs(8, 2))
    detector.save(tmp_path / "detector")
    loaded = NetworkDetector.load(tmp_path / "detector")
    assert loaded.settings == detector.settings
    np.testing.assert_array_equal(loaded.scores(train.covers), detector.scores(train.covers))


def test_a_loss_that_is_no_number_ends_it() -> None:
    train = gross_pairs(16, 1)
    settings_of_run = NetworkSettings.of("srnet", train, recipe=Recipe("sgd", 1e30, batch_pairs=8, duration_images=320))
    with pytest.raises(TrainingDiverged):
        NetworkDetector(settings_of_run).fit(train, gross_pairs(8, 2))


def test_a_weight_that_is_not_finite_ends_it_before_it_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no loss says so: statistics of a normalization are not used while the network learns."""
    train, steps, learn = gross_pairs(16, 1), [0], Training._learn

    def poisoned(self: Training, *given: torch.Tensor) -> torch.Tensor:
        loss = learn(self, *given)
        steps[0] += 1
        if steps[0] == 3:
            next(value for name, value in self.network.named_buffers() if name.endswith("running_var"))[0] = float("inf")
        return loss

    monkeypatch.setattr(Training, "_learn", poisoned)
    recipe = Recipe("adamax", 1e-3, batch_pairs=4, duration_images=64, evaluate_images=16)
    detector = NetworkDetector(NetworkSettings.of("xunet", train, recipe=recipe), examine=False)
    with pytest.raises(TrainingDiverged, match="no longer finite after 16 images"):
        detector.fit(train, Pairs(train.covers[:8], train.covers[:8]), run=tmp_path)
    saved = Checkpoints(tmp_path).newest()
    assert saved is not None
    assert saved[1]["images_seen"] == 16


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    train = gross_pairs(4, 1)
    with pytest.raises(InvalidSetting, match="no network"):
        NetworkSettings.of("resnet", train)
    with pytest.raises(InvalidSetting, match="square"):
        NetworkSettings.of("xunet", Pairs(train.covers[..., :20], train.stegos[..., :20]))
    with pytest.raises(InvalidSetting, match="trained"):
        NetworkDetector(NetworkSettings.of("xunet", train)).scores(train.covers)
    with pytest.raises(RefusedModel):
        NetworkDetector.load(tmp_path)


@settings(max_examples=20)
@given(st.sampled_from(["batch_pairs", "duration_images", "evaluate_images", "patience"]), st.integers(-5, 0))
def test_a_recipe_counts_from_one(name: str, value: int) -> None:
    with pytest.raises(InvalidSetting, match="at least 1"):
        QUICK.with_(**{name: value})


@pytest.mark.parametrize("wrong", [{"precision": "int8"}, {"lesson_share": 0.0}, {"lesson_share": 1.0}])
def test_a_recipe_knows_its_precisions_and_shares(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting):
        QUICK.with_(**wrong)


@pytest.mark.gpu
@pytest.mark.parametrize("network", list(NETWORKS))
def test_recorded_on_a_card_a_training_is_the_one_call_by_call(
    network: str, device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By every network's own optimizer, with a rate that falls."""
    train, validate = gross_pairs(40, 1), gross_pairs(16, 2)
    recipe = NETWORKS[network].recipe.with_(learning_rate=1e-4, batch_pairs=8, duration_images=320, evaluate_images=160)
    settings = NetworkSettings.of(network, train, recipe=recipe)
    found = []
    for way in ("captured", "eager"):
        if way == "eager":
            monkeypatch.setattr("ssgan.steganalysis.training.loop.runner_for", lambda *given, **named: Eager())
        detector = NetworkDetector(settings, device=device)
        losses: list[float] = []
        detector.fit(train, validate, run=tmp_path / way, progress=partial(_keep_loss, losses))
        found.append((losses, detector.scores(validate.covers)))
    # Sums come in another order each time on a card; batch normalization of 16 images makes much of that.
    assert found[0][0] == pytest.approx(found[1][0], rel=0.1)
    assert np.isfinite(found[0][1]).all()


def _keep_loss(losses: list[float], images_seen: int, figures: dict[str, float]) -> None:
    losses.append(figures["loss"])
