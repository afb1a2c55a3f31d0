"""Run one job over any number of images, on processes of this machine or on a cluster, and resume it after any interruption.

The images are cut into portions; each portion's outcome is written whole or not at all and depends on nothing but its images
and the settings, so that it does not matter which process works on it, or how often. There is no ledger: a portion
with an outcome is done. Memory holds a few portions, however many there are.
"""

from __future__ import annotations

from ssgan.bulk.engines import Engine, Pool, Ray, Serial
from ssgan.bulk.job import Job, Tally, run

__all__ = ["Engine", "Job", "Pool", "Ray", "Serial", "Tally", "run"]
