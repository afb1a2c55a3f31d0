"""The sender's side: a message sealed, coded and laid where it hurts least, and read back before it is given away.

Which samples change is the sender's own affair: any scheme of the catalog says what a change costs. A sample that a scheme
would rather never touch is made very dear here, not impossible, so that what fits depends on the image's size alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ssgan.embedding.bands import Band, bands
from ssgan.embedding.coders.gibbs import Sender
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.stc import layers
from ssgan.embedding.stc.layers import Samples
from ssgan.embedding.stc.trellis import strips
from ssgan.errors import DoesNotFit, RefusedImage
from ssgan.images import ImageLike, Layout, as_alpha, as_image, axes_of, laid_out
from ssgan.images.encoded import Manner
from ssgan.images.samples import PEAK
from ssgan.messages import container
from ssgan.messages.container import SPLITS, Places
from ssgan.messages.keys import Key, as_message, check_key
from ssgan.messages.parts import Part
from ssgan.messages.reveal import reveal_with

LEAST_ENTROPY = 40.0  # bits in the public frozen samples: below that, other images share this one's first salt
DEAR = 1e3  # times the dearest finite cost: what a scheme's own ban on a sample counts


@dataclass(frozen=True)
class Hidden:
    """A stego beside its cover, uint8 with the axes of the image given, and what it took: for judging how safe that is."""

    cover: np.ndarray
    stego: np.ndarray
    alpha: np.ndarray | None
    message_bytes: int
    rung_bytes: int  # the length that an observer could know at best
    payload: float  # bits per counting sample, all of the stream
    change_rate: float  # share of the counting samples changed
    scheme: str
    split: int
    manner: Manner = "usual"  # how its file was written, as `ssgan.images.Encoded` says
    notes: tuple[str, ...] = ()  # what of that differs from the cover's file
    left_out: tuple[str, ...] = ()  # metadata of the cover's file that the stego's does not have

    @property
    def changes(self) -> np.ndarray:
        """int8, with the axes of the stego: -1, 0 or +1."""
        return (self.stego.astype(np.int16) - self.cover).astype(np.int8)


def hide(
    image: ImageLike, message: bytes | str | Part, key: Key, *, scheme: str = "hill", alpha: ImageLike | None = None,
    compress: bool = False, allow_flat: bool = False, layout: Layout | None = None,
) -> Hidden:  # fmt: skip
    """`message`, text as UTF-8, in a cover as `as_image` takes it; only pixels with alpha 255 (uint8 (H, W)) are touched.

    Cover and stego come back as NumPy arrays with the axes of `image`: (H, W), (C, H, W) or (H, W, C), as PIL images have it.
    `compress` packs it first where that is shorter: not for texts that others had a hand in, since the length tells. Raises
    DoesNotFit with the bytes that would fit, RefusedImage where the cover is so flat that other images would share its keys
    (unless `allow_flat`), InvalidSetting for an unknown scheme.
    """
    check_key(key)
    message = message if isinstance(message, Part) else as_message(message)
    axes = axes_of(image, layout=layout)
    image = as_image(image, layout=layout)
    alpha = as_alpha(alpha, image)
    samples = container.samples_of(image, alpha)
    body, kind = container.body_of(message, compress)
    room = max(0, container.room(image, alpha))
    where = container.places(container.shape_of(image, samples), samples, key)
    if not where.rungs or len(body) > room:
        raise DoesNotFit(
            f"{len(body)} bytes do not fit: this cover takes at most {room}",
            reachable=room, unit="bytes",
            hint="take a larger cover, send less, or spread the message over several covers",
        )  # fmt: skip
    if not allow_flat:
        _refuse_flat(samples[where.public])
    length = next(rung for rung in where.rungs if rung >= len(body))
    plaintext, padding = container.padded(body, length)
    bits = 8 * (length + container.OVERHEAD)
    Embedder(scheme, bits / len(samples))  # refuses what is no scheme
    carries = _inverse(where)
    priced = _priced(where.laid_out(samples), bands(image, scheme, bits / len(samples)), alpha, carries.reshape(-1, len(image)))
    del samples, carries  # both are made anew: while the code is at work, each byte a sample counts
    written, split = _write(where, priced, plaintext, kind | padding)
    del priced
    samples, order = container.samples_of(image, alpha), where.order
    changed = samples.copy()
    for part in strips(len(order)):
        changed[order[part]] = written[part]
    del order
    stego = container.with_samples(image, alpha, changed)
    if reveal_with(where, written) != message:
        raise AssertionError("the message cannot be read back")
    rate = np.count_nonzero(changed != samples) / len(samples)
    return Hidden(
        laid_out(image, axes), laid_out(stego, axes), alpha, len(body), length, bits / len(samples), rate, scheme, split
    )


def _write(where: Places, priced: Samples, plaintext: bytes, kind: int) -> tuple[np.ndarray, int]:
    """(carrying samples with the stream in them, split): the split nearest to the optimal sender's that finds a way."""
    total = 8 * (len(plaintext) + container.OVERHEAD)
    sender = Sender(priced.plus[None], priced.minus[None], priced.cover[None])
    lam = sender.lambdas_for_payload(np.array([float(total)]))[0]
    wish = layers.natural_split(priced, lam, sender.free[0])
    for split in sorted(SPLITS, key=lambda split: abs(container.bits_in_second(len(plaintext), split) - wish)):
        second = container.bits_in_second(len(plaintext), split)
        stream = np.frombuffer(container.seal(where, plaintext, split, kind), dtype=np.uint8)
        written = layers.write(priced, lam, sender.free[0], np.unpackbits(stream), where.code(), splits=[second])
        if written is not None:
            return written.stego, split
    raise AssertionError("with every bit in the first layer there is always a way")


