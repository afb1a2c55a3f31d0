"""Messages in samples that are no pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import pytest

from ssgan.errors import DoesNotFit, NothingFound, RefusedImage
from ssgan.images.samples import Samples
from ssgan.messages.container import Carrier
from ssgan.messages.hide import Price, hide_in
from ssgan.messages.keys import KeyFile
from ssgan.messages.reveal import reveal_from
from tests.coefficients import LEAST, MOST, UNIT, Coefficients, check, coefficients, flatten

KEY = KeyFile(bytes(range(32)))


def carrier(samples: Coefficients) -> Carrier:
    return Carrier(flatten(samples), b"toy/1" + struct.pack("<4I", *samples.values.shape))


def priced(samples: Coefficients) -> Iterator[Price]:
    """The costs of a quarter of the samples at a time, with one array for both ways in the first."""
    rho = 1 / (1 + np.abs(samples.values.reshape(-1).astype(float)))
    for part in (slice(start, None, 4) for start in range(4)):
        yield Price(part, rho[part], rho[part] if part.start == 0 else 2 * rho[part])


@pytest.mark.parametrize("message", [b"", b"in coefficients", bytes(110)])
def test_a_sealed_message_is_hidden_in_coefficients_and_revealed(message: bytes) -> None:
    samples = coefficients(1)
    made = hide_in(lambda: carrier(samples), lambda payload: priced(samples), message, KEY)
    check(flatten(samples), made.values)
    stego = Samples(made.values.reshape(samples.values.shape), LEAST, MOST, samples.usable, UNIT)
    assert reveal_from(carrier(stego), KEY) == message
    assert made.rung_bytes >= made.message_bytes == len(message)
    with pytest.raises(NothingFound):
        reveal_from(carrier(stego), KeyFile(bytes(32)))


def test_frozen_coefficients_are_bound_with_their_sign_and_both_bytes() -> None:
    samples = coefficients(1)
    layout, flat = carrier(samples).layout(KEY), samples.values.reshape(-1)
    place = next(place for place in layout.frozen if flat[place])
    for other in (flat[place] + 256, -flat[place]):
        values = samples.values.copy()
        values.reshape(-1)[place] = other
        assert carrier(Samples(values, LEAST, MOST, samples.usable)).layout(KEY).keys != layout.keys


def test_flat_samples_are_refused_unless_allowed() -> None:
    samples = coefficients(1)
    flat = Samples(np.zeros_like(samples.values), LEAST, MOST, samples.usable, UNIT)
    with pytest.raises(RefusedImage, match="flat"):
        hide_in(lambda: carrier(flat), lambda payload: priced(flat), b"x", KEY)
    made = hide_in(lambda: carrier(flat), lambda payload: priced(flat), b"x", KEY, allow_flat=True)
    assert reveal_from(carrier(Samples(made.values.reshape(flat.values.shape), LEAST, MOST, flat.usable, UNIT)), KEY) == b"x"


@pytest.mark.parametrize(("usable_share", "at_ends", "length"), [(0.3, False, 200), (0.5, True, 230)])
def test_a_message_that_unusable_samples_leave_no_way_for_is_refused_with_what_fits(
    usable_share: float, at_ends: bool, length: int
) -> None:
    samples = coefficients(1)
    assert samples.usable is not None
    usable = samples.usable & (np.random.default_rng(2).random(samples.values.shape) < usable_share)
    values = samples.values.copy()
    if at_ends:  # one way is left for each
        values[usable] = np.where(values[usable] > 0, MOST, LEAST)
    scarce = Samples(values, LEAST, MOST, usable, UNIT)
    with pytest.raises(DoesNotFit) as refused:
        hide_in(lambda: carrier(scarce), lambda payload: priced(scarce), bytes(length), KEY)
    assert refused.value.unit == "bytes"
    fits = bytes(int(refused.value.reachable))
    assert 0 < len(fits) < length
    made = hide_in(lambda: carrier(scarce), lambda payload: priced(scarce), fits, KEY)
    check(flatten(scarce), made.values)
