"""`ssgan hide-each`: a message in each of many covers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.hide import Manner, MessageOptions, check_for_drawn
from ssgan.cli.hide_drawn import Making, model_folder
from ssgan.cli.keys import KeyOptions
from ssgan.cli.options import Json, Out, Quiet, Verbose
from ssgan.cli.screen import Screen, counted
from ssgan.cli.workers import SOURCES, Scaling, Shards, at_least_one, failed, figures, show_failures
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    from ssgan.bulk.hide import Messages


def hide_each(
    covers: Annotated[list[Path] | None, Parameter(help=SOURCES, consume_multiple=True)] = None,
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder for the stegos.")],
    message: MessageOptions | None = None,
    messages: Annotated[
        Path | None, Parameter(help="In place of one message, a folder: a/b.txt or a/b.bin is for the cover a/b.png.")
    ] = None,
    making: Making | None = None,
    key: KeyOptions | None = None,
    way: Manner | None = None,
    shards: Shards | None = None,
    scaling: Scaling | None = None,
    limit: Annotated[int | None, Parameter(help="Use only the first covers, at most this many.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Hide a message in each of many pictures.

    The pictures get the same message or one each, and every stego is read back before it counts. The same command resumes
    after an interruption; what failed is in failures.jsonl. A key file is best: a passphrase costs a quarter of a second an
    image, as it should. On a cluster the key travels to its hosts. With --covers generated a cover is drawn by each message,
    in place of changing one.
    """
    from ssgan.bulk import hide

    key, way, shards, scaling = key or KeyOptions(), way or Manner(), shards or Shards(), scaling or Scaling()
    making = making or Making()
    making.check(covers or [])
    if not covers and making.covers is None:
        raise InvalidSetting("no cover is given", hint="give files, folders, zips or tars, or --covers generated")
    at_least_one(limit=limit, count=making.count)
    key.check()
    if scaling.asked and not way.no_ledger:
        raise InvalidSetting(
            "the list of used covers stays on this machine, and the engine is ray", hint="leave the list out: --no-ledger"
        )
    if messages is not None and not messages.is_dir():
        raise InvalidSetting(f"there is no folder {messages}", hint="give the folder with a message for each cover")
    options = message or MessageOptions()
    if messages is not None and (options.message is not None or options.file is not None):
        raise InvalidSetting("one message is given, and a folder of them", hint="give -m, -f or --messages")
    given = hide.Messages(folder=messages) if messages is not None else hide.Messages(options.read(from_stdin=False))
    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    if making.covers is not None:
        if limit is not None:
            raise InvalidSetting("--limit is given together with --covers", hint="give --count in its place")
        check_for_drawn(way)
        _draw_each(screen, given, key, making, out, shards, scaling, compress=way.compress)
        return
    plan = hide.prepare(covers or [], out, way.settings(overwrite=False), limit=limit, shard_size=shards.size)
    screen.note(
        "plan", f"{len(plan)} to do, {plan.finished} done already", todo=len(plan), finished=plan.finished, out=str(out)
    )
    chosen = key.key(screen, new=True)
    with screen.progress(len(plan), "hiding") as progress:
        tally = hide.run(plan, given, chosen, scaling.engine(plan.listing), progress=progress)
    show_failures(screen, tally)
    rate = f", {tally.images_per_second:.0f} images/s" if tally.written else ""
    near = f"; {tally.sums['near']} written only near their covers' manner" if tally.sums["near"] else ""
    manners = {"written_near": tally.sums["near"], "written_as_usual": tally.sums["usual"]}
    text = f"{counted(tally.written, 'stego')} in {out}{rate}{near}"
    screen.result("summary", text, **figures(tally, plan.finished, out), **manners)
    failed(tally, out, "covers got no stego")


def _draw_each(
    screen: Screen,
    messages: Messages,
    key: KeyOptions,
    making: Making,
    out: Path,
    shards: Shards,
    scaling: Scaling,
    *,
    compress: bool,
) -> None:
    """Draw a cover by each message."""
    from ssgan.bulk import hide_drawn

    if making.changed:
        raise InvalidSetting(
            "--changed is for one message", hint="make covers with ssgan sample, and give their folder to hide-each"
        )
    chosen = key.key(screen, new=True)
    plan = hide_drawn.prepare(
        messages, chosen, model_folder(making.generator), out, count=making.count, compress=compress, shard_size=shards.size
    )
    screen.note(
        "plan", f"{len(plan)} to do, {plan.finished} done already", todo=len(plan), finished=plan.finished, out=str(out)
    )
    with screen.progress(len(plan.listing), "drawing") as progress:
        tally = hide_drawn.run(plan, scaling.engine(plan.listing), progress=progress)
    show_failures(screen, tally)
    rate = f", {tally.images_per_second:.0f} images/s" if tally.written else ""
    text = f"{counted(tally.written, 'drawn cover')} in {out}{rate}"
    screen.result("summary", text, **figures(tally, plan.finished, out), generator=plan.drawn_by.name)
    failed(tally, out, "messages got no cover")
