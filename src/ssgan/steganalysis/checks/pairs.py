"""Find faults of the pairs before a training: wrong pairs, wrong values, one key for all.

Wrong pairs, images in 0...1, one key for all stegos and the same scene on both sides of a split are behind most figures that
could not be repeated. Faults between parts are found in `leaks`, a plateau of the loss in `plateau`.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import torch

from ssgan.images import Images, filters
from ssgan.images.coefficients import SIDE
from ssgan.steganalysis.checks.findings import Finding, Severity, some
from ssgan.steganalysis.checks.leaks import TOLERATED, counterparts, leaks
from ssgan.steganalysis.detector import Pairs

LOOKED_AT = 1 << 25  # samples of a part that are looked at, evenly spread
MOST_CHANGED = 0.75  # share of samples: ternary changes with the largest payload, log2(3) bits, reach 2/3
NARROW, NARROWEST = 32, 2  # gray values from the smallest to the largest
FALSE_ALARM = 1e-6  # of the tests for one key and for covers and stegos exchanged
SHIFTS = (
    (0, 2),
    (2, 0),
    (0, -2),
    (-2, 0),
    (2, 2),
    (2, -2),
    (-2, 2),
    (-2, -2),
)  # even ones keep the phase of a color filter array
TOGETHER, IN_STEP = 1.3, 0.2  # by how much changes must coincide, or agree in sign, beyond the tests
KEYS_LOOKED_AT = 512  # images
FEW_PAIRS = 100

Prescribed: TypeAlias = Callable[[Images], tuple[torch.Tensor, torch.Tensor]]  # (N, C, H, W) each: moved up, moved down


def diagnose(
    parts: Mapping[str, Pairs],
    labels: Mapping[str, Sequence[str]] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
    *,
    prescribed: Prescribed | None = None,
) -> list[Finding]:
    """Return all findings on the parts (train, validate, test) of a split, the worst first; `labels` are the groups of the
    pairs.

    `prescribed` is the probability that the embedder moves each sample of covers up and down, where it is known.
    """
    found = []
    for part, pairs in parts.items():
        seen = pairs[_spread(len(pairs), LOOKED_AT // pairs.covers[0].numel())]
        of_pairs = pairing(seen)
        found += [_in_part(part, finding) for finding in of_pairs + values(seen) + ([] if of_pairs else keys(seen, prescribed))]
    found += leaks(parts, labels, names) + balance(parts, labels)
    return sorted(found, key=lambda finding: ("refuse", "warn", "note").index(finding.severity))


def pairing(pairs: Pairs) -> list[Finding]:
    """Return findings on whether the i-th stego comes from the i-th cover, unprocessed otherwise."""
    difference = pairs.stegos.short() - pairs.covers.short()
    changed = (difference != 0).flatten(1).double().mean(dim=1).cpu().numpy()
    largest = difference.abs().flatten(1).amax(dim=1).cpu().numpy()
    count = len(pairs)
    if not changed.any():
        return [
            Finding("refuse", "the stegos are their covers, sample for sample", "give stegos: the same files were read twice")
        ]
    far = (largest > 1) & (changed > MOST_CHANGED)
    if far.any():
        return [_no_pairs(pairs, far)]
    found = []
    equal = int((changed == 0).sum())
    if equal:
        severity = _weight(equal, count)
        found.append(
            Finding(
                severity,
                some(equal, count, "stegos are their covers"),
                "give pairs that differ: nothing can be learned from these",
            )
        )
    if (largest > 1).any():
        text = f"{some(int((largest > 1).sum()), count, 'stegos')} differ from their covers by up to {int(largest.max())}"
        found.append(Finding("warn", text, "look for resizing or compression after embedding: schemes change a sample by 1"))
    if changed.mean() > MOST_CHANGED:
        text = f"{changed.mean():.0%} of the samples are changed"
        found.append(
            Finding("warn", text, "check whether the stegos were made brighter: no scheme changes more than two thirds")
        )
    up = float((difference > 0).double().mean() / max(float((difference != 0).double().mean()), 1e-12))
    if (difference != 0).sum() >= 1000 and not 0.1 < up < 0.9:
        text = f"{max(up, 1 - up):.0%} of the changes go {'up' if up > 0.5 else 'down'}"
        found.append(
            Finding(
                "warn",
                text,
                "check the embedder: the mean alone gives its stegos away, and good embedders change up and down alike",
            )
        )
    return found + ([] if pairs.table is not None else _exchanged(pairs))  # nsF5 makes its covers smoother


def values(pairs: Pairs) -> list[Finding]:
    """Return findings on whether covers are gray values 0...255, and use their range; none on coefficients of JPEGs."""
    if pairs.table is not None:
        return []
    low, high = int(pairs.covers.min()), int(pairs.covers.max())
    if high < NARROWEST:
        return [
            Finding(
                "refuse", f"the covers are {low} and {high} only", "give gray values 0...255, not 0...1 cut to whole numbers"
            )
        ]
    if high - low < NARROW:
        text = f"the covers lie between {low} and {high}"
        return [
            Finding("warn", text, "check whether the images were scaled to another range: networks read gray values 0...255")
        ]
    used = torch.bincount(pairs.covers.flatten().long(), minlength=256) > 0
    landed = pairs.stegos[pairs.stegos != pairs.covers].long()
    if len(landed) and float((~used[landed]).double().mean()) > 0.5:
        text = f"most changes lead to gray values that no cover has: the covers use {int(used.sum())} of them"
        return [Finding("warn", text, "take other covers: those that were stretched or reduced give any change away")]
    return []


def keys(pairs: Pairs, prescribed: Prescribed | None = None) -> list[Finding]:
    """Return findings on one key for all stegos: changes of different covers then coincide, or agree in sign.

    Of each couple of covers, the changes at the same places are counted, and those at places shifted by two, in eight
    directions. Where keys differ, no shift is better than another, so the unshifted count is the largest with probability 1/9
    at most; the couples are independent, and the number of those where it is follows a binomial law. Content that
    is in the same places in all covers moves such counts a little: a finding needs a clear surplus besides.
    A code such as stc makes other changes in each cover even with one key: there it cannot be seen this way.

    In covers that are alike, such as a young generator's, the scheme itself may prefer the same places, or, as LSB replacement
    and every scheme at the ends of the range, the same direction: what it does to every cover by itself is subtracted.
    """
    chosen = pairs[_spread(len(pairs), KEYS_LOOKED_AT)]
    half = len(chosen) // 2
    changes = (chosen.stegos[:, 0].short() - chosen.covers[:, 0].short()).sign().float()  # (N, H, W)
    step = 1 if pairs.table is None else SIDE // 2  # coefficients of one frequency are whole blocks apart
    if half == 0 or min(changes.shape[1:]) < 8 * step:
        return []
    wanted: tuple[torch.Tensor, torch.Tensor] | None = None
    for what, signed in (("fall on the same places", False), ("go the same way where they meet", True)):
        moved = changes if signed else changes.abs()
        couples = _coincident(moved, half, step)
        least = IN_STEP * float((changes[:half] * changes[half : 2 * half]).abs().sum())
        if not signed:
            least = (TOGETHER - 1) * float(couples[1:].mean(dim=0).sum())
        wins = _wins(couples, half, least)
        if wins:
            wanted = wanted or _wanted(chosen.covers, changes, prescribed)
            wins = _wins(couples - _coincident(wanted[1] if signed else wanted[0], half, step), half, least)
        if wins:
            text = f"the changes of different covers {what}: {some(wins, half, 'couples of covers')} say so"
            return [
                Finding("refuse", text, "embed every cover with a key or seed of its own: one key makes stegos easy to tell")
            ]
    return []


def _coincident(moved: torch.Tensor, half: int, step: int) -> torch.Tensor:
    """Return (9, half): the agreement within the images of each couple, unshifted and shifted by `step` times SHIFTS."""
    one, other = moved[:half], moved[half : 2 * half]
    shifts = [(step * down, step * across) for down, across in ((0, 0), *SHIFTS)]
    return torch.stack([(one * other.roll(shift, dims=(1, 2))).sum(dim=(1, 2)) for shift in shifts])


def _wins(couples: torch.Tensor, half: int, least: float) -> int:
    """Return the number of couples with the largest count unshifted, if it is beyond chance and the surplus more than
    `least`.
    """
    wins = int((couples[0] > couples[1:].amax(dim=0)).sum())
    beyond = float(couples[0].sum() - couples[1:].mean(dim=0).sum())
    return wins if _tail(wins, half, 1 / (1 + len(SHIFTS))) < FALSE_ALARM / 2 and beyond > least else 0


def _wanted(covers: Images, changes: torch.Tensor, prescribed: Prescribed | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (N, H, W) of the first channel: the probability of a change and the mean change, by the scheme alone.

    By themselves, changes that all go where replacement of the last bit leads are taken for such, anywhere in an image.
    """
    if prescribed is not None:
        up, down = prescribed(covers)
        return (up + down)[:, 0].float(), (up - down)[:, 0].float()
    toward = 1 - 2 * (covers[:, 0] & 1).float()
    if not bool(((changes == 0) | (changes == toward)).all()):
        return torch.zeros_like(changes), torch.zeros_like(changes)
    rate = changes.abs().mean(dim=(1, 2), keepdim=True)
    return torch.zeros_like(changes), rate * toward


