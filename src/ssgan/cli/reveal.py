"""`ssgan reveal`: the receiver's command. It imports no torch and no scheme."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ssgan.cli.keys import KeyOptions
from ssgan.cli.options import Force, Json, Out
from ssgan.cli.screen import Screen, counted
from ssgan.errors import InvalidSetting, StorageFailed

_STANDARD = Path("-")


def reveal(
    *stegos: Annotated[
        Path, Parameter(help="The stego, or all that you have of a spread message or an album; - for standard input.")
    ],
    out: Annotated[
        Out | None, Parameter(help="A file for the message, which only you can read; - for standard output.")
    ] = None,
    generator: Annotated[Path | None, Parameter(help="The generator of a drawn cover, if it did not come with ssgan.")] = None,
    album: Annotated[int | None, Parameter(help="Pictures that the album had, if more than half are lost.")] = None,
    key: KeyOptions | None = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Read the message in a picture.

    It is written as it was hidden, to standard output or a file. On a terminal the prompt starts on a new line. A wrong key,
    no message, and a picture changed since it was written give one answer: they cannot be told apart. The pictures of an
    album may be compressed, resized and shuffled, and one may be missing.
    """
    from ssgan.cli.hide_drawn import model_folder, model_of
    from ssgan.messages.files import reveal_files, write_secret
    from ssgan.messages.reveal import as_text

    key, screen = key or KeyOptions(), Screen(json=json)
    key.check()
    if stegos.count(_STANDARD) + key.from_stdin > 1:
        raise InvalidSetting("standard input is asked for twice", hint="give the passphrase by another descriptor or a file")
    named = None if out is None or out == _STANDARD else out
    if named is not None:
        _check_place(named, [*stegos, key.key_file, key.passphrase_file], overwrite=force)
    sources = [sys.stdin.buffer if stego == _STANDARD else stego for stego in stegos]
    models = [] if generator is None else [model_of(generator)]
    options: dict[str, Any] = {"notify": lambda note: screen.note("note", note, note=note), "models": models}
    opened = key.key(screen, new=False)
    if len(sources) == 1 and album is None:
        message = reveal_files(sources, opened, **options)
    else:
        from ssgan.messages.album_files import reveal_files_of_any_kind  # here, since it brings compiled loops

        folder = None if generator is None else model_folder(generator)
        message = reveal_files_of_any_kind(sources, opened, generator=folder, size=album, **options)
    if named is not None:
        write_secret(named, message, overwrite=force)
        screen.result(
            "revealed", f"{counted(len(message), 'byte')} written to {named}", message_bytes=len(message), out=str(named)
        )
    elif json:
        coded = base64.b64encode(message).decode()
        screen.result("message", "", message_bytes=len(message), message=as_text(message), base64=coded)
    else:
        if out is None and sys.stdout.isatty() and as_text(message) is None:
            raise InvalidSetting(
                f"the message, {counted(len(message), 'byte')}, is not plain text and was not shown on the terminal",
                hint="write it to a file with -o FILE, or give -o - to show it all the same",
            )
        screen.raw(message)
        if sys.stdout.isatty() and not message.endswith(b"\n"):
            screen.raw(b"\n")  # so that the prompt starts on a new line; a file or a pipe gets the message alone


def _check_place(out: Path, read: list[Path | None], *, overwrite: bool) -> None:
    """Refuse an existing output, and one that is read from, before the key is asked for."""
    from ssgan.messages.plan import same_file

    if not os.path.lexists(out):
        return
    if any(path is not None and same_file(path, out) for path in read):
        raise StorageFailed(f"{out} is read from and was left as it is", hint="choose another name")
    if not overwrite:
        raise StorageFailed(f"{out} exists already and was left as it is", hint="choose another name, or allow overwriting")
