"""Say in our words what is wrong with a command line."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from cyclopts import CoercionError, CycloptsError, MissingArgumentError, UnknownCommandError, UnknownOptionError

from ssgan.cli.examples import EXAMPLES
from ssgan.errors import InvalidSetting, unknown

_SECRET = re.compile(r"--?(p|pass|passwd|password|passphrase|pwd)([ =].*)?|-p.*", re.DOTALL)  # in other programs, a passphrase
_KINDS: dict[type | None, str] = {int: "a whole number", float: "a number"}


def usage_error(error: CycloptsError, arguments: Sequence[str], commands: Collection[str]) -> InvalidSetting:
    """Return the error for a command line that cyclopts refuses. Nothing that may be a passphrase is repeated."""
    verb = arguments[0] if arguments and arguments[0] in commands else ""
    hint = f"run ssgan {verb} --help to see what can be given" if verb else "run ssgan --help to see what can be given"
    if isinstance(error, UnknownCommandError) and not verb:
        return _unknown_command(next(iter(error.unused_tokens or arguments)), commands)
    if isinstance(error, UnknownOptionError) and _is_secret(error):
        return InvalidSetting(
            "a passphrase is never given on the command line, where other programs and the shell's history keep it",
            hint="leave it out, and you are asked for it; or give --key-file or --passphrase-file",
        )
    if isinstance(error, MissingArgumentError) and error.argument is not None and not error.tokens_so_far:
        used = error.keyword if error.keyword in arguments else None
        if used or (error.argument.tokens and error.argument.tokens[-1].keyword):
            return InvalidSetting(f"{used or error.argument.name} has no value", hint=f"give one after it, or {hint}")
        name = error.argument.name
        example = f"write it as in: ssgan {EXAMPLES[verb][0][0]}" if verb in EXAMPLES else hint
        return InvalidSetting(f"{'the option ' if name.startswith('-') else ''}{name} is missing", hint=example)
    if isinstance(error, CoercionError) and error.argument is not None and error.token is not None:
        name, value, choices = error.argument.name, error.token.value, error.argument.get_choices()
        if choices:
            return unknown(name.lstrip("-").replace("-", " ").lower(), value, choices)
        if error.target_type in _KINDS:
            return InvalidSetting(f"{name} is {value!r}; it must be {_KINDS[error.target_type]}", hint=hint)
    return InvalidSetting(_said(error), hint=hint)


def _unknown_command(name: str, commands: Collection[str]) -> InvalidSetting:
    """Return the error for a command that does not exist, with the nearest and all of them."""
    if name.startswith("-"):
        return InvalidSetting(f"unknown option: {name}", hint="give the command first: ssgan COMMAND [OPTIONS]")
    error = unknown("command", name, commands)
    every = f"the commands are {', '.join(commands)}"
    return InvalidSetting(str(error), hint=f"{error.hint} {every}" if error.hint.startswith("did you mean") else every)


def _is_secret(error: UnknownOptionError) -> bool:
    """Return whether an unknown option of a command that takes a key looks like a passphrase."""
    takes_key = any("--key-file" in argument.names for argument in error.argument_collection)
    return takes_key and bool(_SECRET.fullmatch(error.token.keyword or error.token.value))


def _said(error: CycloptsError) -> str:
    """Return cyclopts' words in our voice, without what follows an unknown letter."""
    text = re.sub(r"^(Unknown option: -\w)\S+.*", r"\1", str(error))
    text = re.sub(r"\. ([A-Z])", lambda start: f"; {start[1].lower()}", text)
    return text[:1].lower() + text[1:].rstrip(".")
