"""The risk of a stego, and how much less would be safer."""

from __future__ import annotations

import numpy as np
import pytest

from ssgan.detection.verdicts import judge, risk
from ssgan.embedding.embedder import Embedder
from ssgan.images import to_images
from tests.detection.verdicts import clean

pytest.importorskip("skimage")
COVER = np.ascontiguousarray(clean.photograph("coffee")[:, :256, :256])


def stego(scheme: str, payload: float) -> np.ndarray:
    made = Embedder(scheme, payload).simulate_seeded(to_images(COVER.copy()), np.array([9], dtype=np.uint64))
    return made[0].numpy()


def test_what_is_found_comes_with_a_payload_at_which_fewer_find_it() -> None:
    found = risk(COVER, stego("lsbr", 0.8), scheme="lsbr", payload=0.8)
    assert "lsb-replacement" in found.alarms
    assert not found.cover.alarms
    assert found.safer_payload is not None
    assert 0 < found.safer_payload < 0.8
    assert len(judge(to_images(stego("lsbr", found.safer_payload)))[0].alarms) < len(found.alarms)


def test_what_is_not_found_has_no_safer_payload() -> None:
    found = risk(COVER, stego("hill", 0.01), scheme="hill", payload=0.01)
    assert not found.alarms
    assert found.safer_payload is None
    assert repr(found.stego) == repr(judge(to_images(stego("hill", 0.01)))[0])  # nan is in it


def test_the_risk_is_the_same_again() -> None:
    one, other = (risk(COVER, stego("lsbr", 0.4), scheme="lsbr", payload=0.4) for _ in range(2))
    assert repr(one) == repr(other)
