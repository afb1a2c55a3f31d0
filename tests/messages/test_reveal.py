from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.stc import layers, trellis
from ssgan.embedding.stc.submatrices import sequence
from ssgan.embedding.stc.trellis import Code
from ssgan.errors import Incomplete, InvalidSetting, NothingFound, SsganError
from ssgan.messages import container
from ssgan.messages import reveal as revealing
from ssgan.messages.container import SPLITS, capacity
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile, Passphrase, Subkeys
from ssgan.messages.parts import MessagePart
from ssgan.messages.reveal import reveal, reveal_any, reveal_with

KEY = KeyFile(bytes(range(32)))
OTHER = KeyFile(bytes(range(1, 33)))
MESSAGE = b"the bridge at dawn"


def failure(image: np.ndarray, key: KeyFile | Passphrase, alpha: np.ndarray | None = None) -> tuple[object, ...]:
    """All that a caller can tell of a failure."""
    with pytest.raises(SsganError) as raised:
        reveal(image, key, alpha=alpha, layout="chw")
    error = raised.value
    return type(error), str(error), error.hint, error.exit_code, error.args, vars(error), error.__cause__


def frozen_and_carrying(image: np.ndarray, key: KeyFile | Passphrase) -> tuple[np.ndarray, np.ndarray]:
    samples = container.samples_of(image, None)
    layout = container.keyed_layout(container.shape_of(image, samples), samples, key)
    return layout.frozen, layout.order


def flipped(image: np.ndarray, place: int, bits: int = 1) -> np.ndarray:
    changed = image.transpose(1, 2, 0).copy()
    changed.reshape(-1)[place] ^= bits
    return np.ascontiguousarray(changed.transpose(2, 0, 1))


def test_every_failure_looks_the_same(cover: np.ndarray, key: KeyFile) -> None:
    """Another key, a passphrase, no message, a sample changed (frozen or not), a line gone or added, a turn, another image."""
    stego = hide(cover, MESSAGE, key).stego
    frozen, order = frozen_and_carrying(stego, key)
    seen = {
        "another key": failure(stego, OTHER),
        "a passphrase": failure(stego, Passphrase("words")),
        "no message": failure(cover, key),
        "a frozen sample flipped": failure(flipped(stego, int(frozen[0])), key),
        "all carrying samples flipped": failure(np.ascontiguousarray(stego ^ 1), key),
        "a line gone": failure(stego[:, :-1], key),
        "a line more": failure(np.concatenate([stego, stego[:, :1]], axis=1), key),
        "turned": failure(np.ascontiguousarray(np.rot90(stego, axes=(1, 2))), key),
        "mirrored": failure(stego[:, :, ::-1], key),
        "three channels": failure(stego.repeat(3, axis=0), key),
        "one pixel": failure(stego[:, :1, :1], key),
        "too small to carry": failure(stego[:, :4], key),
        "a pixel under alpha": failure(
            stego, key, np.where(np.arange(64 * 64) == 77, 254, 255).astype(np.uint8).reshape(64, 64)
        ),
        "all under alpha": failure(stego, key, np.zeros((64, 64), dtype=np.uint8)),
    }
    for name, error in seen.items():
        assert error == seen["no message"], name
    assert seen["no message"][:4] == (
        NothingFound,
        "no message found with this key",
        "check key and image: a wrong key, no message and a changed image cannot be told apart",
        3,
    )
    assert reveal(stego, key) == MESSAGE


def test_a_failing_passphrase_says_the_same(cover: np.ndarray, key: KeyFile) -> None:
    stego = hide(cover, MESSAGE, Passphrase("right words")).stego
    assert failure(stego, Passphrase("wrong words")) == failure(cover, key)
    assert reveal(stego, Passphrase("right words")) == MESSAGE


@pytest.mark.parametrize("bits", [1, 2])
def test_each_single_flip_ends_in_the_one_failure(bits: int, key: KeyFile) -> None:
    """All 1,024 samples, each flipped once in the lowest or the second lowest bit: none goes unnoticed, none breaks anything.

    The frozen ones change the keys, the carrying ones the sealed stream, which has half of its bits in either layer here.
    """
    image = np.random.default_rng(1).integers(0, 256, (1, 32, 32), dtype=np.uint8)
    hidden = hide(image, bytes(capacity(image)), key)
    assert hidden.split == 16
    for place in range(1024):
        with pytest.raises(NothingFound, match="^no message found with this key$"):
            reveal(flipped(hidden.stego, place, bits), key)


@settings(max_examples=60)
@given(
    st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]), st.integers(0, 2**32 - 1), st.booleans(),
    st.binary(min_size=32, max_size=32),
)  # fmt: skip
@example(1, 1, 1, 0, True, bytes(32))
def test_any_image_and_key_end_in_the_one_failure(
    height: int, width: int, channels: int, seed: int, some: bool, secret: bytes
) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (channels, height, width), dtype=np.uint8)
    alpha = rng.choice(np.array([0, 255], dtype=np.uint8), (height, width)) if some else None
    assert failure(image, KeyFile(secret), alpha)[0] is NothingFound


