"""Time reading and writing the coefficients of a JPEG beside jpeglib, in one run: `python benchmarks/jpeg.py [--write]`.

Both read a file, and write it back to another one. Rounds alternate, in processor time of one thread, since machines are
shared; a ratio is one of medians of read + write. Figures go to results/jpeg.csv.
"""

from __future__ import annotations

import pairing  # isort: skip  (one thread: before NumPy)
import argparse
import csv
import io
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jpeglib
import numba
import numpy as np
import skimage
from PIL import Image

from ssgan.images import encode_coefficients, read_coefficients

RESULTS = pairing.RESULTS / "jpeg.csv"
ROUNDS = 31


def files() -> dict[str, bytes]:
    """Name and bytes of the files: photographs that scikit-image's wheel carries, 512 x 512."""

    def made(pixels: np.ndarray, **settings: int) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", **settings)
        return stream.getvalue()

    color, gray = skimage.data.astronaut(), skimage.data.camera()
    return {
        "512 gray, quality 75": made(gray, quality=75),
        "512 color 4:2:0, quality 75": made(color, quality=75),
        "512 color 4:4:4, quality 100": made(color, quality=100, subsampling=0),
    }


def milliseconds(*works: Callable[[], object]) -> list[float]:
    """Return the median of each over alternating rounds."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times, strict=True):
            begun = time.process_time()
            work()
            taken.append(time.process_time() - begun)
    return [1e3 * statistics.median(taken) for taken in times]


def main() -> None:
    """Print a line a file, and write all with --write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    versions = (
        f"Python {platform.python_version()}, NumPy {np.__version__}, Numba {numba.__version__}, jpeglib {jpeglib.__version__}"
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        source, ours_out, peer_out = (Path(folder) / name for name in ("in.jpg", "ours.jpg", "peer.jpg"))
        for what, data in files().items():
            source.write_bytes(data)
            own = read_coefficients(source)

            def peer_read() -> jpeglib.DCTJPEG:
                read = jpeglib.read_dct(str(source))
                read.Y, read.Cb  # noqa: B018 (it reads when it is asked)
                return read

            other = peer_read()
            assert encode_coefficients(own) == data
            times = milliseconds(
                lambda: read_coefficients(source),
                lambda: ours_out.write_bytes(encode_coefficients(own)),  # noqa: B023
                peer_read,
                lambda: other.write_dct(str(peer_out)),  # noqa: B023
            )
            ratio = (times[2] + times[3]) / (times[0] + times[1])
            print(
                f"{what:<30} read {times[0]:6.2f} ms, write {times[1]:6.2f}; "
                f"jpeglib {times[2]:6.2f}, {times[3]:6.2f}: {ratio:.1f} x"
            )
            rows.append(
                [
                    what,
                    len(data),
                    *(f"{one:.3f}" for one in times),
                    f"{ratio:.2f}",
                    pairing.processor(),
                    versions,
                    "python benchmarks/jpeg.py --write",
                ]
            )
    if options.write:
        head = [
            "what",
            "bytes",
            "read_ms",
            "write_ms",
            "jpeglib_read_ms",
            "jpeglib_write_ms",
            "ratio",
            "cpu",
            "versions",
            "command",
        ]
        with RESULTS.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([head, *rows])


if __name__ == "__main__":
    main()
