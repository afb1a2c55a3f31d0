"""The receiver's side: try what the sender may have chosen, and open what fits (docs/format.md, 10).

No scheme, no costs and no torch: a syndrome is a product. A wrong key, no message and a changed image end in one error with one
text, after the same work.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.light_start import loops_pay
from ssgan.embedding.stc import layers as two_layers
from ssgan.embedding.stc import submatrices
from ssgan.errors import Incomplete, NothingFound
from ssgan.images import AnyImage, ImageLike, Layout, accept
from ssgan.images.samples import Whole, low_bytes
from ssgan.messages import container
from ssgan.messages.container import PROBE_BITS as BITS
from ssgan.messages.container import SPLITS, Carrier, KeyedLayout
from ssgan.messages.keys import Key, check_key
from ssgan.messages.parts import MessagePart

if TYPE_CHECKING:
    from ssgan.drawn.model import DrawnModel
    from ssgan.messages.drawn import FoundMessage


def reveal(
    image: AnyImage,
    key: Key,
    *,
    alpha: ImageLike | None = None,
    layout: Layout | None = None,
    models: Sequence[DrawnModel] = (),
) -> bytes:
    """Return the message in an image as bytes.

    image   the stego: one image, as `ssgan.as_image` takes it. `ssgan.reveal_files` takes JPEGs and spread messages
    key     the `ssgan.Passphrase` or the `KeyFile` of the sender
    alpha   uint8 (H, W), where the stego has any; a file brings its own
    layout  "chw" or "hwc", where the shape of a NumPy array leaves it open
    models  for drawn covers: models beside those of the package

    Raises NothingFound for a wrong key, no message and a changed image, which cannot be told apart; InvalidSetting for what is
    no image or no key; Incomplete (with `part`) for one part of a message that is spread over several images:
    `ssgan.reveal_files` joins them.

    >>> import numpy, ssgan
    >>> cover, key = numpy.random.default_rng(1).integers(100, 120, (64, 64)), ssgan.Passphrase("several words")
    >>> ssgan.reveal(ssgan.hide(cover, b"hi", key).stego, key)
    b'hi'
    """
    taken = accept(image, alpha=alpha, layout=layout)
    return as_whole(reveal_any(taken.samples, key, alpha=taken.alpha, models=models))


def as_whole(found: bytes | MessagePart) -> bytes:
    """Return a message. Raises Incomplete for the part of one."""
    if isinstance(found, MessagePart):
        raise Incomplete(
            f"this is part {found.index + 1} of a message spread over {found.count} images, of which {found.needed} are needed",
            part=found,
            hint="give all the images of it that you have",
        )
    return found


def reveal_any(
    image: NDArray[np.uint8], key: Key, *, alpha: NDArray[np.uint8] | None = None, models: Sequence[DrawnModel] = ()
) -> bytes | MessagePart:
    """Return the message, or the part of one, in an image uint8 (C, H, W). Raises NothingFound, InvalidSetting for what is no
    key.

    Both versions of the format are always tried, and of color images samples and pixels, so that the duration reveals
    nothing.
    """
    check_key(key)
    drawn = None if alpha is not None and (alpha != 255).any() else find_drawn(image, key, models)
    found = _find_in_color(image, alpha, key) if len(image) == container.COLORS else _find_in_gray(image, alpha, key)
    if drawn is not None:
        return drawn.body
    if found is None:
        raise nothing_found()
    return found


def _find_in_gray(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, key: Key) -> bytes | MessagePart | None:
    return _find_in(container.image_carrier(image, alpha), key)


def _find_in_color(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, key: Key) -> bytes | MessagePart | None:
    """Return what is in the samples of a color image, or else in its pixels, whose channels change together."""
    carrier = container.pixel_carrier(image, alpha)
    by_samples, by_pixels = carrier.layouts(key)
    in_pixels = reveal_with(by_pixels, by_pixels.laid_out(carrier.values))
    values = carrier.whole.values
    del carrier  # of a large picture it is a copy
    in_samples = reveal_with(by_samples, by_samples.laid_out(values))
    return in_pixels if in_samples is None else in_samples


def reveal_from(carrier: Carrier, key: Key) -> bytes | MessagePart:
    """Return the message, or the part of one, in samples of any kind. Raises NothingFound, InvalidSetting for what is no
    key.
    """
    check_key(key)
    found = _find_in(carrier, key)
    if found is None:
        raise nothing_found()
    return found


def _find_in(carrier: Carrier, key: Key) -> bytes | MessagePart | None:
    layout = carrier.layout(key)
    carrying = layout.laid_out(low_bytes(carrier.values))
    del carrier  # of a large picture its samples are a copy
    return reveal_with(layout, carrying)


def nothing_found() -> NothingFound:
    """Return the one error of every failure."""
    return NothingFound(
        "no message found with this key",
        hint="check key and image: a wrong key, no message and a changed image cannot be told apart",
    )


def find_drawn(image: NDArray[np.uint8], key: Key, models: Sequence[DrawnModel] = ()) -> FoundMessage[DrawnModel] | None:
    """Return what version 2 finds in an image uint8 (C, H, W), with every model that draws pictures of this shape."""
    from ssgan.drawn import model

    shape = (*image.shape[1:], image.shape[0])
    wanted = [*(one for one in models if one.shape == shape), *model.installed(shape)]
    if not wanted:
        return None
    from ssgan.drawn import drawing
    from ssgan.messages.drawn import find_message

    return find_message(np.ascontiguousarray(image.transpose(1, 2, 0)), key, wanted, drawing)


def as_text(message: bytes) -> str | None:
    """Return the message as text, or None where it is not UTF-8 or has control characters."""
    try:
        text = message.decode("utf-8")
    except UnicodeDecodeError:
        return None
    steering = any(unicodedata.category(letter) == "Cc" and letter not in "\t\n\r" for letter in text)
    return None if steering else text


def reveal_with(layout: KeyedLayout, carrying: Whole) -> bytes | MessagePart | None:
    """Return the message in the carrying samples (n,), of any integer type, in their order, or None.

    Every rung and split, ascending; where none fits, the work of one more opening, so that the duration reveals nothing.
    """
    lengths, low = layout.rungs, low_bytes(carrying)
    if not lengths:
        return None
    answers = np.flatnonzero(_beginnings(layout, low) == container.probes(layout.keys, len(lengths)))
    for trial in answers.tolist():
        rung, split = divmod(trial, len(SPLITS))
        found = _open(layout, low, lengths[rung], split)
        if found is not None:
            return found
    if not len(answers):
        _open(layout, low, lengths[len(lengths) // 2], len(SPLITS) // 2)
    return None


def _beginnings(layout: KeyedLayout, carrying: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return int64 (rungs x splits,): the first 16 bits of each possible stream."""
    trials = [(length, split) for length in layout.rungs for split in SPLITS]
    totals = np.array([8 * (length + container.OVERHEAD) for length, _ in trials])
    seconds = np.array([container.bits_in_second(length, split) for length, split in trials])
    layers = np.maximum(np.stack([seconds, totals - seconds]), 1)[:, :, None]  # (2, trials, 1) bits; an empty one is not read
    edges = np.floor(np.arange(BITS + 1) * (len(carrying) / layers) + 0.5).astype(np.int64)
    code, begun = layout.code(), np.empty(len(trials), dtype=np.int64)
    columns = np.stack([submatrices.sequence(code.height, layout.keys.code, layer) for layer in (2, 1)])
    both = carrying, two_layers.strided(carrying)
    ahead = np.minimum(seconds, BITS)
    if not loops_pay(len(carrying)):
        kept = [_Kept(samples, shift, own) for samples, shift, own in zip(both, (1, 0), columns, strict=True)]
        for trial, (k, high, low) in enumerate(zip(ahead.tolist(), edges[0].tolist(), edges[1].tolist(), strict=True)):
            begun[trial] = kept[0].beginning(high, k) << BITS - k | kept[1].beginning(low, BITS - k)
        return begun
    from ssgan.messages.probe_loops import beginnings

    beginnings(*both, columns, ahead, edges, begun)
    return begun


class _Kept:
    """One layer's samples, made ready for the beginnings of many streams, which `probe_loops` computes where Numba is there."""

    def __init__(self, samples: NDArray[np.uint8], shift: int, columns: NDArray[np.int64]) -> None:
        self._marks = np.where(samples >> shift & 1, np.uint16(0xFFFF), np.uint16(0))
        self._columns = np.resize(columns.astype(np.uint16), len(samples))  # of a block as wide as all samples

    def beginning(self, edges: list[int], wanted: int) -> int:
        """Return the first `wanted` bits, block b being edges[b]...edges[b + 1]: docs/format.md, section 8."""
        window = word = 0
        for first, last in itertools.pairwise(edges[: wanted + 1]):
            window ^= int(np.bitwise_xor.reduce(self._marks[first:last] & self._columns[: last - first]))
            word = word << 1 | window & 1
            window >>= 1
        return word


def _open(layout: KeyedLayout, carrying: NDArray[np.uint8], length: int, split: int) -> bytes | MessagePart | None:
    total, second = 8 * (length + container.OVERHEAD), container.bits_in_second(length, split)
    bits = two_layers.read(carrying, total - second, second, layout.code())
    return container.unseal(layout, np.packbits(bits).tobytes(), split)
