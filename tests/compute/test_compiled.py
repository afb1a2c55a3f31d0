from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import ssgan

PROBE = "import sys; sys.path.insert(0, sys.argv[1]); from ssgan.compute.compiled import cache_folder; print(cache_folder())"


def folder_of(package: Path) -> str:
    made = subprocess.run([sys.executable, "-c", PROBE, str(package.parent)], capture_output=True, text=True, check=True)
    return made.stdout.strip()


def test_machine_code_is_kept_apart_for_each_state_of_the_sources(tmp_path: Path) -> None:
    """Numba would go on using what it compiled from a function that has changed since."""
    copy = tmp_path / "ssgan"
    shutil.copytree(Path(ssgan.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = folder_of(copy)
    assert before == folder_of(copy)
    with (copy / "compute" / "exp_loops.py").open("a") as file:
        file.write("# another state\n")
    assert folder_of(copy) != before
