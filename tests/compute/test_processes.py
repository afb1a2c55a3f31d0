"""A lost process is replaced; processes that never begin, as those of a script without a guard, are given up with a reason."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.compute import processes
from ssgan.compute.processes import WorkerProcesses

# Scripts without `if __name__ == "__main__":`, each of which starts processes in one of our ways.
LOADING = """
from ssgan.datasets import load, open_source
from ssgan.datasets.geometry import Geometry
load(open_source("pictures"), Geometry(), workers=2)
"""
BULK = """
from pathlib import Path
from ssgan.bulk import Pool
from ssgan.bulk.simulate import SimulationSettings, prepare, run
run(prepare([Path("pictures")], Path("stego"), SimulationSettings("lsbm@0.1", seed=1)), Pool(2))
"""
DEMO = """
from ssgan.experiments.demo.wardens import WardenTask, watch
watch([WardenTask("photographs", None, None, 1)])
"""


@pytest.mark.parametrize("script", [LOADING, BULK, DEMO], ids=["loading", "bulk", "demo"])
def test_a_script_without_a_guard_is_told_to_have_one(script: str, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for number in range(40):
        (tmp_path / "pictures" / f"{number:02}.png").write_bytes(images.encode(np.full((1, 8, 8), number, np.uint8)))
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    # Python's own tracker of semaphores may have the very last word, where processes ended so early.
    last = [line for line in done.stderr.splitlines() if "resource_tracker" not in line][-1]
    assert last.startswith("ssgan.errors.SsganError: new processes end before they begin to work")
    assert 'if __name__ == "__main__":' in last


def test_a_process_that_is_lost_at_work_is_replaced_for_ever() -> None:
    processes = WorkerProcesses(1)
    try:
        for _ in range(3):
            with pytest.raises(BrokenProcessPool):
                processes.submit(os._exit, 1).result()
            processes.replace()
        assert processes.submit(abs, -1).result() == 1
    finally:
        processes.finish()


def _deaf(folder: Path) -> None:
    """Ignore the request to end, as where it comes just as a call ends, and take long."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (folder / str(os.getpid())).touch()
    time.sleep(600)


def test_a_process_that_does_not_hear_the_request_to_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.5)
    workers = WorkerProcesses(2)
    for _ in range(2):
        workers.submit(_deaf, tmp_path)
    until = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    begun = time.monotonic()
    workers.end()
    assert time.monotonic() - begun < 20
    for one in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(one.name), 0)
