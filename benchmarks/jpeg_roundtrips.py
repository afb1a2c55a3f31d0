"""Hide random messages in random JPEGs and reveal them: `python benchmarks/jpeg_roundtrips.py --count 10000`.

Each seed chooses size, sampling, quality, kind of file, scheme and message, which is revealed, or refused by an error of the
family.
"""

from __future__ import annotations

import argparse
import io
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from PIL import Image, ImageFile

from ssgan.errors import SsganError
from ssgan.messages.files import hide_content, reveal_files
from ssgan.messages.keys import KeyFile
from ssgan.messages.plan import HideSettings

ImageFile.MAXBLOCK = 1 << 24  # Pillow fails on noise with optimized tables where its buffer is smaller than the file
SCHEMES = ("juniward", "uerd", "ebs", "nsf5")


def picture(rng: np.random.Generator, width: int, height: int, channels: int) -> np.ndarray:
    """Waves of random lengths with some noise, uint8 (H, W, C)."""
    y, x = np.mgrid[:height, :width]
    lengths = rng.uniform(3, 60, (channels, 2))
    waves = np.stack([128 + 60 * np.sin(x / a) + 60 * np.cos(y / b) for a, b in lengths], axis=2)
    return np.clip(waves + rng.normal(scale=rng.choice([1, 8, 30]), size=waves.shape), 0, 255).astype(np.uint8)


def tried(seed: int, most_side: int = 1000) -> str:
    """Return "revealed", or the name of the error that refused the cover or the message."""
    rng = np.random.default_rng([7, seed])
    # Small sides as often as large ones.
    width, height = (int(np.exp(rng.uniform(0, np.log(most_side)))) for _ in range(2))
    channels = int(rng.choice([1, 3]))
    pixels = picture(rng, width, height, channels)
    settings = {"quality": int(rng.integers(30, 101)), "progressive": bool(rng.integers(2)), "optimize": bool(rng.integers(2))}
    if channels == 3:
        settings["subsampling"] = int(rng.integers(3))
    if rng.integers(3) == 0:
        settings["restart_marker_blocks"] = int(rng.integers(1, 20))
    stream = io.BytesIO()
    Image.fromarray(pixels if channels == 3 else pixels[:, :, 0]).save(stream, "JPEG", **settings)
    cover, key = stream.getvalue(), KeyFile(rng.bytes(32))
    message = rng.bytes(int(np.exp(rng.uniform(0, np.log(1 + width * height * channels / 40)))))
    way = HideSettings(scheme=str(rng.choice(SCHEMES)), allow_flat=bool(rng.integers(2)))
    try:
        content = hide_content(cover, message, key, way, out="stego.jpg").content
    except SsganError as error:
        return type(error).__name__
    assert reveal_files([io.BytesIO(content)], key) == message, f"seed {seed}: another message"
    with Image.open(io.BytesIO(content)) as shown:
        shown.load()
    return "revealed"


def main() -> None:
    """Print how many were revealed, and how many refused by which error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--most-side", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with ProcessPoolExecutor(options.workers) as pool:
        work = partial(tried, most_side=options.most_side)
        seeds = range(options.first, options.first + options.count)
        answers = Counter(pool.map(work, seeds, chunksize=20))
    print(f"{options.count} tried: {', '.join(f'{count} {answer}' for answer, count in answers.most_common())}")


if __name__ == "__main__":
    main()
