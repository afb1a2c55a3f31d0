"""Hide a message in a generated cover: try several, and write the least suspicious stego.

Latents come from the operating system and are kept nowhere, so that the cover cannot be made again for comparison. The
least suspicious stego gives the fewest alarms of the bundled detectors, then the lowest probability, and where these know no
such pictures, the least deflection. A warden with better detectors may see more. Covers that become new JPEGs are beyond these
detectors: there the stego with the least distortion by its scheme is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ssgan.detection.verdicts import Verdict, judge
from ssgan.embedding.coefficient_costs import coefficient_costs
from ssgan.embedding.detectability import deflection
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.gan.covers.generators import find_generator, open_generator
from ssgan.gan.covers.sample import prepared, sample, secret_latents
from ssgan.images import Picture
from ssgan.images.coefficients import carrier_values
from ssgan.messages import plan
from ssgan.messages.files import Stego, deliver, make_best
from ssgan.messages.hide import Hidden
from ssgan.messages.keys import Key
from ssgan.messages.plan import HidePlan, HideSettings

GENERATOR = "faces64"
NAME = "a generated cover"
COUNT = 8  # covers tried
MOST = 256


@dataclass(frozen=True, eq=False)
class ChosenStego:
    """The stego that was kept, its number among `count`, and the verdicts on all stegos, none on JPEGs."""

    hidden: Hidden
    number: int
    count: int
    verdicts: tuple[Verdict, ...]


def planned(
    message: bytes, out: Path, settings: HideSettings, *, generator: Path = Path(GENERATOR), count: int = COUNT
) -> HidePlan:
    """Return the plan, checked as far as no key is needed, with the first of `count` fresh covers in its place.

    Raises DoesNotFit with the bytes that a cover takes, InvalidSetting, StorageFailed, RefusedModel.
    """
    return plan.one_picture(NAME, Picture(_covers(generator, _checked(count))[0], None, "PNG"), message, out, settings)


def hide_in_best(
    message: bytes, key: Key, out: Path, settings: HideSettings, *, generator: Path = Path(GENERATOR), count: int = COUNT
) -> ChosenStego:
    """Hide `message` in each of `count` covers by a generator, and write the least suspicious stego alone, proved, to `out`."""
    pictures = [Picture(cover, None, "PNG") for cover in _covers(generator, _checked(count))]
    tasks = [plan.one_picture(NAME, picture, message, out, settings) for picture in pictures]
    verdicts: list[Verdict] = []

    def rank(stegos: Sequence[Stego]) -> Sequence[tuple[float, ...]]:
        if settings.jpeg is not None:
            return [(distortion(stego),) for stego in stegos]
        verdicts.extend(judge(np.stack([stego.hidden.stego for stego in stegos])))
        embedder = Embedder.of_scheme(stegos[0].hidden.scheme, stegos[0].hidden.payload)
        deflections = deflection(np.stack([stego.hidden.cover for stego in stegos]), embedder).tolist()
        return [(*suspicion(verdict), shown) for verdict, shown in zip(verdicts, deflections, strict=True)]

    number, stegos = make_best([task.tasks[0] for task in tasks], key, settings, rank)
    return ChosenStego(deliver(tasks[number], [stegos[number]])[0], number, len(stegos), tuple(verdicts))


def distortion(stego: Stego) -> float:
    """Return the sum of what the changes of a JPEG's coefficients cost by the stego's scheme; infinite where one is wet."""
    picture, changed = stego.task.picture, stego.hidden.coefficients
    assert picture.coefficients is not None
    assert changed is not None
    errors = None if picture.precover is None else picture.precover.errors
    prices = coefficient_costs(picture.coefficients, stego.hidden.scheme, stego.hidden.payload, errors=errors)
    moved = carrier_values(changed) - carrier_values(picture.coefficients)
    return float(prices.plus[moved > 0].sum() + prices.minus[moved < 0].sum())


def suspicion(verdict: Verdict) -> tuple[int, float]:
    """Return how suspicious a picture is, for comparison; one outside every detector's domain is in the middle."""
    return len(verdict.alarms), 0.5 if verdict.probability is None else verdict.probability


def cover_of(generator: Path = Path(GENERATOR), settings: HideSettings | None = None) -> Picture:
    """Return a fresh cover by a generator, after the settings a new JPEG."""
    return plan.as_cover(Picture(_covers(generator, 1)[0], None, "PNG"), NAME, settings)


def _covers(generator: Path, count: int) -> list[np.ndarray]:
    """Return uint8 (C, H, W) each, from secret latents."""
    net, card = open_generator(find_generator(generator))
    return list(sample(prepared(net), secret_latents(card.config, count)).numpy())


def _checked(count: int) -> int:
    if not 1 <= count <= MOST:
        raise InvalidSetting(f"{count} covers cannot be tried; it must be 1 to {MOST}", hint=f"give a number from 1 to {MOST}")
    return count
