from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.steganalysis.checks.findings import Finding, refuse
from ssgan.steganalysis.checks.pairs import _tail, balance, diagnose, keys, pairing, values
from ssgan.steganalysis.detector import Pairs

HONEST = ["lsb@0.4/plain", "lsb@1.0/plain", "lsb@0.1", "hill@0.4", "hugo@0.4", "suniward@0.2", "mipod@0.4", "wow@0.4/stc"]


def scenes(count: int, size: int = 32, seed: int = 1) -> torch.Tensor:
    """Smooth scenes with a texture of their own in the middle, where all of them have it, and little noise elsewhere."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    tilt = rng.normal(0, 60, (2, count, 1, 1))
    rough = 0.7 + 6 * np.exp(-12 * (x**2 + y**2))
    made = 128 + rng.normal(0, 20, (count, 1, 1)) + tilt[0] * x + tilt[1] * y + rough * rng.normal(0, 1, (count, size, size))
    return torch.from_numpy(made.round().clip(0, 255).astype(np.uint8)[:, None])


def embedded(name: str, covers: torch.Tensor, *, one_key: bool = False, seed: int = 7) -> Pairs:
    own = np.random.default_rng(seed).integers(0, 2**63, len(covers), dtype=np.uint64)
    return Pairs(covers, Embedder.parse(name).simulate_seeded(covers, np.full_like(own, 3) if one_key else own))


def worst(findings: list[Finding]) -> str:
    return findings[0].severity if findings else ""


def replaced(covers: torch.Tensor, *, one_key: bool) -> Pairs:
    """LSB replacement of every sample."""
    rng = np.random.default_rng(5)
    bits = torch.from_numpy(rng.integers(0, 2, (1 if one_key else len(covers), *covers.shape[1:]), dtype=np.uint8))
    return Pairs(covers, (covers & 254) | bits)


@pytest.mark.parametrize("name", HONEST)
def test_honest_pairs_of_every_kind_give_no_alarm(name: str) -> None:
    pairs = embedded(name, scenes(120))
    assert not [f for f in diagnose({"train": pairs[:80], "validate": pairs[80:]}) if f.severity != "note"]


def test_honest_replacement_gives_no_alarm() -> None:
    pairs = replaced(scenes(120), one_key=False)
    assert keys(pairs) == pairing(pairs) == []


@pytest.mark.parametrize("name", [name for name in HONEST if "stc" not in name])
def test_one_key_for_all_is_found(name: str) -> None:
    found = keys(embedded(name, scenes(80), one_key=True))
    assert worst(found) == "refuse"
    assert "the changes of different covers" in found[0].sentence


def test_one_message_for_all_in_replaced_bits_is_found() -> None:
    assert worst(keys(replaced(scenes(80), one_key=True))) == "refuse"


@pytest.mark.parametrize("few", [0, 2, 12])
def test_few_covers_say_nothing_of_keys(few: int) -> None:
    if few:
        assert keys(embedded("hill@0.4", scenes(few), one_key=True)) == []


def test_the_false_alarm_rate_of_the_test_for_keys_is_as_stated() -> None:
    """With a threshold of one in a thousand in place of one in a million, two of 400 sets or so; not ten."""
    alarms = 0
    for trial in range(400):
        rng = np.random.default_rng(trial)
        changes = rng.choice([-1, 0, 1], (40, 16, 16), p=[0.1, 0.8, 0.1])
        first, second = changes[:20].astype(float), changes[20:].astype(float)
        here = (np.abs(first) * np.abs(second)).sum((1, 2))
        shifted = [
            (np.abs(first) * np.abs(np.roll(second, shift, (1, 2)))).sum((1, 2))
            for shift in [(a, b) for a in (-2, 0, 2) for b in (-2, 0, 2) if (a, b) != (0, 0)]
        ]
        alarms += _tail(int((here > np.max(shifted, axis=0)).sum()), 20, 1 / 9) < 1e-3
    assert alarms < 10


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.01, 0.99))
def test_the_tail_of_the_binomial_law_is_what_it_sums_to(trials: int, successes: int, p: float) -> None:
    slow = sum(math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(successes, trials + 1))
    assert _tail(successes, trials, p) == pytest.approx(min(1.0, slow), abs=1e-12)


def test_covers_in_place_of_stegos_are_refused() -> None:
    covers = scenes(20)
    assert "sample for sample" in pairing(Pairs(covers, covers.clone()))[0].sentence
    some = embedded("lsb@0.4/plain", covers)
    some.stegos[:5] = covers[:5]
    found = pairing(some)
    assert worst(found) == "warn"
    assert found[0].sentence.startswith("5 of 20")


@given(st.integers(1, 19))
def test_stegos_in_another_order_are_refused(shift: int) -> None:
    pairs = embedded("lsb@0.4/plain", scenes(20))
    found = pairing(Pairs(pairs.covers, pairs.stegos.roll(shift, 0)))
    assert worst(found) == "refuse"
    assert "20 belong to other covers" in found[0].sentence


def test_stegos_of_other_covers_are_refused() -> None:
    found = pairing(Pairs(scenes(20), scenes(20, seed=2)))
    assert worst(found) == "refuse"
    assert "belong" not in found[0].sentence


@pytest.mark.parametrize("name", ["lsb@0.4/plain", "hill@0.4", "lsb@1.0/plain"])
def test_covers_and_stegos_exchanged_are_refused(name: str) -> None:
    pairs = embedded(name, scenes(500))
    found = pairing(Pairs(pairs.stegos, pairs.covers))
    assert worst(found) == "refuse"
    assert "exchanged" in found[0].hint


def test_changes_that_no_scheme_makes_are_pointed_out() -> None:
    covers = scenes(40).clamp(10, 240)
    louder = covers.clone()
    louder[:, :, ::2] += 3
    assert "up to 3" in pairing(Pairs(covers, louder))[0].sentence
    brighter = pairing(Pairs(covers, covers + 1))
    assert [f.sentence for f in brighter] == ["100% of the samples are changed", "100% of the changes go up"]


def test_images_in_another_range_are_found() -> None:
    covers = scenes(20)
    tiny = covers // 128
    assert worst(values(Pairs(tiny, tiny ^ 1))) == "refuse"
    narrow = covers // 16
    assert "between" in values(Pairs(narrow, narrow + 1))[0].sentence
    stretched = covers // 4 * 4
    assert "gray values that no cover has" in values(Pairs(stretched, stretched + 1))[0].sentence
    assert values(Pairs(covers, covers ^ 1)) == []


def test_parts_that_are_small_repeat_themselves_or_are_of_one_group_are_pointed_out() -> None:
    pairs = embedded("lsb@0.4/plain", scenes(40))
    twice = pairs[np.array([*range(30), *range(10)])]
    found = {
        f.sentence
        for f in balance({"train": twice, "validate": pairs[30:]}, {"train": ["a"] * 39 + ["b"], "validate": ["c"] * 10})
    }
    assert found == {
        "10 of 40 covers of the part train repeat others",
        "39 of 40 pairs of the part train are of one group, a",
        "the part validate has 10 pairs, which tell P_E to about 0.22",
    }


def test_what_is_worst_is_said_first_and_refused() -> None:
    pairs = embedded("lsb@0.4/plain", scenes(60), one_key=True)
    found = diagnose({"train": pairs[:40], "validate": pairs[40:]})
    assert [f.severity for f in found][:2] == ["refuse", "refuse"]
    assert found[-1].severity == "note"
    with pytest.raises(InvalidSetting, match="in the part train, the changes of different covers") as caught:
        refuse(found)
    assert caught.value.hint == found[0].hint
    refuse(found[-1:])


@pytest.mark.parametrize("embedder", ["lsbr@0.4/plain", "lsbr@1/plain", "lsb@0.4/plain", "hill@0.4"])
@pytest.mark.parametrize("apart", [0, 1, 40])
def test_one_key_is_told_from_what_the_scheme_wants_of_covers_that_are_alike(embedder: str, apart: int) -> None:
    rng = np.random.default_rng(1)
    same = rng.integers(60, 200, (1, 1, 32, 32))
    covers = torch.from_numpy((same + rng.integers(-apart, apart + 1, (40, 1, 32, 32))).astype(np.uint8))
    chosen = Embedder.parse(embedder)
    for seeds, found in ((np.arange(40), 0), (np.full(40, 7), 1)):
        pairs = Pairs(covers, chosen.simulate_seeded(covers, seeds.astype(np.uint64)))
        for prescribed in (chosen.change_probabilities, None):
            assert len(keys(pairs, prescribed)) == found
