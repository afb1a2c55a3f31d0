"""The loop: who is updated how often, what is shown, the same again from the same seed, and on from where it stopped."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ssgan import images
from ssgan.cli.train import said
from ssgan.datasets import Geometry
from ssgan.errors import InvalidSetting, RefusedImage, TrainingDiverged
from ssgan.gan.covers.generators import load_generator
from ssgan.gan.training import ssgan as game
from ssgan.gan.training.loop import Pace, RealReading, train
from ssgan.gan.training.result import TrainingResult
from ssgan.gan.training.settings import PRESETS, TrainingConfig
from ssgan.storage import weights
from ssgan.storage.checkpoints import Checkpoints
from ssgan.storage.runs import Run

SMALL = replace(
    PRESETS["paper"], image_size=32, channels=1, width=4, latent=8, batch=6, duration_images=36, ema_images=12, flips=True
)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 40 small pictures: lit from many sides, each another one."""
    folder, rng = tmp_path_factory.mktemp("faces"), np.random.default_rng(1)
    ramp = np.linspace(-1, 1, 32)
    for i in range(40):
        a, b = rng.normal(0, 40, 2)
        light = 128 + a * ramp[:, None] + b * ramp[None] + rng.normal(0, 3, (32, 32))
        images.write(folder / f"{i:02d}.png", light.clip(0, 255).astype(np.uint8)[None])
    return folder


def trained(faces: Path, out: Path, config: TrainingConfig = SMALL, **more: Any) -> TrainingResult:
    return train(faces, config, out, pace=Pace(log_images=12, sample_images=18), **more)


def generator_bytes(run: Path) -> bytes:
    return next((run / "generator").glob("*.safetensors")).read_bytes()


def figures(run: Path) -> list[dict[str, Any]]:
    """The statistics, without what the clock said."""
    clock = {"seconds", "images_per_second", "seconds_left", "data_share"}
    lines = [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in clock} for line in lines]


