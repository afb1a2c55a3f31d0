"""The witness is Reed and Solomon's code by the book: a polynomial division over GF(2^8), in plain Python."""

from __future__ import annotations

import contextlib
import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.errors import Incomplete, InvalidSetting, NothingFound, SsganError
from ssgan.messages import spread
from ssgan.messages.container import capacity
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile
from ssgan.messages.parts import HEAD_BYTES, MessagePart
from ssgan.messages.reveal import reveal_any
from ssgan.messages.spread import gather, split

KEY = KeyFile(bytes(range(32)))


def times(a: int, b: int) -> int:
    """In GF(2^8) with the polynomial 0x11d."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11D
        b >>= 1
    return product


def parity(message: list[int], symbols: int) -> list[int]:
    """The remainder of message x^symbols by (x - 2^0)(x - 2^1)..., highest power first."""
    divisor, root = [1], 1
    for _ in range(symbols):
        shifted = [*divisor, 0]
        divisor = [a ^ times(root, b) for a, b in zip(shifted, [0, *divisor], strict=True)]
        root = times(root, 2)
    rest = [*message, *[0] * symbols]
    for i in range(len(message)):
        factor = rest[i]
        for j, coefficient in enumerate(divisor):
            rest[i + j] ^= times(factor, coefficient)
    return rest[len(message) :]


COUNTS = st.integers(2, 9).flatmap(lambda count: st.tuples(st.just(count), st.integers(1, count)))


@given(st.binary(max_size=120), COUNTS, st.booleans())
def test_parts_are_shares_and_parity_as_the_format_says(message: bytes, counts: tuple[int, int], packed: bool) -> None:
    count, needed = counts
    parts = split(message, count=count, needed=needed, compress=packed)
    size = -(-parts[0].length // needed)
    assert [part.index for part in parts] == list(range(count))
    assert {(part.needed, part.count, part.id, part.length, len(part.share)) for part in parts} == {
        (needed, count, parts[0].id, parts[0].length, size)
    }
    for j in range(size):
        word = [part.share[j] for part in parts]
        assert word[needed:] == parity(word[:needed], count - needed)
    if not parts[0].deflated:
        assert b"".join(part.share for part in parts[:needed]) == message.ljust(size * needed, b"\0")


@pytest.mark.parametrize(("needed", "count"), [(1, 255), (2, 255), (128, 255), (254, 255), (255, 255), (100, 200)])
def test_parity_of_many_parts_is_the_remainder_of_a_division(needed: int, count: int) -> None:
    message = np.random.default_rng(needed).bytes(needed)
    word = [part.share[0] for part in split(message, count=count, needed=needed)]
    assert word == [*message, *parity(list(message), count - needed)]


@pytest.mark.parametrize(("needed", "count"), [(85, 255), (128, 255), (3, 5)])
def test_spreading_takes_no_time_to_speak_of(needed: int, count: int) -> None:
    """0.3 CPU-s a megabyte at most; a code that goes from byte to byte takes 20 to 257, here 4 to 51."""
    message = np.random.default_rng(3).bytes(200_000)
    begun = time.process_time()
    parts = split(message, count=count, needed=needed)
    assert gather(parts[count - needed :]) == message
    assert time.process_time() - begun < 2


@given(st.binary(max_size=80), COUNTS, st.booleans())
def test_any_parts_that_suffice_give_the_message(message: bytes, counts: tuple[int, int], packed: bool) -> None:
    count, needed = counts
    parts = split(message, count=count, needed=needed, compress=packed)
    for some in combinations(parts, needed):
        assert gather(some) == message
        assert gather([*some, *some[::-1]]) == message
    assert gather(parts[::-1]) == message


@given(st.binary(min_size=1, max_size=40), st.integers(2, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(2, n))))
def test_one_part_too_few_is_incomplete(message: bytes, counts: tuple[int, int]) -> None:
    count, needed = counts
    parts = split(message, count=count, needed=needed)
    with pytest.raises(Incomplete, match=f"{needed - 1} of the {needed} parts needed are here") as raised:
        gather(parts[1:needed])
    assert raised.value.part == parts[1]


def test_the_largest_spread_goes_through() -> None:
    message = bytes(range(256)) * 3
    parts = split(message, count=255, needed=100)
    assert gather(parts[155:]) == message
    assert gather(parts[:100]) == message
    assert gather(split(b"all", count=255, needed=255)) == b"all"
    assert gather(split(b"any", count=255, needed=1)[200:]) == b"any"


@pytest.mark.parametrize(("count", "needed"), [(1, 1), (0, 0), (256, 2), (3, 0), (3, 4), (2, -1)])
def test_counts_that_cannot_be_are_refused(count: int, needed: int) -> None:
    with pytest.raises(InvalidSetting, match=f"{needed} of {count} parts cannot be"):
        split(b"message", count=count, needed=needed)


def test_parts_of_two_messages_do_not_mix() -> None:
    one, two = split(b"first", count=3, needed=2), split(b"first", count=3, needed=2)
    assert one[0].id != two[0].id
    with pytest.raises(InvalidSetting, match="different messages"):
        gather([one[0], two[1]])


def test_no_part_at_all_is_nothing() -> None:
    with pytest.raises(NothingFound):
        gather([])


@given(st.integers(0, 2**32 - 1), COUNTS, st.integers(0, 30), st.booleans())
@settings(max_examples=300)
def test_parts_that_were_never_one_message_give_ssgans_errors_only(
    seed: int,
    counts: tuple[int, int],
    length: int,
    deflated: bool,
) -> None:
    """Whoever holds the key could hide such parts; the one who gathers them must not trip."""
    rng, (count, needed) = np.random.default_rng(seed), counts
    size = -(-length // needed)
    parts = [MessagePart(b"identity", i, needed, count, length, rng.bytes(size), deflated) for i in range(count)]
    some = [part for part in parts if rng.random() < 0.7]
    if deflated or len(some) < needed:
        with contextlib.suppress(SsganError):
            gather(some)
    else:
        assert len(gather(some)) == length


@given(st.lists(st.integers(0, 200), min_size=2, max_size=6), st.integers(1, 6))
def test_the_capacity_of_covers_together_is_exact(capacities: list[int], needed: int) -> None:
    needed = min(needed, len(capacities))
    most = spread.capacity_bytes(capacities, needed=needed)
    for size, fits in ((most, True), (most + 1, False)):
        parts = split(bytes(size), count=len(capacities), needed=needed)
        bodies = [len(part.body()) for part in parts]
        assert all(body <= capacity_bytes for body, capacity_bytes in zip(bodies, capacities, strict=True)) == (
            fits and min(capacities) >= HEAD_BYTES
        )


def test_a_message_over_three_covers_comes_back_from_any_two() -> None:
    rng = np.random.default_rng(2)
    covers = [rng.integers(0, 256, (1, 40, 40 + i), dtype=np.uint8) for i in range(3)]
    message = rng.bytes(spread.capacity_bytes([capacity(cover) for cover in covers], needed=2))
    parts = split(message, count=3, needed=2)
    stegos = [hide(cover, part, KEY).stego for cover, part in zip(covers, parts, strict=True)]
    for some in combinations(stegos, 2):
        found = [reveal_any(stego, KEY) for stego in some]
        assert gather([part for part in found if isinstance(part, MessagePart)]) == message
