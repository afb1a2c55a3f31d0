"""Whoever works, and however often a process is lost: every outcome once, whole, and the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan import images
from ssgan.bulk import Pool, Serial
from ssgan.bulk.engines import engine
from ssgan.bulk.job import Tally, count_done, run
from ssgan.bulk.simulate import SimulationSettings, prepare
from ssgan.bulk.simulate import run as simulate
from ssgan.datasets.portions import Numbers, Portion
from ssgan.errors import InvalidSetting, SomeItemsFailed
from tests.bulk.copying import Copying
from tests.processes import begun

HILL = SimulationSettings("hill@0.4", seed=5)


def members(folder: Path) -> list[str]:
    """All members of all shards."""
    found: list[str] = []
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as archive:
            found += archive.getnames()
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.tar"))}


@given(count=st.integers(1, 60), size=st.integers(1, 70), gone=st.sets(st.integers(0, 20)))
@settings(max_examples=20)
def test_what_stands_is_left_and_what_is_missing_is_made(
    count: int, size: int, gone: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    job = Copying(tmp_path_factory.mktemp("out"))
    numbers = Numbers(count, size, lambda k: f"{k:03}")
    assert run(job, numbers, Serial()).written == count
    before = contents(job.folder)
    for number in gone:
        (job.folder / f"{number:06}.tar").unlink(missing_ok=True)
    left = count - count_done(job.is_done, numbers)
    tally = run(job, numbers, Serial())
    assert (tally.written, tally.sums["stood"]) == (left, count - left)
    assert contents(job.folder) == before
    assert members(job.folder) == [f"{k:03}" for k in range(count)]


def test_a_process_that_dies_is_replaced_and_its_work_done_again(tmp_path: Path) -> None:
    numbers = Numbers(30, 5, lambda k: f"{k:03}")
    tally = run(Copying(tmp_path, deadly=2, times=2), numbers, Pool(2))
    assert (tally.written, tally.failed) == (30, 0)
    assert members(tmp_path) == [f"{k:03}" for k in range(30)]


def test_a_portion_that_ends_every_process_is_given_up_and_the_others_are_done(tmp_path: Path) -> None:
    numbers = Numbers(15, 5, lambda k: f"{k:03}")
    tally = run(Copying(tmp_path, deadly=1, times=99), numbers, Pool(2))
    assert (tally.written, tally.failed) == (10, 5)
    assert [failure.name for failure in tally.failures] == [f"{k:03}" for k in range(5, 10)]
    assert {failure.exit_code for failure in tally.failures} == {9}
    assert len((tmp_path / "failures.jsonl").read_text().splitlines()) == 5
    again = run(Copying(tmp_path), numbers, Serial())
    assert (again.written, again.failed) == (5, 0)
    assert not (tmp_path / "failures.jsonl").exists()


def test_where_no_process_lives_the_job_ends(tmp_path: Path) -> None:
    with pytest.raises(SomeItemsFailed, match="as soon as they begin"):
        run(_Deadly(tmp_path), Numbers(100, 1, str), Pool(2))


class _Deadly(Copying):
    def work(self, portion: Portion) -> Tally:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError(portion)


def test_errors_of_ours_end_the_job_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Exception, match="could not be written|cannot be created"):
        run(Copying(tmp_path / "file"), Numbers(4, 1, str), Pool(2))


def test_an_address_is_for_ray() -> None:
    with pytest.raises(InvalidSetting, match="engine ray"):
        engine("pool", workers=1, address="10.0.0.1:6379")
    with pytest.raises(InvalidSetting, match="no engine"):
        engine("spark", workers=1)
    with pytest.raises(InvalidSetting, match="at least 1"):
        Pool(0)


def test_shards_are_the_same_bytes_by_one_process_or_two(many: Path, tmp_path: Path) -> None:
    for name, runs_on in (("one", Serial()), ("two", Pool(2))):
        tally = simulate(prepare([many], tmp_path / name, HILL, shard_size=7), runs_on)
        assert tally.written == 40
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_tars_hold_what_files_hold(many: Path, tmp_path: Path) -> None:
    simulate(prepare([many], tmp_path / "files", HILL), Serial())
    simulate(prepare([many], tmp_path / "tars", HILL, shard_size=9), Serial())
    simulate(
        prepare([tmp_path / "tars"], tmp_path / "again", SimulationSettings("lsb@0/plain")), Serial()
    )  # nothing is changed
    for path in sorted((tmp_path / "files").glob("*.png")):
        assert np.array_equal(images.read(path).samples, images.read(tmp_path / "again" / path.name).samples)
    assert members(tmp_path / "tars") == sorted(path.name for path in many.glob("*.png"))


def test_other_covers_are_not_mixed_into_shards_that_stand(many: Path, tmp_path: Path) -> None:
    simulate(prepare([many], tmp_path / "out", HILL, shard_size=9, limit=20), Serial())
    with pytest.raises(InvalidSetting, match="other images"):
        prepare([many], tmp_path / "out", HILL, shard_size=9)
    with pytest.raises(InvalidSetting, match="shard_size 9"):
        prepare([many], tmp_path / "out", HILL, shard_size=8, limit=20)
    simulate(prepare([many], tmp_path / "out", HILL, shard_size=8, overwrite=True), Serial())
    assert len(members(tmp_path / "out")) == 40


def test_files_and_tars_do_not_share_a_folder(many: Path, tmp_path: Path) -> None:
    for name, first, then in (("a", 9, None), ("b", None, 9)):
        simulate(prepare([many], tmp_path / name, HILL, shard_size=first), Serial())
        with pytest.raises(InvalidSetting, match=f"there, shard_size {first}"):
            simulate(prepare([many], tmp_path / name, HILL, shard_size=then), Serial())


def test_what_failed_in_a_shard_that_stands_is_told_again(many: Path, tmp_path: Path) -> None:
    covers = tmp_path / "covers"
    covers.mkdir()
    for path in sorted(many.glob("*.png"))[:10]:
        (covers / path.name).write_bytes(path.read_bytes())
    (covers / "003.png").write_bytes(b"no image")
    for _ in range(2):
        tally = simulate(prepare([covers], tmp_path / "out", HILL, shard_size=5), Serial())
        assert tally.failed == 1
        assert [failure.name for failure in tally.failures] == ["003.png"]
        assert '"003.png"' in (tmp_path / "out" / "failures.jsonl").read_text()
    assert tally.written == 0


@pytest.mark.parametrize("to", ["files", "tars"])
def test_three_kills_of_a_job_leave_every_image_once_and_whole(to: str, tmp_path: Path) -> None:
    covers = tmp_path / "covers.tar"
    with tarfile.open(covers, "w") as archive:
        rng = np.random.default_rng(1)
        for k in range(300):
            (tmp_path / "one.png").write_bytes(images.encode(rng.integers(0, 256, (1, 32, 32), dtype=np.uint8)))
            archive.add(tmp_path / "one.png", f"{k:04}.png")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ssgan", "simulate", str(covers), "-o", str(out), "--embedder", "mipod@0.4"]
    command += ["--to", to, "--shard-size", "10", "--workers", "2", "--batch", "10", "--quiet"]
    made, stopped = 0, []
    for _ in range(3):
        made += 30
        with begun(command) as process:
            while len(list(out.glob("*.tar" if to == "tars" else "*.png"))) < (made // 10 if to == "tars" else made):
                assert process.poll() is None
                time.sleep(0.01)
        stopped.append(len(list(out.glob("[!.]*.tar"))) or len(list(out.glob("[!.]*.png"))))
    assert stopped == sorted(stopped)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    simulate(prepare([covers], tmp_path / "straight", SimulationSettings("mipod@0.4"), shard_size=10), Serial())
    if to == "tars":
        assert contents(out) == contents(tmp_path / "straight")
    else:
        assert sorted(path.name for path in out.glob("[!.]*.png")) == [f"{k:04}.png" for k in range(300)]
        with tarfile.open(tmp_path / "straight" / "000003.tar") as archive:
            member = archive.extractfile("0033.png")
            assert member is not None
            assert member.read() == (out / "0033.png").read_bytes()


def test_processes_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    """Killed, it can tell nobody."""
    (tmp_path / "slow.py").write_text(
        "import os, time\nfrom dataclasses import dataclass\nfrom pathlib import Path\n"
        "from ssgan.bulk import Pool, run\nfrom ssgan.datasets.portions import Numbers\n"
        "@dataclass(frozen=True)\nclass Slow:\n"
        "    folder: Path\n    beside = ''\n"
        "    def worker(self): return self\n    def is_done(self, number): return False\n"
        "    def work(self, portion):\n        (self.folder / str(os.getpid())).touch(); time.sleep(60)\n"
        "if __name__ == '__main__':\n    run(Slow(Path('pids')), Numbers(4, 1, str), Pool(2))\n"
    )
    with begun([sys.executable, "slow.py"], cwd=tmp_path) as process:
        while len(pids := [int(path.name) for path in (tmp_path / "pids").glob("*")]) < 2:
            assert process.poll() is None
            time.sleep(0.05)
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2] for pid in pids):
        assert time.monotonic() < until, "they went on"
        time.sleep(0.05)


def test_an_ordinary_end_is_a_quiet_one(many: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ssgan", "simulate", str(many), "-o", str(tmp_path / "out"), "--embedder", "lsb@0.4/plain"]
    made = subprocess.run([*command, "--batch", "5", "--workers", "2", "--quiet"], capture_output=True, text=True, check=False)
    assert (made.returncode, made.stderr) == (0, "")
