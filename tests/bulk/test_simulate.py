"""A stego depends on its cover, its name, the embedder and the seed, and on nothing about how the work was done."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssgan import images
from ssgan.bulk import Pool, Serial
from ssgan.bulk.simulate import SimulationSettings, change_rate, prepare, run
from ssgan.compute import seeds
from ssgan.embedding.embedder import Embedder
from tests.processes import begun

SETTINGS = SimulationSettings("hill@0.4", seed=5)
COUNT = 12


@pytest.fixture(scope="module")
def covers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Covers of three shapes, in folders."""
    folder = tmp_path_factory.mktemp("work") / "covers"
    (folder / "more").mkdir(parents=True)
    rng = np.random.default_rng(3)
    for k in range(COUNT):
        shape = [(1, 16, 16), (3, 16, 16), (1, 12, 20)][k % 3]
        images.write(folder / ("more" if k % 2 else "") / f"{k:02}.png", rng.integers(0, 256, shape, dtype=np.uint8))
    return folder


@pytest.fixture(scope="module")
def expected(covers: Path) -> dict[str, bytes]:
    """Each stego as the embedder makes it alone, seeded by name."""
    embedder = Embedder.parse(SETTINGS.embedder)
    stegos = {}
    for path in sorted(covers.rglob("*.png")):
        name = path.relative_to(covers).as_posix()
        cover = images.to_images(images.read(path).samples)
        stegos[name] = embedder.simulate_seeded(cover, np.array([seeds.derive(5, name)], dtype=np.uint64)).numpy().tobytes()
    return stegos


def written(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): images.read(path).samples.tobytes() for path in sorted(out.rglob("*.png"))}


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.integers(1, COUNT + 1), limit=st.integers(1, COUNT))
def test_neither_the_batch_nor_an_earlier_part_changes_a_stego(
    batch: int, limit: int, covers: Path, expected: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("out")
    for part in (limit, None):
        tally = run(prepare([covers], out, SETTINGS, limit=part, batch=batch), Serial())
        assert not tally.failures
    assert written(out) == expected


def test_many_processes_write_the_same(covers: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    reported: list[int] = []
    tally = run(prepare([covers], tmp_path, SETTINGS, batch=5), Pool(2), progress=reported.append)
    assert written(tmp_path) == expected
    assert (tally.written, reported[-1], len(reported)) == (COUNT, COUNT, 3)


def test_an_archive_gives_what_its_folder_gives(covers: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    paths = {path.relative_to(covers).as_posix(): path for path in covers.rglob("*.png")}
    with zipfile.ZipFile(tmp_path / "covers.zip", "w") as packed:
        for name, path in paths.items():
            packed.write(path, name)
    with tarfile.open(tmp_path / "covers.tar.gz", "w:gz") as tarred:
        for name, path in paths.items():
            tarred.add(path, name)
    for archive in ("covers.zip", "covers.tar.gz"):
        out = tmp_path / f"from-{archive}"
        run(prepare([tmp_path / archive], out, SETTINGS, batch=4), Serial())
        assert written(out) == expected


def test_the_change_rate_is_that_of_the_files(covers: Path, tmp_path: Path) -> None:
    tally = run(prepare([covers], tmp_path, SETTINGS), Serial())
    pairs = [(images.read(covers / name).samples, images.read(tmp_path / name).samples) for name in written(tmp_path)]
    changed = sum(int((cover != stego).sum()) for cover, stego in pairs)
    assert change_rate(tally) == changed / sum(cover.size for cover, _ in pairs)


def test_what_fails_is_listed_and_holds_up_nobody(covers: Path, tmp_path: Path) -> None:
    mixed, out = tmp_path / "mixed", tmp_path / "out"
    mixed.mkdir()
    whole = (covers / "00.png").read_bytes()
    (mixed / "fine.png").write_bytes(whole)
    (mixed / "cut.png").write_bytes(whole[:60])
    images.write(mixed / "flat.png", np.full((1, 16, 16), 255, np.uint8))
    see_through = np.full((8, 8), 128, np.uint8)
    images.write(mixed / "glass.png", np.zeros((3, 8, 8), np.uint8), alpha=see_through)
    tally = run(prepare([mixed], out, SimulationSettings("lsb@1.2")), Serial())
    assert set(written(out)) == {"fine.png"}
    listed = [json.loads(line) for line in (out / "failures.jsonl").read_text().splitlines()]
    assert {entry["name"]: entry["exit_code"] for entry in listed} == {"cut.png": 5, "flat.png": 4, "glass.png": 5}
    assert all(entry["error"] and entry["hint"] for entry in listed)
    assert (tally.written, tally.done) == (1, 4)


def test_the_list_of_failures_goes_when_nothing_fails_any_more(covers: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    (source / "a.png").write_bytes(b"\x89PNG")
    run(prepare([source], out, SETTINGS), Serial())
    assert (out / "failures.jsonl").exists()
    assert not (out / "run.json").exists(), "without a stego there is nothing that other settings could be mixed with"
    (source / "a.png").write_bytes((covers / "00.png").read_bytes())
    run(prepare([source], out, SETTINGS), Serial())
    assert not (out / "failures.jsonl").exists()
    assert json.loads((out / "run.json").read_text())["embedder"] == "hill@0.4"


def test_beginning_anew_replaces_every_stego(covers: Path, tmp_path: Path) -> None:
    run(prepare([covers], tmp_path, SimulationSettings("lsb@0.1/plain")), Serial())
    before = written(tmp_path)
    run(prepare([covers], tmp_path, SimulationSettings("lsb@0.1/plain", seed=9), overwrite=True), Serial())
    after = written(tmp_path)
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_a_run_that_is_stopped_goes_on_to_the_same_end(stop: signal.Signals, tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    (tmp_path / "covers").mkdir()
    for k in range(60):
        images.write(tmp_path / "covers" / f"{k:02}.png", rng.integers(0, 256, (3, 96, 96), dtype=np.uint8), durable=False)
    command = [sys.executable, "-m", "ssgan", "simulate", "covers", "-o", "out", "--embedder", "mipod@0.4", "--seed", "5"]
    command += ["--workers", "1", "--batch", "1"]
    with begun(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        while not list((tmp_path / "out").glob("*.png")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(stop)
        _, printed = process.communicate(timeout=60)
    assert "Traceback" not in printed
    assert process.returncode == (130 if stop == signal.SIGINT else -signal.SIGKILL), printed
    stopped = len(written(tmp_path / "out"))
    settings_ = SimulationSettings("mipod@0.4", seed=5)
    tally = run(prepare([tmp_path / "covers"], tmp_path / "out", settings_), Serial())
    assert 0 < stopped < 60
    assert tally.written == 60 - stopped
    run(prepare([tmp_path / "covers"], tmp_path / "straight", settings_), Serial())
    assert written(tmp_path / "out") == written(tmp_path / "straight")
