"""What all tests share: one thread, the device, the reference data beside the repository, and hypothesis' settings."""

from __future__ import annotations

import os
import signal
from pathlib import Path

# Before torch or numba is imported: one thread a process. The tests run in several processes instead, and sums keep one order.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

# Time limits for one example say more about the machine than about the code.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples on every run: a change that is accepted has seen what the next change will see.
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True, print_blob=True)
# Ten times as many examples of every property: pytest --hypothesis-profile=thorough
settings.register_profile("thorough", parent=settings.get_profile("dev"), print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
_SETTINGS = "_hypothesis_internal_use_settings"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default="cpu", help="the torch device that the tests run on (cpu, cuda)")


def pytest_configure(config: pytest.Config) -> None:
    import torch

    torch.set_num_threads(1)
    # A shell lets what runs in the background ignore interrupts, and so would the programs that tests begin and interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if settings.get_current_profile_name() == "thorough":
        for test in {item.function for item in items if isinstance(item, pytest.Function)}:
            if is_hypothesis_test(test):
                # A test has its settings once, and where it keeps them has no public name.
                own = getattr(test, _SETTINGS)
                setattr(test, _SETTINGS, settings(own, max_examples=10 * own.max_examples))
    if config.getoption("--device") == "cpu":
        skip = pytest.mark.skip(reason="needs --device cuda")
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def device(pytestconfig: pytest.Config) -> str:
    """The torch device asked for with --device."""
    return str(pytestconfig.getoption("--device"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published references and data: $SSGAN_SHARED, or `shared` beside the repository; skips where absent."""
    named = os.environ.get("SSGAN_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the reference data is not here (set SSGAN_SHARED to its folder)")
    return folder


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty gray covers 16 x 16, for the rooms that work on many images."""
    import numpy as np

    from ssgan import images

    folder = tmp_path_factory.mktemp("covers")
    rng = np.random.default_rng(3)
    for k in range(40):
        images.write(folder / f"{k:03}.png", rng.integers(0, 256, (1, 16, 16), dtype=np.uint8), durable=False)
    return folder


@pytest.fixture(autouse=True)
def _no_lines_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line now and then, which only a slow machine prints, is in no transcript."""
    monkeypatch.setattr("ssgan.cli.screen._PLAIN_SECONDS", float("inf"))
    monkeypatch.setattr("ssgan.cli.screen._OFTEN_SECONDS", float("inf"))
