"""What `import ssgan` offers and what it costs: the list of public names is a promise, and it stays cheap to ask for."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

import ssgan

NAMES = [
    "CODERS",
    "COEFFICIENT_SCHEMES",
    "Coefficients",
    "CostMap",
    "Costs",
    "CoverGenerator",
    "Detector",
    "Difference",
    "DoesNotFit",
    "Embedder",
    "Hidden",
    "Incomplete",
    "Inspection",
    "InvalidSetting",
    "KeyFile",
    "Ledger",
    "Measures",
    "NotEnoughMemory",
    "NothingFound",
    "PairsDataset",
    "Passphrase",
    "Picture",
    "Question",
    "RefusedImage",
    "RefusedModel",
    "SCHEMES",
    "SomeItemsFailed",
    "SsganError",
    "StorageFailed",
    "TrainingDiverged",
    "Trial",
    "__version__",
    "as_image",
    "as_images",
    "capacity",
    "costs",
    "detect",
    "difference",
    "encode_coefficients",
    "estimate",
    "evaluate",
    "features",
    "fresh_key",
    "hide",
    "hide_file",
    "hide_spread",
    "inspect",
    "judge",
    "load_generator",
    "measures",
    "parse_key_file",
    "read",
    "read_coefficients",
    "reveal",
    "reveal_files",
    "sample",
    "show",
    "simulate",
    "simulate_coefficients",
    "train",
    "train_detector",
    "write",
]


def test_the_public_names_are_these_and_no_others() -> None:
    assert sorted(ssgan.__all__) == NAMES
    estimators = ssgan._ESTIMATORS if find_spec("sklearn") else {}
    assert sorted(dir(ssgan)) == sorted([*NAMES, *estimators])


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(ssgan, name) is not None


def test_type_checkers_see_each_name_where_it_is_had() -> None:
    tree = ast.parse(Path(ssgan.__file__).read_text(encoding="utf-8"))
    seen = {
        (alias.asname, node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname and alias.name != "__version__"
    }
    assert seen == {*ssgan._HOMES.items(), *ssgan._ESTIMATORS.items()}


def test_covers_are_sampled_and_simulated_by_name() -> None:
    covers = ssgan.sample("faces64", 2, seed=3)
    assert torch.equal(ssgan.sample("faces64", 1, seed=3), covers[:1])
    assert not torch.equal(ssgan.sample("faces64", 2), covers)
    stegos = ssgan.simulate(covers, "lsb@0.4", 5)
    assert torch.equal(stegos, ssgan.Embedder.parse("lsb@0.4").simulate(covers, 5))
    with pytest.raises(ssgan.InvalidSetting, match="at least 1"):
        ssgan.sample("faces64", 0)


def test_a_name_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(AttributeError, match="no attribute 'embed'"):
        _ = ssgan.embed


def test_an_estimator_without_scikit_learn_is_refused_in_words() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import ssgan; ssgan.SPAM"
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "InvalidSetting: SPAM needs scikit-learn, which is not installed" in ended.stderr


def test_the_version_is_the_distribution_s() -> None:
    project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert ssgan.__version__ == project["version"]


@pytest.mark.parametrize("module", ["ssgan", "ssgan.cli.app", "ssgan.errors", "ssgan.images"])
def test_importing_it_brings_neither_torch_nor_numba(module: str) -> None:
    code = f"import sys, {module}; sys.exit(bool({{'torch', 'numba', 'matplotlib', 'sklearn', 'skimage'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
