from __future__ import annotations

import itertools
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ssgan.embedding.stc import checkpoint_loops, trellis, trellis_loops
from ssgan.embedding.stc.trellis import Code, NoPath
from ssgan.errors import DoesNotFit, InvalidSetting, SsganError

KEY = b"sixteen bytes or more"
codes = st.builds(Code, st.integers(6, 9), st.sampled_from([None, KEY]), st.integers(1, 2))


def widths_as_published(elements: int, length: int) -> list[int]:
    """The rule of the DDE Lab toolbox, as `shared/design` and its vectors have it: the longer block where it still fits."""
    share = elements / length
    shorter, longer = int(np.floor(share)), int(np.ceil(share))
    widths: list[int] = []
    used = 0
    for b in range(length):
        widths.append(longer if used + longer <= (b + 1) * share + 0.5 else shorter)
        used += widths[-1]
    return widths


def matrix(elements: int, length: int, code: Code) -> np.ndarray:
    """The parity-check matrix uint8 (m, n), written out."""
    check = np.zeros((length, elements), np.uint8)
    i = 0
    for b, width in enumerate(widths_as_published(elements, length)):
        for column in code.columns(width).tolist():
            for t in range(code.height):
                if b + t < length:
                    check[b + t, i] = column >> t & 1
            i += 1
    return check


def least_distortion(cover: np.ndarray, costs: np.ndarray, message: np.ndarray, code: Code) -> float:
    """The Viterbi algorithm in plain NumPy and double precision, one message bit after the other: the witness."""
    states = np.arange(1 << code.height)
    paths = np.where(states == 0, 0.0, np.inf)
    i = 0
    for b, width in enumerate(widths_as_published(len(cover), len(message))):
        for column in code.columns(width).tolist():
            column &= (1 << min(code.height, len(message) - b)) - 1
            price = (costs[i], 0.0) if cover[i] else (0.0, costs[i])
            paths = np.minimum(paths + price[0], paths[states ^ column] + price[1])
            i += 1
        paths = np.append(paths[int(message[b]) :: 2], np.full(len(paths) // 2, np.inf))
    return float(paths[0])


def draw(seed: int, elements: int, length: int, wet: float = 0.0, spread: float = 1.0) -> tuple[np.ndarray, ...]:
    """cover, costs, message: `spread` is the logarithm's standard deviation."""
    rng = np.random.default_rng(seed)
    costs = np.where(rng.random(elements) < wet, np.inf, np.exp(rng.normal(0, spread, elements)))
    return rng.integers(0, 2, elements, dtype=np.uint8), costs, rng.integers(0, 2, length, dtype=np.uint8)


@given(
    st.integers(0, 2**32),
    st.integers(1, 250),
    st.floats(0.01, 1),
    codes,
    st.sampled_from([0, 0.1, 0.3]),
    st.sampled_from([0, 1, 4]),
)
def test_the_message_is_read_again_at_the_least_distortion(
    seed: int, elements: int, payload: float, code: Code, wet: float, spread: float
) -> None:
    cover, costs, message = draw(seed, elements, max(1, int(payload * elements)), wet, spread)
    least = least_distortion(cover, costs, message, code)
    if least == np.inf or len(message) > np.isfinite(costs).sum():
        with pytest.raises(DoesNotFit):
            trellis.embed(cover, costs, message, code)
        return
    stego = trellis.embed(cover, costs, message, code)
    assert np.array_equal(matrix(elements, len(message), code) @ stego % 2, message)
    assert np.array_equal(trellis.extract(stego, len(message), code), message)
    assert costs[stego != cover].sum() == pytest.approx(least, rel=1e-6)


@given(st.integers(0, 2**32), st.integers(1, 10), st.integers(1, 10), codes)
def test_no_vector_with_the_syndrome_is_nearer(seed: int, elements: int, length: int, code: Code) -> None:
    """All 2^n vectors are tried."""
    assume(length <= elements)
    cover, costs, message = draw(seed, elements, length)
    check = matrix(elements, length, code)
    every = np.array(list(itertools.product((0, 1), repeat=elements)), dtype=np.uint8)
    fitting = every[(every @ check.T % 2 == message).all(1)]
    least = ((fitting != cover) * costs).sum(1).min()
    stego = trellis.embed(cover, costs, message, code)
    assert costs[stego != cover].sum() == pytest.approx(least, rel=1e-6)


def test_published_vectors_are_reached(shared: Path) -> None:
    """`stc_vectors`: made with the DDE Lab library (float path) built from GitHub daniellerch/hstego; its README says how."""
    files = sorted((shared / "reference/embedding/stc_vectors").glob("*.npz"))
    assert files
    for file in files:
        data = np.load(file)
        code, message = Code(int(data["h"])), data["message"]
        assert widths_as_published(int(data["n"]), int(data["m"])) == data["block_widths"].tolist()
        assert np.array_equal(trellis.extract(data["stego"], len(message), code), message), file.name
        stego = trellis.embed(data["cover"], data["cost"], message, code)
        assert np.array_equal(trellis.extract(stego, len(message), code), message), file.name
        paid = data["cost"][stego != data["cover"]].sum()
        assert paid == pytest.approx(float(data["distortion_min"]), rel=1e-6), file.name


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_blocks_are_as_wide_as_the_published_rule_has_it(elements: int, length: int) -> None:
    assume(length <= elements)
    edges = trellis._blocks(elements, length, Code(7)).edges
    assert edges[0] == 0
    assert edges[-1] == elements
    assert np.diff(edges).tolist() == widths_as_published(elements, length)


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 40), codes, st.sampled_from([0, 0.3]))
def test_short_segments_lose_nothing(seed: int, segment: int, code: Code, wet: float) -> None:
    """Survivors of two segments only, down to one block each, where paths seldom join in time."""
    cover, costs, message = draw(seed, 400, 150, wet)
    blocks = trellis._blocks(400, 150, code)
    whole, parted = np.zeros(400, np.uint8), np.zeros(400, np.uint8)
    prices = costs.astype(np.float32)
    found = trellis_loops.cheapest(message, prices, *blocks, code.height, 150, whole)
    assert trellis_loops.cheapest(message, prices, *blocks, code.height, segment, parted) == found
    assert not found or np.array_equal(whole, parted)


