"""Commands that read a folder and write one: the one may not lie in the other, whatever the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.cli.app import run

COMMANDS = {
    "train": "train DATA -o OUT --preset tiny --image-size 8 --width 4 --latent 8 --batch 8 --channels 1",
    "train-detector": "train-detector DATA -o OUT --embedder lsb@0.8/plain --detector spam/ridge",
    "evaluate": "evaluate DATA -o OUT --embedder lsb@0.8/plain --detector spam/ridge",
    "against": "evaluate OTHER -o OUT --embedder lsb@0.8/plain --detector spam/ridge --against DATA",
    "transfer": "evaluate OTHER -o OUT --embedder lsb@0.8/plain --detector spam/ridge --transfer-to DATA",
    "reproduce": "reproduce table2 DATA -o OUT --size smoke",
    "simulate": "simulate DATA -o OUT --embedder lsb@0.8/plain",
    "features": "features DATA -o OUT --set spam",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_output_among_the_input_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("data", "other"):
        (tmp_path / folder).mkdir()
        images.write(tmp_path / folder / "0.png", np.zeros((1, 8, 8), np.uint8), durable=False)
    given = {"DATA": str(tmp_path / "data"), "OTHER": str(tmp_path / "other"), "OUT": str(tmp_path / "data" / "out")}
    before = sorted(tmp_path.rglob("*"))
    assert run([given.get(word, word) for word in COMMANDS[name].split()]) == 2
    assert "would be among the next images" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
