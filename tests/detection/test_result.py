from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from ssgan.detection.result import DetectorResult, NullError
from ssgan.steganalysis.detector import Calibration
from ssgan.storage.runs import DONE
from ssgan.storage.state_files import Damaged

RESULT = DetectorResult(
    p_e=0.25,
    p_e_interval=(0.2, 0.3),
    p_fa=0.1,
    p_md=0.4,
    validation_p_e=0.2,
    threshold=-0.5,
    calibration=Calibration(2.0, 0.125),
    change_rate=0.1,
    raised=0.5,
    pairs=(60, 20, 20),
    shape=(1, 32, 32),
    left_out=(("a.png", "it is in color"),),
)
# As runs have kept it since there are any.
JSON = (
    '{"p_e": 0.25, "p_e_interval": [0.2, 0.3], "p_fa": 0.1, "p_md": 0.4, "validation_p_e": 0.2, "threshold": -0.5, '
    '"calibration": {"slope": 2.0, "offset": 0.125}, "change_rate": 0.1, "raised": 0.5, "pairs": [60, 20, 20], '
    '"shape": [1, 32, 32], "left_out": [["a.png", "it is in color"]]}'
)
NULL_JSON = JSON[:-1] + ', "null": {"error": 0.5, "interval": [0.4, 0.6], "passed": true}}'
NULL = replace(RESULT, null=NullError(0.5, (0.4, 0.6), passed=True))


@pytest.mark.parametrize(("result", "text"), [(RESULT, JSON), (NULL, NULL_JSON)])
def test_a_result_is_written_as_ever_and_read_again(result: DetectorResult, text: str, tmp_path: Path) -> None:
    assert json.dumps(result.to_json()) == text
    (tmp_path / DONE).write_text(text)
    assert DetectorResult.read(tmp_path) == result
    with pytest.raises(FrozenInstanceError):
        result.p_e = 0.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new"), [('"p_fa": 0.1, ', ""), ("[60, 20, 20]", "[60, 20]"), ("[0.2, 0.3]", "7"), ('"slope"', '"s"')]
)
def test_what_is_no_result_is_damaged(old: str, new: str, tmp_path: Path) -> None:
    (tmp_path / DONE).write_text(JSON.replace(old, new))
    with pytest.raises(Damaged):
        DetectorResult.read(tmp_path)
