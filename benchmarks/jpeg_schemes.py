"""Time schemes for JPEG against conseal: `python benchmarks/jpeg_schemes.py` prints a line a figure, `--write` keeps them.

Bars, one thread, gray, quality 75: the costs of J-UNIWARD with the fixed window 40 x conseal's at 512 x 512, 100 x at 64 x 64;
from cover file to stego file J-UNIWARD 25 x and UERD 15 x, where the peer reads and writes by jpeglib. Our costs include the
pixels, the peer's do not.
"""

from __future__ import annotations

import io
import sys
import tempfile
from functools import partial
from pathlib import Path
from types import ModuleType

import conseal
import jpeglib
import numpy as np
import torch
from pairing import Row, compare, crops, write
from PIL import Image

from ssgan.embedding.coefficient_embedder import simulate_seeded
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.schemes import juniward, uerd
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.coefficients import Coefficients
from ssgan.images.idct import component_pixels

QUALITY = 75
PAYLOAD = 0.4
BATCHES = {512: 1, 64: 64}
FIXED = conseal.juniward.JUNIWARD_FIX_OFF_BY_ONE


def jpegs(size: int) -> list[bytes]:
    """JPEG files of crops of a photograph."""
    files = []
    for crop in crops(size, BATCHES[size]).numpy():
        stream = io.BytesIO()
        Image.fromarray(crop[0]).save(stream, format="JPEG", quality=QUALITY)
        files.append(stream.getvalue())
    return files


def timed_row(what: str, size: int, times: tuple[float, float], error: float) -> Row:
    """The row, printed."""
    row = Row(what, size, BATCHES[size], "float64", *times, times[1] / times[0], error)
    print(row, flush=True)
    return row


def costs(size: int) -> list[Row]:
    """The costs of both schemes, from coefficients."""
    covers = [read_coefficients(data) for data in jpegs(size)]
    component = covers[0].components[0]
    pixels, table, blocks = component_pixels(component).astype(float), component.table.astype(int), component.blocks

    def peer_juniward() -> np.ndarray:
        return np.asarray(conseal.juniward._costmap.compute_cost(pixels, table, implementation=FIXED))

    def peer_uerd() -> np.ndarray:
        return np.asarray(conseal.uerd._costmap.compute_cost(blocks, table))

    def priced(scheme: ModuleType) -> None:
        for cover in covers:
            scheme.ROW.costs(cover.components[0], ())

    rows = []
    for what, scheme, peer in (("juniward costs", juniward, peer_juniward), ("uerd costs", uerd, peer_uerd)):
        error = float(np.nanmax(np.abs(scheme.ROW.costs(component, ()).plus / peer() - 1)))
        times = compare(partial(priced, scheme), len(covers), peer)
        rows.append(timed_row(what, size, times, error))
    return rows


def files(size: int, folder: Path) -> list[Row]:
    """From cover file to stego file; the error is that of the number of changes against the peer's, which is random."""
    paths = []
    for number, data in enumerate(jpegs(size)):
        paths.append(folder / f"{size}-{number}.jpg")
        paths[-1].write_bytes(data)
    stego = folder / "stego.jpg"

    def ours(name: str) -> Coefficients:
        embedder, made = Embedder.parse(name), None
        for number, path in enumerate(paths):
            made = simulate_seeded(read_coefficients(path), embedder, np.uint64(number))
            stego.write_bytes(encode_coefficients(made))
        assert made is not None
        return made

    def peer_juniward() -> None:
        cover = jpeglib.read_dct(str(paths[0]))
        pixels = jpeglib.read_spatial(str(paths[0])).spatial[..., 0]
        cover.Y = conseal.juniward.simulate_single_channel(
            pixels, cover.Y, cover.qt[0], alpha=PAYLOAD, implementation=FIXED, seed=1
        )
        cover.write_dct(str(stego))

    def peer_uerd() -> None:
        cover = jpeglib.read_dct(str(paths[0]))
        cover.Y = conseal.uerd.simulate_single_channel(cover.Y, cover.qt[0], alpha=PAYLOAD, seed=1)
        cover.write_dct(str(stego))

    rows, before = [], read_coefficients(paths[0]).components[0].blocks
    for scheme, peer in (("juniward", peer_juniward), ("uerd", peer_uerd)):
        made = simulate_seeded(read_coefficients(paths[0]), Embedder(scheme, PAYLOAD), np.uint64(1)).components[0].blocks
        peer()
        theirs = read_coefficients(stego).components[0].blocks
        error = abs(np.count_nonzero(made != before) / np.count_nonzero(theirs != before) - 1)
        times = compare(partial(ours, f"{scheme}@{PAYLOAD}"), len(paths), peer)
        rows.append(timed_row(f"{scheme} from cover file to stego file", size, times, float(error)))
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        found = [row for size in BATCHES for row in (*costs(size), *files(size, Path(temporary)))]
    if "--write" in sys.argv:
        write("jpeg_schemes", found)
