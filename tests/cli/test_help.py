"""What is typed to begin with: --version, each command's examples, and what shells complete."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from cyclopts import CycloptsError

import ssgan
from ssgan.cli import app, completion
from ssgan.cli.app import run
from ssgan.cli.examples import EXAMPLES, epilogue
from ssgan.cli.reproduce import reproduce
from ssgan.experiments.catalog import EXPERIMENTS
from ssgan.gan.training.settings import PRESETS

COMMANDS = list(app.COMMANDS)
SHELLS: tuple[completion.Shell, ...] = ("bash", "zsh", "fish")


def test_every_command_has_examples_and_there_are_none_of_others() -> None:
    assert sorted(EXAMPLES) == sorted(COMMANDS)
    assert epilogue("nothing") == ""


@pytest.mark.parametrize("verb", EXAMPLES)
def test_the_examples_are_command_lines_that_can_be_meant(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    for line, words in EXAMPLES[verb]:
        assert words
        try:
            command, bound, ignored = app.commands().parse_args(shlex.split(line), exit_on_error=False, print_error=False)
        except CycloptsError as error:
            raise AssertionError(f"{line}: {error}") from error
        assert verb == "models" or command is app.load(verb), line
    assert run([verb, "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert all(" ".join(shlex.split(line)[:1]) in shown and words in shown for line, words in EXAMPLES[verb])


@pytest.mark.parametrize("flag", ["--version"])
def test_the_version_is_that_of_the_package(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([flag]) == 0
    assert capsys.readouterr().out.strip() == ssgan.__version__


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_knows_every_command_and_is_one_that_the_shell_takes(
    shell: completion.Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in COMMANDS)
    (tmp_path / "script").write_text(script, encoding="utf-8")
    if shutil.which(shell):
        subprocess.run([shell, "-n", tmp_path / "script"], check=True)


def test_bash_completes_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not shutil.which("bash"):
        pytest.skip("there is no bash here")
    assert run(["completion", "bash", "-o", str(tmp_path / "ssgan")]) == 0
    capsys.readouterr()
    ask = (
        f"source {tmp_path}/ssgan; COMP_WORDS=(ssgan rev); COMP_CWORD=1; COMP_LINE='ssgan rev'; COMP_POINT=9; "
        'f=$(complete -p ssgan | sed "s/.*-F \\([^ ]*\\).*/\\1/"); $f ssgan rev ssgan; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    completed = subprocess.run(["bash", "-c", ask], check=True, capture_output=True, text=True)
    assert completed.stdout.split() == ["reveal"]


@pytest.mark.parametrize("shell", SHELLS)
def test_it_is_installed_where_the_shell_looks_and_nothing_else_is_touched(
    shell: completion.Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for _ in range(2):  # an older one is replaced
        assert run(["completion", shell, "--install"]) == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [completion.place(shell)]
    assert run(["completion", shell, "--install", "-o", "x"]) == 2


def test_reproduce_offers_every_experiment() -> None:
    asked, _ = get_args(get_type_hints(reproduce, include_extras=True)["table"])
    assert get_args(asked) == (*EXPERIMENTS, "all")


@pytest.mark.parametrize("verb", COMMANDS)
def test_the_list_shows_the_first_line_of_each_command(verb: str) -> None:
    made = app.commands([verb])
    assert made[verb].help.split("\n\n")[0] == app.COMMANDS[verb].summary


def test_the_list_of_commands_loads_none_of_them() -> None:
    ask = "import sys; from ssgan.cli.app import run; run(['--help']); print(*sys.modules)"
    made = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True)
    loaded = set(made.stdout.splitlines()[-1].split())
    assert "ssgan.cli.app" in loaded
    assert not loaded & {f"ssgan.cli.{command.function.partition(':')[0]}" for command in app.COMMANDS.values()}
    assert "torch" not in loaded


def test_piped_help_is_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sample", "--help"]) == 0
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "Options:\n" in printed
    assert "default: False" not in printed
    assert "default: None" not in printed
    assert "default: 64" in printed


def test_the_help_of_train_names_every_preset(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--help"]) == 0
    words = set(capsys.readouterr().out.replace(",", " ").replace(".", " ").split())
    assert set(PRESETS) <= words
