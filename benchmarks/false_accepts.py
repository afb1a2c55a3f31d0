"""Keys that are not the one: does any of them open a stego or a cover?

`python benchmarks/false_accepts.py 100000 [--first 0]` reads a 32 x 32 stego with so many key files that did not write it,
every tenth time the cover that it was made of. Every reading must end in the one failure. With every key, each length and split
is tried; the 16-bit probe lets one in 65,536 of these pass, and the seal behind it has to turn them away.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from ssgan.errors import NothingFound
from ssgan.messages.container import SPLITS, capacity, rungs
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile
from ssgan.messages.order import frozen_count
from ssgan.messages.reveal import reveal


def main() -> None:
    """Try so many keys; one that opens anything raises."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keys", type=int, nargs="?", default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first key's number")
    options = parser.parse_args()
    cover = np.random.default_rng(9).integers(0, 256, (1, 32, 32), dtype=np.uint8)
    key = KeyFile(b"the one that wrote it".ljust(32))
    stego = hide(cover, bytes(capacity(cover)), key).stego
    assert reveal(stego, key) == bytes(capacity(cover))
    start = time.perf_counter()
    for number in range(options.first, options.first + options.keys):
        if opens(cover if number % 10 == 0 else stego, KeyFile(number.to_bytes(32, "big"))):
            raise AssertionError(f"key {number} opens what it did not write")
        if number % 1000 == 999:
            print(f"\r{number + 1}, {time.perf_counter() - start:.0f} s", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    trials = options.keys * len(rungs(cover.size - frozen_count(cover.size))) * len(SPLITS)
    seconds = time.perf_counter() - start
    print(
        f"false accepts: 0 of {options.keys} keys in {seconds:.0f} s; {trials} lengths and splits tried, of which the probe "
        f"lets about {trials / 65536:.0f} pass"
    )


def opens(image: np.ndarray, key: KeyFile) -> bool:
    """Whether anything is found; what else goes wrong raises."""
    try:
        reveal(image, key)
    except NothingFound:
        return False
    return True


if __name__ == "__main__":
    main()
