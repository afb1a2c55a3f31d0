"""Hide a message on the sender's side: seal it, code it where changes cost least, and read it back.

The sender alone decides which samples change: any scheme of the catalog gives the cost of a change. A sample that a scheme
would rather never touch gets a very high cost here, not an infinite one, so that what fits depends on the image's size alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.large_arrays import give_back, large_empty
from ssgan.embedding.bands import Band, bands
from ssgan.embedding.coders.gibbs import Sender
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.stc import layers
from ssgan.embedding.stc.layers import LayerCosts, PricedSamples
from ssgan.embedding.stc.trellis import reachable, strips
from ssgan.embedding.titles import split_scheme
from ssgan.errors import DoesNotFit, RefusedImage, not_read_back
from ssgan.images import AnyImage, ImageLike, Layout, accept, laid_out
from ssgan.images.arrays import CHANNELS
from ssgan.images.coefficients import Coefficients, carrier_values, with_carrier_values
from ssgan.images.encoded import Manner
from ssgan.images.samples import OPAQUE, Samples, Whole
from ssgan.messages import container
from ssgan.messages.container import SPLITS, Carrier, KeyedLayout
from ssgan.messages.keys import Key, as_message, check_key
from ssgan.messages.parts import MessagePart
from ssgan.messages.reveal import reveal_with
from ssgan.messages.scheme_choice import COEFFICIENT_SCHEME, fitting_scheme, usual_scheme

LEAST_ENTROPY = 40.0  # bits in the public frozen samples: below that, other images share this one's first salt
DEAR = 1e3  # times the dearest finite cost: what a scheme's own ban on a sample counts


@dataclass(frozen=True)
class Hidden:
    """A stego with its cover, uint8 with the axes of the image given, and the figures by which its safety is judged."""

    cover: NDArray[np.uint8] = field(repr=False)
    stego: NDArray[np.uint8] = field(repr=False)
    alpha: NDArray[np.uint8] | None = field(repr=False)
    message_bytes: int
    rung_bytes: int  # the length that an observer could learn at best
    payload: float  # all bits of the stream, per sample that counts, pixel (hill:luma) or nonzero AC coefficient of a JPEG
    change_rate: float  # share of the counting samples changed
    scheme: str
    split: int
    manner: Manner = "usual"  # how its file was written, as `ssgan.images.Encoded` says
    notes: tuple[str, ...] = ()  # what of that differs from the cover's file
    left_out: tuple[str, ...] = ()  # metadata of the cover's file that the stego's does not have
    # Of the stego, where the cover is a JPEG: then cover and stego are only shown.
    coefficients: Coefficients | None = field(default=None, repr=False)

    @property
    def changes(self) -> NDArray[np.int8]:
        """int8, with the axes of the stego: -1, 0 or +1."""
        return (self.stego.astype(np.int16) - self.cover).astype(np.int8)

    @property
    def unit(self) -> str:
        """What the payload counts, in words."""
        if self.coefficients is not None:
            return "nonzero AC coefficient"
        return "pixel" if split_scheme(self.scheme)[1] else "sample"

    @property
    def picture(self) -> NDArray[np.uint8]:
        """uint8 (3, H, W): the stego, and beside it the changes, raised orange and lowered blue."""
        from ssgan.views import maps

        cover, stego = (_channels_first(samples) for samples in (self.cover, self.stego))
        return maps.side_by_side([stego.repeat(3 // len(stego), axis=0), maps.change_map(cover, stego)])

    def _repr_html_(self) -> str:
        """Return the picture and the facts for a notebook."""
        from ssgan.views.cards import card

        facts = {
            "message": f"{self.message_bytes} bytes, by {self.scheme}",
            "payload": f"{self.payload:.4f} bits per {self.unit}",
            "changed": f"{self.change_rate:.2%}",
        }
        return card("Stego and its changes", facts, self.picture)


def hide(
    image: AnyImage, message: bytes | str | MessagePart, key: Key, *, scheme: str | None = None,
    alpha: ImageLike | None = None, compress: bool = False, allow_flat: bool = False, layout: Layout | None = None,
) -> Hidden:  # fmt: skip
    """Hide a message in an image, and return the stego with its cover and figures.

    image       the cover: one image, as `ssgan.as_image` takes it. `ssgan.hide_file` takes files as they are, JPEGs too
    message     bytes, or a str for UTF-8; it is encrypted
    key         an `ssgan.Passphrase`, or a `KeyFile` such as `ssgan.fresh_key()`: the receiver needs the same
    scheme      which changes show least: a key of `ssgan.SCHEMES`, also as in `hill:luma`, where the channels of a color pixel
                change together; if left out, hill, and in color hill:luma where the message fits into the pixels
    alpha       uint8 (H, W): only pixels with 255 are changed, and `reveal` needs it, too. A file brings its own
    compress    pack the message first where that is shorter: not for texts that others had a hand in, since the length tells
    allow_flat  take a cover so flat that other images would share its keys
    layout      "chw" or "hwc", where the shape of a NumPy array leaves it open

    Cover and stego come back as NumPy arrays uint8 with the axes of `image`: (H, W), (C, H, W) or (H, W, C), as PIL images and
    files have it. Write the stego without loss, and destroy the cover. Raises DoesNotFit with the bytes that would fit,
    RefusedImage for a flat cover, InvalidSetting for what is no image, no message, no key or no scheme.

    >>> import numpy, ssgan
    >>> cover = numpy.random.default_rng(1).integers(100, 120, (64, 64, 3))
    >>> key = ssgan.fresh_key()
    >>> hidden = ssgan.hide(cover, "Meet me at nine", key)
    >>> hidden.stego.shape, ssgan.reveal(hidden.stego, key)
    ((64, 64, 3), b'Meet me at nine')
    """
    check_key(key)
    taken = accept(image, alpha=alpha, layout=layout)
    samples, opacity, axes = taken.samples, taken.alpha, taken.axes

    if scheme is None:
        body = message if isinstance(message, MessagePart) else as_message(message)
        scheme = usual_scheme(len(container.body_of(body, compress)[0]), samples, opacity)
    chosen, counting = fitting_scheme(scheme, len(samples)), container.usable_samples(samples, opacity)
    name, joins = split_scheme(chosen)

    def carrier() -> Carrier:
        return (container.movable_pixels if joins else container.image_carrier)(samples, opacity)

    def price(payload: float) -> Iterator[Price]:
        Embedder.of_scheme(chosen, payload)  # refuses what is no scheme
        priced = _priced_bands(bands(samples, name, payload), opacity, len(samples))
        return _joined_prices(priced, counting) if joins else priced

    made = hide_in(carrier, price, message, key, compress=compress, allow_flat=allow_flat)
    stego = (container.with_greens if joins else container.with_samples)(samples, opacity, made.values)
    cover, stego = laid_out(samples, axes), laid_out(stego, axes)
    return Hidden(
        cover, stego, opacity, made.message_bytes, made.rung_bytes, made.payload, made.change_rate, chosen, made.split
    )


def hide_coefficients(
    cover: Coefficients, message: bytes | str | MessagePart, key: Key, *, scheme: str = COEFFICIENT_SCHEME,
    compress: bool = False, allow_flat: bool = False, errors: Sequence[NDArray[np.float64]] | None = None,
) -> tuple[Coefficients, WrittenValues]:  # fmt: skip
    """Return a JPEG's coefficients with `message` in them, and what it took: the payload in bits per nonzero AC coefficient.

    With the rounding `errors` of a new JPEG (`images.new_jpeg`) the sender is side-informed, as siuniward needs to be.
    Raises as `hide` does, and DoesNotFit where all AC coefficients are zero.
    """
    nonzero = cover.num_nonzero_ac

    def carrier() -> Carrier:
        return container.coefficient_carrier(cover)

    def price(payload: float) -> Iterator[Price]:
        from ssgan.embedding.coefficient_costs import coefficient_costs

        count = len(carrier_values(cover))
        prices = coefficient_costs(cover, scheme, payload * count / max(nonzero, 1), errors=errors)
        yield Price(slice(0, count), prices.plus, prices.minus)

    written = hide_in(carrier, price, message, key, compress=compress, allow_flat=allow_flat)
    payload = written.payload * len(written.values) / max(nonzero, 1)
    return with_carrier_values(cover, written.values), replace(written, payload=payload)


class Price(NamedTuple):
    """What +1 and -1 cost some of a carrier's samples, which are `at` in it; float64 (k,).

    One array is both where a scheme makes no difference.
    """

    at: slice
    plus: NDArray[np.float64]
    minus: NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class WrittenValues:
    """A carrier's values (N,) with a message in them, and what it took; the fields are named as those of `Hidden`."""

    values: Whole
    message_bytes: int
    rung_bytes: int
    payload: float
    change_rate: float
    split: int


