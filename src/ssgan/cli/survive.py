"""`ssgan survive`: which changes of its files a message lives through, tried for real."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.hide_drawn import model_folder
from ssgan.cli.keys import KeyOptions
from ssgan.cli.options import Json, Quiet
from ssgan.cli.screen import Screen, counted
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    from ssgan.messages.network_pairs import NetworkReport


def survive(
    *stegos: Annotated[Path, Parameter(help="The stego; all stegos of a spread message; the pictures of an album.")],
    through: Annotated[
        list[str] | None,
        Parameter(
            help="Changes to try, by name or as a recipe such as x2+jpeg80; the whole list, if left out.",
            consume_multiple=True,
        ),
    ] = None,
    before: Annotated[
        Path | None, Parameter(help="A drawn picture as you sent it, or a folder of some; needs --after and no stego.")
    ] = None,
    after: Annotated[Path | None, Parameter(help="The same pictures as the network gave them back.")] = None,
    album: Annotated[int | None, Parameter(help="Pictures the album had, if some are lost.")] = None,
    generator: Annotated[
        Path | None, Parameter(help="Of drawn covers and albums, the generator, if it is not one of the package.")
    ] = None,
    key: KeyOptions | None = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Try which changes of its files a message lives through.

    Compressing again, resizing, cropping, saving as another format, a lost picture: each change is made for real, by real
    codecs, and the message is read from what is left. With --before and --after, learn from your own pictures what a network
    did to them, and how much an album would carry through it; no key is needed for that.
    """
    screen = Screen(json=json, quiet=quiet)
    if before is not None or after is not None:
        if before is None or after is None or stegos:
            raise InvalidSetting(
                "--before and --after go together, and with no stego", hint="run ssgan survive --before SENT --after RECEIVED"
            )
        from ssgan.messages.network_pairs import compare

        _show_report(screen, compare(before, after, model_folder(generator)))
        return
    if not stegos:
        raise InvalidSetting("no stego is given", hint="run ssgan survive STEGO --key-file KEY")
    from ssgan.messages.album_files import reveal_files_of_any_kind
    from ssgan.messages.keys import Key
    from ssgan.messages.survive import TRANSFORMATIONS
    from ssgan.messages.survive import survive as tried

    key = key or KeyOptions()
    key.check()
    folder = None if generator is None else model_folder(generator)

    def reveal(paths: object, chosen: Key) -> bytes:
        return reveal_files_of_any_kind(list(paths), chosen, generator=folder, size=album)  # type: ignore[call-overload]

    chosen = key.key(screen, new=False)
    with screen.progress(len(through or TRANSFORMATIONS), "trying") as progress:
        rows = tried(list(stegos), chosen, reveal, names=through or (), progress=progress)
    if json:
        for row in rows:
            screen.result("survival", "", name=row.name, change=row.words, lives=row.lives, outcome=row.outcome)
    else:
        screen.table(
            "survival",
            [{"change": row.name, "what it is": row.words, "message": "lives" if row.lives else "lost"} for row in rows],
        )
    lived = sum(row.lives for row in rows)
    screen.result(
        "survived", f"the message lives through {lived} of {counted(len(rows), 'change')}", lived=lived, tried=len(rows)
    )


def _show_report(screen: Screen, report: NetworkReport) -> None:
    lines = [
        f"{counted(report.pictures, 'pair')}: {report.size_before} became {report.size_after}, {report.formats}",
        f"signs that read otherwise than before: {report.signs_changed:.1%}; latents moved by {report.drift:.4f}, mean square",
    ]
    if report.like is None:
        lines.append("that is more than any channel that was measured: do not trust an album to this network")
    else:
        promised = ", ".join(f"{size} pictures {promise} bytes" for size, promise in report.promises.items())
        lines.append(f"that is no more than {report.like} does, through which albums carry: {promised}")
    screen.result("network", lines, **report.as_record())
