"""Write a message into samples by changes of ±1 with syndrome-trellis codes, and read it again: the coder `stc`.

What `bound` simulates is done here up to the coding loss. The samples come flat, in an order that sender and receiver share (a
keyed permutation: wet samples side by side leave no path); only the sender has costs. NumPy and Numba only: the
receiver needs no torch.

T. Filler, J. Judas, J. Fridrich, "Minimizing additive distortion in steganography using syndrome-trellis codes", IEEE TIFS
6(3), 2011.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds
from ssgan.embedding.coders.gibbs import Sender
from ssgan.embedding.stc import layers as two_layers
from ssgan.embedding.stc import trellis
from ssgan.embedding.stc.layers import PricedSamples, WrittenLayers
from ssgan.embedding.stc.trellis import Code, NoPath
from ssgan.errors import DoesNotFit, InvalidSetting, not_read_back
from ssgan.images.samples import Samples, Whole

Flat: TypeAlias = Samples[NDArray[Any]]  # (n,), or (N, n) of N covers
TOLERANCE = 1e-8  # of the payload that lambda is found for: heavy-tailed costs make the bound steep in it
SEARCHES = 6  # halvings between what surely fits and what surely does not
NEAR_ENOUGH = 0.99  # share of the distortion allowed that `embed_within` uses at least
_SHARE = 1 << 16  # samples that one task of a batch takes


@dataclass(frozen=True)
class Embedding:
    """A message in a cover. The receiver needs `first`, `second`, the code and the order of the samples."""

    stego: Whole  # (n,), of the cover's type
    first: int  # bits in the lowest bits of the samples: the end of the message
    second: int  # bits in the second-lowest ones: the beginning of the message
    height: int
    distortion: float  # the sum of the costs of the changes
    bound: float  # the least expected distortion of as many bits
    coding_loss: float  # the share of bits lost against the optimal sender of the same distortion
    change_rate: float


def embed(
    cover: Flat, plus: NDArray[np.float64], minus: NDArray[np.float64], message: NDArray[np.uint8], code: Code | None = None, *,
    layers: int = 2, rng: np.random.Generator | None = None,
) -> Embedding:  # fmt: skip
    """Embed `message` uint8 (m,) of bits in a `cover` of flat samples (n,) by changes of ±1; it is extracted before this
    returns.

    plus, minus: float64 (n,), the costs of +1 and of -1, >= 0, any scale, infinite = wet (as all that the samples may not do).
    layers=1 codes the lowest bits alone, at most 1 bit per sample: each change goes where it is cheaper, and where both ways
    cost the same `rng` chooses. LSB replacement is a matter of costs: -1 wet at even samples, +1 wet at odd ones.

    Raises InvalidSetting, and DoesNotFit (of which NoPath is one) with the number of bits from the beginning of this message
    that do embed.
    """
    made = _embed_rows(cover.part(None), plus[None], minus[None], [message], code or Code(), layers, [rng])[0]
    if isinstance(made, DoesNotFit):
        raise made
    return made


def extract(stego: Whole, first: int, second: int, code: Code | None = None) -> NDArray[np.uint8]:
    """Return the message uint8 (second + first,) of `stego` (n,), of any integer type, samples in the order of the
    embedding.
    """
    return two_layers.read(stego, first, second, code or Code())


def embed_batch(
    covers: Flat, plus: NDArray[np.float64], minus: NDArray[np.float64],
    messages: Sequence[NDArray[np.uint8]], code: Code | None = None, *, layers: int = 2,
    rng: np.random.Generator | None = None, threads: int | None = None,
) -> list[Embedding | DoesNotFit]:  # fmt: skip
    """Run `embed` for covers (N, n) of one size on `threads` (all cores); return for each an Embedding, or the error.

    The same whatever the number of threads: `rng` gives each cover its own seed.
    """
    own: list[np.random.Generator | None] = [None] * len(covers)
    if rng is not None:
        own = [np.random.default_rng(int(seed)) for seed in seeds.image_seeds(rng, len(covers))]
    step = max(1, _SHARE // max(1, covers.values.shape[1]))

    def work(start: int) -> list[Embedding | DoesNotFit]:
        part = slice(start, start + step)
        return _embed_rows(covers.part(part), plus[part], minus[part], messages[part], code or Code(), layers, own[part])

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        return [made for done in pool.map(work, range(0, len(covers), step)) for made in done]


def embed_within(
    cover: Flat, plus: NDArray[np.float64], minus: NDArray[np.float64],
    message: NDArray[np.uint8], code: Code | None = None, *, distortion: float, layers: int = 2,
    rng: np.random.Generator | None = None,
) -> Embedding:  # fmt: skip
    """Embed as much from the beginning of `message` as `distortion` allows; 99 % of it is used, if the message is long enough.

    Otherwise as `embed`. Raises DoesNotFit where it does not pay for one bit.
    """
    if not distortion >= 0:
        raise InvalidSetting(
            f"the distortion is {distortion}; it must be a number >= 0",
            hint="give the largest sum of costs of the changes, >= 0",
        )
    ideal = _ideal_payloads(_sender(plus[None], minus[None], layers), np.array([distortion]))[0]
    within, beyond, best = 0, len(message) + 1, None
    length = round(0.93 * ideal)
    while within < beyond - 1:
        length = min(max(length, within + 1), beyond - 1)
        try:
            made = embed(cover, plus, minus, message[:length], code, layers=layers, rng=rng)
        except DoesNotFit as refused:
            beyond, length = length, int(refused.reachable)
            continue
        if made.distortion > distortion:
            beyond = length
        else:
            within, best = length, made
            if made.distortion >= NEAR_ENOUGH * distortion:
                break
        # The coding loss hardly changes with the length: aim a little below with the one just seen.
        length = round(ideal * (1 - made.coding_loss) * (3 + NEAR_ENOUGH) / 4)
        if not within < length < beyond:
            length = (within + beyond) // 2
    if best is None:
        raise DoesNotFit(
            f"a distortion of {distortion:g} does not pay for one bit",
            reachable=0,
            hint="allow more distortion, or take a larger cover",
        )
    return best


def reachable(
    cover: Flat, plus: NDArray[np.float64], minus: NDArray[np.float64], code: Code | None = None, *, layers: int = 2
) -> int:
    """Estimate the length in bits of the longest message that can be embedded, to about 2 %, by trying a random one.

    With one layer every message of that length can be embedded; with two, another one may find no path.
    """
    rng = np.random.default_rng(0)
    trial = rng.integers(0, 2, 2 * len(cover), dtype=np.uint8)
    _check(cover.part(None), plus[None], minus[None], [trial], layers, [rng])
    return _reachable(PricedSamples(cover, plus, minus), trial, code or Code(), layers)


def _embed_rows(
    covers: Flat, plus: NDArray[np.float64], minus: NDArray[np.float64],
    messages: Sequence[NDArray[np.uint8]], code: Code, layers: int, rngs: Sequence[np.random.Generator | None],
) -> list[Embedding | DoesNotFit]:  # fmt: skip
    """Return the embedding, or the error, of each row of covers (N, n). The optimal sender is found for all rows at once."""
    _check(covers, plus, minus, messages, layers, rngs)
    lengths = np.array([len(message) for message in messages])
    sender = _sender(plus, minus, layers)
    coded = (lengths > 0) & (lengths <= sender.largest_payload)
    lam = np.ones(len(covers))
    if coded.any():
        lam[coded] = sender.rows(coded).lambdas_for_payload(lengths[coded], TOLERANCE)
    samples = [PricedSamples(covers.part(i), plus[i], minus[i]) for i in range(len(covers))]
    written: list[WrittenLayers | None] = [
        _write(samples[i], message, code, layers, lam[i], sender.free[i], rngs[i]) if coded[i] or not lengths[i] else None
        for i, message in enumerate(messages)
    ]
    spent = np.array([0.0 if w is None else _distortion(s, w.stego) for s, w in zip(samples, written, strict=True)])
    bound = np.where(coded, sender.distortion(np.log(lam))[0], 0.0)
    ideal = _ideal_payloads(sender, spent)
    loss = np.where(ideal > 0, 1 - lengths / np.maximum(ideal, 1e-300), 0.0)
    made: list[Embedding | DoesNotFit] = []
    for i, w in enumerate(written):
        if w is None:
            made.append(_refusal(samples[i], messages[i], code, layers, float(sender.largest_payload[i])))
        else:
            rate = np.count_nonzero(w.stego != samples[i].cover) / max(1, len(w.stego))
            made.append(Embedding(w.stego, w.first, w.second, code.height, *map(float, (spent[i], bound[i], loss[i], rate))))
    return made


def _write(
    samples: PricedSamples,
    message: NDArray[np.uint8],
    code: Code,
    layers: int,
    lam: float,
    free: float,
    rng: np.random.Generator | None,
) -> WrittenLayers | None:
    """Write the message and read it again; return None where there is no path."""
    if len(message) == 0:
        return WrittenLayers(samples.cover.copy(), 0, 0)
    if rng is not None and layers == 1:
        written = two_layers.write_one(samples, message, code, rng)
    else:
        written = two_layers.write(samples, lam, free, message, code)
    if written is not None:
        read = two_layers.read(written.stego, written.first, written.second, code)
        if not np.array_equal(read, message):
            raise not_read_back()
    return written


def _refusal(samples: PricedSamples, message: NDArray[np.uint8], code: Code, layers: int, largest: float) -> DoesNotFit:
    """Return the error for a message that was not written, with the number of its bits that fit."""
    most = _reachable(samples, message, code, layers, limit=len(message) - 1)
    if len(message) > largest:
        hint = "send fewer bits, or take a larger cover with fewer samples that may not change"
        return DoesNotFit(
            f"{len(message)} bits do not fit: these samples carry at most {int(largest)}", reachable=most, hint=hint
        )
    hint = "send fewer bits, take a greater height, or order the samples by another key"
    return NoPath(f"wet samples leave no way to write these {len(message)} bits", reachable=most, hint=hint)


def _reachable(samples: PricedSamples, message: NDArray[np.uint8], code: Code, layers: int, limit: int | None = None) -> int:
    """Return how many bits from the beginning of `message` embed: those the first layer takes alone, or more, by halving."""
    sender = _sender(samples.plus[None], samples.minus[None], layers)
    dry = np.minimum(samples.plus, samples.minus) < np.inf
    most = int(sender.largest_payload[0]) if limit is None else min(limit, int(sender.largest_payload[0]))
    fits = trellis.reachable(dry[two_layers.strides(len(dry))], code, limit=most)
    if layers == 1 or fits == most:
        return fits
    beyond = most + 1
    for _ in range(SEARCHES):
        trial = (fits + beyond) // 2
        if trial == fits:
            break
        lam = sender.lambdas_for_payload(np.array([trial]), TOLERANCE)[0]
        if _write(samples, message[:trial], code, layers, lam, sender.free[0], None) is None:
            beyond = trial
        else:
            fits = trial
    return fits


def _sender(plus: NDArray[np.float64], minus: NDArray[np.float64], layers: int) -> Sender:
    """Return the optimal sender; for one layer, that of flips of the lowest bit in the cheaper direction."""
    return Sender(plus, minus) if layers == 2 else Sender(np.minimum(plus, minus), np.full_like(plus, np.inf))


def _ideal_payloads(sender: Sender, distortion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (B,): the bits of the optimal sender at these distortions (B,)."""
    most = distortion >= sender.largest_distortion
    ideal = np.where(most, sender.largest_payload, 0.0)
    between = (distortion > 0) & ~most
    if between.any():
        part = sender.rows(between)
        ideal[between] = part.payload(np.log(part.lambdas_for_distortion(distortion[between])))[0]
    return ideal


