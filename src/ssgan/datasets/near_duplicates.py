"""Find pictures that show the same: shifted a little, mirrored, resized, or encoded again.

Candidates are pairs whose perceptual hashes, or the hash of one and that of the other mirrored, differ in few bits
(`imagehash.phash`). A pair counts where the middle of one correlates with the other at some shift.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssgan.errors import InvalidSetting

SIDE = 64  # pixels to which pictures are reduced
INSET = 8  # pixels that one may be shifted by
HASH_BITS = 14  # of 64 that the hashes of candidates may differ in; a shift of 2 pixels of 64 changes 12
LEAST_CORRELATION = 0.95  # of a JPEG of quality 40 with its original: 0.95 to 0.99; of faces that are no copies: up to 0.92
FLATTEST = 2.0  # gray values of deviation, below which pictures are alike by themselves
_ROWS, _PAIRS = 512, 1024  # compared at a time


def near_duplicates(images: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return the pairs (i, j), i < j, of pictures uint8 (N, C, H, W) that show the same.

    Raises InvalidSetting where the package imagehash is not installed.
    """
    hashes, mirrored = (_hashes(pictures) for pictures in (images, images[..., ::-1]))
    found: set[tuple[int, int]] = set()
    reduced = np.stack([_reduced(picture) for picture in images]) if len(images) else np.empty((0, SIDE, SIDE), np.float32)
    is_flat = reduced.std(axis=(1, 2)) < FLATTEST
    for others, turned in ((hashes, reduced), (mirrored, reduced[..., ::-1])):
        for pairs in _candidates(hashes, others, is_flat):
            found.update(
                map(tuple, pairs[_correlation(reduced[pairs[:, 0]], turned[pairs[:, 1]]) >= LEAST_CORRELATION].tolist())
            )
    return sorted(found)


def together(groups: Mapping[str, str], names: Sequence[str], pairs: Sequence[tuple[int, int]]) -> dict[str, str]:
    """Return the group of each name where the groups of each pair of `names` become one, called as the first of them."""
    parent = {group: group for group in groups.values()}

    def top(group: str) -> str:
        while parent[group] != group:
            parent[group] = group = parent[parent[group]]
        return group

    for i, j in pairs:
        first, other = sorted((top(groups[names[i]]), top(groups[names[j]])))
        parent[other] = first
    return {name: top(group) for name, group in groups.items()}


def _hashes(images: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return uint64 (N,), the perceptual hash of each picture."""
    try:
        from imagehash import phash
    except ModuleNotFoundError as error:
        raise InvalidSetting(
            f"finding near-duplicates needs {error.name}, which is not installed",
            hint='install it with pip install "ssgan[duplicates]"',
        ) from error
    bits = [np.packbits(phash(Image.fromarray(_gray(picture))).hash) for picture in images]
    return np.array(bits, np.uint8).reshape(-1, 8).view(np.uint64).reshape(-1)


def _gray(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma, uint8 (H, W), of a picture (C, H, W)."""
    if len(picture) == 1:
        return np.ascontiguousarray(picture[0])
    return np.asarray(Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0))).convert("L"))


def _reduced(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    image = Image.fromarray(_gray(picture)).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(image, np.float32)


def _candidates(
    hashes: NDArray[np.uint64], others: NDArray[np.uint64], is_flat: NDArray[np.bool_]
) -> Iterator[NDArray[np.int64]]:
    """Yield pairs int64 (n, 2), i < j, whose hashes differ in at most HASH_BITS."""
    for begin in range(0, len(hashes), _ROWS):
        apart = np.bitwise_count(hashes[begin : begin + _ROWS, None] ^ others[None, begin:])
        first, second = np.nonzero(apart <= HASH_BITS)
        is_pair = (second > first) & ~is_flat[begin + first] & ~is_flat[begin + second]
        pairs = np.stack([first, second], axis=1)[is_pair] + begin
        for start in range(0, len(pairs), _PAIRS):
            yield pairs[start : start + _PAIRS]


def _correlation(images: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    """Return float64 (n,): the largest correlation of the middle of each of `others` with its image, over all shifts."""
    size = SIDE - 2 * INSET
    middle = others[:, INSET:-INSET, INSET:-INSET].astype(np.float64)
    middle = middle - middle.mean(axis=(1, 2), keepdims=True)
    base = images.astype(np.float64) - images.mean(axis=(1, 2), keepdims=True)
    spectrum = np.fft.rfft2(base) * np.conj(np.fft.rfft2(middle, (SIDE, SIDE)))
    products = np.fft.irfft2(spectrum, (SIDE, SIDE))[:, : 2 * INSET + 1, : 2 * INSET + 1]
    sums, squares = (_window_sums(part, size) for part in (base, base**2))
    variance = np.maximum(squares - sums**2 / size**2, 1e-9) * np.maximum((middle**2).sum(axis=(1, 2)), 1e-9)[:, None, None]
    return np.asarray((products / np.sqrt(variance)).max(axis=(1, 2)))


def _window_sums(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the sums over all squares of `size`, by cumulative sums."""
    whole = np.pad(values, ((0, 0), (1, 0), (1, 0))).cumsum(axis=1).cumsum(axis=2)
    return whole[:, size:, size:] - whole[:, :-size, size:] - whole[:, size:, :-size] + whole[:, :-size, :-size]
