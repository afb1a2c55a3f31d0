"""Pictures in, verdicts out: the structural attacks on LSB replacement, and what was trained, each where it may speak."""

from __future__ import annotations

import torch

from ssgan.errors import InvalidSetting
from ssgan.images import Images
from ssgan.steganalysis.structural import NotEnoughData, chi_square, rs, sample_pairs, weighted_stego
from ssgan.verdicts.verdict import Verdict

ATTACKS = {"rs": rs, "sample-pairs": sample_pairs, "weighted-stego": weighted_stego, "chi-square": chi_square}


def judge(images: Images) -> list[Verdict]:
    """The verdict on each of uint8 images (N, C, H, W), C = 1 or 3, which depends on nothing but that image.

    Raises InvalidSetting for what are no such images, RefusedModel where a bundled detector is damaged.
    """
    if images.ndim != 4 or images.dtype != torch.uint8 or images.shape[1] not in (1, 3):
        raise InvalidSetting(
            f"verdicts are on uint8 images (N, C, H, W), not on {images.dtype} {tuple(images.shape)}.",
            hint="Pass pixels as they are in the file, always with four axes.",
        )
    return [_judged(images[i : i + 1]) for i in range(len(images))]


def _judged(image: Images) -> Verdict:
    estimates = {name: attack(image)[0] for name, attack in ATTACKS.items()}
    found = [one.payload for one in list(estimates.values())[:3] if not isinstance(one, NotEnoughData)]
    if len(found) < 3:
        return Verdict("out of domain", None, ("No detector may speak of this picture.",), estimates, (), ())
    least = min(found)
    said = f"LSB replacement would explain at least {least:.3f} bits per sample."
    fired = ("structural",) if least > 0.1 else ()
    return Verdict("stego" if fired else "inconclusive", 0.99 if fired else 0.4, (said,), estimates, ("structural",), fired)
