"""A lost process is replaced; processes that never begin, as those of a script without a guard, are given up with a reason."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
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
watch([WardenTask("photographs", None, "hill@0.4", 1)])
"""


@pytest.mark.parametrize("script", [LOADING, BULK, DEMO], ids=["loading", "bulk", "demo"])
def test_a_script_without_a_guard_is_told_to_have_one(script: str, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for number in range(40):
        (tmp_path / "pictures" / f"{number:02}.png").write_bytes(images.encode(np.full((1, 8, 8), number, np.uint8)))
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    last = done.stderr.splitlines()[-1]
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
