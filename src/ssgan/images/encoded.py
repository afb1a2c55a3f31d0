"""Define the result of an encoder that imitates a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Manner = Literal["cover", "near", "usual"]


@dataclass(frozen=True)
class Encoded:
    """The bytes of an image file, and notes on how they were written.

    content  the whole file
    manner   "cover": by settings that give the cover's own bytes from its samples; "near": as near to the cover's file as
             our means come, `notes` saying what differs; "usual": as Pillow writes by default, there being no file to imitate
    notes    what differs from the cover's file
    left_out metadata of the cover's file that may name person, place or time, and was not asked for, or is unknown
    """

    content: bytes
    manner: Manner = "usual"
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