@given(st.integers(1, 3000), st.floats(0.0, 1.0), codes)
def test_wide_blocks_keep_a_period_of_their_columns(elements: int, share: float, code: Code) -> None:
    """However wide they are, and all of them are there."""
    length = max(1, int(share**4 * elements))
    blocks = trellis._blocks(elements, length, code)
    period = blocks.columns.shape[1]
    assert period <= 1 << code.height - 2
    for width in set(np.diff(blocks.edges).tolist()):
        assert np.array_equal(blocks.columns[width - blocks.shorter, np.arange(width) % period], code.columns(width))


@settings(max_examples=60)
@given(
    st.integers(0, 2**32), st.integers(1, 900), st.floats(0.002, 0.5), codes, st.sampled_from([0, 0.3]),
    st.sampled_from([0, 1, 4]), st.integers(1, 300),
)  # fmt: skip
def test_the_path_is_the_same_in_any_memory(
    seed: int, elements: int, payload: float, code: Code, wet: float, spread: float, rows: int
) -> None:
    """Elements passed over, and survivors made a second time from as few rows as one, change no bit."""
    length = max(1, int(payload * elements))
    _, costs, target = draw(seed, elements, length, wet, spread)
    blocks, prices = trellis._blocks(elements, length, code), costs.astype(np.float32)
    direct, parted = np.zeros(elements, np.uint8), np.zeros(elements, np.uint8)
    found = trellis_loops.cheapest(target, prices, *blocks, code.height, length, direct)
    assert checkpoint_loops.cheapest(target, prices, *blocks, code.height, rows, parted) == found
    assert not found or np.array_equal(direct, parted)


def test_wide_blocks_are_searched_in_little_memory_to_the_same_end() -> None:
    """The search that passes elements over is taken, and its path is the direct one."""
    code, length = Code(10, KEY), 60
    _, costs, target = draw(3, 1 << 17, length)
    prices = trellis.prices(len(costs), lambda part: costs[part]).costs
    direct = np.zeros(len(costs), np.uint8)
    blocks = trellis._blocks(len(costs), length, code)
    assert blocks.shorter >= trellis.WIDE
    assert trellis_loops.cheapest(target, prices, *blocks, code.height, length, direct)
    found = trellis.cheapest(np.zeros(len(costs), np.uint8), prices, target, code)
    assert found is not None
    assert np.array_equal(found, direct)


@given(st.integers(0, 2**32), st.integers(1, 500), st.integers(8, 60))
def test_prices_in_strips_are_those_of_the_whole(seed: int, elements: int, strip: int) -> None:
    _, costs, _ = draw(seed, elements, 1, 0.2, 9)
    whole = trellis.prices(elements, lambda part: costs[part])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trellis, "STRIP", strip)
        parted = trellis.prices(elements, lambda part: costs[part])
    assert parted.dry == whole.dry
    assert np.array_equal(parted.costs, whole.costs)


