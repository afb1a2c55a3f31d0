from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from ssgan.gan.training.result import TrainingResult
from ssgan.storage.runs import DONE
from ssgan.storage.state_files import Damaged

RESULT = TrainingResult(
    figures={"images_seen": 36, "critic_loss": 0.5, "seconds": 1.5, "diversity": 0.25},
    shown=30,
    held_back=10,
    bad=0,
    retries=1,
    parameters={"generator": 7, "critic": 8},
)
# As runs have kept it since there are any.
JSON = (
    '{"images_seen": 36, "critic_loss": 0.5, "seconds": 1.5, "diversity": 0.25, "shown": 30, "held_back": 10, "bad": 0, '
    '"retries": 1, "parameters": {"generator": 7, "critic": 8}}'
)


def test_a_result_is_written_as_ever_and_read_again(tmp_path: Path) -> None:
    assert json.dumps(RESULT.to_json()) == JSON
    (tmp_path / DONE).write_text(JSON)
    assert TrainingResult.read(tmp_path) == RESULT
    assert (RESULT.images_seen, RESULT.seconds) == (36, 1.5)
    with pytest.raises(FrozenInstanceError):
        RESULT.bad = 1  # type: ignore[misc]


@pytest.mark.parametrize("replaced", ['"seconds": 1.5, ', '"retries": 1, ', '"images_seen": 36'])
def test_what_is_no_result_is_damaged(replaced: str, tmp_path: Path) -> None:
    (tmp_path / DONE).write_text(JSON.replace(replaced, '"images_seen": "many"' if "seen" in replaced else ""))
    with pytest.raises(Damaged):
        TrainingResult.read(tmp_path)
