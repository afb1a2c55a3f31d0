"""The witness is RFC 8439's ChaCha20 in plain Python, and the rules of docs/format.md, 2, 3 and 5, word for word."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.compute.keystream import keystream
from ssgan.messages import order as ordering
from ssgan.messages.order import FrozenDraw, carrying_places, frozen_count, public_count, without

KEYS = st.binary(min_size=32, max_size=32)
QUARTERS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip


def chacha20_block(key: bytes, counter: int) -> list[int]:
    """RFC 8439, 2.3, with a nonce of zeros: 16 words."""
    start = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), counter, 0, 0, 0]
    state = list(start)
    for _ in range(10):
        for a, b, c, d in QUARTERS:
            for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[x] = (state[x] + state[y]) & 0xFFFFFFFF
                mixed = state[z] ^ state[x]
                state[z] = (mixed << turn | mixed >> (32 - turn)) & 0xFFFFFFFF
    return [(a + b) & 0xFFFFFFFF for a, b in zip(state, start, strict=True)]


def words(key: bytes) -> Iterator[int]:
    counter = 0
    while True:
        yield from chacha20_block(key, counter)
        counter += 1


def uniform(stream: Iterator[int], bound: int) -> int:
    while True:
        word = next(stream)
        if word < 2**32 - 2**32 % bound:
            return word % bound


def frozen_twin(steps: list[tuple[bytes, int]], samples: int) -> list[int]:
    a, i = list(range(samples)), 0
    for key, count in steps:
        stream = words(key)
        for _ in range(count):
            j = i + uniform(stream, samples - i)
            a[i], a[j] = a[j], a[i]
            i += 1
    return a[:i]


def order_twin(key: bytes, samples: int, frozen: list[int]) -> list[int]:
    b, stream = [place for place in range(samples) if place not in set(frozen)], words(key)
    for i in range(len(b) - 1, 0, -1):
        j = uniform(stream, i + 1)
        b[i], b[j] = b[j], b[i]
    return b


@pytest.mark.parametrize(
    ("key", "block", "start"),
    [
        ("00" * 32, 0, "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"),
        ("00" * 32, 1, "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"),
        ("00" * 31 + "01", 1, "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"),
        ("00ff" + "00" * 30, 2, "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"),
    ],
)
def test_the_keystream_is_chacha20(key: str, block: int, start: str) -> None:
    """Test vectors 1 to 4 of RFC 8439, appendix A.1 (Y. Nir, A. Langley, 2018); their nonces are zero like ours."""
    secret = bytes.fromhex(key)
    assert keystream(secret, 64 * block + 64)[64 * block :].hex()[:64] == start
    assert struct.pack("<16I", *chacha20_block(secret, block)).hex()[:64] == start


@given(KEYS, st.integers(0, 700))
def test_the_frozen_places_are_drawn_by_the_rule(key: bytes, samples: int) -> None:
    public, secret = public_count(samples), frozen_count(samples) - public_count(samples)
    draw = FrozenDraw(samples)
    drawn = [*draw.take_public(b"a shape"), *draw.take(key, secret)]
    steps = [(hashlib.sha256(b"ssgan/1/publica shape").digest(), public), (key, secret)]
    assert drawn == frozen_twin(steps, samples)


@given(KEYS, KEYS, st.integers(0, 700))
def test_the_order_is_fisher_and_yates_word_for_word(frozen_key: bytes, key: bytes, samples: int) -> None:
    frozen = FrozenDraw(samples).take(frozen_key, frozen_count(samples))
    assert carrying_places(key, samples, frozen).tolist() == order_twin(key, samples, frozen.tolist())


def test_words_that_end_amid_the_shuffle_go_on_where_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    key, frozen = bytes(range(32)), np.arange(0)
    whole = carrying_places(key, 3000, frozen)
    monkeypatch.setattr(ordering, "_WORDS", 7)
    assert np.array_equal(carrying_places(key, 3000, frozen), whole)


def test_words_too_large_to_be_fair_are_passed_over() -> None:
    """Real keys meet such a word once in thousands of images, so the loop is shown some."""
    from ssgan.messages.order_loops import shuffle

    order = np.arange(3)
    unfair = np.array([2**32 - 1, 2**32 - 1, 4, 2**32 - 1], dtype=np.uint32)  # unfair for 3, since 2^32 mod 3 = 1; not for 2
    assert shuffle(order, unfair, 2) == 0
    assert order.tolist() == [0, 2, 1]


@given(KEYS, st.integers(1, 3000))
def test_frozen_and_carrying_samples_are_all_samples_once(key: bytes, samples: int) -> None:
    frozen = FrozenDraw(samples).take(key, frozen_count(samples))
    together = np.concatenate([frozen, carrying_places(key, samples, frozen)])
    assert np.array_equal(np.sort(together), np.arange(samples))


@pytest.mark.parametrize(
    ("samples", "count"),
    [(0, 0), (1, 1), (63, 63), (64, 64), (65, 64), (2048, 64), (2080, 65), (8191, 255), (8192, 256), (10**7, 256)],
)
def test_a_thirty_second_part_is_frozen_within_64_and_256(samples: int, count: int) -> None:
    assert frozen_count(samples) == count


@pytest.mark.parametrize(
    ("samples", "count"),
    [(0, 0), (1, 1), (31, 31), (32, 32), (64, 32), (4223, 32), (4224, 33), (8191, 63), (8192, 64), (10**7, 64)],
)
def test_a_quarter_of_the_frozen_samples_is_public_within_32_and_64(samples: int, count: int) -> None:
    assert public_count(samples) == count


def test_every_place_is_as_likely_as_any_other() -> None:
    """Where sample 0 goes, and which sample is frozen first, over 20,000 keys: chi-square with 15 degrees of freedom < 45
    (p = 8e-5).
    """
    first, seats = np.zeros(16), np.zeros(16)
    for number in range(20_000):
        key = number.to_bytes(32, "little")
        first[FrozenDraw(16).take(key, 1)[0]] += 1
        seats[int(np.flatnonzero(carrying_places(key, 16, np.arange(0)) == 0)[0])] += 1
    for counts in (first, seats):
        assert ((counts - 1250) ** 2 / 1250).sum() < 45


@given(st.integers(1, 2**32 - 1), st.lists(st.integers(0, 2**32 - 1), max_size=3), st.integers(0, 2**32 - 1))
def test_a_number_is_drawn_with_rejection(bound: int, unfair: list[int], word: int) -> None:
    """Without it the first few numbers below a bound that does not divide 2^32 would come more often."""
    fair = 2**32 - 2**32 % bound
    words = [*(max(each, fair) for each in unfair if fair < 2**32), min(word, fair - 1)]
    assert ordering._uniform(iter(words), bound) == words[-1] % bound


@given(st.integers(1, 60), st.data())
def test_what_is_frozen_is_left_out_wherever_it_stands(samples: int, data: st.DataObject) -> None:
    frozen = np.array(data.draw(st.lists(st.integers(0, samples - 1), unique=True)), np.int64)
    values = np.arange(samples, dtype=np.uint8)
    assert without(values, frozen).tolist() == [value for value in range(samples) if value not in frozen]
    assert without(values, frozen).dtype == np.uint8
