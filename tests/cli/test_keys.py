"""Where keys and messages come from and go to: streams, files, a terminal; and that no secret goes anywhere else."""

from __future__ import annotations

import io
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.cli import passphrases
from ssgan.cli.app import run
from ssgan.cli.keys import KeyOptions
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting
from ssgan.messages.keys import Passphrase
from ssgan.messages.reveal import as_text
from tests.processes import begun

PASSPHRASE, MESSAGE = "canary-in-the-coal-mine", "the-second-canary"
# A terminal of its own for the command that follows: the new session takes descriptor 0 of this process.
WITH_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "ssgan", *sys.argv[1:]])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the test, with a color cover and a key file."""
    images.write(tmp_path / "cover.png", np.random.default_rng(1).integers(0, 256, (3, 48, 48), dtype=np.uint8))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSGAN_LEDGER", str(tmp_path / "ledger"))
    assert run(["keygen", "-o", "our.key", "--json"]) == 0
    return tmp_path


def feed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def hide(*more: str) -> int:
    return run(["hide", "cover.png", "-o", "stego.png", "--no-ledger", *more])


# Streams.


@pytest.mark.parametrize("named", [["-"], ["-f", "-"], ["--file", "-"]])
def test_a_message_passes_from_standard_input_to_standard_output_byte_by_byte(
    named: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    message = b"\x00\xff\r\n\x1b[31m no end of line"
    feed(monkeypatch, message)
    assert hide(*named, "--key-file", "our.key") == 0
    capfdbinary.readouterr()
    command = [sys.executable, "-m", "ssgan", "reveal", "-", "--key-file", "our.key"]
    with (folder / "stego.png").open("rb") as stego:
        assert subprocess.run(command, stdin=stego, capture_output=True, check=True).stdout == message


def test_a_hyphen_may_be_the_message(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hide("-m", "-", "--key-file", "our.key") == 0
    capsys.readouterr()
    assert run(["reveal", "stego.png", "--key-file", "our.key"]) == 0
    assert capsys.readouterr().out == "-"


def test_a_message_may_be_empty_begin_with_hyphens_or_be_no_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for message in ("", "--json", "-x", os.fsdecode(b"\xff")):
        assert hide("-m", message, "--key-file", "our.key", "--force") == 0
        capsys.readouterr()
        assert run(["reveal", "stego.png", "--key-file", "our.key", "-o", "message", "--force"]) == 0
        assert (folder / "message").read_bytes() == os.fsencode(message)


def test_a_key_goes_to_standard_output_whole(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["keygen", "-o", "-"]) == 0
    printed = capsys.readouterr().out
    assert re.fullmatch(r"# [^\n]*\nSSGAN-KEY-1-[0-9a-f]{64}\n", printed)


def test_a_key_file_that_others_can_open_is_warned_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "our.key").chmod(0o644)
    assert hide("-m", "x", "--key-file", "our.key") == 0
    assert "chmod 600 our.key" in capsys.readouterr().err


def test_a_message_that_is_read_from_is_not_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "message.png").write_bytes(b"text")
    code = run(["hide", "cover.png", "-f", "message.png", "-o", "message.png", "--force", "--key-file", "our.key"])
    assert code == 7
    assert (folder / "message.png").read_bytes() == b"text"


@pytest.mark.parametrize(
    ("message", "text"), [(b"a\tb\r\n", "a\tb\r\n"), (b"\xff", None), (b"\x1b[2J", None), ("\x9b2J".encode(), None)]
)
def test_what_could_steer_a_terminal_is_no_text(message: bytes, text: str | None) -> None:
    assert as_text(message) == text


# Passphrases.


def test_the_passphrase_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    for content in (b"open sesame", b"open sesame\n", b"open sesame\r\nand more\n"):
        (tmp_path / "words").write_bytes(content)
        assert passphrases.from_file(tmp_path / "words") == "open sesame"
    (tmp_path / "words").write_bytes(b" spaces count \n")
    assert passphrases.from_file(tmp_path / "words") == " spaces count "


def test_a_byte_order_mark_is_no_part_of_a_passphrase_or_key_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As editors on Windows write one: the other side, without it, has the same key."""
    (folder / "words").write_text(PASSPHRASE, encoding="utf-8")
    (folder / "marked words").write_text(PASSPHRASE + "\r\n", encoding="utf-8-sig")
    (folder / "marked.key").write_text((folder / "our.key").read_text(), encoding="utf-8-sig")
    for written, read in ((["--passphrase-file", "marked words"], ["--passphrase-file", "words"]), (
        ["--key-file", "marked.key"], ["--key-file", "our.key"])):  # fmt: skip
        assert hide("-m", MESSAGE, *written, "--force") == 0
        capsys.readouterr()
        assert run(["reveal", "stego.png", *read]) == 0
        assert capsys.readouterr().out == MESSAGE


