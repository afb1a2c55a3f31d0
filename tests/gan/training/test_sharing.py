"""One game in two real processes that talk by gloo, each a fresh interpreter, as torchrun would start them."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import multiprocessing

from ssgan import images
from ssgan.compute import distributed
from ssgan.compute.distributed import Processes, joined
from ssgan.gan.training.loop import Pace, train
from ssgan.gan.training.settings import PRESETS, TrainingConfig
from ssgan.storage import weights
from ssgan.storage.checkpoints import Checkpoints

# r3gan has no normalization: two processes are one but for the order of sums. Its steps are of RMSProp, and small ones: Adam's
# first ones are signs, which turn where a sum is nearly 0.
R3GAN = replace(
    PRESETS["modern"], image_size=32, channels=1, width=8, latent=8, batch=4, duration_images=16, warmup_images=0,
    optimizer="rmsprop", detector_learning_rate=1e-5, ema_images=8,
)  # fmt: skip
# A sum in another order can round one pixel the other way, which the detector sees whole; small steps keep that small.
PAPER = replace(
    PRESETS["paper"], image_size=32, channels=1, width=4, latent=8, batch=4, duration_images=16, flips=True,
    learning_rate=1e-5, detector_learning_rate=1e-6,
)  # fmt: skip
PENALTY = replace(PAPER, preset="wgan-gp", objective="wgan-gp", detector="", alpha=1.0, critic_steps=2)
GAMES: dict[str, TrainingConfig] = {"r3gan": R3GAN, "paper": PAPER, "penalty": PENALTY}


def work(rank: int, port: int, folder: str) -> None:
    """One of two processes."""
    torch.set_num_threads(1)
    variables = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in variables.items()}
    spoken: list[int] = []
    with joined():
        for name, config in GAMES.items():
            out = Path(folder) / name
            train(Path(folder) / "faces", config, out, pace=Pace(log_images=4), progress=lambda seen, _: spoken.append(seen))
    (Path(folder) / f"spoken-{rank}.json").write_text(json.dumps(spoken))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two processes in the folders named after the games, one in those with `one-` before it."""
    folder, rng = tmp_path_factory.mktemp("two"), np.random.default_rng(1)
    (folder / "faces").mkdir()
    for i in range(21):
        images.write(folder / "faces" / f"{i:02d}.png", rng.integers(60, 200, (1, 32, 32), dtype=np.uint8))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(work, args=(port, str(folder)), nprocs=2)  # type: ignore[attr-defined, no-untyped-call]
    for name, config in GAMES.items():
        train(folder / "faces", config, folder / f"one-{name}", pace=Pace(log_images=4))
    return folder


# A step moves a weight by up to 2e-3, and the first ones of RMSProp turn with rounding where a gradient is nearly 0: one weight
# in a hundred may differ, by a few steps at most. With batch normalization, whose statistics are those of the whole batch, the
# order of sums shows more.
@pytest.mark.parametrize(("name", "apart"), [("r3gan", 1e-5), ("paper", 1e-4), ("penalty", 1e-4)])
def test_two_processes_play_what_one_does(folder: Path, name: str, apart: float) -> None:
    both = [Checkpoints(folder / run).newest() for run in (name, f"one-{name}")]
    assert both[0] is not None
    assert both[1] is not None
    names = [tensor for tensor in both[1][0] if not tensor.startswith("optimizer.")]
    differences = np.concatenate([np.abs(both[0][0][name] - both[1][0][name]).ravel() for name in names])
    assert np.quantile(differences, 0.99) < apart
    assert differences.max() < 1e-2
    assert both[0][1]["balance"]["norms"] == pytest.approx(both[1][1]["balance"]["norms"], rel=1e-3)


def test_they_say_what_one_would(folder: Path) -> None:
    texts = [(folder / run / "stats.jsonl").read_text().splitlines() for run in ("paper", "one-paper")]
    lines = [[json.loads(line) for line in text] for text in texts]
    assert len(lines[0]) == 4
    for two, one in zip(*lines, strict=True):
        for figure in ("critic_loss", "real_value", "detector_loss", "realism_gradient", "secrecy_gradient"):
            assert two[figure] == pytest.approx(one[figure], rel=1e-3, abs=1e-6), figure


def test_the_first_one_alone_writes_and_speaks(folder: Path) -> None:
    spoken = [json.loads((folder / f"spoken-{rank}.json").read_text()) for rank in (0, 1)]
    assert spoken[1] == []
    assert len(spoken[0]) == 4 + 4 + 2
    assert weights.load(folder / "paper" / "generator")[1]["about"]["images_seen"] == 16


def test_one_process_averages_nothing() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    distributed.average_gradients([optimizer], Processes())
    assert not optimizer._optimizer_step_pre_hooks
    assert distributed.whole_norm(torch.tensor(3.0), Processes()) == 3.0
    assert distributed.mean_figures({"a": 1.0, "b": 2.0}, Processes()) == {"a": 1.0, "b": 2.0}