@pytest.mark.parametrize("height", trellis.HEIGHTS)
def test_every_height_works_and_a_greater_one_is_no_worse(height: int) -> None:
    cover, costs, message = draw(height, 3000, 1000, 0.1)
    code = Code(height, KEY)
    stego = trellis.embed(cover, costs, message, code)
    assert np.array_equal(trellis.extract(stego, 1000, code), message)
    assert np.isfinite(costs[stego != cover]).all()
    if height >= 8:
        low = Code(height - 2, KEY)
        assert costs[stego != cover].sum() < 1.02 * costs[trellis.embed(cover, costs, message, low) != cover].sum()


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300])
def test_the_scale_of_the_costs_does_not_matter(scale: float) -> None:
    cover, costs, message = draw(3, 1000, 400)
    scale = 2.0 ** round(np.log2(scale))
    assert np.array_equal(trellis.embed(cover, costs, message, Code()), trellis.embed(cover, costs * scale, message, Code()))


def test_dear_changes_do_not_drown_cheap_ones_that_follow() -> None:
    """Path costs are float32; did they go on growing, differences of a cheap change would be lost after the dear ones."""
    cover, costs, message = draw(4, 20_000, 8_000)
    rest = slice(10_000, None)
    paid = costs[rest][trellis.embed(cover, costs, message, Code())[rest] != cover[rest]].sum()
    costs[:5_000] *= 1e6
    assert costs[rest][trellis.embed(cover, costs, message, Code())[rest] != cover[rest]].sum() == pytest.approx(paid, rel=1e-3)


@pytest.mark.parametrize(
    ("height", "payload", "loss"), [(7, 1 / 2, 0.065), (10, 1 / 2, 0.042), (10, 0.4, 0.051), (10, 1 / 10, 0.068)]
)
def test_the_coding_loss_is_the_published_one(height: int, payload: float, loss: float) -> None:
    """The linear profile; DDE Lab's library at n = 200,000, which agrees with Fig. 8 of Filler, Judas, Fridrich (TIFS 2011)."""
    elements = 60_000
    rng = np.random.default_rng(5)
    costs = rng.permutation(np.arange(1, elements + 1) / elements)
    cover = rng.integers(0, 2, elements, dtype=np.uint8)
    message = rng.integers(0, 2, round(payload * elements), dtype=np.uint8)
    paid = costs[trellis.embed(cover, costs, message, Code(height)) != cover].sum()
    lam = np.geomspace(0.1, 100, 2000)[:, None]
    change = 1 / (1 + np.exp(lam * np.linspace(0, 1, 512)))  # of the optimal sender, on a sample of the profile
    entropy = -(change * np.log2(change) + (1 - change) * np.log2(1 - change)).mean(1)
    ideal = np.interp(-paid / elements, -(change * np.linspace(0, 1, 512)).mean(1), entropy)
    assert 1 - payload / ideal == pytest.approx(loss, abs=0.006)


@given(st.integers(0, 2**32), st.integers(2, 120), codes, st.floats(0, 0.9))
def test_every_message_of_a_reachable_length_embeds(seed: int, elements: int, code: Code, wet: float) -> None:
    cover, costs, _ = draw(seed, elements, 1, wet)
    length = trellis.reachable(np.isfinite(costs), code)
    assert length <= np.isfinite(costs).sum()
    for other in range(3):
        message = np.random.default_rng(other).integers(0, 2, length, dtype=np.uint8)
        stego = trellis.embed(cover, costs, message, code)
        assert np.array_equal(trellis.extract(stego, length, code), message)
        assert np.isfinite(costs[stego != cover]).all()


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 60), codes, st.floats(0, 0.9))
def test_full_rank_is_that_of_the_matrix(seed: int, elements: int, length: int, code: Code, wet: float) -> None:
    """Against Gauss's elimination on the matrix written out."""
    assume(length <= elements)
    dry = np.isfinite(draw(seed, elements, 1, wet)[1])
    rows = matrix(elements, length, code)[:, dry]
    rank = 0
    for column in range(rows.shape[1]):
        with_bit = np.flatnonzero(rows[rank:, column])
        if len(with_bit):
            rows[[rank, rank + with_bit[0]]] = rows[[rank + with_bit[0], rank]]
            rows[rank + 1 :] ^= np.outer(rows[rank + 1 :, column], rows[rank])
            rank += 1
        if rank == length:
            break
    assert trellis_loops.full_rank(dry, *trellis._blocks(elements, length, code), length) == (rank == length)


def test_without_a_message_nothing_changes() -> None:
    cover, costs, message = draw(6, 50, 0)
    assert np.array_equal(trellis.embed(cover, costs, message, Code()), cover)
    assert len(trellis.extract(cover, 0, Code())) == 0
    assert len(trellis.embed(cover[:0], costs[:0], message, Code())) == 0


