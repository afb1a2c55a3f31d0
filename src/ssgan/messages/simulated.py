"""Simulate the coders `message` and `drawn`: stegos as `hide` makes them, with messages and keys drawn from each image's seed.

They have everything that distinguishes a sent stego from the optimal sender's: the container's length and its rungs, keyed
columns and order, frozen samples, syndrome-trellis codes in two layers. A claim about messages is a claim about these, not
about `bound`.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.keystream import keystream, reader
from ssgan.compute.lazy_torch import Values, as_array, is_tensor, torch
from ssgan.compute.threads import thread_count
from ssgan.drawn import drawing
from ssgan.drawn.header import NONCE_BYTES, GivenUp
from ssgan.drawn.model import find, installed, load
from ssgan.embedding.titles import split_scheme
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.coefficients import Coefficients, carrier_values
from ssgan.messages import container, drawn
from ssgan.messages.hide import hide, hide_coefficients
from ssgan.messages.keys import KeyFile
from ssgan.messages.order import COEFFICIENT_RULE, frozen_count


def simulate(covers: Values, scheme: str, payload: float, seeds: NDArray[np.uint64]) -> Values:
    """Return stegos of Images (N, C, H, W), each with a message and a key file of its own; one uint64 seed an image.

    `payload` counts all bits of the stream per sample, or per pixel of a color image by a scheme such as `hill:luma`. Streams
    have the lengths of rungs, some 12 % apart: an image gets the rung below or above at random, so that `payload` is met on
    average. Raises DoesNotFit where it is more than a cover takes, InvalidSetting where it is less than the shortest stream.
    """
    if payload == 0:
        return _like(as_array(covers).copy(), covers)
    pictures, samples = as_array(covers), math.prod(covers.shape[1:])
    joins = split_scheme(scheme)[1] and covers.shape[1] == container.COLORS
    counted = samples // container.COLORS if joins else samples
    lengths = _lengths(counted, payload, frozen=frozen_count(samples))

    def sent(i: int) -> NDArray[np.uint8]:
        own, message = _message(b"ssgan/simulated", int(seeds[i]), lengths)
        return hide(pictures[i], message, KeyFile(own), scheme=scheme, allow_flat=True, layout="chw").stego

    with ThreadPoolExecutor(thread_count()) as pool:
        stegos = np.stack(list(pool.map(sent, range(len(pictures)))))
    return _like(stegos, covers)


def simulate_jpeg(cover: Coefficients, scheme: str, payload: float, seed: int) -> Coefficients:
    """Return the stego of a JPEG, with a message and a key file of its own from the seed.

    `payload` counts all bits of the stream per AC coefficient that is not zero, met on average as above. Raises DoesNotFit also
    where these are few, so that the shortest stream has more.
    """
    if payload == 0:
        return cover
    samples, nonzero = len(carrier_values(cover)), cover.num_nonzero_ac
    try:
        lengths = _lengths(samples, payload * nonzero / samples, frozen=frozen_count(samples, COEFFICIENT_RULE))
    except DoesNotFit as error:
        raise DoesNotFit(
            f"{payload:g} bits per nonzero AC coefficient do not fit: a message takes at most {error.reachable / nonzero:.4f}",
            reachable=error.reachable,
            hint=error.hint,
        ) from error
    except InvalidSetting as error:
        least = 8 * (container.rungs(samples - frozen_count(samples, COEFFICIENT_RULE))[0] + container.OVERHEAD)
        raise DoesNotFit(
            f"{payload:g} bits per nonzero AC coefficient are fewer than the shortest message has: {least / nonzero:.4f} here",
            reachable=least,
            hint="ask for more, or take larger covers",
        ) from error
    own, message = _message(b"ssgan/simulated jpeg", seed, lengths)
    return hide_coefficients(cover, message, KeyFile(own), scheme=scheme, allow_flat=True)[0]


def _message(purpose: bytes, seed: int, lengths: tuple[tuple[int, int], float]) -> tuple[bytes, bytes]:
    """Return the key file's secret and the message of a seed: of the rung above with the probability in `lengths`."""
    own = hashlib.sha256(purpose + seed.to_bytes(8, "big")).digest()
    (below, above), share = lengths
    coin = int.from_bytes(keystream(own, 8), "big") * 2.0**-64
    return own, keystream(hashlib.sha256(own + b"message").digest(), above if coin < share else below)


