"""Make numbers visible: costs, change probabilities, changes, residuals and bit planes as uint8 images (3, H, W).

One table of colors, dark to bright, serves all maps: bright is where a change is cheap or likely. The channels of a color
image are side by side, so that nothing is averaged away.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

# Red, green, blue at even steps; between them the table runs straight. Brightness rises all along, so it reads in gray too.
_STEPS = np.array(
    [(12, 14, 34), (38, 34, 88), (44, 78, 128), (40, 124, 140), (70, 166, 128), (158, 202, 106), (250, 232, 120)], dtype=float
)
_WET = (126, 28, 50)
_UNCHANGED = (24, 26, 34)
_RAISED = (255, 176, 64)
_LOWERED = (92, 178, 255)
_SEEN_SIDE = 384  # pixels that a map of changes is wide or high at least
_FEW = 0.005  # share of changed pixels below which their marks are enlarged
_DIM = 0.4
_GUTTER = (128, 128, 134)
_GUTTER_WIDTH = 4
_WORDS_HEIGHT = 18
_LEGEND_WIDTH, _BAR_HEIGHT = 192, 10
_LOUD = 16.0  # gray values: a residual of so much is as dark or bright as can be
# A ternary change carries most at probability 2/3: no sample is ever changed more often than that.
LARGEST_PROBABILITY = 2 / 3


def heat(values: np.ndarray) -> np.ndarray:
    """Return colors uint8 (3, H, W) of values (H, W) in [0, 1], dark to bright."""
    table = np.stack([np.interp(np.linspace(0, 6, 256), range(7), _STEPS[:, k]) for k in range(3)], axis=1)
    indices = np.rint(np.clip(values, 0, 1) * 255).astype(np.intp)
    return np.ascontiguousarray(np.rint(table[indices]).astype(np.uint8).transpose(2, 0, 1))


def cost_map(plus: np.ndarray, minus: np.ndarray) -> np.ndarray:
    """Return colors of costs (C, H, W): cheap is bright, on a logarithmic scale over the middle 98 %; wet is dark red."""
    cheapest = np.minimum(plus, minus)
    dry = np.isfinite(cheapest)
    logarithm = np.log(np.maximum(np.where(dry, cheapest, 1.0), np.finfo(float).tiny))
    low, high = np.percentile(logarithm[dry], (1, 99)) if dry.any() else (0.0, 0.0)
    # A flat map is one color, of the middle: nothing there is cheaper than anything else.
    cheapness = (high - logarithm) / (high - low) if high > low else np.full(logarithm.shape, 0.5)
    wet = np.array(_WET, dtype=np.uint8)[:, None, None]
    return side_by_side([np.where(may, heat(channel), wet) for channel, may in zip(cheapness, dry, strict=True)])


def probability_map(plus: np.ndarray, minus: np.ndarray) -> np.ndarray:
    """Return colors of change probabilities (C, H, W): the square root of their fraction of 2/3, so that rare ones are
    visible.
    """
    return side_by_side([heat(np.sqrt(np.clip(channel / LARGEST_PROBABILITY, 0, 1))) for channel in plus + minus])


def change_map(cover: np.ndarray, stego: np.ndarray) -> np.ndarray:
    """Return where a stego (C, H, W) was raised (orange) and lowered (blue)."""
    change = stego.astype(np.int16) - cover.astype(np.int16)
    return side_by_side([_signs(channel) for channel in change])


def change_overlay(cover: np.ndarray, stego: np.ndarray) -> np.ndarray:
    """Return the dimmed cover in gray with a mark where a channel was raised (orange), lowered (blue), or both (white).

    Both are uint8 (C, H, W). A small picture is enlarged by a whole number; few changes get larger marks, so that each is seen.
    """
    change = stego.astype(np.int16) - cover.astype(np.int16)
    times = max(1, -(-_SEEN_SIDE // max(cover.shape[1:])))
    raised, lowered = (which.any(axis=0).repeat(times, axis=0).repeat(times, axis=1) for which in (change > 0, change < 0))
    if (raised | lowered).mean() < _FEW:
        reach = max(1, max(raised.shape) // _SEEN_SIDE)
        raised, lowered = (_enlarged(which, reach) for which in (raised, lowered))
    gray = np.rint(cover.mean(axis=0) * _DIM).astype(np.uint8).repeat(times, axis=0).repeat(times, axis=1)
    colors = np.array([_RAISED, _LOWERED, (255, 255, 255)], dtype=np.uint8)
    return np.where(raised | lowered, colors[lowered.astype(np.intp) + (raised & lowered)].transpose(2, 0, 1), gray)


def _enlarged(marks: np.ndarray, reach: int) -> np.ndarray:
    """Return marks bool (H, W) that reach so many pixels further to all sides."""
    return np.asarray(Image.fromarray(marks.astype(np.uint8)).filter(ImageFilter.MaxFilter(2 * reach + 1))).astype(bool)


def bit_planes(samples: np.ndarray) -> np.ndarray:
    """Return the bit planes of samples (C, H, W), highest first, in two rows of four; channels keep their color."""
    planes = [np.repeat((samples >> bit & 1) * np.uint8(255), 3 // len(samples), axis=0) for bit in range(7, -1, -1)]
    rows = [side_by_side(planes[:4]), side_by_side(planes[4:])]
    return stacked(rows)


def residual_map(residual: np.ndarray) -> np.ndarray:
    """Return residuals (C, H, W): gray at 0, brighter above, darker below."""
    gray = np.rint(127.5 + 127.5 * np.clip(residual / _LOUD, -1, 1)).astype(np.uint8)
    return side_by_side([channel[None].repeat(3, axis=0) for channel in gray])


def distance_map(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return how far apart two images uint8 (C, H, W) are, brightest at the largest distance."""
    distance = np.abs(first.astype(float) - second.astype(float))
    return side_by_side([heat(channel / max(1.0, distance.max())) for channel in distance])


