"""`ssgan sample`: covers by a generator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from ssgan.cli.options import Force, Json, Quiet, Verbose
from ssgan.cli.screen import Screen, counted
from ssgan.cli.threads import use_threads
from ssgan.cli.workers import Scaling, Shards, figures
from ssgan.errors import InvalidSetting, StorageFailed

if TYPE_CHECKING:
    from torch import nn

    from ssgan.gan.covers.files import Order
    from ssgan.gan.covers.generators import Card

_SHOWN = 64  # images of a contact sheet
_COLUMNS = 8
_STEPS = 8  # images from one latent to another


@Parameter(name="*", group=Group("A sheet to look at", sort_key=1))
@dataclass(frozen=True)
class Sheet:
    """A page of images beside the covers, or without any."""

    sheet: Annotated[Path | None, Parameter(help="A PNG file: the first 64 covers side by side.")] = None
    interpolate: Annotated[
        int, Parameter(help="Show this many rows on the sheet, each from one latent to another, instead of covers.")
    ] = 0

    def check(self, *, leave: bool, force: bool) -> bool:
        """Return whether to draw the sheet, `leave` an existing one; refuse what can be refused before any work."""
        from ssgan.images import written_format

        if self.sheet is None:
            if self.interpolate:
                raise InvalidSetting("--interpolate needs a sheet", hint="say where it goes: --sheet FILE")
            return False
        written_format(self.sheet)
        if self.interpolate < 0:
            raise InvalidSetting(f"interpolate is {self.interpolate}; it must be at least 1", hint="give a number from 1 on")
        if self.sheet.exists() and not force:
            if leave:
                return False
            raise StorageFailed(
                f"{self.sheet} exists already and was left as it is", hint="choose another name, or give --force"
            )
        return True


def sample(
    generator: Annotated[
        Path, Parameter(help="A run, finished or under way, the folder of a generator, or one of the package: faces64.")
    ],
    /,
    *,
    count: Annotated[int, Parameter(name=("--count", "-n"), help="How many covers to generate.")] = _SHOWN,
    out: Annotated[Path | None, Parameter(name=("--out", "-o"), help="The folder for the covers, PNG files by number.")] = None,
    seed: Annotated[
        int | None,
        Parameter(
            help="For research: the same seed gives the same covers. Leave it out to send messages: latents then come from the "
            "operating system's random source and are kept nowhere. A seed can be guessed, and then the cover can be generated "
            "again and compared with the stego."
        ),
    ] = None,
    drawn: Annotated[
        bool, Parameter(help="Draw them sample by sample, as `ssgan hide --covers generated` does with a message.")
    ] = False,
    sheet: Sheet | None = None,
    shards: Shards | None = None,
    scaling: Scaling | None = None,
    threads: Annotated[int | None, Parameter(help="Threads; by default one a core.")] = None,
    dry_run: Annotated[bool, Parameter(help="Show what would be done, and write nothing.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Generate covers.

    Existing covers are kept, so the same command resumes after an interruption; a folder with covers of another
    generator or seed is refused. With a seed a cover depends only on the generator, the seed and its number.
    """
    from ssgan.gan.covers.files import Order, missing
    from ssgan.gan.covers.generators import find_generator, open_generator, read_card
    from ssgan.gan.covers.sample import prepared

    wanted = sheet or Sheet()
    if out is None and wanted.sheet is None:
        raise InvalidSetting("nothing would be written", hint="give a folder with -o, or a file with --sheet, or both")
    if count < 1:
        raise InvalidSetting(f"count is {count}; it must be at least 1", hint="give a number from 1 on")
    shards, scaling = shards or Shards(), scaling or Scaling()
    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    if shards.size is not None:
        if drawn:
            raise InvalidSetting("drawn covers are files", hint="leave out --to tars")
        if out is None or wanted.sheet is not None:
            raise InvalidSetting("tars go into a folder, without a sheet", hint="give -o FOLDER, and leave --sheet out")
        _into_tars(screen, generator, out, count, shards.size, scaling, seed=seed, dry=dry_run, force=force)
        return
    if scaling.asked or scaling.workers is not None:
        raise InvalidSetting("several processes write tars only", hint="add --to tars, or give --threads")
    shared = use_threads(threads)
    net, card, model = None, read_card(find_generator(generator)), None
    if drawn:
        from ssgan.cli.hide_drawn import model_of

        if out is None or wanted.interpolate:
            raise InvalidSetting("--drawn is given without -o, or together with --interpolate", hint="give a folder with -o")
        model = model_of(generator)
    order = None if out is None else Order(card, out, count, seed, force, model)
    numbers = [] if order is None else missing(order)
    draw = wanted.check(leave=order is not None and not numbers, force=force)
    if order is not None:
        _announce(screen, order, numbers, dry=dry_run)
    if dry_run:
        return
    if not drawn:
        loaded, card = open_generator(card.folder)
        net = prepared(loaded, scaling.device)
    if order is not None:
        _fulfil(screen, order, numbers, net, threads=shared)
    if draw:
        _draw(screen, wanted, net, card, order, seed=seed, count=min(count, _SHOWN), force=force)