def balance(parts: Mapping[str, Pairs], labels: Mapping[str, Sequence[str]] | None = None) -> list[Finding]:
    """Return findings on parts that are small, repeat themselves, or are mostly of one group."""
    found = []
    for part, pairs in parts.items():
        if part != "train" and len(pairs) < FEW_PAIRS:
            text = f"the part {part} has {len(pairs)} pairs, which tell P_E to about {0.98 * math.sqrt(0.5 / len(pairs)):.2f}"
            found.append(Finding("note", text, "give more covers"))
        again = len(pairs) - len({hashlib.blake2b(cover.numpy().tobytes()).digest() for cover in pairs.covers.cpu()})
        if again:
            severity = _weight(again, len(pairs))
            found.append(
                Finding(severity, some(again, len(pairs), f"covers of the part {part} repeat others"), "give each once")
            )
        if labels is not None and len(set(labels[part])) > 1:
            group, most = Counter(labels[part]).most_common(1)[0]
            if most > len(pairs) / 2:
                text = f"{some(most, len(pairs), f'pairs of the part {part}')} are of one group, {group}"
                found.append(Finding("warn", text, "give more of the other groups, or read the figures as those of this group"))
    return found


def _no_pairs(pairs: Pairs, far: np.ndarray) -> Finding:
    """Return the finding on stegos far from their covers: in another order, or processed."""
    places = np.flatnonzero(far)
    own = counterparts(pairs.stegos[places], pairs.covers)
    text = some(len(places), len(pairs), "stegos have hardly a sample in common with their covers")
    elsewhere = int((own >= 0).sum())
    if elsewhere:
        return Finding("refuse", f"{text}; {elsewhere} belong to other covers", "give covers and stegos in the same order")
    return Finding("refuse", text, "give the stegos of these covers, not resized, compressed or scaled since")


