"""Covers that every machine has, a key, and the cases of the benchmarks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ssgan.messages.keys import KeyFile

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def key() -> KeyFile:
    """A key that is always the same."""
    return KeyFile(bytes(range(32)))


@pytest.fixture
def cover() -> np.ndarray:
    """uint8 (1, 64, 64): a ramp with noise, away from the ends of the range."""
    rng = np.random.default_rng(3)
    return (np.linspace(60, 190, 64)[None, None, :] + rng.normal(0, 4, (1, 64, 64))).round().astype(np.uint8)


@pytest.fixture(scope="session")
def round_trips() -> ModuleType:
    return _benchmark("roundtrips")


@pytest.fixture(scope="session")
def jpeg_round_trips() -> ModuleType:
    return _benchmark("jpeg_roundtrips")


def _benchmark(name: str) -> ModuleType:
    """benchmarks/<name>.py, which is no package."""
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
