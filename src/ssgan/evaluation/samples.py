"""Keep some pairs of a trial as pictures: cover, stego, changes, and costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ssgan import images
from ssgan.detection.question import Prepared, Question
from ssgan.embedding.embedder import Embedder
from ssgan.storage.folders import make_folder
from ssgan.views import maps

SAMPLES = "samples"
SHOWN = 3
VIEWS = ("cover", "stego", "changes", "costs")


def keep_samples(out: Path, prepared: Prepared, question: Question) -> None:
    """Write the views of a few pairs of the test part, evenly spread, as NUMBER-VIEW.png."""
    pairs = prepared.parts["test"]
    places = np.unique(np.linspace(0, len(pairs) - 1, min(SHOWN, len(pairs))).astype(int))
    chosen = pairs[torch.from_numpy(places)]
    plus, minus = (cost.double().numpy() for cost in Embedder.parse(question.embedder).costs(chosen.covers))
    make_folder(out / SAMPLES)
    for number, (cover, stego) in enumerate(zip(chosen.covers.numpy(), chosen.stegos.numpy(), strict=True)):
        views = (cover, stego, maps.change_map(cover, stego), maps.cost_map(plus[number], minus[number]))
        for view, picture in zip(VIEWS, views, strict=True):
            images.write(out / SAMPLES / f"{number}-{view}.png", picture, overwrite=True, durable=False)