def hide_in(
    carrier: Callable[[], Carrier], price: Callable[[float], Iterable[Price]], message: bytes | str | MessagePart, key: Key, *,
    compress: bool = False, allow_flat: bool = False,
) -> WrittenValues:  # fmt: skip
    """Return `message`, text as UTF-8, in samples of any kind; it is read back before this returns.

    `carrier` makes them, three times: in between, each byte a sample counts. `price` gives the costs of all samples at a
    payload in bits per sample, part by part. Raises DoesNotFit with the bytes that would fit, RefusedImage where the cover is
    so flat that others would share its keys (unless `allow_flat`).
    """
    check_key(key)
    message = message if isinstance(message, MessagePart) else as_message(message)
    cover = carrier()
    body, kind = container.body_of(message, compress)
    capacity, layout = cover.capacity_bytes, cover.layout(key)
    if not layout.rungs or len(body) > capacity:
        raise _too_long(len(body), capacity)
    if not allow_flat:
        _refuse_flat(cover.public)
    length = next(rung for rung in layout.rungs if rung >= len(body))
    plaintext, padding = container.padded(body, length)
    payload = 8 * (length + container.OVERHEAD) / len(cover.values)
    del cover  # it is made again: during coding, each byte a sample counts
    give_back(layout.carrying)
    prices = price(payload)
    give_back(layout.carrying)
    costs = _laid_out_costs(layout, prices)
    carrying = _laid_out(layout, carrier().samples)
    give_back(layout.carrying)
    written, split = _write(layout, carrying, costs, plaintext, kind | padding)
    del carrying
    values, order = carrier().values, layout.order
    changed = values.copy()
    for part in strips(len(order)):
        changed[order[part]] = written[part]
    del order
    if reveal_with(layout, written) != message:
        raise not_read_back()
    return WrittenValues(changed, len(body), length, payload, float(np.count_nonzero(changed != values) / len(values)), split)


