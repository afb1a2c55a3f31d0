"""A second run into a folder where one is at work: refused in one sentence, and the first one's files stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssgan.cli.app import run
from ssgan.storage.locks import alone
from ssgan.storage.runs import CONFIG, Run

# A command that writes into `out`, but for the folder of covers, and the folder that it works in.
COMMANDS = {
    "train": (["train", "--preset", "tiny", "-o", "out"], "out"),
    "train-detail": (["train-detail", "-o", "out"], "out"),
    "train-detector": (["train-detector", "--embedder", "lsb@0.4", "--detector", "spam", "-o", "out"], "out"),
    "evaluate": (["evaluate", "--embedder", "lsb@0.4", "--detector", "spam", "-o", "out"], "out"),
    "reproduce": (["reproduce", "table2", "--size", "smoke", "-o", "out"], "out/table2"),
    "features": (["features", "--set", "spam", "-o", "out.parquet"], "out.parquet.parts"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_second_run_is_refused_and_leaves_the_first_alone(
    name: str, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words, folder = COMMANDS[name][0], Path(COMMANDS[name][1])
    command = [words[0], *([words[1]] if name == "reproduce" else []), str(many), *words[2 if name == "reproduce" else 1 :]]
    with alone(folder):
        if name != "features":
            Run(folder, {})  # as a run that has only begun
        (folder / f".{CONFIG}.0123456789ab.part").write_text("half")
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert run(command) == 7
        printed = capsys.readouterr().err
        assert f"another run is writing into {folder}" in printed
        after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert {path: content for path, content in after.items() if path in before} == before