def test_hundreds_of_wrong_keys_open_nothing(cover: np.ndarray, key: KeyFile) -> None:
    """250 keys on a stego and on its cover; benchmarks/false_accepts.py runs 100,000."""
    small = np.ascontiguousarray(cover[:, :24, :20])
    stego = hide(small, b"!", key).stego
    for number in range(250):
        wrong = KeyFile(number.to_bytes(32, "big"))
        for image in (stego, small):
            with pytest.raises(NothingFound):
                reveal(image, wrong)


@given(st.integers(0, 10_000), st.integers(352, 4000))
def test_beginnings_are_those_of_the_whole_streams(seed: int, carrying: int) -> None:
    """The compiled look at 16 bits of every trial, against reading each stream to its end."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 256, carrying, dtype=np.uint8)
    layout = container.KeyedLayout(
        b"", carrying, np.arange(0), Subkeys.of(rng.bytes(64)), container.max_plaintext_bytes(carrying)
    )
    begun = revealing._beginnings(layout, values).reshape(-1, len(SPLITS))
    for _ in range(5):
        rung, split = int(rng.integers(len(layout.rungs))), int(rng.integers(len(SPLITS)))
        total = 8 * (layout.rungs[rung] + container.OVERHEAD)
        second = container.bits_in_second(layout.rungs[rung], split)
        bits = layers.read(values, total - second, second, layout.code())
        assert begun[rung, split] == int("".join(map(str, bits[:16])), 2)


@given(st.integers(0, 10_000), st.integers(40, 300), st.integers(1, 40), st.integers(1, 2))
def test_the_code_reads_as_the_format_says(seed: int, samples: int, length: int, layer: int) -> None:
    """docs/format.md, section 8, element by element."""
    rng = np.random.default_rng(seed)
    bits, key, height = rng.integers(0, 2, samples, dtype=np.uint8), rng.bytes(32), int(rng.choice([10, 12]))
    columns, z = sequence(height, key, layer), [0] * length
    edges = [int(np.floor(i * (samples / length) + 0.5)) for i in range(length + 1)]
    for i in range(length):
        for t in range(edges[i + 1] - edges[i]):
            for u in range(height):
                if bits[edges[i] + t] and columns[t % len(columns)] >> u & 1 and i + u < length:
                    z[i + u] ^= 1
    assert trellis.extract(bits, length, Code(height, key, layer)).tolist() == z


def test_a_part_is_incomplete_and_says_which(cover: np.ndarray, key: KeyFile) -> None:
    part = MessagePart(b"identity", 1, 2, 3, 9, b"share")
    stego = hide(cover, part, key).stego
    with pytest.raises(Incomplete, match="part 2 of a message spread over 3 images, of which 2 are needed") as raised:
        reveal(stego, key)
    assert raised.value.part == part
    assert reveal_any(stego, key) == part


def test_a_beginning_that_answers_by_chance_is_passed_over(cover: np.ndarray, key: KeyFile) -> None:
    """A cover whose carrying samples begin a stream rightly, and a stego with such a beginning ahead of its own."""
    samples = container.samples_of(cover, None)
    layout = container.keyed_layout(container.shape_of(cover, samples), samples, key)
    answers = 0
    for number in range(400):
        values = np.random.default_rng(number).integers(0, 256, len(layout.order), dtype=np.uint8)
        begun = revealing._beginnings(layout, values)
        if (begun == container.probes(layout.keys, len(layout.rungs))).any():
            answers += 1
            assert reveal_with(layout, values) is None
    assert answers > 0


def test_failures_do_the_work_of_one_opening(cover: np.ndarray, key: KeyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes time is done as often for a stego, for no message and for another key: one whole reading, one unsealing."""
    stego = hide(cover, MESSAGE, key).stego
    work: list[str] = []
    whole, tried = layers.read, container.unseal

    def noting(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def noted(*arguments: object) -> object:
            work.append(name)
            return function(*arguments)

        return noted

    monkeypatch.setattr(layers, "read", noting("read", whole))
    monkeypatch.setattr(container, "unseal", noting("unseal", tried))
    for image, tried_key in ((stego, key), (stego, OTHER), (cover, key), (flipped(stego, 5), key)):
        work.clear()
        with contextlib.suppress(NothingFound):
            reveal(image, tried_key)
        assert work == ["read", "unseal"]


@pytest.mark.parametrize("shape", [(48, 48), (64, 64, 3)])  # the second is drawn by a model of the package
def test_what_is_no_key_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidSetting, match="key"):
        reveal(np.zeros(shape, np.uint8), "words")  # type: ignore[arg-type]


def test_the_receiver_imports_no_torch_and_no_scheme() -> None:
    program = "import ssgan.messages.reveal, sys; print(*sys.modules)"
    completed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = set(completed.stdout.split())
    assert "ssgan.embedding.stc.trellis" in modules
    assert not modules & {"torch", "ssgan.embedding.catalog", *(f"ssgan.embedding.{name}" for name in SCHEMES)}
