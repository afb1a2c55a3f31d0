"""`ssgan hide --covers generated` and `ssgan capacity --covers generated`: covers that the message draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ssgan.cli.screen import Screen, counted
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    from ssgan.cli.hide import Making, Way
    from ssgan.cli.keys import KeyOptions
    from ssgan.drawn.model import Model

GENERATOR = Path("faces64")
_UNUSED = ("scheme", "allow_flat", "reuse", "keep_metadata", "upright")  # options of a change to a cover


def draw(
    screen: Screen,
    message: bytes,
    out: Path,
    key: KeyOptions,
    way: Way,
    making: Making,
    *,
    read: list[Path | None],
    force: bool,
) -> None:
    """Draw covers by a message, and say what they are."""
    from ssgan.cli.hide import spare
    from ssgan.messages.drawn_files import carry_out, planned

    _refuse_unused(way)
    model = model_of(making.generator)
    count = making.count or 1
    if making.count is None and way.needed is not None:
        raise InvalidSetting("--needed is for several covers", hint="add --count, or leave it out")
    plan = planned(message, out, model, count=count, needed=way.needed, compress=way.compress, overwrite=force)
    spare(plan.outs, read)
    if way.dry_run:
        text = f"would draw {counted(count, 'cover')} of {model.name} in {out}, which take {counted(plan.capacity, 'byte')}"
        screen.result("plan", text, out=str(out), count=count, capacity_bytes=plan.capacity, dry_run=True)
        return
    made = carry_out(plan, key.key(screen, new=True))
    shape = list(model.shape)
    for one, place in zip(made, plan.outs, strict=True):
        text = f"{counted(one.message_bytes, 'byte')} drawn in {place}, a cover of {model.name}"
        screen.result(
            "drawn", text, out=str(place), hidden_bytes=one.message_bytes, capacity_bytes=plan.capacity, generator=model.name,
            model=model.identity.hex(), shape=shape,
        )  # fmt: skip
    if plan.folder is not None:
        text = (
            f"{counted(len(message), 'byte')} spread over {count} covers in {plan.folder}, of which any {plan.needed} suffice"
        )
        screen.result(
            "spread", text, message_bytes=len(message), out=str(plan.folder), count=count, needed=plan.needed
        )  # fmt: skip
    if not screen.json:
        text = f"distributed as any cover of {model.name}; that it is generated can be seen, and JPEG destroys it"
        screen.note("note", f"drawn: {text}")


def show_capacity(screen: Screen, making: Making, needed: int | None) -> None:
    """Say how many bytes drawn covers take."""
    from ssgan.messages.drawn_files import capacity

    if making.changed:
        from ssgan.bulk.hide_in_generated import GENERATOR as CHANGED
        from ssgan.bulk.hide_in_generated import capacity as changed_capacity

        name = str(making.generator or CHANGED)
        size = changed_capacity(Path(name))
        screen.result("capacity", f"a cover of {name}, changed: {counted(size, 'byte')}", cover=name, capacity_bytes=size)
        return
    model, count = model_of(making.generator), making.count or 1
    size = capacity(model, count, needed)
    covers = counted(count, "drawn cover")
    text = f"{covers} of {model.name}: {counted(size, 'byte')}"
    screen.result("capacity", text, cover=model.name, count=count, needed=needed or count, capacity_bytes=size)


def model_of(generator: Path | None) -> Model:
    """Return the model that draws, of a generator's folder or of the package, by name."""
    from ssgan.drawn.model import find, load

    return load(find(generator or GENERATOR))


def _refuse_unused(way: Way) -> None:
    """Options that say how a cover is changed mean nothing here."""
    usual = type(way)()
    given = [name for name in _UNUSED if getattr(way, name) != getattr(usual, name)]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InvalidSetting(f"{options} is for covers that are changed", hint="leave it out, or add --changed")
