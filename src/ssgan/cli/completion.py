"""`ssgan completion`: what a shell needs to know to complete command lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from ssgan.cli.options import Force, Json
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting

Shell = Literal["bash", "zsh", "fish"]


def completion(
    shell: Annotated[Shell, Parameter(help="Which shell.")],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=("--out", "-o"), help="A file to write it to.")] = None,
    install: Annotated[bool, Parameter(help="Write it where the shell looks for it, and say where that is.")] = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Let your shell complete commands and options.

    Print the script for Tab, or install it with --install. Installed it is used by every new shell: bash needs the package
    bash-completion, for zsh the folder ~/.zfunc must be in fpath (fpath+=~/.zfunc before compinit in .zshrc). No file of
    yours is changed.
    """
    from ssgan.cli.app import commands
    from ssgan.storage.atomic import atomic_write
    from ssgan.storage.folders import make_folder

    if install and out is not None:
        raise InvalidSetting("--install and -o are both given", hint="give --install or -o")
    script = commands().generate_completion(shell=shell)
    screen, path = Screen(json=json), place(shell) if install else out
    if path is None:
        screen.result("completion", script.splitlines(), shell=shell, script=script)
        return
    make_folder(path.parent)
    # The script is of this version; an installed one is older.
    with atomic_write(path, overwrite=force or install) as temporary:
        temporary.write_text(script, encoding="utf-8", newline="\n")
    screen.result("completion", f"{path}: a new {shell} completes ssgan with Tab", shell=shell, out=str(path))


def place(shell: Shell) -> Path:
    """Return the path of a shell's completion script. Raises StorageFailed where this user has no home folder."""
    from ssgan.storage.folders import home, xdg_folder

    if shell == "zsh":
        return home() / ".zfunc" / "_ssgan"
    if shell == "fish":
        return xdg_folder("config") / "fish" / "completions" / "ssgan.fish"
    return xdg_folder("data") / "bash-completion" / "completions" / "ssgan"
