"""Draw covers, one of them by a message, and reveal it again."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ssgan import images
from ssgan.compute.progress import Progress, silent
from ssgan.drawn.drawing import honest
from ssgan.drawn.model import DrawnModel, find, load
from ssgan.errors import NothingFound
from ssgan.evaluation.inspection import inspect_drawn
from ssgan.images import Images
from ssgan.messages.drawn_files import draw_file
from ssgan.messages.files import reveal_files
from ssgan.messages.keys import Passphrase
from ssgan.messages.words import fresh_passphrase

GENERATOR = Path("faces64")
STEGO = "stego.png"


@dataclass(frozen=True, eq=False)
class HiddenMessage:
    """A message in a drawn cover, the revealed one, and the answer to a wrong passphrase.

    picture  uint8 (3, H, W)
    bits     float64 (3, H, W), what each sample carries
    """

    message: str
    passphrase: str
    wrong: str
    refused: str
    revealed: str
    picture: np.ndarray
    bits: np.ndarray
    message_bytes: int
    promise_bytes: int
    content: bytes = field(repr=False)  # of the file


def model() -> DrawnModel:
    """Return the bundled model that draws."""
    return load(find(GENERATOR))


def honest_covers(model: DrawnModel, count: int, progress: Progress[()] = silent) -> Images:
    """Return honest covers uint8 (N, 3, H, W): drawn by the random numbers of the operating system."""
    made = []
    for number in range(count):
        made.append(honest(model).picture.transpose(2, 0, 1))
        progress(number + 1)
    return images.to_images(np.stack(made))


def say(message: str, model: DrawnModel) -> HiddenMessage:
    """Draw one cover by the message, and reveal it. Raises DoesNotFit for a message that is too long."""
    words, wrong = fresh_passphrase(), fresh_passphrase()
    key = Passphrase(words)
    made, content = draw_file(message.encode(), key, model, Path(STEGO))
    seen = inspect_drawn(np.ascontiguousarray(made.picture.transpose(2, 0, 1)), key)
    revealed = reveal_files([io.BytesIO(content)], key).decode()
    return HiddenMessage(
        message=message,
        passphrase=words,
        wrong=wrong,
        refused=_refused(content, wrong),
        revealed=revealed,
        picture=seen.cover,
        bits=seen.bits,
        message_bytes=made.message_bytes,
        promise_bytes=model.promise_bytes,
        content=content,
    )


def _refused(stego: bytes, wrong: str) -> str:
    """Return the answer to a wrong passphrase."""
    try:
        return reveal_files([io.BytesIO(stego)], Passphrase(wrong)).decode()
    except NothingFound as error:
        return str(error)