def test_utf_16_is_no_passphrase_and_no_key_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "words").write_text(PASSPHRASE, encoding="utf-16")
    (folder / "wide.key").write_text((folder / "our.key").read_text(), encoding="utf-16")
    assert hide("-m", "x", "--passphrase-file", "words") == 2
    assert "the passphrase is not UTF-8" in capsys.readouterr().err
    assert hide("-m", "x", "--key-file", "wide.key") == 2
    assert "this is not a key file" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_descriptor_is_read_to_the_end_of_the_line_and_no_further() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"open sesame\nrest")
    os.close(theirs)
    assert passphrases.from_descriptor(ours) == "open sesame"
    assert os.read(ours, 100) == b"rest"
    assert passphrases.from_descriptor(ours) == ""
    os.close(ours)


@pytest.mark.parametrize("content", [b"canary \xff\n", b"canary" * 1000])
def test_an_error_about_a_passphrase_does_not_repeat_it(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(content)
    with pytest.raises(InvalidSetting) as refused:
        passphrases.from_file(tmp_path / "words")
    assert "canary" not in str(refused.value) + refused.value.hint
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "weak"),
    [("sesame", True), ("aaaaaaaaaaaaaaaa", True), ("20061986200619", True), ("open sesame, please", False)],
)
def test_passphrases_that_are_easy_to_guess_are_told(text: str, weak: bool) -> None:
    assert bool(passphrases.weakness(text)) is weak


def test_a_weak_passphrase_is_warned_of_when_hiding_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "words").write_text("sesame\n")
    assert hide("-m", "x", "--passphrase-file", "words") == 0
    assert "easy to guess: it has fewer than 12 characters" in capsys.readouterr().err
    assert run(["reveal", "stego.png", "--passphrase-file", "words"]) == 0
    assert capsys.readouterr() == ("x", "")


def test_strong_goes_with_the_passphrase(folder: Path) -> None:
    (folder / "words").write_text(PASSPHRASE)
    for strong in (False, True):
        key = KeyOptions(passphrase_file=folder / "words", strong=strong).key(Screen(), new=False)
        assert key == Passphrase(PASSPHRASE, strong=strong)
        assert PASSPHRASE not in repr(key)


def test_an_empty_passphrase_is_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "words").write_text("\n")
    assert hide("-m", "x", "--passphrase-file", "words") == 2
    assert "the passphrase is empty" in capsys.readouterr().err


# Secrets.