def test_the_paper_updates_once_once_twice_a_step(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted at the optimizers."""
    made: list[torch.optim.Optimizer] = []
    count: Counter[int] = Counter()
    rmsprop = torch.optim.RMSprop

    def counted(*args: Any, **settings: Any) -> torch.optim.Optimizer:
        optimizer, number = rmsprop(*args, **settings), len(made)
        optimizer.register_step_post_hook(lambda *_: count.update([number]))
        made.append(optimizer)
        return optimizer

    monkeypatch.setattr(torch.optim, "RMSprop", counted)
    trained(faces, tmp_path)
    assert [count[i] for i in range(3)] == [12, 6, 6], "generator, critic, detector"


def test_no_image_that_is_held_back_is_ever_shown(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the critic's door: all of the part to learn from, mirrored or not, and nothing else."""
    shown: list[torch.Tensor] = []
    update = game.Ssgan.update_critic

    def looked_at(self: game.Ssgan, real: torch.Tensor, *rest: Any, **how: Any) -> game.Scalars:
        shown.append(real)
        return update(self, real, *rest, **how)

    monkeypatch.setattr(game.Ssgan, "update_critic", looked_at)
    result = trained(faces, tmp_path, replace(SMALL, train_share=0.75, duration_images=90))
    held_back = json.loads((tmp_path / "data.json").read_text())["held_back"]
    assert (len(held_back), result.held_back, result.shown) == (10, 10, 30)
    seen = {bytes(picture.numpy()) for picture in images.to_pixels(torch.cat(shown))}
    there = {path.name: images.read(path).samples for path in faces.iterdir()}
    known = {name: {samples.tobytes(), np.ascontiguousarray(samples[..., ::-1]).tobytes()} for name, samples in there.items()}
    assert {name for name, both in known.items() if both & seen} == set(there) - set(held_back)
    assert seen <= set().union(*known.values())


def test_the_same_seed_makes_the_same_generator_and_another_one_another(faces: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        trained(faces, tmp_path / name, replace(SMALL, seed=seed))
    a, b, c = (generator_bytes(tmp_path / name) for name in "abc")
    assert a == b != c
    assert figures(tmp_path / "a") == figures(tmp_path / "b")
    grids = [(tmp_path / name / "samples" / "000000036.png").read_bytes() for name in "ab"]
    assert grids[0] == grids[1]


@pytest.mark.parametrize("preset", ["wgan-gp", "modern", "tiny", "sgan"])
def test_every_kind_of_game_can_be_played(preset: str, faces: Path, tmp_path: Path) -> None:
    small: dict[str, Any] = {
        "image_size": 32,
        "channels": 1,
        "width": 4,
        "latent": 8,
        "batch": 4,
        "duration_images": 40,
        "warmup_images": 20,
    }
    result = trained(faces, tmp_path, replace(PRESETS[preset], **small))
    assert result.images_seen >= 40
    assert ("secrecy_gradient" in result.figures) == PRESETS[preset].uses_detector
    generator, config = load_generator(tmp_path / "generator")
    assert config.preset == preset
    assert generator(torch.zeros(2, 8)).shape == (2, 1, 32, 32)


def test_the_detector_learns_before_it_is_heard(faces: Path, tmp_path: Path) -> None:
    trained(faces, tmp_path, replace(SMALL, warmup_images=24, duration_images=48))
    trained_parts = [("detector_loss" in line, "secrecy_gradient" in line) for line in figures(tmp_path)]
    assert trained_parts == [
        (False, False),
        (True, False),
        (True, False),
        (True, True),
        (True, True),
    ]  # after 12, 18, 24, 36, 48


def test_a_finished_run_is_left_alone_and_a_longer_one_goes_on(faces: Path, tmp_path: Path) -> None:
    first = trained(faces, tmp_path / "run")
    stood = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    assert trained(faces, tmp_path / "run") == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == stood
    trained(faces, tmp_path / "run", replace(SMALL, duration_images=72))
    trained(faces, tmp_path / "straight", replace(SMALL, duration_images=72))
    assert generator_bytes(tmp_path / "run") == generator_bytes(tmp_path / "straight")
    with pytest.raises(InvalidSetting, match=r"other settings \(alpha\)"):
        trained(faces, tmp_path / "run", replace(SMALL, alpha=0.5))


def test_another_batch_resumes_by_explicit_word_and_is_noted(faces: Path, tmp_path: Path) -> None:
    trained(faces, tmp_path / "run")
    wider = replace(SMALL, batch=2 * SMALL.batch, duration_images=SMALL.duration_images + 37)
    with pytest.raises(InvalidSetting, match=f"is a run of batch {SMALL.batch}"):
        trained(faces, tmp_path / "run", wider)
    result = trained(faces, tmp_path / "run", wider, allow_changes=True)
    assert result.images_seen >= wider.duration_images
    manifest = Run.manifest(tmp_path / "run")
    assert manifest["config"]["batch"] == wider.batch
    assert manifest["changes"] == [{"images_seen": SMALL.duration_images, "batch": [SMALL.batch, wider.batch]}]
    seen = [line["images_seen"] for line in Run(tmp_path / "run", manifest["config"]).stats()]
    assert seen == sorted(seen)
    assert trained(faces, tmp_path / "run", wider) == result, "it is a run of the new batch now"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_it_is_saved_and_it_goes_on(number: signal.Signals, faces: Path, tmp_path: Path) -> None:
    came: list[int] = []
    before = signal.signal(number, lambda n, _: came.append(n))
    try:
        with pytest.raises(KeyboardInterrupt):
            trained(faces, tmp_path / "ended", progress=lambda seen, _: signal.raise_signal(number) if seen == 18 else None)
    finally:
        signal.signal(number, before)
    assert came == [number]
    saved = Checkpoints(tmp_path / "ended").newest()
    assert saved is not None
    assert saved[1]["images_seen"] == 24, "the step that was under way is finished"
    trained(faces, tmp_path / "ended")
    trained(faces, tmp_path / "straight")
    assert generator_bytes(tmp_path / "ended") == generator_bytes(tmp_path / "straight")
    assert figures(tmp_path / "ended") == figures(tmp_path / "straight")


NAMES = ("killed", "straight")
# Children by fork, which is safe before anything has been computed; what they import is imported once.
KILLED = """
import os, random, signal, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from ssgan.storage.checkpoints import Checkpoints
from ssgan.gan.training.settings import PRESETS
from ssgan.gan.training.loop import Pace, train
from dataclasses import replace

faces, straight, killed = (Path(name) for name in sys.argv[1:4])
config = replace(
    PRESETS["paper"], image_size=32, channels=1, width=4, latent=8, batch=6, duration_images=360, ema_images=12, flips=True
)
lines = os.pipe()

def child(out):
    if not (number := os.fork()):
        train(faces, config, out, pace=Pace(log_images=6, save_seconds=0), progress=lambda seen, _: os.write(lines[1], b"."))
        os._exit(0)
    return number

def ended(number):
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])

assert ended(child(straight)) == 0
os.read(lines[0], 1000)
number = child(killed)
for _ in range(30):
    os.read(lines[0], 1)
os.kill(number, signal.SIGKILL)
assert ended(number) == -signal.SIGKILL
random.seed(int(sys.argv[4]))
for _ in range(10):
    seen = Checkpoints(killed).newest()[1]["images_seen"]
    assert 29 * 6 <= seen < 360, seen
    print(seen)
    number = child(killed)
    time.sleep(random.random() * 0.4)
    os.kill(number, signal.SIGKILL)
    if ended(number) == 0:
        break
assert ended(child(killed)) == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals and forks of POSIX")
def test_what_is_killed_at_any_moment_goes_on_to_the_same_bytes(faces: Path, tmp_path: Path) -> None:
    """60 steps; 30, SIGKILL, then up to ten kills at random moments, the rest: a checkpoint can be read after each."""
    folders = [str(folder) for folder in (faces, tmp_path / "straight", tmp_path / "killed")]
    found = subprocess.run([sys.executable, "-c", KILLED, *folders, "7"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert generator_bytes(tmp_path / "killed") == generator_bytes(tmp_path / "straight")
    assert figures(tmp_path / "killed") == figures(tmp_path / "straight")
    killed, straight = (next((tmp_path / name / "checkpoints" / "000000000360").glob("*.safetensors")) for name in NAMES)
    assert killed.read_bytes() == straight.read_bytes(), "moments and averages too"


def test_a_generator_that_makes_one_image_is_spoken_of_once(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ssgan.gan.training.sample_grids.EARLY_IMAGES", 0)
    notes: list[str] = []
    trained(faces, tmp_path, replace(SMALL, learning_rate=1e-9), notify=notes.append)
    assert [line["warning"] for line in figures(tmp_path) if "warning" in line] == notes
    assert len(notes) == 1
    assert "may have collapsed" in notes[0]


def poisoned(monkeypatch: pytest.MonkeyPatch, at: int, times: int) -> None:
    """The critic's weights become nan in its update number `at`, so many times."""
    update, count = game.Ssgan.update_critic, [0, 0]

    def spoiled(self: game.Ssgan, *given: Any, **how: Any) -> game.Scalars:
        measured = update(self, *given, **how)
        count[0] += 1
        if count[0] >= at and count[1] < times:
            count[1] += 1
            with torch.no_grad():
                next(iter(self.critic.parameters())).fill_(float("nan"))
        return measured

    monkeypatch.setattr(game.Ssgan, "update_critic", spoiled)


def test_what_leaves_the_finite_numbers_goes_back_and_on_more_slowly(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned(monkeypatch, at=4, times=2)
    result = trained(faces, tmp_path)
    assert (result.images_seen, result.retries) == (36, 2)
    warned = [str(line["warning"]) for line in figures(tmp_path) if "warning" in line]
    assert [re.findall(r"after (\d+) .* after (\d+), at (\S+) of", text)[0] for text in warned] == [
        ("24", "0", "0.5"),
        ("6", "0", "0.25"),
    ]
    saved = Checkpoints(tmp_path).newest()
    assert saved is not None
    assert saved[1]["retries"] == 2, "a training that goes on keeps the lower rates"


def test_what_cannot_be_brought_back_ends_with_a_sound_checkpoint(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned(monkeypatch, at=2, times=100)
    with pytest.raises(TrainingDiverged, match="at 0.125 of the learning rates") as refused:
        trained(faces, tmp_path)
    assert refused.value.exit_code == 8
    saved = Checkpoints(tmp_path).newest()
    assert saved is not None
    assert all(np.isfinite(tensor).all() for tensor in saved[0].values() if tensor.dtype.kind == "f")


def test_a_bad_picture_is_named_and_left_out_or_refused(faces: Path, tmp_path: Path) -> None:
    for path in faces.iterdir():
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "data" / "broken.png").write_bytes((faces / "00.png").read_bytes()[:90])
    notes: list[str] = []
    result = trained(tmp_path / "data", tmp_path / "out", notify=notes.append)
    assert result.bad == 1
    assert notes[0].startswith("1 of 41 pictures of ")
    assert "broken.png" in notes[0]
    with pytest.raises(RefusedImage, match="broken.png"):
        trained(tmp_path / "data", tmp_path / "strict", reading=RealReading(strict=True))


def test_a_plain_alpha_that_makes_noise_is_spoken_of(faces: Path, tmp_path: Path) -> None:
    notes: dict[str, list[str]] = {"plain": [], "balanced": []}
    for mode, warned in notes.items():
        small = replace(SMALL, alpha=0.5, alpha_mode=mode, duration_images=6)  # type: ignore[arg-type]
        trained(faces, tmp_path / mode, small, notify=warned.append)
    assert [len(warned) for warned in notes.values()] == [1, 0]
    assert "alpha 0.5" in notes["plain"][0]


def test_images_of_another_shape_or_other_images_are_refused(faces: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="32 x 32, gray; the settings ask for 64 x 64, color"):
        trained(faces, tmp_path / "a", replace(SMALL, image_size=64, channels=3))
    assert not (tmp_path / "a" / "config.json").exists(), "it is no run yet, and may become one of other settings"
    trained(faces, tmp_path / "b", reading=RealReading(Geometry(size=32)))
    run = tmp_path / "b" / "data.json"
    run.write_text(run.read_text().replace('"shown_sha256": "', '"shown_sha256": "0'))
    with pytest.raises(InvalidSetting, match="not the images that the run began with"):
        trained(faces, tmp_path / "b", replace(SMALL, duration_images=48), reading=RealReading(Geometry(size=32)))


def test_the_settings_decide_which_pictures_are_taken_and_the_first_one_does_not(faces: Path, tmp_path: Path) -> None:
    here = shutil.copytree(faces, tmp_path / "here")
    images.write(here / "00.png", np.zeros((3, 32, 32), np.uint8), overwrite=True)
    said: list[str] = []
    result = trained(here, tmp_path / "run", notify=said.append)
    assert result.bad == 1
    assert "1 of 40 pictures" in said[0]
    assert "00.png: it is 32 x 32, color, where 32 x 32, gray is wanted" in said[0]


def test_a_run_goes_on_after_its_pictures_moved_and_not_with_others(faces: Path, tmp_path: Path) -> None:
    here = shutil.copytree(faces, tmp_path / "here")
    done = trained(here, tmp_path / "run")
    moved = here.rename(tmp_path / "moved")
    assert trained(moved, tmp_path / "run") == done
    longer = replace(SMALL, duration_images=48)
    assert trained(moved, tmp_path / "run", longer).images_seen == 48
    images.write(moved / "01.png", np.zeros((1, 32, 32), np.uint8), overwrite=True)
    for config in (longer, replace(SMALL, duration_images=60)):
        with pytest.raises(InvalidSetting, match="not the images that the run began with"):
            trained(moved, tmp_path / "run", config)


def test_bfloat16_trains_float32_weights(faces: Path, tmp_path: Path) -> None:
    result = trained(faces, tmp_path, replace(SMALL, precision="bf16", duration_images=12))
    assert result.images_seen == 12
    assert {array.dtype for array in weights.load(tmp_path / "generator")[0].values()} == {np.dtype("f4"), np.dtype("i8")}


def test_without_tensorboard_its_curves_are_refused_in_words(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InvalidSetting, match="TensorBoard is not installed"):
        train(faces, SMALL, tmp_path, pace=Pace(tensorboard=True))


def test_without_updates_the_generator_stays_and_the_others_learn(faces: Path, tmp_path: Path) -> None:
    config = replace(SMALL, generator_steps=0, ema_images=0)
    trained(faces, tmp_path / "short", replace(config, duration_images=6))
    trained(faces, tmp_path / "long", config)
    first, last = (load_generator(tmp_path / name / "generator")[0].state_dict() for name in ("short", "long"))
    weights_of = {name for name, tensor in first.items() if tensor.is_floating_point() and "running" not in name}
    assert weights_of
    assert all(torch.equal(first[name], last[name]) for name in weights_of)
    lines = figures(tmp_path / "long")
    assert lines[0]["detector_loss"] != lines[-1]["detector_loss"]
    assert "generator_loss" not in lines[-1]
    assert "critic" in said({**lines[-1], "seconds_left": 0.0, "images_per_second": 1.0})
