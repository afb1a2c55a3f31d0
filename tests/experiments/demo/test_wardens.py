"""The wardens: the same protocol for every source, each cover in one part, and what goes wrong in a process is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssgan.errors import SsganError
from ssgan.experiments.demo import photographs, plots, wardens
from ssgan.experiments.demo.page import in_words
from ssgan.experiments.demo.wardens import WardenResult, WardenTask


def covers(count: int = 20, side: int = 32) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).integers(0, 256, (count, 3, side, side), dtype=np.uint8))


def test_a_cover_is_in_one_part_and_the_sources_are_unchanged() -> None:
    train, validate, test = wardens.pairs_of(WardenTask("apart", covers(), 255 - covers(22), 64))
    assert [len(part) for part in (train, validate, test)] == [12, 3, 5]
    for one, source in (("covers", covers()), ("stegos", 255 - covers(22)[:20])):
        every = torch.cat([getattr(part, one) for part in (train, validate, test)])
        assert sorted(every.flatten(1).tolist()) == sorted(source.flatten(1).tolist())


def test_a_warden_in_a_process_of_its_own_comes_to_the_same_as_here() -> None:
    task, reports = WardenTask("apart", covers(), covers() // 2, 64), list[tuple[int, str, float | None]]()
    (there,) = wardens.watch([task], lambda *progressed: reports.append(progressed))
    here = wardens.learn(task)
    assert (there.p_e, there.interval, there.images) == (here.p_e, here.interval, here.images)
    assert [source for _, source, _ in reports] == ["apart"] * len(reports)
    assert reports[-1][0] == here.images >= 64


def test_what_goes_wrong_in_a_process_comes_out_of_it() -> None:
    with pytest.raises(SsganError, match="covers"):
        wardens.watch([WardenTask("apart", covers(3), covers(3), 64)])


@pytest.mark.parametrize(
    ("source", "interval", "words"),
    [
        ("own", (0.4, 0.5), "your message: wrong 45 times of 100 (40 to 50): no better than a coin"),
        ("drawn", (0.4, 0.5), "no better than a coin"),
        ("matching", (0.1, 0.2), "where a coin is wrong 50 times"),
        ("matching", (0.4, 0.5), "too few pictures to tell it from a coin"),
        ("apart", (0.4, 0.5), "too few pictures to tell it from a coin"),
        ("apart", (0.1, 0.2), "with no message in any of them"),
    ],
)
def test_words_say_plainly_what_was_found(source: str, interval: tuple[float, float], words: str) -> None:
    one = WardenResult(source, sum(interval) / 2, interval, (6, 2, 2), 0.5, 64, 1.0)
    assert one.learned is (interval[1] < 0.5)
    assert words in in_words(one)


def test_errors_are_drawn_in_their_lengths_and_names_escaped() -> None:
    drawn = str(plots.errors([("<a>", 0.3, (0.2, 0.4)), ("b", 0.001, None)]))
    assert "&lt;a&gt; <b>30</b>" in drawn
    assert 'aria-label="&lt;a&gt;: 30 of 100 wrong, b: 0.1 of 100 wrong"' in drawn
    # 60 is the whole width, so that the line of a coin, at 50, is seen.
    assert 'class="fill" style="width: 50.0%' in drawn
    assert 'class="range" style="left: 33.3%; width: 33.3%"' in drawn
    assert drawn.count('class="range"') == 1
    assert drawn.count('class="coin" style="left: 83.3%"') == 2


def test_the_photographs_are_in_the_wheel_and_are_cut_without_a_change() -> None:
    assert photographs.available()
    assert photographs.shown().shape == (1, photographs.SIDE, photographs.SIDE)
    tiles = photographs.tiles()
    assert tiles.dtype == torch.uint8
    assert tiles.shape[1:] == (3, 64, 64)
    assert len(tiles) == 223
