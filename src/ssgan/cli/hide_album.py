"""`ssgan hide --album` and `ssgan capacity --album`: pictures that say a message by what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from ssgan.cli.hide_drawn import Making, model_folder, spare
from ssgan.cli.keys import KeyOptions
from ssgan.cli.screen import Screen, counted
from ssgan.errors import InvalidSetting


@Parameter(name="*", group=Group("An album that lives through compression", sort_key=2))
@dataclass(frozen=True)
class AlbumOptions:
    """An album in place of a cover."""

    album: Annotated[
        int | None,
        Parameter(
            help="Draw so many pictures, 12, 24 or 48, that say the message by what they show, so that it lives through JPEG "
            "and resizing; -o is a folder.",
        ),
    ] = None
    channel: Annotated[
        str | None,
        Parameter(help="What the album is to live through, such as jpeg75, webp80 or x2+jpeg80; jpeg75, if left out."),
    ] = None

    def check(self, covers: Sequence[Path], making: Making) -> None:
        """Refuse options that do not go together. Raises InvalidSetting."""
        if self.album is None:
            if self.channel is not None:
                raise InvalidSetting("--channel is given without --album", hint="add --album 24, or leave it out")
            return
        if covers:
            raise InvalidSetting("files are given together with --album", hint="leave out the files, or --album")
        if making.changed or making.tries is not None or making.count is not None:
            raise InvalidSetting(
                "--album is given together with --changed, --tries or --count", hint="leave them out: an album is drawn once"
            )


def draw_album(
    screen: Screen,
    message: bytes,
    out: Path,
    key: KeyOptions,
    options: AlbumOptions,
    making: Making,
    *,
    compress: bool,
    dry: bool,
    read: Sequence[Path | None],
    force: bool,
) -> None:
    """Draw an album by a message, and say what it is."""
    from ssgan.messages.album_files import USUAL_CHANNEL, carry_out, in_words, load, planned, promise_bytes

    assert options.album is not None
    model, channel = load(model_folder(making.generator)), options.channel or USUAL_CHANNEL
    plan = planned(message, out, model, size=options.album, channel=channel, compress=compress, overwrite=force)
    spare(plan.outs, read)
    size, capacity = options.album, promise_bytes(model, options.album, channel)
    facts = {"out": str(out), "count": size, "channel": channel, "capacity_bytes": capacity, "generator": model.drawn.name}
    if dry:
        text = f"would draw {counted(size, 'picture')} in {out}, which carry {counted(capacity, 'byte')} through {channel}"
        screen.result("plan", text, **facts, dry_run=True)
        return
    carry_out(plan, key.key(screen, new=True))
    text = f"{counted(len(message), 'byte')} drawn in {out}, an album of {size} pictures for {channel}"
    screen.result("album", text, message_bytes=len(message), **facts, model=model.drawn.identity.hex())
    if not screen.json:
        screen.note("note", f"album: {in_words(model.drawn.name, channel)}")


def show_album_capacity(screen: Screen, options: AlbumOptions, making: Making) -> None:
    """Say how many bytes an album carries through a channel."""
    from ssgan.messages.album_files import USUAL_CHANNEL, load, promise_bytes

    assert options.album is not None
    model, channel = load(model_folder(making.generator)), options.channel or USUAL_CHANNEL
    capacity = promise_bytes(model, options.album, channel)
    text = f"an album of {options.album} pictures of {model.drawn.name}: {counted(capacity, 'byte')} through {channel}"
    screen.result(
        "capacity", text, cover=model.drawn.name, count=options.album, channel=channel, capacity_bytes=capacity
    )  # fmt: skip
