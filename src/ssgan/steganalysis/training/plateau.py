"""Explain a loss at 0.693, that of a coin: too early, too fast, too little to see, or something wrong.

Each cause is a sentence with what to do, from the figures of the evaluations; the likeliest first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.checks.findings import Finding
from ssgan.steganalysis.checks.pairs import values
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.training.settings import NetworkSettings

COIN = math.log(2)
NEAR = 0.01  # of the coin's loss: what is nearer has learned nothing that can be seen
EVALUATIONS = 3  # in a row
DEAD = 1e-4  # standard deviation of the logits, below which a network scores every image the same
FAR = 5.0  # times the learning rate of the network's own recipe
# Changes an image, divided by the square root of its samples (A. Ker, T. Pevny, J. Kodovsky, J. Fridrich, "The square root law
# of steganographic capacity", MM&Sec 2008). On 64 x 64 crops of photographs, SRM errs by 0.32 at 12.8 and by 0.43 at 4.4.
HARD, HOPELESS = 5.0, 1.5
CONFIDENT = 4.0  # standard deviations above 1/2, at each of the evaluations


def is_plateau(history: Sequence[Mapping[str, float]]) -> bool:
    """Return whether the last evaluations all found the initial loss."""
    last = [figures["loss"] for figures in history[-EVALUATIONS:]]
    return len(last) == EVALUATIONS and all(loss > COIN - NEAR for loss in last)


def explain_plateau(
    history: Sequence[Mapping[str, float]], *, settings: NetworkSettings, pairs: Pairs, validate_pairs: int
) -> list[Finding]:
    """Return findings on why the loss sits at 0.693; there is at least one.

    `history` holds the figures of the evaluations: images_seen, loss, error_at_zero, spread. `pairs` are those learned from.
    """
    last = history[-EVALUATIONS:]
    found = [*_broken(last, validate_pairs), *_dead(last, settings), *values(pairs), *_rate(settings), *_little(pairs)]
    return [*found, *_early(last, settings)] or [
        Finding(
            "warn",
            f"the loss is still {last[-1]['loss']:.3f}, that of a coin, and nothing is found that explains it",
            "try a larger payload first, and if that is learned, give a curriculum or more covers",
        )
    ]


def _broken(last: Sequence[Mapping[str, float]], count: int) -> list[Finding]:
    """Return the finding on errors above one half, which are no chance but wrong labels."""
    least = 0.5 + CONFIDENT * math.sqrt(0.125 / count)
    errors = [figures["error_at_zero"] for figures in last]
    if min(errors) <= least:
        return []
    return [
        Finding(
            "warn",
            f"the network errs on {min(errors):.0%} of the validation images or more, worse than a coin",
            "check the split: covers are on one side and their stegos on the other, or the two are exchanged in one part",
        )
    ]


def _dead(last: Sequence[Mapping[str, float]], settings: NetworkSettings) -> list[Finding]:
    if last[-1]["spread"] >= DEAD:
        return []
    return [
        Finding(
            "warn",
            f"{settings.network} says the same of every image (its logits differ by {last[-1]['spread']:.1e})",
            "start again with another seed or a lower learning rate, on gray values 0...255: this network is dead",
        )
    ]


def _rate(settings: NetworkSettings) -> list[Finding]:
    own, rate = NETWORKS[settings.network].recipe, settings.recipe.learning_rate
    if settings.recipe.optimizer != own.optimizer or 1 / FAR <= rate / own.learning_rate <= FAR:
        return []
    text = f"the learning rate is {rate:g}, where {settings.network} learns with {own.learning_rate:g}"
    return [Finding("warn", text, "take that of the recipe")]


def _little(pairs: Pairs) -> list[Finding]:
    """Return the finding by the square root law: the evidence grows with the changes, over the root of the size."""
    changed = (pairs.stegos != pairs.covers).double().mean()
    samples = pairs.covers[0].numel()
    strength = float(changed) * math.sqrt(samples)
    if strength >= HARD:
        return []
    sides = " x ".join(str(side) for side in pairs.covers.shape[2:])
    return [
        Finding(
            "warn" if strength < HOPELESS else "note",
            f"{float(changed):.1%} of the samples of {sides} images are changed, which is little: "
            f"{strength:.1f} changes for the root of each sample, where rich models err by 0.43 at 4.4 on photographs",
            "begin with larger payloads (a curriculum), or take larger images: errors near one half are to be expected",
        )
    ]


def _early(last: Sequence[Mapping[str, float]], settings: NetworkSettings) -> list[Finding]:
    begun = NETWORKS[settings.network].begins_images
    seen = int(last[-1]["images_seen"])
    if seen >= begun:
        return []
    text = f"{seen} images are early for {settings.network}, which may learn nothing until about {begun}"
    hint = (
        "wait"
        if settings.recipe.duration_images > begun
        else f"train for longer than {begun} images, or begin with larger payloads"
    )
    return [Finding("note", text, hint)]
