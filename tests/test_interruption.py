from __future__ import annotations

import signal
import threading

import pytest

from ssgan.interruption import SIGNALS, deliver, held


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_noted_while_it_is_held_and_delivered_afterwards(number: signal.Signals) -> None:
    came: list[int] = []
    before = signal.signal(number, lambda n, _: came.append(n))
    try:
        with held() as interruption:
            signal.raise_signal(number)
            assert interruption.number == number
            assert not came
            signal.raise_signal(number)  # a second one is not held
            assert came == [number]
        deliver(interruption.number)
        assert came == [number, number]
    finally:
        signal.signal(number, before)


def test_what_was_before_is_there_again() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with held():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_another_thread_has_no_signals_to_hold() -> None:
    numbers: list[int] = []

    def work() -> None:
        with held() as interruption:
            numbers.append(interruption.number)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert numbers == [0]
