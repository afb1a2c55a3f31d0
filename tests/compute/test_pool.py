"""One rule decides, wherever processes work, what is done again and what is given up."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import pytest

from ssgan.compute.pool import GIVEN_UP, in_processes
from ssgan.errors import InvalidSetting, SomeItemsFailed


def squared(number: int, *, deadly: tuple[int, ...] = (), deaths: int = 99, folder: Path | None = None) -> int:
    """Return the square, or end the process for one of the deadly numbers, the first `deaths` times."""
    if number in deadly and (folder is None or len(list(folder.iterdir())) < deaths):
        if folder is not None:
            (folder / f"{time.monotonic_ns()}").touch()
        os._exit(1)
    return number * number


def refusing(number: int) -> int:
    if number == 3:
        raise InvalidSetting("no 3", hint="give others")
    return number


@pytest.mark.parametrize("in_order", [False, True])
def test_every_task_is_yielded_once_with_its_result(in_order: bool) -> None:
    found = list(in_processes(squared, iter(range(20)), 2, retries=0, in_order=in_order))
    assert sorted(found) == [(number, number * number) for number in range(20)]
    assert found == sorted(found) or not in_order
    assert list(in_processes(squared, iter(()), 2, retries=0)) == []


@pytest.mark.parametrize("retries", [0, 3])
def test_a_task_that_ends_every_process_is_given_up_alone(retries: int, tmp_path: Path) -> None:
    deadly = partial(squared, deadly=(4,), folder=tmp_path)
    found = list(in_processes(deadly, iter(range(9)), 2, retries=retries, in_order=True))
    assert found == [(number, GIVEN_UP if number == 4 else number * number) for number in range(9)]
    assert len(list(tmp_path.iterdir())) <= retries + 2


def test_a_lost_process_costs_no_result(tmp_path: Path) -> None:
    deadly = partial(squared, deadly=(4,), deaths=3, folder=tmp_path)
    assert dict(in_processes(deadly, iter(range(9)), 2, retries=3)) == {number: number * number for number in range(9)}


def test_one_task_at_a_time_is_given_up_at_once(tmp_path: Path) -> None:
    deadly = partial(squared, deadly=tuple(range(8)), folder=tmp_path)
    assert {result for _, result in in_processes(deadly, iter(range(8)), 1, retries=0, ahead=1)} == {GIVEN_UP}
    assert len(list(tmp_path.iterdir())) == 8


def test_where_every_process_ends_the_whole_is_given_up() -> None:
    with pytest.raises(SomeItemsFailed, match="as soon as they begin"):
        list(in_processes(partial(squared, deadly=tuple(range(99))), iter(range(99)), 2, retries=3))


def test_an_error_of_the_work_is_raised() -> None:
    with pytest.raises(InvalidSetting, match="no 3"):
        list(in_processes(refusing, iter(range(9)), 2, retries=3))
