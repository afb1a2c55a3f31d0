"""Make stegos of covers, of pixels or of JPEGs, each from its own seed, with the probabilities that a warden may know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ssgan.embedding import coefficient_embedder
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit
from ssgan.images import Images
from ssgan.images.quantization import Table
from ssgan.steganalysis.checks.pairs import Prescribed
from ssgan.steganalysis.detector import Pairs, Probabilities
from ssgan.steganalysis.training.curriculum import Embed

SAMPLES_EMBEDDED = 2**22  # together: what bounds the memory of embedding


def embedded(
    covers: Images,
    embedder: Embedder,
    own: np.ndarray,
    *,
    table: Table | None = None,
    with_probabilities: bool = False,
) -> Pairs:
    """Return covers with their stegos, each from its own seed and, for an informed detector, with their change
    probabilities. With a table, covers are coefficients as `Pairs` has them.
    """
    step, embed = max(1, SAMPLES_EMBEDDED // covers[0].numel()), sender(embedder, table)
    stegos = torch.cat([embed(covers[at : at + step], own[at : at + step]) for at in range(0, len(covers), step)])
    if not with_probabilities:
        return Pairs(covers, stegos, table=table)
    return Pairs(covers, stegos, probabilities(covers, embedder), probabilities(stegos, embedder))


def sender(embedder: Embedder, table: Table | None) -> Embed:
    """Return the function that makes stegos of covers, of pixels or of coefficients of that table."""
    if table is None:
        return embedder.simulate_seeded
    return lambda covers, own: coefficient_embedder.simulate_planes(covers, table, embedder, own)


def prescribed(embedder: Embedder, table: Table | None) -> Prescribed:
    """Return the function that computes how probably each sample of covers is moved up, and down."""
    if table is None:
        return embedder.change_probabilities
    return lambda covers: coefficient_embedder.plane_probabilities(covers, table, embedder)


def probabilities(pictures: Images, embedder: Embedder) -> Probabilities:
    """Return float32 (N, C, H, W): the probability that the embedder changes each sample of these images, cover or stego."""
    step = max(1, SAMPLES_EMBEDDED // pictures[0].numel())
    parts = [torch.add(*embedder.change_probabilities(part)).float().clamp(0, 1) for part in torch.split(pictures, step)]
    return torch.cat(parts)


def embedded_jpegs(
    covers: torch.Tensor,
    names: Sequence[str],
    table: Table,
    *,
    embedder: Embedder,
    own: np.ndarray,
    unfit: list[tuple[str, str]],
) -> Pairs:
    """Return the covers with their stegos; of one that does not take the payload, the cover itself, and `unfit` gets it."""
    stegos = covers.clone()
    for number, name in enumerate(names):
        one = slice(number, number + 1)
        try:
            stegos[one] = coefficient_embedder.simulate_planes(covers[one], table, embedder, own[one])
        except DoesNotFit as error:
            unfit.append((name, str(error)))
    return Pairs(covers, stegos, table=table)
