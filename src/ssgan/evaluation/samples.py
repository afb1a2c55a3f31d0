"""Keep some pairs of a trial as pictures: cover, stego, changes, and costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ssgan import images
from ssgan.detection.question import Prepared, Question
from ssgan.embedding.coefficient_embedder import plane_costs
from ssgan.embedding.embedder import Embedder
from ssgan.storage.folders import make_folder
from ssgan.views import maps

SAMPLES = "samples"
SHOWN = 3
VIEWS = ("cover", "stego", "changes", "costs")


def keep_samples(out: Path, prepared: Prepared, question: Question) -> None:
    """Write the views of a few pairs of the test part, evenly spread, as NUMBER-VIEW.png.

    Of JPEGs, changes and costs are planes of coefficients, each block of 8 x 8 in its place of the picture.
    """
    pairs = prepared.parts["test"]
    places = np.unique(np.linspace(0, len(pairs) - 1, min(SHOWN, len(pairs))).astype(int))
    chosen, embedder = pairs[torch.from_numpy(places)], Embedder.parse(question.embedder)
    costs = embedder.costs(chosen.covers) if chosen.table is None else plane_costs(chosen.covers, chosen.table, embedder)
    plus, minus = (cost.double().numpy() for cost in costs)
    shown = chosen.as_pixels()
    make_folder(out / SAMPLES)
    for number, (cover, stego) in enumerate(zip(chosen.covers.numpy(), chosen.stegos.numpy(), strict=True)):
        changes = maps.change_map(cover, stego), maps.cost_map(plus[number], minus[number])
        views = (shown.covers[number].numpy(), shown.stegos[number].numpy(), *changes)
        for view, picture in zip(VIEWS, views, strict=True):
            images.write(out / SAMPLES / f"{number}-{view}.png", picture, overwrite=True, durable=False)
