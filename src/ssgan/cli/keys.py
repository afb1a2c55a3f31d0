"""`ssgan keygen`, and the options that name the key."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from ssgan.cli.options import Json, Out
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting, StorageFailed

if TYPE_CHECKING:
    from ssgan.messages.keys import Key, KeyFile

_LONGEST = 1 << 16  # bytes of a key file
_KEY = Group("Key (without one you are asked for a passphrase)", sort_key=2)


@Parameter(name="*", group=_KEY)
@dataclass(frozen=True)
class KeyOptions:
    """The key: a key file, or a passphrase from the terminal, a file or a descriptor."""

    key_file: Annotated[Path | None, Parameter(help="A key file, made by ssgan keygen.")] = None
    passphrase_file: Annotated[Path | None, Parameter(help="A file whose first line is the passphrase.")] = None
    # Text, so that a passphrase given in its place by mistake is not repeated in an error.
    passphrase_fd: Annotated[str | None, Parameter(help="The number of an open file descriptor to read that line from.")] = None
    strong: Annotated[
        bool, Parameter(help="Make guessing a passphrase cost 2 GiB of memory instead of 64 MiB; both sides must give it.")
    ] = False

    def check(self) -> None:
        """Raise InvalidSetting for options that exclude each other, before anything is read."""
        if sum(one is not None for one in (self.key_file, self.passphrase_file, self.passphrase_fd)) > 1:
            raise InvalidSetting(
                "more than one key is given", hint="give one of --key-file, --passphrase-file, --passphrase-fd"
            )
        if self.passphrase_fd is not None and not (self.passphrase_fd.isascii() and self.passphrase_fd.isdigit()):
            raise InvalidSetting(
                "--passphrase-fd takes the number of an open descriptor, not a passphrase",
                hint="type the passphrase at the prompt, or give --passphrase-file: others can see the command line",
            )
        if self.strong and self.key_file is not None:
            raise InvalidSetting("--strong is given with a key file, which cannot be guessed", hint="leave --strong out")

    @property
    def is_given(self) -> bool:
        """Whether a key is named, so that none has to be asked for."""
        return any(one is not None for one in (self.key_file, self.passphrase_file, self.passphrase_fd))

    @property
    def from_stdin(self) -> bool:
        """Whether the passphrase comes from standard input."""
        return self.passphrase_fd is not None and int(self.passphrase_fd) == 0

    def key(self, screen: Screen, *, new: bool) -> Key:
        """Return the key; a `new` passphrase is typed twice, and warned of where it is easy to guess."""
        from ssgan.cli import passphrases
        from ssgan.messages.keys import Passphrase

        if self.key_file is not None:
            return _read(self.key_file, screen)
        if self.passphrase_file is not None:
            text = passphrases.from_file(self.passphrase_file)
        elif self.passphrase_fd is not None:
            text = passphrases.from_descriptor(int(self.passphrase_fd))
        else:
            text = passphrases.from_terminal(new=new)
        key = Passphrase(text, strong=self.strong)
        if new and (weakness := passphrases.weakness(key.text)):
            screen.warn(f"this passphrase is easy to guess: {weakness}; random words or a key file (ssgan keygen) are not")
        return key


def keygen(
    *,
    out: Annotated[Out, Parameter(help="The key file to make, never over another; - for standard output.")],
    json: Json = False,
) -> None:
    """Write a key file for sender and receiver.

    It holds 32 random bytes and replaces a passphrase. Hand it over once, in a safe way. Everyone who has
    it can read the messages of both sides.
    """
    from ssgan.messages.files import write_secret
    from ssgan.messages.keys import fresh_key

    screen, content = Screen(json=json), fresh_key().text().encode()
    if str(out) != "-":
        if os.path.lexists(out):
            raise StorageFailed(f"{out} exists already, and a key is never written over", hint="choose another name")
        write_secret(out, content)
        screen.result("key", f"key written to {out}: keep it secret, and give a copy to the other side", out=str(out))
        return
    if sys.stdout.isatty():
        raise InvalidSetting("a key is not printed on a terminal, which others may see", hint="name a file: -o KEY")
    if screen.stdout_is_open_to_others():
        screen.warn("the key goes into a file that others can read")
    screen.raw(content)


def _read(path: Path, screen: Screen) -> KeyFile:
    from ssgan.messages.keys import parse_key_file

    try:
        with path.open("rb") as file:
            status, content = os.fstat(file.fileno()), file.read(_LONGEST + 1)
    except OSError as error:
        raise InvalidSetting(f"{path} cannot be read: {error.strerror}", hint="check the name and the permissions") from error
    try:
        key = parse_key_file(content.decode("utf-8", "replace") if len(content) <= _LONGEST else "")
    except InvalidSetting as error:
        raise InvalidSetting(f"{path}: {error}", hint=error.hint) from None
    if os.name == "posix" and stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        screen.warn(f"others on this machine can open {path}: chmod 600 {path}")
    return key
