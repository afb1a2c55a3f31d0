"""Any bytes to the reader of coefficients: refused as `RefusedImage`, or read soundly, and a cover is written back as it was.

    python fuzz/jpeg.py --count 10000 --seed 0

tries mutants of the seeds: it stops at the first that breaks a promise, which are a sound answer, 1 second and 300 MB each, and
prints the seed that makes it. `python fuzz/run.py jpeg` drives `check` by coverage.
"""

from __future__ import annotations

import argparse
import io
import time
import tracemalloc
from collections import Counter

import numpy as np
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.formats.jpeg_scans import encode

MOST_SECONDS, MOST_BYTES = 1.0, 300 << 20
_MARKERS = (0xC0, 0xC1, 0xC2, 0xC4, 0xC9, 0xD0, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE2, 0xEB, 0xFF, 0x00)


def check(data: bytes) -> str:
    """Return "refused", "read" or "cover". Raises where the reader breaks its promise."""
    try:
        coefficients = read_coefficients(data)
    except RefusedImage as refusal:
        assert str(refusal)
        return "refused"
    structure = coefficients.structure
    assert structure is not None
    for component in coefficients.components:
        assert component.blocks.dtype == np.int16, "coefficients of another type"
        assert np.abs(component.blocks).max() <= 2047, "a coefficient out of range"
        assert component.table.min() > 0, "a step of 0"
    if structure.is_canonical and not structure.obstacles:
        flat = np.concatenate([component.blocks.reshape(-1) for component in coefficients.components])
        scans = [data[scan.start : scan.end] for scan in structure.scans]
        assert encode(structure, flat, structure.tables) == scans, "read as canonical, but written as another"
    try:
        written = encode_coefficients(coefficients)
    except RefusedImage as refusal:
        assert str(refusal)
        return "read"
    assert written == data, "a cover that does not come back"
    return "cover"


def seeds() -> list[bytes]:
    """Small files of all kinds."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:40, :56]
    color = np.stack([128 + 60 * np.sin(x / (3 + c)) + 40 * np.cos(y / 5) for c in range(3)], axis=2)
    color = np.clip(color + rng.normal(scale=12, size=color.shape), 0, 255).astype(np.uint8)
    settings: list[dict[str, object]] = [
        {}, {"subsampling": 0}, {"optimize": True}, {"restart_marker_blocks": 2}, {"progressive": True},
        {"progressive": True, "restart_marker_rows": 1, "quality": 95}, {"quality": 100, "subsampling": 1}, {"quality": 10},
    ]  # fmt: skip
    files = []
    for pixels in (color, color[:, :, 0], color[:9, :11]):
        for options in settings:
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, "JPEG", **options)
            files.append(stream.getvalue())
    return files


def mutant(files: list[bytes], seed: int) -> bytes:
    """Return what the seed makes of one of the files: bytes and bits changed, cut, doubled, spliced, markers put in."""
    rng = np.random.default_rng([20, seed])
    data = bytearray(files[int(rng.integers(len(files)))])
    for _ in range(int(rng.integers(1, 6))):
        # Half of the changes hit what comes before the first scan, which is a small part of most files.
        most = data.find(b"\xff\xda") + 20 if rng.random() < 0.5 else len(data)
        at = int(rng.integers(2, max(3, min(most, len(data)))))
        kind = int(rng.integers(8))
        if kind == 0:
            data[at : at + 1] = bytes([int(rng.integers(256))])
        elif kind == 1 and at < len(data):
            data[at] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            del data[at : at + int(rng.integers(1, 40))]
        elif kind == 3:
            data[at:at] = rng.bytes(int(rng.integers(1, 20)))
        elif kind == 4:
            data[at : at + 2] = bytes([0xFF, _MARKERS[int(rng.integers(len(_MARKERS)))]])
        elif kind == 5:
            other = files[int(rng.integers(len(files)))]
            data[at:] = other[int(rng.integers(len(other))) :]
        elif kind == 6:
            data[at : at + 2] = [b"\xff\xff", b"\0\0", b"\x7f\xff", b"\1\0"][int(rng.integers(4))]
        else:
            data[at:at] = data[at : at + int(rng.integers(1, 400))]
    return bytes(data)


def main() -> None:
    """Try mutants, and print how many were refused, read and taken as covers, with the longest time and most memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    options = parser.parse_args()
    files = seeds()
    answers: Counter[str] = Counter()
    for data in files:
        assert check(data) == "cover"  # compiles the loops as well
    slowest, largest = 0.0, 0
    tracemalloc.start()
    for seed in range(options.seed, options.seed + options.count):
        data = mutant(files, seed)
        tracemalloc.reset_peak()
        begun = time.perf_counter()
        try:
            answers[check(data)] += 1
        except BaseException:
            print(f"seed {seed}")
            raise
        seconds, peak = time.perf_counter() - begun, tracemalloc.get_traced_memory()[1]
        assert seconds < MOST_SECONDS, f"seed {seed} takes {seconds:.1f} s"
        assert peak < MOST_BYTES, f"seed {seed} takes {peak >> 20} MB"
        slowest, largest = max(slowest, seconds), max(largest, peak)
    said = ", ".join(f"{count} {answer}" for answer, count in sorted(answers.items()))
    print(f"{options.count} mutants: {said}; at most {slowest:.3f} s and {largest / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
