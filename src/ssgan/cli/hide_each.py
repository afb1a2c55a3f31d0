"""`ssgan hide-each`: a message in each of many covers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ssgan.cli.hide import Manner, MessageOptions
from ssgan.cli.keys import KeyOptions
from ssgan.cli.options import Json, Out, Quiet
from ssgan.cli.screen import Screen, counted
from ssgan.cli.workers import SOURCES, Scaling, Shards, at_least_one, failed, figures, show_failures
from ssgan.errors import InvalidSetting


def hide_each(
    covers: Annotated[list[Path], Parameter(help=SOURCES, consume_multiple=True)],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder for the stegos.")],
    message: MessageOptions | None = None,
    messages: Annotated[
        Path | None, Parameter(help="In place of one message, a folder: a/b.txt or a/b.bin is for the cover a/b.png.")
    ] = None,
    key: KeyOptions | None = None,
    way: Manner | None = None,
    shards: Shards | None = None,
    scaling: Scaling | None = None,
    limit: Annotated[int | None, Parameter(help="Only so many covers, the first ones.")] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Hide a message in each of many covers, the same one or one for each, every stego read back before it counts.

    The same command goes on after an interruption; what failed is in failures.jsonl. A key file is best: a passphrase costs
    a quarter of a second an image, as it should. On a cluster the key travels to its hosts.
    """
    from ssgan.bulk import hide

    key, way, shards, scaling = key or KeyOptions(), way or Manner(), shards or Shards(), scaling or Scaling()
    at_least_one(limit=limit)
    key.check()
    if scaling.asked and not way.no_ledger:
        raise InvalidSetting(
            "the list of used covers stays on this machine, and the engine is ray", hint="leave the list out: --no-ledger"
        )
    if messages is not None and not messages.is_dir():
        raise InvalidSetting(f"there is no folder {messages}", hint="give the folder with a message for each cover")
    told = message or MessageOptions()
    if messages is not None and (told.message is not None or told.file is not None):
        raise InvalidSetting("one message is given, and a folder of them", hint="give -m, -f or --messages")
    given = hide.Messages(folder=messages) if messages is not None else hide.Messages(told.read(from_stdin=False))
    screen = Screen(json=json, quiet=quiet)
    plan = hide.prepare(covers, out, way.settings(overwrite=False), limit=limit, shard_size=shards.size)
    screen.note(
        "plan", f"{len(plan)} to do, {plan.finished} done already", todo=len(plan), finished=plan.finished, out=str(out)
    )
    chosen = key.key(screen, new=True)
    with screen.progress(len(plan), "hiding") as report:
        tally = hide.run(plan, given, chosen, scaling.engine(plan.listing), report=report)
    show_failures(screen, tally)
    rate = f", {tally.images_per_second:.0f} images/s" if tally.written else ""
    near = f"; {tally.sums['near']} written only near their covers' manner" if tally.sums["near"] else ""
    manners = {"written_near": tally.sums["near"], "written_as_usual": tally.sums["usual"]}
    text = f"{counted(tally.written, 'stego')} in {out}{rate}{near}"
    screen.result("summary", text, **figures(tally, plan.finished, out), **manners)
    failed(tally, out, "covers got no stego")