def _distortion(samples: PricedSamples, stego: Whole) -> float:
    """Return the sum of the costs of the changes."""
    up, down = stego > samples.cover, stego < samples.cover
    return float(samples.plus[up].sum() + samples.minus[down].sum())


def _check(
    covers: Flat, plus: NDArray[np.float64], minus: NDArray[np.float64], messages: Sequence[NDArray[np.uint8]], layers: int,
    rngs: Sequence[np.random.Generator | None],
) -> None:  # fmt: skip
    shape = covers.values.shape
    if len(shape) != 2:
        hint = "give the samples flat, in the order of the key"
        raise InvalidSetting(f"the samples are of shape {shape[1:]}, not (n,)", hint=hint)
    for name, costs, may, way in (("plus", plus, covers.may_rise, "rise"), ("minus", minus, covers.may_fall, "fall")):
        if costs.shape != shape or costs.dtype != np.float64:
            hint = "give one cost a sample"
            raise InvalidSetting(f"costs `{name}` are {costs.dtype} of shape {costs.shape[1:]}, not float64 (n,)", hint=hint)
        if not (costs >= 0).all():
            hint = "give costs >= 0, infinite where a sample must not change"
            raise InvalidSetting(f"a cost in `{name}` is negative or not a number", hint=hint)
        if (costs[~may] < np.inf).any():
            hint = "give an infinite cost to each change that the samples do not allow"
            raise InvalidSetting(f"`{name}` is finite at samples that may not {way}", hint=hint)
    for message in messages:
        trellis.check_bits("message", message)
    if len(messages) != len(covers):
        raise InvalidSetting(f"{len(messages)} messages came for {len(covers)} covers", hint="give each cover its own")
    if layers not in (1, 2):
        raise InvalidSetting(
            f"layers is {layers}; it must be 1 or 2", hint="give 1 to code the lowest bits alone, 2 for ternary ±1 embedding"
        )
    if layers == 1 and any(rng is None for rng in rngs):
        raise InvalidSetting(
            "one layer needs rng", hint="give a generator, which chooses between +1 and -1 where both cost the same"
        )
