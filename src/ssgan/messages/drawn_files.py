"""Draw covers by a message and write them: check, draw, encode, read back, and only then let the files have their names.

Files of drawn covers are encoded as those of `ssgan sample --drawn` are, so that they differ from honest ones in nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssgan import images
from ssgan.drawn import drawing
from ssgan.drawn.model import Model
from ssgan.errors import DoesNotFit, InvalidSetting, NothingFound, RefusedImage, StorageFailed
from ssgan.messages import drawn, plan, spread
from ssgan.messages.drawn import DrawnMessage
from ssgan.messages.keys import Key, as_message, check_key
from ssgan.messages.parts import HEAD_BYTES, Part
from ssgan.messages.reveal import reveal_any
from ssgan.storage.folders import make_folder


@dataclass(frozen=True, repr=False)
class DrawnPlan:
    """The covers to draw, checked as far as no key is needed."""

    message: bytes
    model: Model
    outs: tuple[Path, ...]
    needed: int
    compress: bool
    overwrite: bool
    folder: Path | None  # of several covers, made if it is missing

    @property
    def capacity(self) -> int:
        """Bytes that these covers take together."""
        return capacity(self.model, len(self.outs), self.needed)


def capacity(model: Model, count: int = 1, needed: int | None = None) -> int:
    """Return how many bytes `count` covers take, any `needed` of which give the message back."""
    if count == 1:
        return drawn.capacity(model)
    return spread.capacity([drawn.capacity(model)] * count, needed=needed or count)


def planned(
    message: bytes | str,
    out: Path,
    model: Model,
    *,
    count: int = 1,
    needed: int | None = None,
    compress: bool = False,
    overwrite: bool = False,
) -> DrawnPlan:
    """Check place and size. With a `count` above 1, `out` is a folder. Raises DoesNotFit, InvalidSetting, StorageFailed."""
    body = as_message(message)
    if count < 1:
        raise InvalidSetting(f"count is {count}; it must be at least 1", hint="leave it out to draw one cover")
    if needed is not None and not 1 <= needed <= count:
        raise InvalidSetting(f"needed is {needed}; it must lie in 1...{count}", hint="leave it out to need all covers")
    outs = [out] if count == 1 else [out / f"{number:06d}.png" for number in range(count)]
    for place in outs:
        plan.check_place(place, [], overwrite=overwrite)
        content_of(np.zeros((1, 1, model.shape[2]), np.uint8), place)
    if count == 1 and not out.parent.is_dir():
        raise StorageFailed(f"there is no folder {out.parent}", hint="make the folder first")
    found = DrawnPlan(body, model, tuple(outs), needed or count, compress, overwrite, None if count == 1 else out)
    size = len(body) if count == 1 else HEAD_BYTES + len(spread.split(body, count=count, needed=found.needed)[0].share)
    if size > drawn.capacity(model) and not compress:
        raise DoesNotFit(
            f"{len(body)} bytes do not fit: {model.name} promises {found.capacity}",
            reachable=found.capacity,
            unit="bytes",
            hint="send less, or draw more covers",
        )
    return found


def carry_out(planned: DrawnPlan, key: Key) -> list[DrawnMessage]:
    """Draw each cover once, prove it, and write all of them or none. Raises as `ssgan.messages.drawn.hide` does."""
    check_key(key)
    if len(planned.outs) == 1:
        made = [drawn.hide(planned.message, key, planned.model, drawing, compress=planned.compress)]
        bodies: Sequence[bytes | Part] = [planned.message]
    else:
        count, needed = len(planned.outs), planned.needed
        bodies = spread.split(planned.message, count=count, needed=needed, compress=planned.compress)
        made = [drawn.hide(part, key, planned.model, drawing) for part in bodies]
    contents = [content_of(one.picture, out) for one, out in zip(made, planned.outs, strict=True)]
    for content, body, out in zip(contents, bodies, planned.outs, strict=True):
        check_read_back(content, body, key, planned.model, out)
    if planned.folder is not None:
        make_folder(planned.folder)
    with contextlib.ExitStack() as stack:
        for content, out in zip(contents, planned.outs, strict=True):
            temporary = stack.enter_context(images.atomic_write(out, overwrite=planned.overwrite))
            temporary.write_bytes(content)
    return made


def content_of(picture: NDArray[np.uint8], out: Path) -> bytes:
    """Return the file of a drawn picture uint8 (H, W, C), honest or not, in the format of the suffix of `out`."""
    return images.encode(np.ascontiguousarray(picture.transpose(2, 0, 1)), images.written_format(out))


def check_read_back(content: bytes, body: bytes | Part, key: Key, model: Model, out: Path) -> None:
    """Check that the bytes of a file give the message to the reader. Raises StorageFailed."""
    try:
        found = reveal_any(images.read(content).samples, key, models=[model])
    except (RefusedImage, NothingFound):
        found = b""
    if found != body:
        raise StorageFailed(f"the cover for {out} did not come back as it was drawn", hint="try again")