def _exchanged(pairs: Pairs) -> list[Finding]:
    """Return the finding where stegos are smoother than covers, since changes add to the high-pass residual."""
    kernel = torch.tensor(filters.KV, dtype=torch.float32, device=pairs.covers.device)[None, None]
    powers = [_power(pictures, kernel) for pictures in (pairs.covers, pairs.stegos)]
    gain = (powers[1] - powers[0]).cpu().numpy()
    fallen = int((gain < 0).sum())
    moved = int((gain != 0).sum())
    if moved and gain.mean() < 0 and _tail(fallen, moved, 0.5) < FALSE_ALARM:
        text = f"{some(fallen, moved, 'stegos')} have less noise than their covers"
        return [Finding("refuse", text, "give the covers first: covers and stegos are exchanged")]
    return []


def _power(pictures: Images, kernel: torch.Tensor) -> torch.Tensor:
    """Return float64 (N,): the mean square of the residual of each image."""
    parts = []
    for part in torch.split(pictures, 256):
        residual = torch.nn.functional.conv2d(part.float().flatten(0, 1)[:, None], kernel)
        parts.append(residual.double().square().mean(dim=(1, 2, 3)).view(part.shape[:2]).mean(dim=1))
    return torch.cat(parts)


def _tail(successes: int, trials: int, probability: float) -> float:
    """Return P(X >= successes) of a binomial law."""
    logs = [
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        + k * math.log(probability) + (trials - k) * math.log1p(-probability)
        for k in range(successes, trials + 1)
    ]  # fmt: skip
    return min(1.0, math.fsum(math.exp(log) for log in logs))


def _spread(total: int, most: int) -> torch.Tensor:
    """Return at most `most` numbers below `total`, evenly spread."""
    return torch.unique(torch.linspace(0, total - 1, max(1, min(total, most)), dtype=torch.float64).long())


def _weight(count: int, total: int) -> Severity:
    return "warn" if count > TOLERATED * total else "note"


def _in_part(part: str, finding: Finding) -> Finding:
    return Finding(finding.severity, f"in the part {part}, {finding.sentence}", finding.hint)
