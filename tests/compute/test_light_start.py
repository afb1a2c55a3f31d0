"""A command that starts without SciPy: a receiver waits for Numba alone, and SciPy is still there for who wants it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ssgan
from ssgan import images


def ran(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300).stdout


def test_reveal_imports_no_linear_algebra_of_scipy(tmp_path: Path) -> None:
    key = ssgan.fresh_key()
    (tmp_path / "key").write_text(key.text())
    cover = np.random.default_rng(1).integers(60, 200, (64, 64), dtype=np.uint8)
    stego = tmp_path / "stego.png"
    images.write(stego, ssgan.hide(cover, b"found", key).stego[None])
    program = f"""
import sys
from ssgan.cli.app import run
code = run(["reveal", {str(stego)!r}, "--key-file", {str(tmp_path / "key")!r}])
sys.stdout.flush()
print(code, [name for name in sys.modules if name.startswith("scipy.linalg")])
"""
    assert ran(program) == "found0 []\n"


def test_scipy_can_be_imported_afterwards_and_loops_work() -> None:
    program = """
from ssgan.compute.light_start import import_numba_without_blas
import_numba_without_blas()
import numba, numpy, scipy.linalg
assert scipy.linalg.cython_blas is not None
assert scipy.linalg.det(numpy.eye(3)) == 1
assert numba.njit(lambda x: x.sum() + 1)(numpy.ones(4)) == 5
print("well")
"""
    assert ran(program) == "well\n"


def test_where_numba_is_imported_already_nothing_happens() -> None:
    program = """
import numba, numpy
from ssgan.compute.light_start import import_numba_without_blas
import_numba_without_blas()
assert numba.njit(lambda x: numpy.dot(x, x))(numpy.eye(2)).sum() == 2
print("well")
"""
    pytest.importorskip("scipy")
    assert ran(program) == "well\n"
