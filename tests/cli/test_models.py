"""`ssgan models ls`, `show` and `verify`: generators and detectors alike."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ssgan.cli.app import run
from ssgan.detection.verdicts import bundled

ALL = [
    "faces64",
    "generated-faces",
    *(f"jpeg-{band}" for band in (75, 80, 87, 91, 95, 97)),
    "photographed-faces",
    "photographs",
]


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_all_that_comes_with_the_package_is_listed_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "ls", "--json"]) == 0
    found = rows(capsys)
    assert [row.get("generator", row.get("detector")) for row in found[:1]] == ALL[:1]
    assert [row["detector"] for row in found[1:]] == ALL[1:]
    assert run(["models", "verify", "--json"]) == 0
    checked = rows(capsys)
    assert [row["model"] for row in checked] == ALL
    assert [row["sha256"] for row in checked] == [row["digest"] for row in found]


@pytest.mark.parametrize("name", ALL)
def test_a_card_says_data_terms_training_and_limits(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", name]) == 0
    card = capsys.readouterr().out
    assert card.startswith(f"# {name}\n")
    for word in ("**For.**", "**Data.**", "**Training.**", "**Limits.**"):
        assert word in card


def test_a_damaged_model_is_named_and_the_others_are_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ALL[1:]:
        shutil.copytree(bundled.BUNDLED / name, tmp_path / "models" / name)
    file = next((tmp_path / "models" / "photographs").glob("*.safetensors"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert run(["models", "verify", str(tmp_path / "models")]) == 9
    printed = capsys.readouterr()
    assert printed.out.count("as its manifest says") == len(ALL) - 2
    assert "photographs holds no model that can be trusted" in printed.err
    assert "Traceback" not in printed.err


def test_what_is_no_model_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", str(tmp_path / "nothing")]) == 2
    assert "hint" in capsys.readouterr().err