def test_a_message_that_is_there_already_costs_nothing() -> None:
    cover, costs, _ = draw(7, 500, 0)
    message = trellis.extract(cover, 200, Code())
    assert np.array_equal(trellis.embed(cover, costs, message, Code()), cover)


def test_only_the_code_it_was_written_with_reads_a_message() -> None:
    cover, costs, message = draw(8, 2000, 800)
    stego = trellis.embed(cover, costs, message, Code(10, KEY))
    for other in (Code(10), Code(10, KEY[::-1]), Code(10, KEY, 2), Code(11, KEY)):
        assert 0.4 < np.mean(trellis.extract(stego, 800, other) != message) < 0.6


def test_too_long_a_message_is_refused_with_what_fits() -> None:
    cover, costs, message = draw(9, 1000, 1001)
    with pytest.raises(DoesNotFit, match="1001 bits do not fit into 1000 elements") as refused:
        trellis.embed(cover, costs, message, Code())
    assert refused.value.reachable == 1000
    assert refused.value.unit == "bits"
    trellis.embed(cover, costs, message[:1000], Code())
    with pytest.raises(DoesNotFit) as refused:
        trellis.embed(cover, np.full(1000, np.inf), message[:5], Code())
    assert refused.value.reachable == 0


def test_wet_elements_side_by_side_leave_no_path() -> None:
    cover, costs, message = draw(10, 1000, 400)
    costs[300:500] = np.inf
    with pytest.raises(NoPath) as refused:
        trellis.embed(cover, costs, message, Code())
    assert 0 < refused.value.reachable < 400
    assert refused.value.hint
    trellis.embed(cover, costs, message[: int(refused.value.reachable)], Code())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c, r, m: (c.astype(int), r, m), "the cover is int64"),
        (lambda c, r, m: (c + np.uint8(1), r, m), "the cover"),
        (lambda c, r, m: (c, r, m + np.uint8(7)), "the message"),
        (lambda c, r, m: (c, r, m.reshape(2, -1)), "the message"),
        (lambda c, r, m: (c, r[1:], m), "99 costs came for 100 elements"),
        (lambda c, r, m: (c, np.where(r > 1, np.nan, r), m), "not a number"),
        (lambda c, r, m: (c, -r, m), "negative"),
    ],
)
def test_what_makes_no_sense_is_refused(change, says) -> None:  # type: ignore[no-untyped-def]
    cover, costs, message = change(*draw(11, 100, 30))
    with pytest.raises(InvalidSetting, match=says) as refused:
        trellis.embed(cover, costs, message, Code())
    assert refused.value.hint


def test_a_code_must_have_a_known_height_and_a_long_key() -> None:
    with pytest.raises(InvalidSetting, match="height"):
        Code(5)
    with pytest.raises(InvalidSetting, match="height"):
        Code(16)
    with pytest.raises(InvalidSetting, match="15 bytes"):
        Code(10, b"x" * 15)
    with pytest.raises(InvalidSetting, match="-1 message bits"):
        trellis.extract(np.zeros(10, np.uint8), -1, Code())


def test_a_message_that_cannot_be_read_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also under python -O, which leaves out assertions."""
    monkeypatch.setattr(trellis, "extract", lambda stego, length, code: np.zeros(length, np.uint8))
    with pytest.raises(SsganError, match="cannot be read back"):
        trellis.embed(np.zeros(100, np.uint8), np.ones(100), np.ones(10, np.uint8), Code())


@pytest.mark.parametrize("column", [0b1000011, 0b1011001])
def test_halves_of_vectors_give_the_same_bits(column: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor without AVX-512 takes 8 lanes at a time, this one perhaps 16."""
    rng = np.random.default_rng(column)
    costs, survivors = rng.random(128, np.float32), np.zeros(8, np.uint16)
    costs[::7] = np.inf
    other = costs[np.arange(128) ^ column] + np.float32(0.25)
    for masks in (True, False):
        monkeypatch.setattr(trellis_loops, "_has_masks", lambda _, masks=masks: masks)
        paths = np.append(costs, np.zeros(16, np.float32))
        lane = column & 15

        @numba.njit
        def step(paths: np.ndarray, survivors: np.ndarray) -> None:
            for i in range(4):
                trellis_loops._exchange(paths, i, i ^ (column >> 4), np.float32(0.25), survivors, 0, lane)  # noqa: B023

        step(paths, survivors)
        assert np.array_equal(paths[:128], np.minimum(costs, other))
        assert np.array_equal(np.unpackbits(survivors.view(np.uint8), bitorder="little"), other < costs)
