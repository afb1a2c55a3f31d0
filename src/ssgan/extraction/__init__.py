"""The features of many images as one table: any number of files, all cores, and a second run goes on where the first ended.

A feature depends on nothing but the image, so the table is the same whatever the threads, the interruptions and the order of
the work. Finished pieces lie in a folder beside the table until all are there; then the table is written whole.
"""

from __future__ import annotations

from ssgan.extraction.looking import Look, Piece, Settings
from ssgan.extraction.run import Plan, Tally, prepare, run
from ssgan.extraction.table import SUFFIXES

__all__ = ["SUFFIXES", "Look", "Piece", "Plan", "Settings", "Tally", "prepare", "run"]
