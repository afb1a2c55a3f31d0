"""`ssgan hide --covers generated` and `ssgan capacity --covers generated`: covers that the message draws."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from ssgan.cli.keys import KeyOptions
from ssgan.cli.screen import Screen, counted
from ssgan.errors import InvalidSetting, StorageFailed

if TYPE_CHECKING:
    from ssgan.drawn.model import DrawnModel

GENERATOR = Path("faces64")


@Parameter(name="*", group=Group("Generated covers", sort_key=2))
@dataclass(frozen=True)
class Making:
    """Covers by a generator in place of files."""

    covers: Annotated[
        Literal["generated"] | None,
        Parameter(
            name="--covers",
            help="generated: let the message draw a new picture, distributed like any cover of the generator.",
        ),
    ] = None
    count: Annotated[
        int | None,
        Parameter(name=("--count", "-n"), help="Draw this many covers and spread the message over them; -o is then a folder."),
    ] = None
    changed: Annotated[
        bool,
        Parameter(
            help="Instead, generate covers, change each by the scheme, and write the stego that the "
            "bundled detectors find least suspicious."
        ),
    ] = False
    tries: Annotated[int | None, Parameter(help="With --changed, how many covers to try; by default 8.")] = None
    generator: Annotated[
        Path | None, Parameter(help="The folder of a generator or of its run; by default the bundled faces64.")
    ] = None

    def check(self, named: list[Path]) -> None:
        """Covers are files, or they are made."""
        given = self.tries is not None or self.generator is not None or self.count is not None or self.changed
        if self.covers is None and given:
            raise InvalidSetting(
                "--tries, --count, --changed or --generator is given without --covers", hint="add --covers generated"
            )
        if self.tries is not None and not self.changed:
            raise InvalidSetting("--tries is given, and a drawn cover is never chosen", hint="leave it out, or add --changed")
        if self.changed and self.count is not None:
            raise InvalidSetting("--count is given together with --changed", hint="leave out --changed, or --count")
        if self.covers is not None and named:
            raise InvalidSetting("files are given together with --covers", hint="leave out the files, or --covers")


def draw(
    screen: Screen,
    message: bytes,
    out: Path,
    key: KeyOptions,
    making: Making,
    *,
    needed: int | None,
    compress: bool,
    dry: bool,
    read: list[Path | None],
    force: bool,
) -> None:
    """Draw covers by a message, and say what they are."""
    from ssgan.messages.drawn_files import carry_out, in_words, planned

    model = model_of(making.generator)
    count = 1 if making.count is None else making.count
    if making.count is None and needed is not None:
        raise InvalidSetting("--threshold is given, and one cover is drawn", hint="add --count, or leave it out")
    plan = planned(message, out, model, count=count, needed=needed, compress=compress, overwrite=force)
    spare(plan.outs, read)
    if dry:
        text = (
            f"would draw {counted(count, 'cover')} of {model.name} in {out}, which take {counted(plan.capacity_bytes, 'byte')}"
        )
        screen.result("plan", text, out=str(out), count=count, capacity_bytes=plan.capacity_bytes, dry_run=True)
        return
    made = carry_out(plan, key.key(screen, new=True))
    shape = list(model.shape)
    for one, place in zip(made, plan.outs, strict=True):
        text = f"{counted(one.message_bytes, 'byte')} drawn in {place}, a cover of {model.name}"
        screen.result(
            "drawn", text, out=str(place), hidden_bytes=one.message_bytes, capacity_bytes=plan.capacity_bytes,
            generator=model.name, model=model.identity.hex(), shape=shape,
        )  # fmt: skip
    if plan.folder is not None:
        text = (
            f"{counted(len(message), 'byte')} spread over {count} covers in {plan.folder}, of which any {plan.needed} suffice"
        )
        screen.result(
            "spread", text, message_bytes=len(message), out=str(plan.folder), count=count, needed=plan.needed
        )  # fmt: skip
    if not screen.json:
        screen.note("note", f"drawn: {in_words(model.name)}")


def show_capacity(screen: Screen, making: Making, needed: int | None) -> None:
    """Say how many bytes drawn covers take."""
    from ssgan.messages.drawn_files import capacity_bytes

    model, count = model_of(making.generator), 1 if making.count is None else making.count
    size = capacity_bytes(model, count, needed)
    covers = counted(count, "drawn cover")
    text = f"{covers} of {model.name}: {counted(size, 'byte')}"
    screen.result("capacity", text, cover=model.name, count=count, needed=needed or count, capacity_bytes=size)


def model_of(generator: Path | None) -> DrawnModel:
    """Return the model that draws, of a generator's folder or of the package, by name."""
    from ssgan.drawn.model import load

    return load(model_folder(generator))


def model_folder(generator: Path | None) -> Path:
    """Return the folder of that model."""
    from ssgan.drawn.model import find

    return find(generator or GENERATOR)


def spare(outs: Sequence[Path], read: Sequence[Path | None]) -> None:
    """Refuse to write over a file that is read here, even by force."""
    from ssgan.messages.plan import same_file

    for path in read:
        for out in outs:
            if path is not None and os.path.lexists(path) and same_file(path, out):
                raise StorageFailed(f"{out} is read from and was left as it is", hint="choose another name")
