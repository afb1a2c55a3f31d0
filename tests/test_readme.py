"""README.md typed by a script: every command in the order printed, in one shell, in an empty folder, with nothing made before.

A passphrase is typed where one is asked for. Python blocks run in the folder of the shell. What a console block shows is
compared with what was printed. The slow test begins from a clone with what makes the environment, as a newcomer does.
"""

from __future__ import annotations

import os
import re
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fences import PASSPHRASE, ROOT, Fence, commands_of, fences, pattern_of, transcript_of

pty = pytest.importorskip("pty", reason="a terminal to type on is needed")
README = ROOT / "README.md"
MARK = "--ended--"


class Shell:
    """A bash on a terminal of its own, in a folder."""

    def __init__(self, folder: Path, path: str) -> None:
        own, self._terminal = pty.openpty()
        wanted = {
            "PATH": path,
            "PS1": "",
            "PS2": "",
            "TERM": "dumb",
            "PROMPT_COMMAND": f"echo {MARK} $?",
            "SSGAN_LEDGER": str(folder / "ledger"),
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COLUMNS")} | wanted
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noediting"],
            cwd=folder, env=environment, stdin=self._terminal, stdout=self._terminal, stderr=self._terminal,
            start_new_session=True, preexec_fn=_takes_terminal,  # getpass asks on the controlling terminal
        )  # fmt: skip
        self._own = own
        self._until_mark("bash", 60)
        self.type("stty -echo")

    def type(self, command: str, *, seconds: float = 400) -> tuple[int, str]:
        """Type a command; return its exit code and what it printed. Prompts for a passphrase are answered."""
        os.write(self._own, f"{command}\n".encode())
        return self._until_mark(command, seconds)

    def _until_mark(self, command: str, seconds: float) -> tuple[int, str]:
        printed, answered, until = "", 0, time.monotonic() + seconds
        while not (ended := re.search(rf"^{MARK} (\d+)\r?\n", printed, re.MULTILINE)):
            assert time.monotonic() < until, f"{command} did not end:\n{printed}"
            if select.select([self._own], [], [], 1)[0]:
                printed += os.read(self._own, 1 << 16).decode(errors="replace")
            if len(asked := re.findall(r"(?:Passphrase[^\n]*|The same again): ", printed)) > answered:
                answered = len(asked)
                time.sleep(0.1)  # getpass turns the echo off first
                os.write(self._own, f"{PASSPHRASE}\n".encode())
        return int(ended[1]), printed[: ended.start()].replace("\r\n", "\n").replace("\r", "\n")

    def close(self) -> None:
        self._bash.kill()
        self._bash.wait()
        os.close(self._own)
        os.close(self._terminal)


def _takes_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def programs() -> str:
    """The path on which a shell finds this environment's programs first."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))


def typed(fence: Fence, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The commands of a block with the lines that are shown of each."""
    if fence.language == "pycon":
        (folder / "block.txt").write_text(fence.text, encoding="utf-8")
        yield f"python -m doctest {shlex.quote(str(folder / 'block.txt'))}", []
    elif fence.language == "console":
        yield from transcript_of(fence.text)
    elif fence.language == "sh":
        yield from ((command, []) for command in commands_of(fence.text))


def type_page(shell: Shell, blocks: list[Fence], aside: Path) -> list[str]:
    """Type all commands of the blocks; return them. Each must end with 0 and print what the page shows."""
    done = []
    for fence in blocks:
        for command, shown in typed(fence, aside):
            code, printed = shell.type(command)
            assert code == 0, f"{fence.where}: {command} ended with {code}:\n{printed}"
            lines = "".join(f"{line.rstrip()}\n" for line in printed.splitlines() if line.strip())
            assert not shown or re.fullmatch(pattern_of(shown), lines), f"{fence.where}: {command} printed\n{lines}"
            done.append(command)
    return done


def test_it_is_short_and_begins_with_what_works() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    places = [text.index(words) for words in ("make demo", "source .venv/bin/activate", "$ ssgan hide", "$ ssgan reveal")]
    assert places == sorted(places)


@pytest.mark.timeout(1800)
def test_every_command_works_in_the_order_printed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    pytest.importorskip("skimage")  # the photographs
    shell = Shell(tmp_path, programs())
    try:
        done = type_page(shell, [fence for fence in fences(README) if not fence.reason], tmp_path_factory.mktemp("aside"))
    finally:
        shell.close()
    assert {command.split()[1] for command in done} >= {"hide", "reveal", "detect", "samples", "sample", "evaluate", "list"}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_of_it_works_from_a_fresh_clone(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    subprocess.run(["git", "clone", "-q", ROOT, tmp_path / "ssgan"], check=True)
    shell = Shell(tmp_path / "ssgan", os.environ["PATH"])
    try:
        done = type_page(shell, fences(tmp_path / "ssgan" / "README.md"), tmp_path_factory.mktemp("aside"))
    finally:
        shell.close()
    assert done[0].startswith("make demo")
    assert (tmp_path / "ssgan" / "out" / "made.png").is_file()
