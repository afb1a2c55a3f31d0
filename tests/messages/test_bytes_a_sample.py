"""Hiding in little memory: the same stegos as from whole arrays of costs, and few bytes a sample."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.embedding import rows
from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.coders.gibbs import Sender
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.stc import layers, trellis
from ssgan.embedding.stc.layers import PricedSamples
from ssgan.images import to_images
from ssgan.images.samples import pixels
from ssgan.messages import container
from ssgan.messages.hide import DEAR, hide
from ssgan.messages.keys import KeyFile
from ssgan.messages.reveal import reveal

KEY = KeyFile(bytes(range(32)))


def from_whole_arrays(image: np.ndarray, alpha: np.ndarray | None, message: bytes, scheme: str) -> np.ndarray:
    """The stego's samples by the definition: all costs at once, exchanged into the order, the impossible said by them."""
    samples = container.samples_of(image, alpha)
    layout = container.keyed_layout(container.shape_of(image, samples), samples, KEY)
    length = next(rung for rung in layout.rungs if rung >= len(message))
    plaintext, kind = container.padded(message, length)
    total = 8 * (length + container.OVERHEAD)
    order, costs = layout.order, Embedder(scheme, total / len(samples)).costs(to_images(image))
    plus, minus = (container.samples_of(rho[0].numpy(), alpha)[order] for rho in costs)
    carrying = samples[order]
    dear = DEAR * np.concatenate([plus[plus < np.inf], minus[minus < np.inf]]).max()
    plus = np.where(np.isinf(plus) & (carrying < 255), dear, plus)
    minus = np.where(np.isinf(minus) & (carrying > 0), dear, minus)
    sender, priced = Sender(plus[None], minus[None]), PricedSamples(pixels(carrying), plus, minus)
    lam = sender.lambdas_for_payload(np.array([float(total)]))[0]
    wish = layers.natural_split(priced, lam, sender.free[0])
    for split in sorted(container.SPLITS, key=lambda split: abs(container.bits_in_second(length, split) - wish)):
        bits = np.unpackbits(np.frombuffer(container.seal(layout, plaintext, split, kind), dtype=np.uint8))
        second = container.bits_in_second(length, split)
        stego = layers.write_split(layers.layer_costs(priced, lam, sender.free[0]), bits, second, layout.code())
        if stego is not None:
            changed = samples.copy()
            changed[order] = stego
            return container.with_samples(image, alpha, changed)
    raise AssertionError("there is always a way")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("shape", "size", "shines"), [((1, 60, 71), 40, True), ((3, 40, 52), 3, False)])
def test_stegos_in_strips_are_those_of_whole_arrays(
    scheme: str, shape: tuple[int, ...], size: int, shines: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(size)
    image = np.clip(np.linspace(-30, 290, shape[-1]) + rng.normal(0, 9, shape), 0, 255).astype(np.uint8)
    alpha = np.where(rng.random(shape[1:]) < 0.1, 7, 255).astype(np.uint8) if shines else None
    expected = from_whole_arrays(image, alpha, bytes(size), scheme)
    monkeypatch.setattr(trellis, "STRIP", 1000)
    for limit in ("LEAST", "MOST"):
        monkeypatch.setattr(rows, limit, 9 * shape[-1])
    found = hide(image, bytes(size), KEY, scheme=scheme, alpha=alpha, allow_flat=True)
    assert np.array_equal(found.stego, expected)
    assert reveal(found.stego, KEY, alpha=alpha) == bytes(size)


MEASURE = """
import contextlib, ctypes, resource, sys
from pathlib import Path
from ssgan.messages.files import hide_file, reveal_files
from ssgan.messages.keys import KeyFile
key, small, large = KeyFile(bytes(32)), *map(Path, sys.argv[1:3])
def work(path, command, scheme):
    stego = path.with_suffix(".stego.png")
    if command == "hide":
        hide_file(path, b"x", key, stego, scheme=scheme, overwrite=True)
    else:
        assert reveal_files([stego], key) == b"x"
for case in sys.argv[3:]:
    work(small, *case.split(":"))
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    Path("/proc/self/clear_refs").write_text("5")
    work(large, *case.split(":"))
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print((int(peak.split()[1]) << 10) - before)
"""


def taken(folder: Path, side: int, cases: list[str]) -> list[int]:
    """Return the bytes that each case, a command and a scheme, takes for a picture of side x side, in one process.

    The small picture before it is large enough for all loops that the large one needs: compiling them takes memory, too.
    """
    for size in (256, side):
        samples = np.random.default_rng(1).integers(90, 110, (1, size, size), dtype=np.uint8)
        images.write(folder / f"{size}.png", samples, durable=False, overwrite=True)
    child = [sys.executable, "-c", MEASURE, str(folder / "256.png"), str(folder / f"{side}.png"), *cases]
    told = subprocess.run(child, capture_output=True, text=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    return [int(line) for line in told.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="the greatest resident size is asked of Linux's kernel")
def test_files_are_hidden_in_and_read_in_few_bytes_a_sample(tmp_path: Path) -> None:
    """A byte in 4 megapixels; whatever the size, hiding takes 20 MB of survivors and bands besides, reading 6 MB of buffers."""
    hide_bytes, reveal_bytes = taken(tmp_path, 2000, ["hide:hill", "reveal:hill"])
    assert hide_bytes < 24 * 4e6 + 20e6
    assert reveal_bytes < 3.5 * 4e6 + 6e6


@pytest.mark.skipif(sys.platform != "linux", reason="the greatest resident size is asked of Linux's kernel")
def test_every_scheme_hides_in_few_bytes_a_sample(tmp_path: Path) -> None:
    """In 2 megapixels, beside 20 MB of survivors and bands. One more array of the whole picture is too much."""
    most = 24 * 1400**2 + 20e6

    def too_dear(cases: list[str]) -> list[str]:
        found = zip(cases, taken(tmp_path, 1400, cases), strict=True)
        return [f"{case}: {size} bytes" for case, size in found if size > most]

    dear = too_dear([f"hide:{scheme}" for scheme in SCHEMES])
    if dear:  # a busy machine may give more pages than were asked for
        dear = too_dear([case.rpartition(":")[0] for case in dear])
    assert not dear
