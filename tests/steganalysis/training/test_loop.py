from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.network import Recipe
from ssgan.steganalysis.training.curriculum import Stage
from ssgan.steganalysis.training.network_detector import NetworkDetector
from ssgan.steganalysis.training.settings import NetworkSettings
from ssgan.storage.checkpoints import Checkpoints
from ssgan.storage.signals import SIGNALS

# A training of a second or two that says so after each evaluation.
TRAINING = """
import sys
from pathlib import Path
import numpy as np, torch
torch.set_num_threads(1)
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.training.network_detector import NetworkDetector
from ssgan.steganalysis.network import Recipe
from ssgan.steganalysis.training.settings import NetworkSettings

def pairs(count, seed):
    rng = np.random.default_rng(seed)
    covers = rng.normal(128, 20, (count, 1, 32, 32)).clip(1, 254).astype(np.uint8)
    stegos = (covers + rng.choice([-1, 1], covers.shape) * (rng.random(covers.shape) < 0.02)).astype(np.uint8)
    return Pairs(torch.from_numpy(covers), torch.from_numpy(stegos))

def progress(images_seen, figures):
    print(images_seen, flush=True)

train = pairs(50, 1)
recipe = Recipe("adamax", 2e-3, batch_pairs=8, duration_images=5120, evaluate_images=320, patience=100)
detector = NetworkDetector(NetworkSettings.of("xunet", train, recipe=recipe))
detector.fit(train, pairs(16, 2), run=Path(sys.argv[1]) / "training", progress=progress)
detector.save(Path(sys.argv[1]) / "detector")
"""


def run(folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", TRAINING, str(folder)], stdout=subprocess.PIPE, text=True, env=environment)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_training_that_is_ended_or_killed_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    """SIGTERM first, SIGKILL next, each at a moment of its own; then to the end, beside one that nothing disturbed."""
    straight = run(tmp_path / "straight")
    for number, lines, delay in ((signal.SIGTERM, 2, 0.013), (signal.SIGKILL, 2, 0.021)):
        process = run(tmp_path / "ended")
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(lines)]
        time.sleep(delay)
        process.send_signal(number)
        assert process.wait(timeout=60) == -number
        process.stdout.close()
        saved = Checkpoints(tmp_path / "ended" / "training").newest()
        assert saved is not None
        assert said[-1] <= saved[1]["images_seen"] < 5120
    last = run(tmp_path / "ended")
    assert last.communicate(timeout=120)[0]
    assert straight.communicate(timeout=120)[0]
    assert last.returncode == straight.returncode == 0
    files = [next((tmp_path / name / "detector").glob("*.safetensors")).read_bytes() for name in ("straight", "ended")]
    assert files[0] == files[1]
    stats = [(tmp_path / name / "training" / "stats.jsonl").read_text().splitlines() for name in ("straight", "ended")]
    assert [json.loads(line)["loss"] for line in stats[0]] == [json.loads(line)["loss"] for line in stats[1]]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_training_that_is_interrupted_saves_its_last_batch_first(tmp_path: Path, number: signal.Signals) -> None:
    """Between two evaluations, in this process; whatever is done about the signal, nobody takes the training for complete."""
    rng = np.random.default_rng(1)
    covers = torch.from_numpy(rng.integers(1, 255, (40, 1, 32, 32), dtype=np.uint8))
    batches = 0

    def embed(covers: torch.Tensor, seeds: np.ndarray) -> torch.Tensor:
        nonlocal batches
        batches += 1
        if batches == 5:
            signal.raise_signal(number)
        return covers + 1

    recipe = Recipe("adamax", 2e-3, batch_pairs=4, duration_images=320, evaluate_images=64)
    train, validate = (Pairs(part, part + 1) for part in (covers[:32], covers[32:]))
    detector = NetworkDetector(NetworkSettings.of("gncnn", train, recipe=recipe))
    came: list[int] = []
    before = signal.signal(number, lambda n, _: came.append(n))
    try:
        with pytest.raises(KeyboardInterrupt):
            detector.fit([Stage(train, embed=embed)], validate, run=tmp_path)
    finally:
        signal.signal(number, before)
    assert came == [number]
    saved = Checkpoints(tmp_path).newest()
    assert saved is not None
    assert saved[1]["images_seen"] == 5 * 8
