from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import torch

from ssgan.compute.distributed import Processes
from ssgan.gan.training.assembly import assemble
from ssgan.gan.training.metrics import MetricLog, TensorBoardWriter
from ssgan.gan.training.settings import PRESETS
from ssgan.gan.training.state import State

CONFIG = replace(PRESETS["dcgan"], image_size=32, channels=1, width=4, duration_images=400)


def made() -> State:
    return State(*assemble(CONFIG, torch.device("cpu"), Processes()))


def test_a_line_is_the_means_since_the_last_one_also_over_a_stop() -> None:
    state = made()
    metrics = MetricLog(state)
    metrics.add({"critic_loss": 1.0})
    metrics.add({"critic_loss": 2.0, "secrecy_loss": 5.0})
    other = made()
    other.take(state.tensors(), state.to_json())
    metrics = MetricLog(other)
    metrics.add({"critic_loss": 6.0})
    line = metrics.line()
    assert (line["critic_loss"], line["secrecy_loss"]) == (3.0, 5.0)
    metrics.add({"critic_loss": 7.0})
    assert metrics.line()["critic_loss"] == 7.0
    assert "secrecy_loss" not in metrics.line()


def test_speed_and_what_is_left_count_from_where_it_went_on() -> None:
    state = made()
    state.images_seen, state.seconds = 100, 50.0
    metrics = MetricLog(state)
    with metrics.waited():
        time.sleep(0.02)
    state.images_seen = 200
    metrics.add({})
    line = metrics.line()
    assert line["images_per_second"] * (line["seconds"] - 50) / 100 > 0.9 or line["seconds"] < 50.1
    assert abs(line["seconds_left"] * line["images_per_second"] - 200) <= 0.02 * 200 + 0.1 * line["images_per_second"]
    assert 0 < line["data_share"] <= 1


def test_a_board_that_nobody_wants_shows_nothing(tmp_path: Path) -> None:
    TensorBoardWriter(tmp_path, images_seen=0, wanted=False).show(1, {"critic_loss": 1.0})
    assert not list(tmp_path.iterdir())
