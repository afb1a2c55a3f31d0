"""Pictures drawn by bits give the bits back, on every machine, and are distributed as the laws say."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from ssgan.compute.keystream import reader
from ssgan.drawn import drawing
from ssgan.drawn.coder import most_words
from ssgan.drawn.drawing import PictureStreams, draw, honest, read, read_nonce, self_information
from ssgan.drawn.header import GivenUp, find_pivots
from ssgan.drawn.model import DrawnModel
from ssgan.drawn.planes import COLORS, PHASES, joined, split
from tests.drawn.models import fixed_model, untrained_model

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = {
    "color": lambda: fixed_model(),
    "luma and slow chroma": lambda: fixed_model(luma=True),
    "gray": lambda: fixed_model(channels=1),
    "two stages": lambda: fixed_model(stages=2, side=16),
    "three stages, gray": lambda: fixed_model(channels=1, stages=3, side=16),
    "of networks": lambda: untrained_model(),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> DrawnModel:
    return MODELS[request.param]()


def stream(model: DrawnModel, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**32, most_words(int(np.prod(model.shape))), dtype=np.uint32)


def drawn(model: DrawnModel, seed: int, bits: np.ndarray | None = None) -> tuple[PictureStreams, bytes, bytes, np.ndarray]:
    """The picture of the first latent from `seed` on that is not given up."""
    bits = stream(model, seed) if bits is None else bits
    for number in range(100):
        following = reader(hashlib.sha256(f"{seed} {number}".encode()).digest())
        latent, nonce = following(32), following(16)
        try:
            return draw(model, latent, nonce, bits), latent, nonce, bits
        except GivenUp:
            continue
    raise AssertionError("every draw was given up")


@pytest.mark.parametrize("seed", range(6))
def test_a_picture_gives_its_bits_and_its_nonce_back(model: DrawnModel, seed: int) -> None:
    bits = np.zeros_like(stream(model, 0)) if seed == 0 else None
    made, latent, nonce, bits = drawn(model, seed, bits)
    assert made.picture.shape == model.shape
    assert made.picture.dtype == np.uint8
    assert read_nonce(made.picture) == nonce
    found = read(model, made.picture, latent)
    assert found == made.interval
    assert found.holds(bits)
    assert found.determined >= made.words_used > 0
    np.testing.assert_array_equal(found.words[: found.determined], bits[: found.determined])


def test_the_bits_that_come_back_are_the_self_information(model: DrawnModel) -> None:
    made, latent, _, _ = drawn(model, 11)
    bits = self_information(model, made.picture, latent)
    assert bits.shape == model.shape
    assert (bits >= 0).all()
    assert bits.sum() - 128 < 32 * made.words_used <= bits.sum() + 32


def test_a_changed_sample_anywhere_is_noticed(model: DrawnModel) -> None:
    """Also in the last plane, behind any message: the stream that draws it is another, or there is none."""
    made, latent, _, bits = drawn(model, 3)
    rng = np.random.default_rng(9)
    for phase, (row, column) in enumerate(PHASES):
        for channel in COLORS[model.shape[2]]:
            changed = made.picture.copy()
            rows, columns = changed.shape[0] // 2, changed.shape[1] // 2
            place = (row + 2 * int(rng.integers(rows)), column + 2 * int(rng.integers(columns)), channel)
            changed[place] ^= 1
            assert not read(model, changed, latent).holds(bits), (phase, channel)


def test_another_latent_finds_another_stream(model: DrawnModel) -> None:
    made, latent, _, bits = drawn(model, 4)
    other = bytes([latent[0] ^ 1]) + latent[1:]
    assert not read(model, made.picture, other).holds(bits)


def test_the_order_of_planes_can_be_undone() -> None:
    for channels in COLORS:
        picture = np.random.default_rng(1).integers(0, 256, (6, 10, channels), dtype=np.uint8)
        planes = split(picture)
        assert planes.shape == (4, channels, 3, 5)
        np.testing.assert_array_equal(joined(planes), picture)


def test_honest_pictures_come_from_the_random_source_alone() -> None:
    model = fixed_model(channels=1)
    first, again = (honest(model, reader(bytes(32))).picture for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, honest(model).picture)


def test_honest_draws_obey_the_rule_of_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    model = fixed_model(channels=1)
    given_up: list[int] = []

    def sometimes(dry: np.ndarray) -> object:
        if len(given_up) < 3:
            given_up.append(1)
            raise GivenUp("too few")
        return find_pivots(dry)

    monkeypatch.setattr(drawing, "find_pivots", sometimes)
    assert honest(model).picture.shape == model.shape
    assert len(given_up) == 3


def transform() -> ModuleType:
    """benchmarks/drawn_transform.py, which is no package."""
    spec = importlib.util.spec_from_file_location("drawn_transform", REPOSITORY / "benchmarks" / "drawn_transform.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("driven", [False, True])
def test_samples_are_distributed_as_the_tables_say(driven: bool) -> None:
    """The transform has means of its own, neighbors and all, so that it also checks the compiled ones."""
    model, rng, found, transformed = fixed_model(), np.random.default_rng(2), [], transform().probability_transform
    for seed in range(40):
        made, latent, _, _ = drawn(model, seed, None if driven else stream(model, 1000 + seed))
        found.append(transformed(model, made.picture, latent, rng))
    values = np.concatenate(found)
    cells = np.bincount((values * 256).astype(np.int64), minlength=256)
    assert stats.chisquare(cells).pvalue > 1e-4
    assert stats.kstest(values, "uniform").pvalue > 1e-4


def test_bits_read_from_honest_pictures_are_uniform() -> None:
    """Without a message, too, what a key reads looks like a stream: nothing in the picture says whether there is one."""
    model, counts = fixed_model(channels=1), np.zeros(256)
    for number in range(60):
        following = reader(hashlib.sha256(f"honest {number}".encode()).digest())
        latent = following(32)
        try:
            made = draw(model, latent, following(16), np.frombuffer(following(4 * most_words(1024)), "<u4").astype(np.uint32))
        except GivenUp:
            continue
        words = read(model, made.picture, latent)
        counts += np.bincount(words.words[: words.determined].view(np.uint8), minlength=256)
    assert counts.sum() > 10000
    assert stats.chisquare(counts).pvalue > 1e-4


def test_the_lowest_bit_of_the_header_plane_is_fair() -> None:
    """Over honest pictures of one latent: pivots and all others alike."""
    model, total, count = fixed_model(channels=1), 0.0, 0
    for seed in range(60):
        made, _, _, _ = drawn(model, seed)
        plane = split(made.picture)[0, 0]
        total, count = total + float((plane & 1).sum()), count + plane.size
    assert abs(total - count / 2) < 4.5 * np.sqrt(count / 4)


def digest_of_pictures() -> str:
    """SHA-256 of pictures of fixed models, of their intervals and of their laws."""
    digest = hashlib.sha256()
    for model in (fixed_model(), fixed_model(luma=True), fixed_model(channels=1, stages=2, side=16)):
        words = np.arange(most_words(int(np.prod(model.shape))), dtype=np.uint32) * np.uint32(2654435761)
        made, latent, nonce, _ = drawn(model, 7, words)
        digest.update(made.picture.tobytes() + nonce + made.interval.low.to_bytes(4 * made.interval.used, "big"))
        assert read(model, made.picture, latent) == made.interval
    return digest.hexdigest()


# Of pictures of fixed integers: it changes only where every drawn picture does, and then the format needs a new version.
EXPECTED = "63085fbfc79dc2f4fb5d446c69b9b3fe29419896b347ba6ea05c5cfd2f78664c"


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"},
        {"OPENBLAS_NUM_THREADS": "8", "OMP_NUM_THREADS": "8"},
        {"OPENBLAS_CORETYPE": "Haswell"},
        {"OPENBLAS_CORETYPE": "Prescott"},
        {"OPENBLAS_CORETYPE": "Sandybridge"},
    ],
    ids=lambda variables: " ".join(f"{name}={value}" for name, value in variables.items()) or "as it is",
)
def test_every_machine_draws_the_same_pictures(variables: dict[str, str]) -> None:
    command = [sys.executable, "-c", "from tests.drawn.test_drawing import digest_of_pictures as d; print(d())"]
    root = Path(__file__).resolve().parents[2]
    made = subprocess.run(
        command, cwd=root, env={**os.environ, **variables}, capture_output=True, text=True, check=True, timeout=300
    )
    assert made.stdout.strip() == EXPECTED