def bits_map(bits: np.ndarray) -> np.ndarray:
    """Map the bits that each pixel carries, (C, H, W) summed over the channels: bright is many, as the bar below says.

    A small map is enlarged by a whole number, so that the words below it fit.
    """
    total = bits.sum(axis=0)
    most, times = max(1, int(np.ceil(total.max()))), max(1, -(-_LEGEND_WIDTH // total.shape[1]))
    picture = heat(total / most).repeat(times, axis=1).repeat(times, axis=2)
    width = picture.shape[2]
    bar = heat(np.linspace(0, 1, width)[None].repeat(_BAR_HEIGHT, axis=0))
    line = Image.new("RGB", (width, _WORDS_HEIGHT), _UNCHANGED)
    draw, font, ink = ImageDraw.Draw(line), ImageFont.load_default(), (235, 235, 235)
    draw.text((4, 3), "0", fill=ink, font=font)
    draw.text((width - 4, 3), f"{most} bits", fill=ink, font=font, anchor="ra")
    return stacked([picture, np.concatenate([bar, np.asarray(line).transpose(2, 0, 1)], axis=1)])


def labeled(picture: np.ndarray, words: str) -> np.ndarray:
    """Return the picture (3, H, W) with a line of words above it; what does not fit is cut off."""
    line = Image.new("RGB", (picture.shape[2], _WORDS_HEIGHT), _UNCHANGED)
    ImageDraw.Draw(line).text((4, 3), words, fill=(235, 235, 235), font=ImageFont.load_default())
    return np.concatenate([np.asarray(line).transpose(2, 0, 1), picture], axis=1)


def in_rows(pictures: list[np.ndarray], columns: int) -> np.ndarray:
    """Return pictures (3, H, W) of one size, row by row; black at the end of the last row."""
    rows = [pictures[at : at + columns] for at in range(0, len(pictures), columns)]
    rows[-1] = rows[-1] + [np.zeros_like(pictures[0])] * (len(rows[0]) - len(rows[-1]))
    return stacked([side_by_side(row) for row in rows])


def side_by_side(pictures: list[np.ndarray]) -> np.ndarray:
    """Return pictures uint8 (3, H, W) of one height from left to right, with a gutter between them."""
    gutter = np.array(_GUTTER, dtype=np.uint8)[:, None, None].repeat(pictures[0].shape[1], 1).repeat(_GUTTER_WIDTH, 2)
    return np.concatenate([part for picture in pictures for part in (gutter, picture)][1:], axis=2)


def stacked(pictures: list[np.ndarray]) -> np.ndarray:
    """Return pictures (3, H, W) of one width from top to bottom, with a gutter between them."""
    return side_by_side([picture.swapaxes(1, 2) for picture in pictures]).swapaxes(1, 2)


def _signs(change: np.ndarray) -> np.ndarray:
    """Return colors of the signs of one channel's changes (H, W)."""
    colors = np.array([_LOWERED, _UNCHANGED, _RAISED], dtype=np.uint8)
    return colors[np.sign(change) + 1].transpose(2, 0, 1)
