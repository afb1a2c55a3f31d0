"""Read passphrases: from the terminal, the first line of a file, or a descriptor.

Never the command line or the environment: other programs see a command line while it runs, shells keep it,
and environments are handed on.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from ssgan.errors import InvalidSetting
from ssgan.messages.words import COUNT, fresh_passphrase

LONGEST = 4096  # bytes
_SHORT = 12  # characters
_FEW = 6  # different ones


def from_file(path: Path) -> str:
    """Return the first line of a file or a named pipe."""
    try:
        with path.open("rb") as file:
            return _text(file.readline(LONGEST + 1))
    except OSError as error:
        raise InvalidSetting(
            f"the passphrase cannot be read from {path}: {error.strerror}", hint="check the name and the permissions"
        ) from error


def from_descriptor(descriptor: int) -> str:
    """Return the first line of an open descriptor, without reading a byte more, since the rest may be meant for others."""
    line = b""
    try:
        while not line.endswith(b"\n") and len(line) <= LONGEST and (byte := os.read(descriptor, 1)):
            line += byte
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "no such descriptor"
        raise InvalidSetting(
            f"the passphrase cannot be read from descriptor {descriptor}: {reason}",
            hint="open it for reading: ssgan ... --passphrase-fd 3 3<FILE",
        ) from error
    return _text(line)


def from_terminal(*, new: bool) -> str:
    """Return what is typed, unseen; a `new` one is typed twice, and an empty answer gets random words."""
    if not _has_terminal():
        raise InvalidSetting(
            "no key is given, and there is no terminal to ask for a passphrase",
            hint="give --key-file, --passphrase-file or --passphrase-fd",
        )
    try:
        if not new:
            return _checked(getpass.getpass("Passphrase: "))
        text = getpass.getpass("Passphrase (leave empty to get a random one): ")
        if not text:
            text = fresh_passphrase()
            _say(f"The passphrase is, in {COUNT} words:\n\n    {text}\n\nKeep it: nobody can read the message without it.\n")
        elif getpass.getpass("The same again: ") != text:
            raise InvalidSetting("the two passphrases differ", hint="type them again")
    except EOFError:
        raise InvalidSetting(
            "no passphrase was typed", hint="type one, or name a file: --passphrase-file, --key-file"
        ) from None
    return _checked(text)


def weakness(text: str) -> str:
    """Return what makes a passphrase easy to guess, or nothing. A rough measure without a dictionary."""
    if len(text) < _SHORT:
        return f"it has fewer than {_SHORT} characters"
    if len(set(text)) < _FEW:
        return f"it has fewer than {_FEW} different characters"
    if text.isdigit() and len(text) < 2 * _SHORT:
        return "it has digits only"
    return ""


def _text(line: bytes) -> str:
    if len(line) > LONGEST:
        raise InvalidSetting(f"the passphrase is longer than {LONGEST} bytes", hint="take a line of a few words")
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        # Without the cause: it holds the passphrase.
        raise InvalidSetting("the passphrase is not UTF-8", hint="save its file as UTF-8 text") from None


def _checked(text: str) -> str:
    """Return the passphrase as UTF-8. Bytes outside the terminal's encoding arrive as surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidSetting("the passphrase is not UTF-8", hint="set the terminal to UTF-8") from None
    return text


def _has_terminal() -> bool:
    """Return whether there is a terminal to ask on, even where the standard streams are redirected."""
    if os.name == "nt":
        return sys.stdin is not None and sys.stdin.isatty()
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _say(text: str) -> None:
    """Print to the terminal itself, since the standard streams may go into a log."""
    with Path("CONOUT$" if os.name == "nt" else "/dev/tty").open("w", encoding="utf-8") as terminal:
        terminal.write(text)