def _into_tars(
    screen: Screen,
    generator: Path,
    out: Path,
    count: int,
    size: int,
    scaling: Scaling,
    *,
    seed: int | None,
    dry: bool,
    force: bool,
) -> None:
    """Write shards of covers, by as many processes as wanted."""
    from ssgan.bulk import sample as sampling
    from ssgan.gan.covers.generators import find_generator, read_card

    card = read_card(find_generator(generator))
    plan = sampling.prepare(card, out, count, seed=seed, overwrite=force, shard_size=size, device=scaling.device)
    text = f"{len(plan)} to do, {plan.finished} done already" + (" (dry run: nothing is written)" if dry else "")
    summary = {"todo": len(plan), "finished": plan.finished, "generator": card.digest, "seed": seed, "out": str(out)}
    screen.note("plan", text, **summary)
    if dry:
        return
    with screen.progress(len(plan), "sampling") as progress:
        tally = sampling.run(plan, scaling.engine(plan.listing), progress=progress)
    rate = f", {tally.images_per_second:.0f} images/s" if tally.written else ""
    made = f"{counted(tally.written, 'cover')} written to {out}{rate}"
    screen.result("summary", made, **figures(tally, plan.finished, out))


def _announce(screen: Screen, order: Order, numbers: list[int], *, dry: bool) -> None:
    finished = order.count - len(numbers)
    screen.note(
        "plan",
        f"{len(numbers)} to do, {finished} done already" + (" (dry run: nothing is written)" if dry else ""),
        todo=len(numbers),
        finished=finished,
        generator=order.card.digest,
        seed=order.seed,
        out=str(order.out),
    )


def _fulfil(screen: Screen, order: Order, numbers: list[int], net: nn.Module | None, *, threads: int) -> None:
    """Make the covers, and print the speed."""
    from ssgan.gan.covers.files import fulfil

    with screen.progress(len(numbers), "sampling") as progress:
        seconds = fulfil(order, numbers, net, threads=threads, progress=progress)
    rate = len(numbers) / seconds
    screen.result(
        "summary",
        f"{counted(len(numbers), 'cover')} written to {order.out}" + (f", {rate:.0f} images/s" if numbers else ""),
        written=len(numbers),
        finished_before=order.count - len(numbers),
        seconds=round(seconds, 3),
        images_per_second=round(rate, 1),
        out=str(order.out),
    )


def _draw(
    screen: Screen,
    wanted: Sheet,
    net: nn.Module | None,
    card: Card,
    order: Order | None,
    *,
    seed: int | None,
    count: int,
    force: bool,
) -> None:
    """Draw the sheet: paths between latents, the covers that were written, or images for it alone."""
    from ssgan import images
    from ssgan.gan.covers.files import first_covers
    from ssgan.gan.covers.sample import latents, paths, sample
    from ssgan.views.contact_sheet import contact_sheet

    assert wanted.sheet is not None
    columns = _COLUMNS
    if order is not None and not wanted.interpolate:
        pictures = first_covers(order, count)
    elif wanted.interpolate:
        assert net is not None
        ends = latents(card.config, range(2 * wanted.interpolate), seed)
        pictures, columns = sample(net, paths(card.config, ends[::2], ends[1::2], _STEPS).flatten(0, 1)), _STEPS
    else:
        assert net is not None
        pictures = sample(net, latents(card.config, range(count), seed))
    images.write(wanted.sheet, contact_sheet(pictures, columns), overwrite=force)
    screen.result("sheet", f"{counted(len(pictures), 'image')} on {wanted.sheet}", images=len(pictures), out=str(wanted.sheet))
