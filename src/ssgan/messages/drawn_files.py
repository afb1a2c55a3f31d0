"""Draw covers by a message and write them: check, draw, encode, read back, and only then let the files have their names.

Files of drawn covers are encoded as those of `ssgan sample --drawn` are, so that they differ from honest ones in nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssgan import images
from ssgan.drawn import drawing
from ssgan.drawn.model import DrawnModel
from ssgan.errors import DoesNotFit, InvalidSetting, RefusedImage, StorageFailed
from ssgan.messages import drawn, plan, spread
from ssgan.messages.drawn import DrawnMessage
from ssgan.messages.files import write_together
from ssgan.messages.keys import Key, as_message, check_key
from ssgan.messages.parts import MessagePart


@dataclass(frozen=True, repr=False)
class DrawnPlan:
    """The covers to draw, checked as far as no key is needed."""

    message: bytes
    model: DrawnModel
    outs: tuple[Path, ...]
    needed: int
    compress: bool
    overwrite: bool
    folder: Path | None  # of several covers, made if it is missing

    @property
    def capacity_bytes(self) -> int:
        """Bytes that these covers take together."""
        return capacity_bytes(self.model, len(self.outs), self.needed)


def capacity_bytes(model: DrawnModel, count: int = 1, needed: int | None = None) -> int:
    """Return how many bytes `count` covers take, any `needed` of which give the message back."""
    if count == 1:
        return drawn.capacity_bytes(model)
    return spread.capacity_bytes([drawn.capacity_bytes(model)] * count, needed=needed or count)


def planned(
    message: bytes | str,
    out: Path,
    model: DrawnModel,
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
    if len(body) > found.capacity_bytes and not compress:
        raise DoesNotFit(
            f"{len(body)} bytes do not fit: {model.name} promises {found.capacity_bytes}",
            reachable=found.capacity_bytes,
            unit="bytes",
            hint="send less, or draw more covers",
        )
    return found


def carry_out(planned: DrawnPlan, key: Key) -> list[DrawnMessage]:
    """Draw each cover once, prove it, and write all of them or none. Raises as `ssgan.messages.drawn.hide` does."""
    check_key(key)
    if len(planned.outs) == 1:
        made = [draw_file(planned.message, key, planned.model, planned.outs[0], compress=planned.compress)]
    else:
        count, needed = len(planned.outs), planned.needed
        parts = spread.split(planned.message, count=count, needed=needed, compress=planned.compress)
        made = [draw_file(part, key, planned.model, out) for part, out in zip(parts, planned.outs, strict=True)]
    with write_together(planned.outs, overwrite=planned.overwrite, folder=planned.folder) as temporaries:
        for (_, content), temporary in zip(made, temporaries, strict=True):
            temporary.write_bytes(content)
    return [message for message, _ in made]


def draw_file(
    body: bytes | MessagePart, key: Key, model: DrawnModel, out: Path, *, compress: bool = False
) -> tuple[DrawnMessage, bytes]:
    """Draw one cover, once; return it and its file, which was read back and is not written yet.

    The suffix of `out` decides the format of the file. Raises as `ssgan.messages.drawn.hide` does, and StorageFailed where
    the file does not hold the picture.
    """
    made = drawn.hide(body, key, model, drawing, compress=compress)
    content = content_of(made.picture, out)
    _check_file(content, made.picture, out)
    return made, content


def in_words(generator: str) -> str:
    """Return the sentence that goes with every drawn cover: what is claimed of it, and what is not."""
    return f"distributed as any cover of {generator}; that it is generated can be seen; JPEG destroys it"


def content_of(picture: NDArray[np.uint8], out: Path) -> bytes:
    """Return the file of a drawn picture uint8 (H, W, C), honest or not, in the format of the suffix of `out`."""
    return images.encode(np.ascontiguousarray(picture.transpose(2, 0, 1)), images.written_format(out))


def _check_file(content: bytes, picture: NDArray[np.uint8], out: Path) -> None:
    """Check that the bytes of a file are a picture uint8 (H, W, C) that was read back. Raises StorageFailed."""
    try:
        is_same = np.array_equal(images.read(content).samples.transpose(1, 2, 0), picture)
    except RefusedImage:
        is_same = False
    if not is_same:
        raise StorageFailed(f"the cover for {out} did not come back as it was drawn", hint="try again")
