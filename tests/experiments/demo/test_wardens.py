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


def test_a_cover_is_in_one_part_and_its_stego_beside_it() -> None:
    train, validate, test = wardens.pairs_of(WardenTask("x", covers(), "lsb@1/plain", 64))
    assert [len(part) for part in (train, validate, test)] == [12, 3, 5]
    every = torch.cat([train.covers, validate.covers, test.covers])
    assert len(torch.unique(every, dim=0)) == len(covers())
    assert int((train.covers.int() - train.stegos.int()).abs().max()) == 1


def test_two_sources_stand_beside_each_other_unchanged() -> None:
    parts = wardens.pairs_of(WardenTask("x", covers(), "", 64, 255 - covers()))
    assert all(torch.equal(part.stegos[0], 255 - covers()[k]) or len(part) for k, part in enumerate(parts))
    assert sum(len(part) for part in parts) == 20


def test_a_warden_in_a_process_of_its_own_comes_to_the_same_as_here() -> None:
    task, reports = WardenTask("x", covers(), "lsb@1/plain", 64), list[tuple[int, str, float | None]]()
    (there,) = wardens.watch([task], lambda *progressed: reports.append(progressed))
    here = wardens.learn(task)
    assert (there.p_e, there.interval, there.course) == (here.p_e, here.interval, here.course)
    assert [seen for seen, _, _ in reports] == [seen for seen, _ in there.course]
    assert here.change_rate == pytest.approx(0.5, abs=0.02)


def test_what_goes_wrong_in_a_process_comes_out_of_it() -> None:
    with pytest.raises(SsganError, match="scheme"):
        wardens.watch([WardenTask("x", covers(), "nothing@1", 64)])


@pytest.mark.parametrize(("interval", "learned"), [((0.1, 0.2), True), ((0.4, 0.5), False)])
def test_words_say_plainly_whether_he_learned_anything(interval: tuple[float, float], learned: bool) -> None:
    one = WardenResult("generated", sum(interval) / 2, interval, (6, 2, 2), 0.5, 64, 1.0)
    assert one.learned is learned
    assert ("learned nothing" in in_words(one)) is not learned


def test_errors_are_drawn_and_their_names_escaped() -> None:
    one = WardenResult("generated", 0.3, (0.2, 0.4), (6, 2, 2), 0.5, 64, 1.0)
    drawn = str(plots.errors([one], ["<a>"]))
    assert drawn.startswith("<svg")
    assert "&lt;a&gt;" in drawn
    assert ">30<" in drawn


def test_the_photographs_are_in_the_wheel_and_are_cut_without_a_change() -> None:
    assert photographs.available()
    assert photographs.shown().shape == (1, photographs.SIDE, photographs.SIDE)
    tiles = photographs.tiles()
    assert tiles.dtype == torch.uint8
    assert tiles.shape[1:] == (3, 64, 64)
    assert len(tiles) == 223
