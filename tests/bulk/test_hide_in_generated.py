"""A message in the best of several generated covers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.bulk import hide_in_generated
from ssgan.bulk.hide_in_generated import cover_of, distortion, hide_in_best, planned, suspicion
from ssgan.cli.app import run
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.messages import scheme_choice
from ssgan.messages.files import Stego, reveal_files
from ssgan.messages.keys import KeyFile
from ssgan.messages.plan import HideSettings

KEY = KeyFile(bytes(range(32)))


def test_the_least_suspicious_stego_is_written_alone_and_gives_the_message_back(tmp_path: Path) -> None:
    chosen = hide_in_best(b"Meet me at nine", KEY, tmp_path / "out.png", HideSettings(scheme="lsb"), count=5)
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]
    assert reveal_files([tmp_path / "out.png"], KEY) == b"Meet me at nine"
    assert len(chosen.verdicts) == 5
    assert suspicion(chosen.verdicts[chosen.number]) == min(map(suspicion, chosen.verdicts))
    np.testing.assert_array_equal(images.read(tmp_path / "out.png").samples, chosen.hidden.stego)


def test_a_generated_cover_becomes_a_new_jpeg_and_the_one_with_the_least_distortion_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[float] = []

    def noted(stego: Stego) -> float:
        found.append(distortion(stego))
        return found[-1]

    monkeypatch.setattr(hide_in_generated, "distortion", noted)
    chosen = hide_in_best(b"nine", KEY, tmp_path / "out.jpg", HideSettings(jpeg=90), count=4)
    assert [path.name for path in tmp_path.iterdir()] == ["out.jpg"]
    assert reveal_files([tmp_path / "out.jpg"], KEY) == b"nine"
    assert chosen.hidden.scheme == "siuniward"
    assert chosen.verdicts == ()
    assert chosen.count == len(found) == len(set(found)) == 4
    assert all(0 < one < np.inf for one in found)
    assert found[chosen.number] == min(found)
    written = images.read(tmp_path / "out.jpg", convert=["jpeg"])
    assert written.notes == ()
    np.testing.assert_array_equal(written.samples, chosen.hidden.stego)


def test_two_covers_are_never_the_same() -> None:
    one, other = (hide_in_generated._covers(Path("faces64"), 1)[0] for _ in range(2))
    assert (one != other).mean() > 0.5


def test_what_does_not_fit_is_said_before_a_key_is_asked_for(tmp_path: Path) -> None:
    most = scheme_choice.picture_capacity(cover_of())
    assert planned(bytes(most), tmp_path / "out.png", HideSettings()).capacity_bytes == most
    with pytest.raises(DoesNotFit) as caught:
        planned(bytes(most + 1), tmp_path / "out.png", HideSettings())
    assert caught.value.reachable == most
    assert caught.value.hint
    for count in (0, -1, 1000):
        with pytest.raises(InvalidSetting):
            planned(b"", tmp_path / "out.png", HideSettings(), count=count)


def test_the_command_says_which_of_how_many_and_the_risk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSGAN_LEDGER", str(tmp_path / "ledger"))
    assert run(["keygen", "-o", "our.key"]) == 0
    hide = ["hide", "--covers", "generated", "--changed", "-m", "Meet me at nine", "--key-file", "our.key"]
    assert run([*hide, "--tries", "3", "-o", "out.png", "--json"]) == 0
    found = {row["message_type"]: row for row in map(json.loads, capsys.readouterr().out.splitlines()[1:])}
    assert found["chosen"]["count"] == 3
    assert 1 <= found["chosen"]["number"] <= 3
    assert found["risk"]["out"] == "out.png"
    assert run(["reveal", "out.png", "--key-file", "our.key"]) == 0
    assert capsys.readouterr().out == "Meet me at nine"
    assert run(["reveal", "out.png", "--key-file", "our.key"]) == 0
    assert run([*hide, "--no-risk", "-o", "other.png"]) == 0
    assert "risk:" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", ["a.png --covers generated", "a.png --tries 3", "--covers generated --tries 0", "--covers photographs"]
)
def test_what_does_not_go_together_is_refused(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["hide", *words.split(), "-m", "text", "-o", "out.png", "--key-file", "our.key"]) == 2
    assert not (tmp_path / "out.png").exists()
    assert "hint" in capsys.readouterr().err
