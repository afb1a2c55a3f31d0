"""What hiding and revealing take, and whether a failure's time tells which failure it is.

Bars, at 512 x 512 gray with a key file and the kernels compiled: reveal within 0.05 s, hide within 1.5 s. The failures (another
key, no message, one sample flipped) are timed in turn, in random order, each round with a cover and a key of its own and empty
caches, at 128 x 128; Welch's t compares them in pairs, over all runs and, after O. Reparaz, J. Balasch, I. Verbauwhede, "Dude,
is my code constant time?", DATE 2017, over those below the 90th percentile. `python benchmarks/messages.py [ROUNDS]`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import skimage
import torch
from scipy import stats
from start import cpu_seconds

from ssgan import images
from ssgan.embedding.stc import submatrices
from ssgan.errors import NothingFound
from ssgan.messages import container
from ssgan.messages.container import capacity
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile, Passphrase
from ssgan.messages.reveal import reveal

SIDE = 128
LIMIT = 4.5  # of |t|: the usual one of leakage tests


def milliseconds(act: Callable[[], object], rounds: int = 9) -> float:
    """Median, without what earlier calls left in caches."""
    act()
    times = []
    for _ in range(rounds):
        submatrices.sequence.cache_clear()
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)


def speeds() -> None:
    """Print what hiding and revealing take, in this process and as a command."""
    cover = skimage.data.camera()[None].copy()
    key, words = KeyFile(bytes(range(32))), Passphrase("correct horse")
    for size in (100, 3000, capacity(cover)):
        message = bytes(size)
        stego = hide(cover, message, key).stego
        hiding, revealing = (
            milliseconds(act) for act in (lambda m=message: hide(cover, m, key), lambda s=stego: reveal(s, key))
        )
        print(f"512 x 512 gray, key file, {size:>6} bytes: hide {hiding:7.1f} ms, reveal {revealing:6.1f} ms")
    stego = hide(cover, b"message", words).stego
    print(f"512 x 512 gray, passphrase,    7 bytes: reveal {milliseconds(lambda: reveal(stego, words), 3):6.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        key_file, image = Path(folder, "key"), Path(folder, "stego.png")
        key_file.write_text(key.text())
        key_file.chmod(0o600)
        images.write(image, hide(cover, b"message", key).stego)
        command = ["-m", "ssgan", "reveal", str(image), "--key-file", str(key_file)]
        cpu_seconds(command)
        seconds = statistics.median(cpu_seconds(command) for _ in range(5))
        print(f"ssgan reveal, 512 x 512, key file: {seconds:.2f} CPU-s, the whole process")


def failing(image: np.ndarray, key: KeyFile) -> float:
    """Seconds of a reading that finds nothing."""
    submatrices.sequence.cache_clear()
    begun = time.perf_counter()
    try:
        reveal(image, key)
    except NothingFound:
        return time.perf_counter() - begun
    raise AssertionError("a message where none can be")


def failures(rounds: int) -> dict[str, np.ndarray]:
    """Seconds of each failure, (rounds,) each."""
    rng = np.random.default_rng(5)
    photograph = skimage.data.camera()
    times: dict[str, list[float]] = {
        name: [] for name in ("another key", "no message", "carrying sample flipped", "frozen sample flipped")
    }
    for _ in range(rounds):
        top, left = rng.integers(512 - SIDE, size=2)
        cover = photograph[None, top : top + SIDE, left : left + SIDE].copy()
        key, other = KeyFile(rng.bytes(32)), KeyFile(rng.bytes(32))
        stego = hide(cover, rng.bytes(int(rng.integers(1, capacity(cover) + 1))), key, scheme="lsb", allow_flat=True).stego
        samples = container.samples_of(stego, None)
        layout = container.keyed_layout(container.shape_of(stego, samples), samples, key)
        carrying, frozen = stego.copy(), stego.copy()
        carrying.reshape(-1)[rng.choice(layout.order)] ^= 1
        frozen.reshape(-1)[rng.choice(layout.frozen)] ^= 1
        tried = [(stego, other), (cover, key), (carrying, key), (frozen, key)]
        names = list(times)
        for i in rng.permutation(len(names)):
            times[names[i]].append(failing(*tried[i]))
    return {name: np.array(found) for name, found in times.items()}


def compare(times: dict[str, np.ndarray]) -> None:
    """Print medians, and t for each pair."""
    for name, found in times.items():
        print(f"{name:<24} median {1000 * np.median(found):6.3f} ms over {len(found)} runs")
    for one, two in combinations(times, 2):
        a, b = times[one], times[two]
        below = np.quantile(np.concatenate([a, b]), 0.9)
        t_all = stats.ttest_ind(a, b, equal_var=False).statistic
        t_cropped = stats.ttest_ind(a[a < below], b[b < below], equal_var=False).statistic
        verdict = "alike" if max(abs(t_all), abs(t_cropped)) < LIMIT else "DIFFERENT"
        print(f"{one} - {two}: t {t_all:+.2f}, below the 90th percentile {t_cropped:+.2f}: {verdict}")


def main() -> None:
    """Print speeds, then failures."""
    torch.set_num_threads(1)
    speeds()
    compare(failures(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))


if __name__ == "__main__":
    main()
