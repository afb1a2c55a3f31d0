"""Find leaks between the parts of a split: the same image, a cover and its stego, overlapping crops, one person or picture.

A detector that has seen the covers of the test part is judged by its memory; one that has seen a cover of which the test part
holds the stego calls the stego a cover, and errs more often than a coin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import torch

from ssgan.images import Images
from ssgan.steganalysis.checks.findings import Finding, Severity, some
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.jpegs import decompressed

TOLERATED = 0.05  # share of a part that may be in another one before the split is refused
GRID = 8  # means of 8 x 8 fields tell images apart before they are compared sample by sample
COMPARED = 1024  # images at a time
TEXTURED = 2.0  # least standard deviation of what is compared: flat images and blocks coincide by themselves
BLOCK, SMALL_BLOCK = 16, 8  # sides of the blocks; small ones for images of less than three blocks
LOOKED_AT = 1 << 25  # samples of a part in which blocks are looked for at every place
SIEVE = 22  # upper bits of a hash, looked up before all of it is looked for
# Two odd multipliers: a block is a polynomial in them modulo 2^64 (R. Karp, M. Rabin, IBM J. Res. Dev. 31(2), 1987).
ACROSS, DOWN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


def leaks(
    parts: Mapping[str, Pairs],
    labels: Mapping[str, Sequence[str]] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
) -> list[Finding]:
    """Return findings on what the parts (train, validate, test) share; `labels` are the groups of their pairs."""
    found = []
    for one, other in combinations(parts, 2):
        called = names.get(other) if names else None
        same = _same(one, other, parts[one], parts[other], called)
        found += same or _overlapping(one, other, _pixels(parts[one]), _pixels(parts[other]), called)
        if labels is not None:
            found += _labelled(one, other, labels[one], labels[other])
    return found


def _pixels(pairs: Pairs) -> Images:
    """Return the covers' pixels: blocks of coefficients, mostly zeros, coincide by themselves."""
    return decompressed(pairs.covers, pairs.table)


def counterparts(of: Images, among: Images) -> np.ndarray:
    """Return int64 (N,): for each image the number of one in `among` that differs from it by at most 1 everywhere, or -1.

    Flat images have none. Of several, the nearest in the means of a coarse grid is compared.
    """
    grids = [_grid(pictures) for pictures in (of, among)]
    lengths = grids[1].square().sum(dim=1)  # (M,)
    found = np.full(len(of), -1, dtype=np.int64)
    for start in range(0, len(of), COMPARED):
        part = slice(start, start + COMPARED)
        nearest = (lengths - 2 * grids[0][part] @ grids[1].T).argmin(dim=1)
        apart = (of[part].short() - among[nearest].short()).abs().amax(dim=(1, 2, 3))
        good = (apart <= 1) & (of[part].double().std(dim=(1, 2, 3)) >= TEXTURED)
        found[part] = torch.where(good, nearest, -1).cpu().numpy()
    return found


def _grid(pictures: Images) -> torch.Tensor:
    """Return float32 (N, D): the means of a grid, less their own mean, so that distances keep their digits."""
    parts = [
        torch.nn.functional.adaptive_avg_pool2d(part.float() - 128, GRID).flatten(1) for part in torch.split(pictures, COMPARED)
    ]
    return torch.cat(parts)


def _same(one: str, other: str, first: Pairs, second: Pairs, names: Sequence[str] | None) -> list[Finding]:
    partner = counterparts(second.covers, first.covers)
    places = np.flatnonzero(partner >= 0)
    if not len(places):
        return []
    equal = (second.covers[places] == first.covers[partner[places]]).flatten(1).all(dim=1).cpu().numpy()
    severity = _severity(len(places), len(second))
    found = []
    for chosen, statement in (
        (places[equal], f"covers of the part {other} are in the part {one} as well"),
        (
            places[~equal],
            f"covers of the part {other} are an image of the part {one} up to changes by 1: a cover and its stego",
        ),
    ):
        if len(chosen):
            text = f"{some(len(chosen), len(second), statement)}{_example(chosen, names)}"
            found.append(Finding(severity, text, "give every picture once, and split by cover before anything is embedded"))
    return found


def _overlapping(one: str, other: str, first: Images, second: Images, names: Sequence[str] | None) -> list[Finding]:
    """Return blocks that are in both parts, at any position."""
    side = BLOCK if min(first.shape[-2:]) >= 3 * BLOCK else SMALL_BLOCK
    if min(first.shape[-2:]) < side:
        return []
    if len(first) < len(second):  # what is looked for at every place is the smaller part
        first, second, names = second, first, None
    known = np.unique(_grid_hashes(first[:, 0].cpu().numpy(), side))
    most = max(1, LOOKED_AT // second[0, 0].numel())
    looked_at = np.unique(np.linspace(0, len(second) - 1, min(most, len(second))).astype(np.int64))
    likely = np.zeros(1 << SIEVE, dtype=bool)
    likely[known >> np.uint64(64 - SIEVE)] = True
    hits = np.array([_holds_any(second[int(i), 0].cpu().numpy(), side, known, likely) for i in looked_at])
    if not hits.any():
        return []
    statement = some(
        int(hits.sum()), len(hits), f"covers share blocks of {side} x {side} samples between the parts {one} and {other}"
    )
    return [
        Finding(
            "warn",
            f"{statement}{_example(looked_at[hits], names)}: crops that overlap, or copies that are shifted",
            "split by picture, and cut tiles that do not overlap",
        )
    ]


def _holds_any(image: np.ndarray, side: int, known: np.ndarray, likely: np.ndarray) -> bool:
    """Return whether a block of the image (H, W) is among the known hashes, sorted; a filter on upper bits excludes most."""
    hashes = _hashes(image[None], side).ravel()
    hashes = hashes[likely[hashes >> np.uint64(64 - SIEVE)]]
    places = np.searchsorted(known, hashes)
    return bool((known[np.minimum(places, len(known) - 1)] == hashes).any()) if len(known) else False


def _grid_hashes(images: np.ndarray, side: int) -> np.ndarray:
    """Return uint64: the hashes of the textured blocks (B, side, side) on the grid of images (N, H, W)."""
    n, height, width = images.shape
    rows, columns = height // side, width // side
    cut = images[:, : rows * side, : columns * side].reshape(n, rows, side, columns, side).swapaxes(2, 3)
    blocks = cut.reshape(-1, side, side)
    return _hashes(blocks[blocks.std(axis=(1, 2)) >= TEXTURED], side).ravel()


def _hashes(images: np.ndarray, side: int) -> np.ndarray:
    """Return uint64 (N, H - side + 1, W - side + 1): the hash of the block at each position."""
    values = images.astype(np.uint64) + np.uint64(1)
    for axis, factor in ((2, ACROSS), (1, DOWN)):
        count = values.shape[axis] - side + 1
        summed = np.zeros_like(np.take(values, range(count), axis=axis))
        for at in range(side):
            summed *= factor
            summed += np.take(values, range(at, at + count), axis=axis)
        values = summed
    return values


def _labelled(one: str, other: str, first: Sequence[str], second: Sequence[str]) -> list[Finding]:
    both = sorted(set(first) & set(second))
    if not both:
        return []
    text = f"{len(both)} groups are in the part {one} and in the part {other}, first {both[0]}"
    return [Finding("refuse", text, "split by group: a scene or person seen in training is not new in another picture")]


def _severity(count: int, total: int) -> Severity:
    return "refuse" if count > TOLERATED * total else "warn"


def _example(places: np.ndarray, names: Sequence[str] | None) -> str:
    return f", first {names[int(places[0])]}" if names else f", first number {int(places[0])}"
