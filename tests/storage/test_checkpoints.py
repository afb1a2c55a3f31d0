from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan.errors import RefusedModel
from ssgan.storage import weights
from ssgan.storage.checkpoints import KEPT, Checkpoints


def test_two_checkpoints_are_kept_and_a_damaged_one_is_passed_over(tmp_path: Path) -> None:
    checkpoints, tensors = Checkpoints(tmp_path), {"x": torch.arange(3)}
    assert checkpoints.newest() is None
    for seen in (5, 50, 500, 5000):
        checkpoints.save(tensors, {"images_seen": seen})
    folders = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert folders == ["000000000500", "000000005000"]
    assert len(folders) == KEPT
    newest = tmp_path / "checkpoints" / folders[1]
    file = next(newest.glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1])
    found = checkpoints.newest()
    assert found is not None
    assert found[1] == {"images_seen": 500}
    np.testing.assert_array_equal(found[0]["x"], np.arange(3))
    (newest / weights.MANIFEST).unlink()  # as after a kill while it was written
    again = checkpoints.newest()
    assert again is not None
    assert again[1] == {"images_seen": 500}
    checkpoints.save(tensors, {"images_seen": 6000})
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["000000000500", "000000006000"]
    for path in (tmp_path / "checkpoints").glob("*/*.safetensors"):
        path.write_bytes(b"")
    with pytest.raises(RefusedModel):
        checkpoints.newest()


def test_one_state_is_kept_where_one_is_wanted(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, kept=1)
    for seen in (10, 20):
        checkpoints.save({"x": torch.zeros(1)}, {"images_seen": seen})
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["000000000020"]


def test_a_future_that_did_not_come_is_dropped(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for seen in (10, 20):
        checkpoints.save({"x": torch.zeros(1)}, {"images_seen": seen})
    checkpoints.drop_after(15)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["000000000010"]
