"""The exact sampler: equal to its twin in whole numbers, exact in distribution, and what it carries."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ssgan.drawn import coder, coder_loops
from ssgan.drawn.tables import ENTRIES, FIRST_BALANCED, is_dry, law_tables
from tests.vectors import drawn_reader as twin
from tests.vectors.drawn_writing import Sender

Words = NDArray[np.uint32]
TABLES = law_tables()
STREAMS = ("random", "zeros", "ones", "half")


def stream(kind: str, count: int, seed: int = 1) -> Words:
    if kind == "zeros":
        return np.zeros(count, np.uint32)
    if kind == "ones":
        return np.full(count, 2**32 - 1, np.uint32)
    if kind == "half":
        return np.array([2**31] + [0] * (count - 1), np.uint32)
    return np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint32)


def number(words: NDArray[Any]) -> int:
    return int.from_bytes(words.astype(">u4").tobytes(), "big")


def random_row(rng: np.random.Generator) -> NDArray[np.int32]:
    """Any ascending table, from a few large steps to one a place."""
    steps = rng.integers(1, 400)
    row = np.sort(rng.integers(0, 65537, ENTRIES)) if steps > 300 else np.repeat(np.sort(rng.integers(0, 65537, steps)), 50)
    row = np.resize(np.sort(row), ENTRIES)
    row.sort()
    row[0], row[-1] = 0, 65536
    return row.astype(np.int32)


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("tables", ["laws", "random"])
def test_sampler_agrees_with_whole_numbers(kind: str, tables: str) -> None:
    """Every value, V, R and the number of words after every draw; both sides, with and without parity, extreme means.

    The stream of ones only is given up soon, as it must be: in the format no stream is known before it is drawn.
    """
    rng = np.random.default_rng(7)
    count = 1500
    words = stream(kind, coder.most_words(count))
    state, twin_sender = coder.begin_draw(words, count), Sender(words.astype(">u4").tobytes())
    (back, put_words), twin_receiver = coder.begin_put(count), twin.Receiver()
    for i in range(count):
        scale = int(rng.integers(0, 42))
        mean = int(rng.choice(np.array([rng.integers(0, 4096), rng.integers(-3000, 7000), -(2**40), 2**40, 8, 4072])))
        row = TABLES[scale] if tables == "laws" else random_row(rng)
        plain = row.tolist()
        parity = int(rng.integers(0, 2))
        if tables == "laws" and i % 3 == 0 and is_dry(TABLES, scale, mean):
            weights = twin.law(plain, mean, parity)
            value = coder_loops.draw_with_parity(state, words, row, mean, parity)
            put = coder_loops.put_with_parity
        else:
            weights = twin.law(plain, mean)
            value = coder_loops.draw(state, words, row, mean)
            put = coder_loops.put
        drawn = twin_sender.draw(weights)
        if drawn is None:  # the last of all streams: V is the last number below R
            assert (kind, value) == ("ones", coder_loops.ABORTED)
            return
        assert value == drawn
        put(back, put_words, row, mean, value)
        twin_receiver.put(weights, value)
        assert (number(state[:4]), number(state[4:8]), state[8]) == (twin_sender.v, twin_sender.r, twin_sender.used)
        assert (number(back[4:8]), back[8]) == (twin_receiver.r, twin_receiver.used)
        if i % 100 == 99:
            assert number(put_words[: back[8]]) == twin_receiver.b
    interval = coder.end_put(back, put_words)
    assert interval == coder.end_draw(state, words)
    assert (interval.low, interval.size, interval.used) == (twin_receiver.b, twin_receiver.r, twin_receiver.used)
    assert interval.holds(words)


def test_arrays_are_drawn_as_one_by_one() -> None:
    rng = np.random.default_rng(8)
    count = 2000
    words = stream("random", coder.most_words(count))
    scales, means = rng.integers(FIRST_BALANCED, 20, count), rng.integers(1600, 2400, count)
    bits = rng.integers(0, 2, count, dtype=np.uint8)
    out = np.empty(count, np.uint8)
    for parities in (None, bits):
        state, single = coder.begin_draw(words, count), coder.begin_draw(words, count)
        (back, writer), (one, said) = coder.begin_put(count), coder.begin_put(count)
        if parities is None:
            assert coder_loops.draw_many(state, words, TABLES, scales, means, out)
            coder_loops.put_many(back, writer, TABLES, scales, means, out)
        else:
            assert coder_loops.draw_many_with_parities(state, words, TABLES, scales, means, bits, out)
            assert np.array_equal(out & 1, bits)
            coder_loops.put_many_with_parities(back, writer, TABLES, scales, means, out)
        for i in range(count):
            row, mean = TABLES[scales[i]], int(means[i])
            if parities is None:
                assert coder_loops.draw(single, words, row, mean) == out[i]
                coder_loops.put(one, said, row, mean, int(out[i]))
            else:
                assert coder_loops.draw_with_parity(single, words, row, mean, int(bits[i])) == out[i]
                coder_loops.put_with_parity(one, said, row, mean, int(out[i]))
        assert np.array_equal(state, single)
        assert np.array_equal(back, one)
        assert coder.end_put(back, writer) == coder.end_put(one, said) == coder.end_draw(state, words)


def test_probability_of_every_sequence_is_the_tables() -> None:
    """Exact, by fractions: the streams that draw a sequence are one interval of the size that its law says.

    All sequences of three samples, each with a law of few values: the intervals are disjoint, in order and without a gap but
    for what aborts, and each size is the product of the frequencies over 2^16, up to 3 x 2^-80 of it.
    """
    choice = [(0, 1003), (2, 2000), (3, 812)]  # scale and mean of narrow laws
    laws = [{v: w for v, w in twin.law(TABLES[s].tolist(), m).items() if w} for s, m in choice]
    end = Fraction(0)
    given_up = Fraction(1)
    for sequence in itertools.product(*laws):
        state, words = coder.begin_put(3)
        for (scale, mean), value in zip(choice, sequence, strict=True):
            coder_loops.put(state, words, TABLES[scale], mean, value)
        interval = coder.end_put(state, words)
        low, size = (Fraction(part, 2 ** (32 * interval.used)) for part in (interval.low, interval.size))
        exact = math.prod((Fraction(law[v], 65536) for law, v in zip(laws, sequence, strict=True)), start=Fraction(1))
        assert end <= low <= end + Fraction(3, 2**80)
        assert 0 <= exact - size <= exact * Fraction(3, 2**79)
        end, given_up = low + size, given_up - size
        # Its first and its last stream draw it; their neighbors do not.
        for offset, drawn in ((0, True), (interval.size - 1, True), (-1, False), (interval.size, False)):
            stream_number = interval.low + offset
            if 0 <= stream_number < 2 ** (32 * interval.used):
                total = coder.most_words(3) + 2
                whole = (stream_number << 32 * (total - interval.used)).to_bytes(4 * total, "big")
                bits = np.frombuffer(whole, ">u4").astype(np.uint32)
                begun = coder.begin_draw(bits, 3)
                got = [coder_loops.draw(begun, bits, TABLES[s], m) for s, m in choice]
                assert (tuple(got) == sequence) == drawn
                assert interval.holds(bits) == drawn
    assert 0 <= given_up <= Fraction(3, 2**79)


def test_each_draw_is_exactly_uniform_given_the_past() -> None:
    """One law, two draws: of the second value given the first, whatever that was, the same frequencies."""
    row = TABLES[12].tolist()
    weights = twin.law(row, 2000)
    for first in (1995 // 16, 125, 130):
        sizes = {}
        for second in (120, 124, 125, 126, 131):
            one = twin.Receiver()
            one.put(weights, first)
            one.put(weights, second)
            sizes[second] = Fraction(one.r, weights[first] * weights[second]) / 2 ** (32 * (one.used - 1))
        assert max(sizes.values()) - min(sizes.values()) < Fraction(1, 2**78)


def test_a_stream_above_all_laws_is_given_up() -> None:
    """V >= 2^16 q: R is no multiple of 2^16 and V is its last number; the twin gives up as well."""
    row = TABLES[10]
    for parity in (None, 0, 1):
        state = np.zeros(coder_loops.STATE_LENGTH, np.int64)
        state[4:8] = [3, 1, 7, 65535]
        state[:4] = [3, 1, 7, 65534]
        state[8] = 4
        words = np.zeros(10, np.uint32)
        if parity is None:
            assert coder_loops.draw(state, words, row, 2000) == coder_loops.ABORTED
        else:
            assert coder_loops.draw_with_parity(state, words, TABLES[18], 2000, parity) == coder_loops.ABORTED
    sender = Sender(bytes(40))
    sender.v, sender.r = (number(np.array([3, 1, 7, last], np.uint32)) for last in (65534, 65535))
    assert sender.draw(twin.law(row.tolist(), 2000)) is None
    assert not coder_loops.draw_many(
        np.array([3, 1, 7, 65534, 3, 1, 7, 65535, 4, 0]), words, TABLES, np.array([10]), np.array([2000]), np.zeros(1, np.uint8)
    )


@pytest.mark.parametrize("kind", ["random", "zeros", "half"])
def test_a_million_samples_come_back(kind: str) -> None:
    rng = np.random.default_rng(11)
    count = 1_000_000
    words = stream(kind, coder.most_words(count))
    scales, means = rng.integers(0, 42, count), rng.integers(-400, 4500, count)
    out = np.empty(count, np.uint8)
    state = coder.begin_draw(words, count)
    assert coder_loops.draw_many(state, words, TABLES, scales, means, out)
    back, writer = coder.begin_put(count)
    coder_loops.put_many(back, writer, TABLES, scales, means, out)
    interval = coder.end_put(back, writer)
    assert interval == coder.end_draw(state, words)
    assert interval.holds(words)
    assert interval.determined > 100_000
    assert np.array_equal(interval.words[: interval.determined], words[: interval.determined])


@pytest.mark.parametrize("samples", [1, 2, 200, 12_288])
def test_almost_all_information_is_carried(samples: int) -> None:
    """Nothing is lost but the last words: 99.5 % of the self-information of a picture, and all of it but 128 bits."""
    rng = np.random.default_rng(samples)
    words = stream("random", coder.most_words(samples))
    scales, means = rng.integers(12, 20, samples), rng.integers(800, 3200, samples)
    out = np.empty(samples, np.uint8)
    state = coder.begin_draw(words, samples)
    assert coder_loops.draw_many(state, words, TABLES, scales, means, out)
    interval = coder.end_draw(state, words)
    rows = [TABLES[s] for s in scales]
    bits = sum(
        16 - math.log2(coder_loops.cumulative(r, m, int(v) + 1) - coder_loops.cumulative(r, m, int(v)))
        for r, m, v in zip(rows, means.tolist(), out.tolist(), strict=True)
    )
    assert bits - 160 < 32 * interval.determined <= bits
    if samples > 10_000:
        assert 32 * interval.determined > 0.995 * bits
    # What is determined is what the interval's ends share, no less.
    top = interval.low + interval.size - 1
    shift = 32 * (interval.used - interval.determined)
    assert interval.low >> shift == top >> shift


@pytest.mark.parametrize(("scale", "mean"), [(0, 2001), (12, 1000), (18, 2000), (41, 300), (20, 4090), (41, -200)])
def test_honest_values_follow_the_table(scale: int, mean: int) -> None:
    """Chi-square of 10^6 draws by a random stream: p above 1e-4."""
    from scipy.stats import chisquare

    count = 1_000_000
    words = stream("random", coder.most_words(count), seed=scale)
    out = np.empty(count, np.uint8)
    state = coder.begin_draw(words, count)
    assert coder_loops.draw_many(state, words, TABLES, np.full(count, scale), np.full(count, mean), out)
    weights = np.array(list(twin.law(TABLES[scale].tolist(), mean).values()))
    counts = np.bincount(out, minlength=256)
    assert not counts[weights == 0].any()
    often = weights * count / 65536 >= 10
    observed = np.append(counts[often], counts[~often].sum())
    expected = np.append(weights[often], weights[~often].sum()) * count / 65536
    assert chisquare(observed[expected > 0], expected[expected > 0]).pvalue > 1e-4


def test_most_words_are_enough_and_not_many() -> None:
    """Samples of 16 bits each: the law in which one value has one of 2^16."""
    row = np.full(ENTRIES, 65536, np.int32)
    row[0] = 0
    place = 16 * 101 - 8 - 2000 + 6400  # cumulative(101): 1, all above it 2^16
    row[: place + 1] = 0
    row[place] = 1
    for count in (1, 2, 3, 50, 51, 1000):
        words = np.zeros(coder.most_words(count), np.uint32)
        state = coder.begin_draw(words, count)
        for _ in range(count):
            assert coder_loops.draw(state, words, row, 2000) == 100
        assert len(words) - 2 <= state[8] <= len(words)


def test_a_value_that_its_law_cannot_give_makes_the_picture_impossible() -> None:
    state, words = coder.begin_put(20)
    for i in range(20):
        coder_loops.put(state, words, TABLES[12], 2000, 125 if i != 10 else 250)
    interval = coder.end_put(state, words)
    assert not interval.is_possible
    assert interval.determined == 0
    assert not interval.holds(stream("zeros", coder.most_words(20)))
    state, words = coder.begin_put(20)
    coder_loops.put_with_parity(state, words, TABLES[12], 2000, 1)
    assert not coder.end_put(state, words).is_possible


@pytest.mark.parametrize("seed", range(5))
def test_a_changed_sample_leaves_the_interval(seed: int) -> None:
    """Any one of them, the last included: the stream no longer draws the picture."""
    rng = np.random.default_rng(seed)
    count = 300
    words = stream("random", coder.most_words(count), seed)
    scales, means = rng.integers(6, 24, count), rng.integers(800, 3200, count)
    out = np.empty(count, np.uint8)
    state = coder.begin_draw(words, count)
    assert coder_loops.draw_many(state, words, TABLES, scales, means, out)
    for place in range(count):
        for by in (-1, 1):
            changed = out.copy()
            changed[place] = (int(out[place]) + by) % 256
            back, writer = coder.begin_put(count)
            coder_loops.put_many(back, writer, TABLES, scales, means, changed)
            assert not coder.end_put(back, writer).holds(words)


def test_too_few_words_are_refused() -> None:
    with pytest.raises(AssertionError, match="cannot draw"):
        coder.begin_draw(stream("zeros", coder.most_words(10) - 1), 10)
