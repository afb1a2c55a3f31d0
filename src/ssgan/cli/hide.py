"""`ssgan hide` and `ssgan capacity`: the sender's commands."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

from cyclopts import Group, Parameter

from ssgan.cli.hide_album import AlbumOptions, draw_album, show_album_capacity
from ssgan.cli.hide_drawn import Making, draw, show_capacity, spare
from ssgan.cli.keys import KeyOptions
from ssgan.cli.options import Force, Json, Needed, Out, Quiet, Verbose
from ssgan.cli.risk import show_risk
from ssgan.cli.screen import Screen, counted
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    from ssgan.images import Picture
    from ssgan.messages.hide import Hidden
    from ssgan.messages.keys import Key
    from ssgan.messages.plan import HidePlan, HideSettings, HideTask

_STDIN = Path("-")
_FOR_CHANGES = ("scheme", "jpeg", "allow_flat", "reuse", "keep_metadata", "upright")  # options of a change to a cover
_LARGEST_MESSAGE = 64 << 20  # bytes: more than any cover takes
MUCH = 0.2  # bits per sample: up to here the published detectors of adaptive schemes are wrong often enough
MUCH_TOGETHER = 0.4  # bits per pixel: HILL is wrong as often there as with far less in single channels
_AS_A_FILE = "send it as a file: a messenger that compresses pictures again destroys the message, and nothing can bring it back"
_METADATA_STAYS = "metadata stays, as in the cover's file: EXIF and a thumbnail may tell of place, time, device and owner"
_MESSAGE, _WAY = Group("Message", sort_key=1), Group("Way of hiding", sort_key=3)


@Parameter(name="*", group=_MESSAGE)
@dataclass(frozen=True, repr=False)
class MessageOptions:
    """The message: typed, in a file, or from standard input."""

    message: Annotated[
        str | None,
        Parameter(
            name=("--message", "-m"),
            allow_leading_hyphen=True,
            help="The message itself. Others can see it while the command runs, and the shell's history keeps it.",
        ),
    ] = None
    file: Annotated[Path | None, Parameter(name=("--file", "-f"), help="A file with the message; - for standard input.")] = None

    def read(self, *, from_stdin: bool) -> bytes:
        """Return the message's bytes. Exactly one source must be named."""
        from_stdin |= self.file is not None and self.file == _STDIN
        in_file = self.file is not None and self.file != _STDIN
        if sum((self.message is not None, in_file, from_stdin)) != 1:
            raise InvalidSetting("no message is given, or several are", hint="give -m TEXT, -f FILE, or - for standard input")
        if self.message is not None:
            return self.message.encode("utf-8", "surrogateescape")
        try:
            if self.file is None or from_stdin:
                message = sys.stdin.buffer.read(_LARGEST_MESSAGE + 1)
            else:
                with self.file.open("rb") as file:
                    message = file.read(_LARGEST_MESSAGE + 1)
        except OSError as error:
            raise InvalidSetting(f"the message cannot be read: {error.strerror}", hint="check the name of its file") from error
        if len(message) > _LARGEST_MESSAGE:
            raise InvalidSetting(f"the message is longer than {_LARGEST_MESSAGE >> 20} MiB", hint="send less")
        return message


Jpeg: TypeAlias = Annotated[
    int | None,
    Parameter(
        group=_WAY,
        help="Turn covers that are not JPEGs into new JPEGs of this quality, such as 90; what rounding loses helps to hide.",
    ),
]


@Parameter(name="*", group=_WAY)
@dataclass(frozen=True)
class Manner:
    """How messages are hidden; the receiver needs to know none of it."""

    scheme: Annotated[
        str | None,
        Parameter(
            help="The embedding scheme: see ssgan list. By default hill, in color hill:luma, which changes the channels of a "
            "pixel together, if the message fits; juniward for JPEGs, siuniward for new ones."
        ),
    ] = None
    jpeg: Jpeg = None
    compress: Annotated[
        bool,
        Parameter(help="Compress the message first. Not where others chose part of it: the length would tell them something."),
    ] = False
    allow_flat: Annotated[bool, Parameter(help="Also take covers with almost no texture. Similar ones then share keys.")] = (
        False
    )
    reuse: Annotated[
        bool, Parameter(help="Also take covers that were used before. Two stegos of one cover give each other away.")
    ] = False
    keep_metadata: Annotated[
        bool, Parameter(help="Keep metadata of the cover's file that may name a person, a place or a time (EXIF, text).")
    ] = False
    upright: Annotated[bool, Parameter(help="Apply the orientation that the cover's file asks for.")] = False
    no_ledger: Annotated[bool, Parameter(help="Neither read nor write the list of used covers on this machine.")] = False

    def settings(self, *, overwrite: bool) -> HideSettings:
        """Return the settings for the library."""
        from ssgan.messages import ledger
        from ssgan.messages.plan import HideSettings

        used = None if self.no_ledger else ledger.Ledger(ledger.usual_folder(), reuse=self.reuse)
        return HideSettings(
            self.scheme, self.compress, self.allow_flat, used, overwrite, self.keep_metadata, self.upright, self.jpeg
        )  # fmt: skip