def _laid_out(layout: KeyedLayout, samples: Samples[NDArray[Any]]) -> Samples[NDArray[Any]]:
    """Return the carrying ones of the samples, in the message's order."""
    usable = None if samples.usable is None else layout.laid_out(samples.usable)
    return replace(samples, values=layout.laid_out(samples.values), usable=usable)


def _write(
    layout: KeyedLayout, carrying: Samples[NDArray[Any]], costs: list[NDArray[np.float64]], plaintext: bytes, kind: int
) -> tuple[Whole, int]:
    """Return (carrying samples with the stream in them, split): the split nearest to the optimal sender's that has a
    solution.

    `costs` are of +1 and -1, or of both; the list is emptied.
    """
    total = 8 * (len(plaintext) + container.OVERHEAD)
    sender = Sender(costs[0][None], costs[-1][None], carrying.part(None))
    if total > sender.largest_payload[0]:
        raise _no_way(layout, carrying, len(plaintext))
    lam, free = sender.lambdas_for_payload(np.array([float(total)]))[0], sender.free[0]
    del sender
    wish = layers.natural_split(PricedSamples(carrying, costs[0], costs[-1]), lam, free)
    of_layers = _layer_costs(carrying, costs, lam, free)
    for split in sorted(SPLITS, key=lambda split: abs(container.bits_in_second(len(plaintext), split) - wish)):
        second = container.bits_in_second(len(plaintext), split)
        stream = np.frombuffer(container.seal(layout, plaintext, split, kind), dtype=np.uint8)
        stego = layers.write_split(of_layers, np.unpackbits(stream), second, layout.code())
        if stego is not None:
            return stego, split
    raise _no_way(layout, carrying, len(plaintext))


def _layer_costs(carrying: Samples[NDArray[Any]], costs: list[NDArray[np.float64]], lam: float, free: float) -> LayerCosts:
    """Return the costs in both layers, and empty the list of `costs`: two arrays of double precision become two of single.

    They are made within the memory of the old ones, so that there are never four.
    """
    priced, count = PricedSamples(carrying, costs[0], costs[-1]), len(carrying)
    if len(costs) == 1:
        costs.clear()
        return layers.layer_costs(priced, lam, free)
    layers.fill_layer_costs(priced, lam, free, *(rho.view(np.float32)[:count] for rho in reversed(costs)))
    del priced
    flips, nears = large_empty(count, np.float32), large_empty(count, np.float32)
    flips[:] = costs.pop().view(np.float32)[:count]
    nears[:] = costs.pop().view(np.float32)[:count]
    return layers.priced_layers(carrying.values, flips, nears)


