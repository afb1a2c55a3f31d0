"""Protocols of the callables that a long computation sends its progress and its warnings to."""

from __future__ import annotations

from typing import Protocol, TypeVarTuple

Details = TypeVarTuple("Details")


class Progress(Protocol[*Details]):
    """Receiver of the amount done (images, rounds, units), and of details such as a dictionary of metrics."""

    def __call__(self, done: int, /, *details: *Details) -> None:
        """Take note of the amount done."""
        ...


class Notify(Protocol[*Details]):
    """Receiver of what a user should know before the end: a sentence, a finding, or a chapter and its words."""

    def __call__(self, *details: *Details) -> None:
        """Take note of one event."""
        ...


def silent(_: int) -> None:
    """Ignore progress."""