@Parameter(name="*", group=_WAY)
@dataclass(frozen=True)
class Way(Manner):
    """And what is for one message alone."""

    needed: Needed = None
    no_risk: Annotated[bool, Parameter(help="Skip the check by the bundled detectors; it saves time.")] = False
    dry_run: Annotated[bool, Parameter(help="Show what would be done, without asking for a key or writing anything.")] = False


def hide(
    *covers: Annotated[Path, Parameter(help="The cover; several to spread the message; - for a message from stdin.")],
    out: Annotated[
        Out,
        Parameter(
            help="The stego: .png, .bmp, .pgm, .ppm or .tiff; .jpg of a JPEG or with --jpeg; of several covers, a folder."
        ),
    ],
    message: MessageOptions | None = None,
    key: KeyOptions | None = None,
    making: Making | None = None,
    album: AlbumOptions | None = None,
    way: Way | None = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Hide an encrypted message in a picture.

    The message goes where a change shows least, and is read back with the key before the stego is written under its name. The
    stego looks like the cover, and its file is written as the cover's was, but without EXIF and text. Send the stego, destroy
    the cover, and use no cover twice. With --covers generated no cover is needed, and nothing is changed: the message picks
    the samples of a picture that a generator draws. In a JPEG the coefficients are changed, and all else of its file stays,
    EXIF as well; with --jpeg another picture becomes a JPEG. No message survives a change of the picture, such as resizing,
    compressing it again or most chat programs, but for one: with --album a few bytes are in what a series of drawn pictures
    shows.
    """
    message, key, way = message or MessageOptions(), key or KeyOptions(), way or Way()
    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    named, making = [cover for cover in covers if cover != _STDIN], making or Making()
    album = album or AlbumOptions()
    album.check(named, making)
    if album.album is None:
        making.check(named)
    if not named and making.covers is None and album.album is None:
        raise InvalidSetting("no cover is given", hint="run ssgan hide COVER -m TEXT -o OUT")
    key.check()
    _check_streams(covers, message, key)
    content = message.read(from_stdin=_STDIN in covers)
    if album.album is not None:
        check_for_drawn(way)
        if way.needed is not None:
            raise InvalidSetting("--threshold is given together with --album", hint="leave it out: one picture may be lost")
        draw_album(
            screen, content, out, key, album, making, compress=way.compress, dry=way.dry_run,
            read=[key.key_file, key.passphrase_file, message.file], force=force,
        )  # fmt: skip
        return
    if making.covers is not None and not making.changed:
        check_for_drawn(way)
        draw(
            screen, content, out, key, making, needed=way.needed, compress=way.compress, dry=way.dry_run,
            read=[key.key_file, key.passphrase_file, message.file], force=force,
        )  # fmt: skip
        return
    plan = _planned(named, content, out, way, making, force=force)
    spare([task.out for task in plan.tasks], [key.key_file, key.passphrase_file, message.file])
    _announce(screen, plan, dry=way.dry_run)
    if way.dry_run:
        return
    from ssgan.messages.files import carry_out

    if plan.settings.ledger is not None:
        plan.settings.ledger.prepare()
    chosen = key.key(screen, new=True)
    made = carry_out(plan, chosen) if making.covers is None else [_best(screen, content, chosen, out, plan, making)]
    for task, hidden in zip(plan.tasks, made, strict=True):
        _show(screen, task, hidden)
        if not way.no_risk:
            show_risk(screen, task, hidden)
    if plan.folder is not None:
        count, needed = len(made), way.needed or len(made)
        text = f"{counted(len(content), 'byte')} spread over {count} stegos in {plan.folder}, of which any {needed} suffice"
        screen.result("spread", text, message_bytes=len(content), out=str(plan.folder), count=count, needed=needed)


def capacity(
    *covers: Annotated[Path, Parameter(help="Image files.")],
    making: Making | None = None,
    album: AlbumOptions | None = None,
    needed: Needed = None,
    jpeg: Jpeg = None,
    json: Json = False,
) -> None:
    """Count the bytes that a picture can take.

    The count is exact for every message, key and scheme. With --covers generated it is the count of
    every drawn cover, with --jpeg that of the new JPEG. With --album it is the
    count that an album was measured to carry through a channel.
    """
    from ssgan.messages import spread
    from ssgan.messages.plan import HideSettings, cover_picture
    from ssgan.messages.scheme_choice import picture_capacity

    screen, making, settings = Screen(json=json), making or Making(), HideSettings(jpeg=jpeg)
    album = album or AlbumOptions()
    album.check(covers, making)
    if album.album is not None:
        check_for_drawn(Manner(jpeg=jpeg))
        show_album_capacity(screen, album, making)
        return
    making.check(list(covers))
    if making.changed:
        from ssgan.bulk.hide_in_generated import GENERATOR, cover_of

        name = str(making.generator or GENERATOR)
        _show_capacity(screen, name, cover_of(Path(name), settings), label=f"a cover of {name}, changed")
        return
    if making.covers is not None:
        check_for_drawn(Manner(jpeg=jpeg))
        show_capacity(screen, making, needed)
        return
    if not covers:
        raise InvalidSetting("no cover is given", hint="run ssgan capacity COVER")
    if len(covers) == 1 and needed is not None:
        raise InvalidSetting("--threshold is given, and one cover", hint="name more covers, or leave it out")
    pictures = [cover_picture(cover, settings) for cover in covers]
    capacities = [picture_capacity(picture) for picture in pictures]
    for cover, picture in zip(covers, pictures, strict=True):
        _show_capacity(screen, str(cover), picture)
    if len(covers) > 1:
        count = _needed(needed, len(covers))
        size = spread.capacity_bytes(capacities, needed=count)
        text = f"together: {counted(size, 'byte')}, any {count} of the {len(covers)} stegos sufficing"
        screen.result("spread_capacity", text, count=len(covers), needed=count, capacity_bytes=size)


def _show_capacity(screen: Screen, cover: str, picture: Picture, *, label: str = "") -> None:
    """Say what fits in a cover, and of a JPEG what is wise."""
    from ssgan.messages.plan import CAUTIOUS, WISE, wise_bytes
    from ssgan.messages.scheme_choice import picture_capacity, together_bytes

    size = picture_capacity(picture)
    text, figures = f"{label or cover}: {counted(size, 'byte')}", dict[str, object](cover=cover, capacity_bytes=size)
    together = -1 if picture.coefficients is not None else together_bytes(picture.samples, picture.alpha)
    if together >= 0:
        text += f"; up to {together} where the channels of a pixel change together, which shows less"
        figures["together_bytes"] = together
    if picture.coefficients is not None:
        cautious, wise = wise_bytes(picture, CAUTIOUS), wise_bytes(picture, WISE)
        text += f"; wise are {cautious} to {wise}, {CAUTIOUS} to {WISE} bits per nonzero AC coefficient"
        figures |= {"cautious_bytes": cautious, "wise_bytes": wise}
    screen.result("capacity", text, **figures)


def _needed(needed: int | None, count: int) -> int:
    if needed is not None and not 1 <= needed <= count:
        raise InvalidSetting(
            f"--threshold is {needed}; it must lie in 1...{count}",
            hint="give the number of stegos that are enough, or leave it out to need all",
        )
    return needed or count


def _planned(covers: list[Path], message: bytes, out: Path, way: Way, making: Making, *, force: bool) -> HidePlan:
    from ssgan.messages import plan

    settings = way.settings(overwrite=force)
    if making.covers is not None:
        from ssgan.bulk.hide_in_generated import COUNT, GENERATOR, planned

        if way.needed is not None:
            raise InvalidSetting(
                "--threshold is given, and one cover", hint="make some with ssgan sample, name them, and leave --covers out"
            )
        generator = making.generator or Path(GENERATOR)
        return planned(message, out, settings, generator=generator, count=COUNT if making.tries is None else making.tries)
    if len(covers) == 1:
        if way.needed is not None:
            raise InvalidSetting("--threshold is given, and one cover", hint="name more covers, or leave it out")
        return plan.one_cover(covers[0], message, out, settings)
    if force:
        raise InvalidSetting(
            "--force is given, and a spread message is never written over other files",
            hint="name a new folder and leave --force out",
        )
    return plan.several_covers(covers, message, out, _needed(way.needed, len(covers)), settings)


def _best(screen: Screen, message: bytes, key: Key, out: Path, plan: HidePlan, making: Making) -> Hidden:
    """Hide the message in the best of several generated covers."""
    from ssgan.bulk.hide_in_generated import COUNT, GENERATOR, hide_in_best

    generator = making.generator or Path(GENERATOR)
    chosen = hide_in_best(message, key, out, plan.settings, generator=generator, count=making.tries or COUNT)
    if not chosen.verdicts:
        text = f"cover {chosen.number + 1} of {chosen.count} was kept: its changes cost least by {chosen.hidden.scheme}"
        screen.note("chosen", text, number=chosen.number + 1, count=chosen.count)
        return chosen.hidden
    found = [one.probability for one in chosen.verdicts if one.probability is not None]
    called_stego = sum(bool(one.alarms) for one in chosen.verdicts)
    said = f", probabilities {min(found):.2f} to {max(found):.2f}" if found else ""
    text = f"cover {chosen.number + 1} of {len(chosen.verdicts)} was kept; of all, {called_stego} were called stego{said}"
    screen.note(
        "chosen", text, number=chosen.number + 1, count=len(chosen.verdicts), called_stego=called_stego, probabilities=found
    )
    return chosen.hidden


def _check_streams(covers: tuple[Path, ...], message: MessageOptions, key: KeyOptions) -> None:
    """Refuse to read standard input twice."""
    wanted = covers.count(_STDIN) + (message.file == _STDIN) + key.from_stdin
    if wanted > 1:
        raise InvalidSetting("standard input is asked for twice", hint="give the passphrase by another descriptor or a file")


def check_for_drawn(way: Manner) -> None:
    """Refuse options that say how a cover is changed, where it is drawn. Raises InvalidSetting."""
    usual = Manner()
    given = [name for name in _FOR_CHANGES if getattr(way, name) != getattr(usual, name)]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InvalidSetting(f"{options} is given, and covers are drawn", hint="leave it out, or add --changed")


def _announce(screen: Screen, plan: HidePlan, *, dry: bool) -> None:
    """Print notes on the covers. Warn about a large payload. In a dry run, print the plan."""
    from ssgan.messages import plan as plans

    for task in plan.tasks:
        for note in task.picture.notes:
            screen.note("note", f"{task.cover}: {note}", cover=str(task.cover), note=note)
        if dry:
            text = (
                f"would hide {counted(task.body_bytes, 'byte')} in {task.out}, which takes {task.capacity_bytes}: padded to "
                f"{task.rung_bytes}, {task.payload:.3f} bits per {task.unit}"
            )
            screen.result("plan", text, **_figures(task), dry_run=True)
    for unit, much in (("sample", MUCH), ("pixel", MUCH_TOGETHER), ("nonzero AC coefficient", plans.MUCH)):
        if max((task.payload for task in plan.tasks if task.unit == unit), default=0) > much:
            screen.warn(
                f"more than {much} bits per {unit}: the more a cover carries, the better detectors find it; "
                "larger covers, or more of them, carry less each"
            )


def _show(screen: Screen, task: HideTask, hidden: Hidden) -> None:
    used = task.body_bytes / task.capacity_bytes if task.capacity_bytes else 1.0
    kind = "samples" if task.picture.coefficients is None else "coefficients"
    text = (
        f"{counted(task.body_bytes, 'byte')} hidden in {task.out}: {used:.1%} of its capacity, {hidden.payload:.3f} bits per "
        f"{task.unit}, {hidden.change_rate:.2%} of its {kind} changed"
    )
    file = {"written_as": hidden.manner, "differences": list(hidden.notes), "left_out": list(hidden.left_out)}
    screen.result("hidden", text, **_figures(task), change_rate=hidden.change_rate, scheme=hidden.scheme, **file)
    if not screen.json:
        notes = list(hidden.notes)
        if hidden.left_out:
            is_new = task.picture.precover is not None
            kept = "a new JPEG has none" if is_new else "--keep-metadata keeps what is known"
            notes.append(f"metadata left out: {', '.join(hidden.left_out)}; {kept}")
        if hidden.coefficients is not None:
            notes.append(_AS_A_FILE)
            if task.picture.metadata and task.picture.precover is None:
                notes.append(_METADATA_STAYS)
        for note in notes:
            screen.note("note", f"{task.out}: {note}")


def _figures(task: HideTask) -> dict[str, object]:
    unit = {} if task.unit == "sample" else {"payload_unit": f"bits per {task.unit}"}
    return unit | {
        "cover": str(task.cover),
        "out": str(task.out),
        "hidden_bytes": task.body_bytes,
        "capacity_bytes": task.capacity_bytes,
        "padded_bytes": task.rung_bytes,
        "payload": task.payload,
    }
