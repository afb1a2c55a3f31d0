"""The doctor finds what is wrong, says what to do, and goes on to the next check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ssgan.cli import doctor_checks, doctor_warmup
from ssgan.cli.app import run
from ssgan.errors import SsganError, StorageFailed

PARTS = ["gncnn", "xunet", "srnet"]


def test_all_is_well_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["doctor", "--no-warm", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["check"] for line in lines[:-1]] == list(doctor_checks.checks())
    assert all(line["well"] and line["found"] for line in lines[:-1])
    assert lines[-1]["message_type"] == "doctor"


def test_a_check_that_fails_says_what_to_do_and_keeps_no_other_from_being_made() -> None:
    def ours() -> str:
        raise StorageFailed("no room", hint="make some")

    def theirs() -> str:
        raise ImportError("libsomething.so is missing")

    found = list(doctor_checks.examine({"ours": ours, "theirs": theirs, "good": lambda: "fine"}))
    assert [one.well for one in found] == [False, False, True]
    assert found[0].hint == "make some"
    assert "libsomething" in found[1].found
    assert found[1].hint


def test_a_folder_that_cannot_be_written_to_is_an_exit_code_and_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert run(["doctor", "--no-warm", "--quiet"]) == 9
    printed = capsys.readouterr()
    assert "FAIL  temporary folder" in printed.out
    assert "hint: name another in $TMPDIR" in printed.err


def test_a_message_that_does_not_come_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssgan.messages.reveal.reveal", lambda stego, key: b"something else")
    with pytest.raises(SsganError, match="not what was hidden"):
        doctor_checks.checks()["a message there and back"]()


def test_a_disk_that_is_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor_checks, "SPACE", 1 << 60)
    (found,) = doctor_checks.examine({"working folder": doctor_checks.checks()["working folder"]})
    assert not found.well
    assert "MiB" in found.hint


def test_every_compiled_loop_is_called() -> None:
    """By name of the file: the warming calls each of them, so that each has a signature when it is done."""
    import importlib

    for work in doctor_warmup.work().values():
        work()
    package = Path(doctor_warmup.__file__).parents[1]
    callers = "".join(file.read_text() for file in package.rglob("*.py") if not file.stem.endswith("_loops"))
    cold = []
    for file in sorted(package.rglob("*_loops.py")):
        module = importlib.import_module(".".join(("ssgan", *file.relative_to(package).with_suffix("").parts)))
        found = [made for made in vars(module).values() if hasattr(made, "signatures") and made.__module__ == module.__name__]
        inner = file.stem not in callers  # compiled into other loops, and not by itself where these come from the cache
        if not inner and not any(made.signatures for made in found):
            cold.append(file.name)
    assert not cold
