"""A model is its integers: any other integer is another model, and one that breaks a promise is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan.drawn import model as models
from ssgan.drawn.model import FOLDER, KIND, find, from_tensors, identity, load
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.storage import weights
from tests.drawn.models import LUMA, fixed_tensors


def test_every_integer_counts_for_the_identity() -> None:
    tensors = fixed_tensors(channels=1)
    before = identity(tensors)
    seen = {before}
    for name, tensor in tensors.items():
        changed = {**tensors, name: tensor + tensor.dtype.type(1)}
        seen.add(identity(changed))
    seen.add(identity({**tensors, "tables": tensors["tables"].astype(np.int64)}))
    assert len(seen) == len(tensors) + 2
    assert identity(dict(reversed(tensors.items()))) == before


def broken(name: str) -> dict[str, np.ndarray]:
    tensors = fixed_tensors(channels=3 if name.startswith("weights of luma") else 1)
    if name == "sums above 2^53":
        tensors["stage0.phase0.1.bias"] = tensors["stage0.phase0.1.bias"] + (1 << 53) - 10**6
    elif name == "a table that descends":
        tensors["tables"] = tensors["tables"].copy()
        tensors["tables"][3, 6400] = 0
    elif name == "a table out of balance":
        tensors["tables"] = tensors["tables"].copy()
        tensors["tables"][20, 6400] += 1
    elif name == "another size":
        tensors["about"] = tensors["about"] + np.array([2, 2] + [0] * 7, np.int32)
    elif name == "no square":
        tensors["about"] = tensors["about"] + np.array([16] + [0] * 8, np.int32)
    elif name == "another kernel":
        tensors["about"] = tensors["about"] + np.array([0] * 6 + [1, 0, 0], np.int32)
    elif name == "a huge side":
        tensors["about"] = tensors["about"] * np.array([1 << 12, 1 << 12] + [1] * 7, np.int32)
    elif name == "too short":
        tensors["about"] = tensors["about"][:5]
    elif name == "a layer that is missing":
        del tensors["up1.weights"]
    elif name == "weights of another type":
        tensors["first.weights"] = tensors["first.weights"].astype(np.int32)
    elif name == "a shift of zero":
        tensors["up0.shift"] = np.array(0, np.int32)
    elif name == "gray values above 255":
        tensors["tanh"] = tensors["tanh"] + 1
    elif name == "luma of a gray picture":
        tensors["luma"] = LUMA
    elif name == "weights of luma that do not add up":
        tensors["luma"] = LUMA + 1
    elif name == "a doubling that it does not announce":
        tensors["up0.weights"] = tensors["up0.weights"][:4, :4]
    elif name == "another noise":
        tensors["about"] = tensors["about"] + np.array([0] * 8 + [1], np.int32)
    return tensors


@pytest.mark.parametrize(
    "name",
    [
        "sums above 2^53", "a table that descends", "a table out of balance", "another size", "no square", "another kernel",
        "a huge side", "too short", "a layer that is missing", "weights of another type", "a shift of zero",
        "gray values above 255", "another noise", "luma of a gray picture", "weights of luma that do not add up",
        "a doubling that it does not announce",
    ],
)  # fmt: skip
def test_what_breaks_a_promise_is_refused(name: str) -> None:
    with pytest.raises(RefusedModel):
        from_tensors(broken(name), name="broken", promise_bytes=1)


def saved(folder: Path, about: dict[str, object], kind: str = KIND) -> Path:
    weights.save(folder / FOLDER, fixed_tensors(channels=1), {"kind": kind, "about": about})
    return folder / FOLDER


def test_a_saved_model_is_the_same_and_goes_by_its_folder(tmp_path: Path) -> None:
    folder = saved(tmp_path / "mine", {"promise_bytes": 77, "shape": [32, 32, 1]})
    model = load(folder)
    assert (model.name, model.promise_bytes, model.shape) == ("mine", 77, (32, 32, 1))
    assert model.identity == identity(fixed_tensors(channels=1))
    assert find(tmp_path / "mine") == folder
    with pytest.raises(InvalidSetting, match="no model that draws"):
        find(tmp_path / "yours")


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        ({"promise_bytes": -1, "shape": [32, 32, 1]}, KIND),
        ({"promise_bytes": True, "shape": [32, 32, 1]}, KIND),
        ({"shape": [32, 32, 1]}, KIND),
        ({"promise_bytes": 7}, KIND),
        ({"promise_bytes": 7, "shape": [64, 64, 1]}, KIND),
        ({"promise_bytes": 7, "shape": [32, 32, 1]}, "generator"),
    ],
)
def test_a_manifest_that_lies_is_refused(tmp_path: Path, about: dict[str, object], kind: str) -> None:
    with pytest.raises(RefusedModel):
        load(saved(tmp_path, about, kind))


def test_models_of_the_package_are_read_only_where_the_shape_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path / "mine", {"promise_bytes": 77, "shape": [32, 32, 1]})
    monkeypatch.setattr(models, "BUNDLED", tmp_path)
    read: list[Path] = []
    usual = models.load

    def noted(folder: Path) -> models.DrawnModel:
        read.append(folder)
        return usual(folder)

    monkeypatch.setattr(models, "load", noted)
    assert models.installed((64, 64, 3)) == []
    assert not read
    assert [model.name for model in models.installed((32, 32, 1))] == ["mine"]
