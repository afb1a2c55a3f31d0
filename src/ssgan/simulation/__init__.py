"""Many covers to stegos by simulation: any number of files, many processes, and a second run goes on where the first ended.

What is written depends on nothing but the cover, its name, the embedder and the seed: not on the batch, the number of processes
or the order. So a run needs no ledger. A stego that stands is done (files are written whole or not at all), the settings are
in `run.json`, and whoever calls again with the same settings gets the rest.
"""

from __future__ import annotations

from ssgan.datasets.listing import Item
from ssgan.simulation.plan import Plan, Settings, prepare
from ssgan.simulation.run import Failure, Tally, run

__all__ = ["Failure", "Item", "Plan", "Settings", "Tally", "prepare", "run"]