def _inverse(where: Places) -> np.ndarray:
    """int32 (N,): which of the carrying samples each one is, in the message's order; n for those that are frozen."""
    order = where.order
    carries = np.full(where.carrying + len(where.frozen), where.carrying, order.dtype)
    for part in strips(len(order)):
        carries[order[part]] = np.arange(part.start, part.stop)
    return carries


def _priced(carrying: np.ndarray, made: Iterable[Band], alpha: np.ndarray | None, carries: np.ndarray) -> Samples:
    """The carrying samples with their costs, in which only the ends of the range are impossible.

    `carries` int32 (pixels that count, C) says which carrying sample each one is. One array holds both costs as long as the
    scheme makes no difference.
    """
    plus = np.empty(len(carrying) + 1)  # the last place takes what is frozen
    minus = plus
    before = None if alpha is None else np.concatenate([[0], np.cumsum(np.count_nonzero(alpha == PEAK, axis=1))])
    for band in made:
        last, width = band.first + len(band.plus), band.plus.shape[1]
        counts = slice(band.first * width, last * width) if before is None else slice(before[band.first], before[last])
        places = carries[counts, band.plane]
        if band.minus is not band.plus and minus is plus:
            minus = np.empty_like(plus)
        for costs, laid in ((band.plus, plus), (band.minus, minus)) if minus is not plus else ((band.plus, plus),):
            laid[places] = costs.reshape(-1) if alpha is None else costs[alpha[band.first : last] == PEAK]
    both = [plus[:-1]] if minus is plus else [plus[:-1], minus[:-1]]
    greatest = max(float(rho[part].max(initial=0.0, where=rho[part] < np.inf)) for rho in both for part in strips(len(rho)))
    for rho in both:
        for part in strips(len(rho)):
            rho[part][np.isinf(rho[part])] = DEAR * greatest if greatest > 0 else 1.0
    return Samples(carrying, both[0], both[-1])


def _refuse_flat(frozen: np.ndarray) -> None:
    """Shannon's entropy of the frozen values, as if they were independent: a rough measure, kind to the cover."""
    shares = np.unique(frozen, return_counts=True)[1] / len(frozen)
    entropy = abs(float((shares * np.log2(shares)).sum()) * len(frozen))
    if entropy < LEAST_ENTROPY:
        raise RefusedImage(
            f"this cover is too flat: what tells it from others holds about {entropy:.0f} bits, fewer than {LEAST_ENTROPY:.0f}",
            hint="take a cover with more texture, or allow flat covers, which share their keys with covers alike",
        )