def test_no_secret_is_anywhere_but_in_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the commands print, the names and contents of all files afterwards, for success and for every failure."""
    (folder / "words").write_text(PASSPHRASE + "\n")
    (folder / "text").write_text(MESSAGE)
    (folder / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "temporary"))
    (folder / "wrong").write_text("another passphrase\n")
    before = {path for path in folder.rglob("*") if path.is_file()}
    key = ["--passphrase-file", "words"]
    commands = (
        (0, ["hide", "cover.png", "-f", "text", "-o", "stego.png", *key]),
        (5, ["hide", "cover.png", "-f", "text", "-o", "again.png", *key, "--json"]),
        (2, ["hide", "cover.png", "-f", "text", "-o", "again.png", *key, "--no-ledger", "--scheme", "canaria"]),
        (7, ["hide", "cover.png", "-f", "text", "-o", "missing/stego.png", *key]),
        (3, ["reveal", "stego.png", "--passphrase-file", "wrong"]),
        (7, ["reveal", "stego.png", *key, "-o", "missing/message", "--json"]),
        (3, ["reveal", "cover.png", *key, "--json"]),
    )
    for code, command in commands:
        assert run(command) == code
        printed = capfd.readouterr()
        assert PASSPHRASE not in printed.out + printed.err
        assert MESSAGE not in printed.out + printed.err
    for path in set(folder.rglob("*")) - before:
        assert "canary" not in str(path.relative_to(folder))
        if path.is_file():
            assert b"canary" not in path.read_bytes()


def test_who_has_no_terminal_and_gives_no_key_is_told(folder: Path) -> None:
    for command in (["hide", "cover.png", "-m", "x", "-o", "stego.png"], ["reveal", "cover.png"]):
        made = subprocess.run(
            [sys.executable, "-m", "ssgan", *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, start_new_session=True,
        )  # fmt: skip
        assert made.returncode == 2
        assert made.stderr.splitlines()[-2:] == [
            "ssgan: error: no key is given, and there is no terminal to ask for a passphrase",
            "ssgan: hint: give --key-file, --passphrase-file or --passphrase-fd",
        ]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_command_that_is_told_to_end_leaves_nothing_behind(folder: Path) -> None:
    images.write(folder / "large.png", np.random.default_rng(2).integers(0, 256, (3, 700, 700), dtype=np.uint8))
    (folder / "text").write_bytes(bytes(20_000))
    command = ["hide", "large.png", "-f", "text", "-o", "stego.png", "--key-file", "our.key"]
    with begun([sys.executable, "-m", "ssgan", *command], stderr=subprocess.PIPE) as process:
        while not (folder / "ledger" / "covers").exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + signal.SIGTERM, b"")
    assert {path.name for path in folder.iterdir()} == {"cover.png", "large.png", "ledger", "our.key", "text"}


# A terminal.


class Terminal:
    """A command at a terminal of its own: what it shows there, and the standard streams where they do not go there."""

    def __init__(self, *command: str, shows_output: bool = False) -> None:
        self.ours, theirs = os.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", WITH_TERMINAL, *command],
            stdin=theirs, stdout=theirs if shows_output else subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self.ours], [], [], 1)[0]:
                self.seen += os.read(self.ours, 4096).decode()

    def answer(self, prompt: str, text: str) -> None:
        self.wait_for(prompt)
        time.sleep(0.1)  # what is typed before the echo is switched off would be dropped
        os.write(self.ours, text.encode() + b"\n")

    def end(self) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        out, err = self.process.communicate(timeout=60)
        os.close(self.ours)
        return self.process.returncode, (out or b"").decode(), err.decode()


posix = pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")


@posix
def test_a_passphrase_is_asked_for_twice_to_hide_and_once_to_reveal(folder: Path) -> None:
    at = Terminal("hide", "cover.png", "-m", "x", "-o", "stego.png")
    at.answer("get a random one): ", PASSPHRASE)
    at.answer("The same again: ", PASSPHRASE)
    code, out, err = at.end()
    assert (code, err) == (0, "")
    assert PASSPHRASE not in out + err + at.seen
    at = Terminal("reveal", "stego.png")
    at.answer("Passphrase: ", PASSPHRASE)
    assert at.end() == (0, "x", "")
    assert PASSPHRASE not in at.seen


@posix
def test_two_different_answers_are_an_error_and_write_nothing(folder: Path) -> None:
    at = Terminal("hide", "cover.png", "-m", "x", "-o", "stego.png")
    at.answer("get a random one): ", PASSPHRASE)
    at.answer("The same again: ", PASSPHRASE + "!")
    code, _, err = at.end()
    assert code == 2
    assert err.startswith("ssgan: error: the two passphrases differ")
    assert not (folder / "stego.png").exists()


@posix
def test_who_leaves_the_passphrase_empty_is_given_one_on_the_terminal_only(folder: Path) -> None:
    at = Terminal("hide", "cover.png", "-m", "x", "-o", "stego.png")
    at.answer("get a random one): ", "")
    at.wait_for("nobody can read")
    code, out, err = at.end()
    words = next(line.strip() for line in at.seen.splitlines() if len(line.split()) == 10 and line.startswith("    "))
    assert (code, err) == (0, "")
    assert words not in out + err
    (folder / "words").write_text(words + "\n")
    assert run(["reveal", "stego.png", "--passphrase-file", "words"]) == 0


@posix
def test_bytes_that_are_no_text_are_not_shown_on_a_terminal(folder: Path) -> None:
    (folder / "message").write_bytes(b"\x1b[31mred\xff")
    assert hide("-f", "message", "--key-file", "our.key") == 0
    at = Terminal("reveal", "stego.png", "--key-file", "our.key", shows_output=True)
    code, _, err = at.end()
    assert code == 2
    assert "not plain text" in err
    assert "-o FILE" in err


@posix
def test_a_key_is_not_shown_on_a_terminal(folder: Path) -> None:
    code, _, err = Terminal("keygen", "-o", "-", shows_output=True).end()
    assert code == 2
    assert "name a file" in err


@posix
def test_an_interrupted_question_ends_quietly(folder: Path) -> None:
    at = Terminal("hide", "cover.png", "-m", "x", "-o", "stego.png")
    at.wait_for("get a random one): ")
    at.process.send_signal(signal.SIGINT)
    code, out, err = at.end()
    assert (code, out) == (130, "")
    assert err.splitlines()[0] == "ssgan: error: interrupted"
    assert not (folder / "stego.png").exists()