def simulate_drawn(covers: Values, model: str, payload: float, seeds: NDArray[np.uint64]) -> Values:
    """Return covers drawn by messages, one in place of each of Images (N, C, H, W), each with a key file and nonce of its own.

    `model` is the name or folder of a generator; by "", the bundled one that draws pictures of this shape. `payload` counts all
    bits of the stream up to the message's end, per sample.

    Raises InvalidSetting where no model draws such pictures, DoesNotFit.
    """
    channels, height, width = covers.shape[1:]
    samples = channels * height * width
    found = load(find(Path(model))) if model else next(iter(installed((height, width, channels))), None)
    if found is None or found.shape != (height, width, channels):
        which = f"{model} draws pictures" if model else "no bundled model draws pictures"
        raise InvalidSetting(
            f"{which}{'' if found is None else f' of {found.shape}, not'} of {height} x {width} with {channels} channels",
            hint="give covers that the model has drawn: ssgan sample faces64 --drawn",
        )
    length = round(payload * samples / 8) - drawn.OVERHEAD
    if not 0 <= length <= drawn.capacity_bytes(found):
        fits = 8 * (drawn.capacity_bytes(found) + drawn.OVERHEAD) / samples
        raise DoesNotFit(
            f"{payload:g} bits per sample do not fit: covers of {found.name} take "
            f"{8 * drawn.OVERHEAD / samples:.4f} to {fits:.4f}",
            reachable=fits,
            hint="give a payload in this range",
        )

    def sent(i: int) -> NDArray[np.uint8]:
        own = hashlib.sha256(b"ssgan/simulated drawn" + int(seeds[i]).to_bytes(8, "big")).digest()
        message, key, nonces = keystream(hashlib.sha256(own + b"message").digest(), length), KeyFile(own), reader(own)
        while True:
            nonce = nonces(NONCE_BYTES)
            keys = drawn.DrawnKeys.of(drawn.picture_root(found.shape, nonce, key), found.identity)
            try:
                return drawn.draw_body(message, 0, nonce, keys, found, drawing).picture.transpose(2, 0, 1)
            except GivenUp:  # honest covers obey the same rule
                continue

    return _like(np.stack([sent(i) for i in range(len(covers))]), covers)


def _like(stegos: NDArray[np.uint8], covers: Values) -> Values:
    """Return stegos as what the covers are: an array, or a tensor on their device."""
    made: Any = torch.from_numpy(stegos).to(covers.device) if is_tensor(covers) else stegos
    return made


def _lengths(samples: int, payload: float, *, frozen: int) -> tuple[tuple[int, int], float]:
    """Return two neighboring rungs in bytes, and the fraction of images that get the second."""
    rungs = container.rungs(samples - frozen)
    wanted = payload * samples / 8 - container.OVERHEAD  # bytes of plaintext
    if not rungs or wanted > rungs[-1]:
        most = 8 * (rungs[-1] + container.OVERHEAD) if rungs else 0
        raise DoesNotFit(
            f"{payload:g} bits per sample do not fit: a message in {samples} samples takes at most {most / samples:.4f}",
            reachable=most,
            hint="lower the payload, or take larger covers",
        )
    if wanted < rungs[0]:
        least = 8 * (rungs[0] + container.OVERHEAD) / samples
        raise InvalidSetting(
            f"{payload:g} bits per sample are fewer than the shortest message has: {least:.4f} in {samples} samples",
            hint=f"ask for {least:.4f} or more, or take larger covers",
        )
    place = min(bisect_right(rungs, wanted), len(rungs) - 1)
    below, above = rungs[max(place - 1, 0)], rungs[place]
    return (below, above), (wanted - below) / (above - below) if above > below else 1.0