def _no_way(layout: KeyedLayout, samples: Samples[NDArray[Any]], length: int) -> DoesNotFit:
    """Return the error for samples that may not change and leave no way to write `length` bytes and their overhead."""
    assert samples.usable is not None, "with every bit in the first layer there is always a way"
    near = np.where(samples.values & 1 == 0, samples.may_rise, samples.may_fall)  # changes that leave the second layer alone
    dry = near[layers.strides(len(samples))]
    most = reachable(dry, layout.code(), limit=8 * (length + container.OVERHEAD)) // 8 - container.OVERHEAD
    return _too_long(length, max((rung for rung in layout.rungs if rung <= most), default=0))


def _channels_first(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (C, H, W) of samples with the axes of an image; to look at."""
    if samples.ndim == 2:
        return samples[None]
    return samples if len(samples) in CHANNELS else samples.transpose(2, 0, 1)


def _too_long(length: int, capacity: int) -> DoesNotFit:
    return DoesNotFit(
        f"{length} bytes do not fit: this cover takes at most {capacity}",
        reachable=capacity, unit="bytes",
        hint="take a larger cover, send less, or spread the message over several covers",
    )  # fmt: skip


def _inverse(layout: KeyedLayout) -> NDArray[np.signedinteger[Any]]:
    """Return int32 (N,): the index of each sample in the message's order; n for frozen samples."""
    order = layout.order
    carries = large_empty(layout.carrying + len(layout.frozen), order.dtype)
    carries[layout.frozen] = layout.carrying
    for part in strips(len(order)):
        carries[order[part]] = np.arange(part.start, part.stop)
    return carries


def _priced_bands(made: Iterable[Band], alpha: NDArray[np.uint8] | None, channels: int) -> Iterator[Price]:
    """Yield the costs of an image's counting samples, from those of its rows."""
    before = None if alpha is None else np.concatenate([[0], np.cumsum(np.count_nonzero(alpha == OPAQUE, axis=1))])
    for band in made:
        last, width = band.first + len(band.plus), band.plus.shape[1]
        first, end = (band.first * width, last * width) if before is None else (int(before[band.first]), int(before[last]))
        places = slice(first * channels + band.plane, end * channels, channels)
        if alpha is None:
            plus = band.plus.reshape(-1)
            yield Price(places, plus, plus if band.minus is band.plus else band.minus.reshape(-1))
        else:
            counts = alpha[band.first : last] == OPAQUE
            plus = band.plus[counts]
            yield Price(places, plus, plus if band.minus is band.plus else band.minus[counts])


def _joined_prices(made: Iterable[Price], samples: int) -> Iterator[Price]:
    """Yield the costs of an image's counting pixels, of all `samples`: the sums over their channels."""
    plus = large_empty(samples // container.COLORS, np.float64)
    plus[:] = 0
    minus = plus
    for price in made:
        start, end = price.at.start // container.COLORS, price.at.stop // container.COLORS
        if price.minus is not price.plus:
            if minus is plus:
                minus = plus.copy()
            minus[start:end] += price.minus
        elif minus is not plus:
            minus[start:end] += price.plus
        plus[start:end] += price.plus
    yield Price(slice(0, len(plus)), plus, minus)


def _laid_out_costs(layout: KeyedLayout, made: Iterable[Price]) -> list[NDArray[np.float64]]:
    """Return the costs of the carrying samples in the message's order, where only the ends of the range are wet: those of +1
    and -1, or one array that is both, if the scheme makes no difference.
    """
    carries = _inverse(layout)
    plus = large_empty(layout.carrying + 1, np.float64)  # the last place takes what is frozen
    minus = plus
    for price in made:
        places = carries[price.at]
        if price.minus is not price.plus and minus is plus:
            minus = large_empty(len(plus), np.float64)
            minus[:] = plus
        plus[places] = price.plus
        if minus is not plus:
            minus[places] = price.minus
    both = [plus[:-1]] if minus is plus else [plus[:-1], minus[:-1]]
    greatest = max(float(rho[part].max(initial=0.0, where=rho[part] < np.inf)) for rho in both for part in strips(len(rho)))
    for rho in both:
        for part in strips(len(rho)):
            rho[part][np.isinf(rho[part])] = DEAR * greatest if greatest > 0 else 1.0
    return both


def _refuse_flat(frozen: Whole) -> None:
    """Refuse a cover whose frozen values have too little entropy, estimated as if they were independent."""
    shares = np.unique(frozen, return_counts=True)[1] / len(frozen)
    entropy = abs(float((shares * np.log2(shares)).sum()) * len(frozen))
    if entropy < LEAST_ENTROPY:
        raise RefusedImage(
            f"this cover is too flat: what tells it from others holds about {entropy:.0f} bits, fewer than {LEAST_ENTROPY:.0f}",
            hint="take a cover with more texture, or allow flat covers, which share their keys with covers alike",
        )
