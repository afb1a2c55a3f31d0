"""--device is checked in one place, by every command that has it, before anything is read or made."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch

from ssgan.cli import app, options
from ssgan.cli.app import run

# What each command needs besides; none of the files is there, so one that reads first says so.
COMMANDS = {
    "train": "no -o out",
    "sample": "no -n 1 -o out",
    "simulate": "no -o out --embedder hill@0.4",
    "features": "no -o out",
    "hide-each": "no -o out -m hi --key-file no",
    "train-detail": "no -o out",
    "train-extractor": "no -o out",
    "train-detector": "no -o out --embedder hill@0.4 --detector spam/ridge",
    "score": "no no -o out.csv",
    "evaluate": "no -o out --embedder hill@0.4 --detector spam/ridge",
    "reproduce": "table2 no -o out",
}


def test_every_command_with_the_option_is_tried() -> None:
    with_option = {name for name in app.COMMANDS if "--device" in _options(name)}
    assert with_option == set(COMMANDS)


def _options(name: str) -> set[str]:
    return {flag for argument in app.commands()[name].assemble_argument_collection() for flag in argument.names}


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps", "xpu", "gpu", "CUDA", "nonsense", "", "cuda:-1", "cpu:1"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_device_that_is_not_there_is_a_usage_error(
    command: str, device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert run([command, *COMMANDS[command].split(), "--device", device]) == 2
    printed = capsys.readouterr().err
    assert f"there is no device {device}; there is cpu" in printed
    assert "ssgan: hint: give --device cpu" in printed
    assert not list(tmp_path.iterdir())


def test_a_build_without_cuda_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for built, words in ((None, "this build of torch has no CUDA"), ("12.8", "torch finds no card")):
        monkeypatch.setattr(torch.version, "cuda", built)
        with pytest.raises(ValueError, match=words):
            options.check_device(None, "cuda")


def test_the_cards_that_are_there_are_taken_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for device in ("cpu", "cuda", "cuda:0", "cuda:1"):
        options.check_device(None, device)
    with pytest.raises(ValueError, match="there are cpu, cuda, cuda:0, cuda:1"):
        options.check_device(None, "cuda:2")


def test_no_other_option_says_device() -> None:
    for path in Path(inspect.getfile(options)).parent.glob("*.py"):
        assert path.name == "options.py" or "Where torch computes" not in path.read_text(encoding="utf-8"), path.name
