"""One job over any number of images, on the processes of this machine or on a cluster, gone on with after any interruption.

The images are cut into portions; each portion's outcome is written whole or not at all and depends on nothing but its images
and the settings, so that whoever works on it, and how often, makes no difference. There is no ledger: an outcome that stands is
done. What is held in memory is some portions, however many there are.
"""

from __future__ import annotations

from ssgan.bulk.engines import Engine, Pool, Ray, Serial
from ssgan.bulk.job import Job, Tally, run

__all__ = ["Engine", "Job", "Pool", "Ray", "Serial", "Tally", "run"]
