"""Find an album's nonce and the order of its pictures from pilots: signs in every picture that follow from key and nonce.

A book has a word for each number, of a few bytes for each picture of the album. It is a keystream, so without the key its
words are random bits, and each is used for one album. The number is found by trying all of them against the log-likelihood
ratios, whatever the order of the pictures: for each number, the likelihood of a picture is the mean over all places in the
album (docs/format.md, 24).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.keystream import keystream_from, reader

_PIECE = 1 << 16  # words that are tried at a time
_MOST_ORDERS = 24


def word(key: bytes, number: int, size: int, pilot_bytes: int) -> NDArray[np.uint8]:
    """Return one word of the book of a key of 32 bytes, uint8 (size, 8 pilot_bytes): bits, the highest of a byte first."""
    bytes_of_word = size * pilot_bytes
    content = keystream_from(key, number * bytes_of_word, bytes_of_word)
    return np.unpackbits(np.frombuffer(content, np.uint8).reshape(size, pilot_bytes), axis=1)


def likeliest(key: bytes, numbers: int, ratios: NDArray[np.float64], known: NDArray[np.float64]) -> int:
    """Return the number from 0 to `numbers` - 1 whose word fits best, of the book of a key of 32 bytes.

    ratios float64 (P, M, 8 b), log P(0) / P(1) of each pilot that picture p would have at place i; known float64 (P, M), what
    is known of p being at i already, as a logarithm.
    """
    from ssgan.messages.pilots_loops import score

    size = ratios.shape[1]
    logs = byte_logs(ratios)  # (P, M, b, 256)
    width = logs.shape[2]
    logs = logs - logs.max(axis=3, keepdims=True)
    logs[:, :, 0] += (known - known.max(axis=1, keepdims=True))[:, :, None]
    tables = np.exp(logs).astype(np.float32).transpose(2, 1, 3, 0)  # (b, M, 256, P)
    # Pictures that fit every word alike, so that rows of pictures fill the vector registers.
    tables = np.pad(tables, ((0, 0), (0, 0), (0, 0), (0, -len(ratios) % 8)), constant_values=1)
    following, scores = reader(key), np.zeros(numbers)
    for begin in range(0, numbers, _PIECE):
        count = min(_PIECE, numbers - begin)
        words = np.frombuffer(following(count * size * width), np.uint8).reshape(count, size, width)
        score(words, tables, scores[begin : begin + count])
    return int(scores.argmax())


def fits(bits: NDArray[np.uint8], ratios: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (P, M): the log-likelihood of picture p at place i, from bits (M, k) and ratios (P, M, k)."""
    return np.asarray(-np.logaddexp(0, np.where(bits[None], ratios, -ratios)).sum(axis=2))


def byte_logs(ratios: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-likelihood of each value of a byte, float64 (..., b, 256), from the ratios (..., 8 b) of its bits."""
    parts = ratios.reshape(*ratios.shape[:-1], -1, 8)
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float64)  # (256, 8)
    zeros, ones = -np.logaddexp(0, -parts), -np.logaddexp(0, parts)
    return np.asarray(zeros @ (1 - bits.T) + ones @ bits.T)


def orders(fit: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    """Yield the place of every picture, int64 (P,), the likeliest order first, each order once.

    fit float64 (P, M), P <= M: the log-likelihood of picture p at place i. The first is that of all orders in which the
    pictures as given ascend, then the best of all, then those that differ from it by one exchange, the likeliest of these
    first.
    """
    seen: set[bytes] = set()
    best = assigned(fit)
    count, size = fit.shape
    exchanges: list[tuple[float, NDArray[np.int64]]] = []
    rows = np.arange(count)
    for one in range(count):
        for place in range(size):
            if place == best[one]:
                continue
            changed = best.copy()
            if len(holder := np.flatnonzero(best == place)):
                changed[holder[0]] = best[one]
                if holder[0] < one:
                    continue
            changed[one] = place
            exchanges.append((float(fit[rows, changed].sum()), changed))
    exchanges.sort(key=lambda pair: -pair[0])
    for found in [ascending(fit), best, *(changed for _, changed in exchanges[:_MOST_ORDERS])]:
        if found.tobytes() not in seen:
            seen.add(found.tobytes())
            yield found


def ascending(fit: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the likeliest places int64 (P,) that ascend."""
    count, size = fit.shape
    totals = np.full((count + 1, size + 1), -np.inf)
    totals[0] = 0
    for one in range(count):
        for place in range(one, size):
            totals[one + 1, place + 1] = max(totals[one + 1, place], totals[one, place] + fit[one, place])
    found, place = np.zeros(count, np.int64), size
    for one in range(count - 1, -1, -1):
        while totals[one + 1, place - 1] == totals[one + 1, place]:
            place -= 1
        place -= 1
        found[one] = place
    return found


def assigned(fit: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places int64 (P,), all different, with the largest sum: the Hungarian method, by shortest paths.

    R. Jonker and A. Volgenant, "A shortest augmenting path algorithm", Computing 38, 1987.
    """
    count, size = fit.shape
    row_prices, place_prices = np.zeros(count + 1), np.zeros(size + 1)
    holders = np.zeros(size + 1, np.int64)  # of each place, the picture, from 1; place 0 holds the one that is being placed
    for one in range(1, count + 1):
        holders[0] = one
        at = 0
        least, came_from, is_done = np.full(size + 1, np.inf), np.zeros(size + 1, np.int64), np.zeros(size + 1, np.bool_)
        while holders[at]:
            is_done[at] = True
            row = holders[at]
            open_places = np.flatnonzero(~is_done[1:]) + 1
            slack = -fit[row - 1, open_places - 1] - row_prices[row] - place_prices[open_places]
            is_less = slack < least[open_places]
            least[open_places[is_less]], came_from[open_places[is_less]] = slack[is_less], at
            nearest = open_places[least[open_places].argmin()]
            step = least[nearest]
            done = np.flatnonzero(is_done)
            row_prices[holders[done]] += step
            place_prices[done] -= step
            least[open_places] -= step
            at = int(nearest)
        while at:
            before = int(came_from[at])
            holders[at] = holders[before]
            at = before
    found = np.zeros(count, np.int64)
    for place in range(1, size + 1):
        if holders[place]:
            found[holders[place] - 1] = place - 1
    return found
