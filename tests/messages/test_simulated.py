"""The coder `message`: what it writes is what `hide` sends, and a detector, a command or a folder of stegos may ask for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

import ssgan
from ssgan import images
from ssgan.detection.question import Question, prepare
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.messages import container, simulated
from ssgan.messages.order import frozen_count


def covers(count: int, side: int = 48) -> torch.Tensor:
    rng = np.random.default_rng(3)
    return torch.from_numpy((128 + rng.normal(0, 5, (count, 1, side, side)).cumsum(-1)).clip(9, 240).astype(np.uint8))


def key_of(seed: int) -> ssgan.KeyFile:
    return ssgan.KeyFile(hashlib.sha256(b"ssgan/simulated" + seed.to_bytes(8, "big")).digest())


def test_every_stego_holds_a_message_that_its_key_reveals() -> None:
    given, seeds = covers(6), np.arange(6, dtype=np.uint64)
    stegos = Embedder("hill", 0.3, "message").simulate_seeded(given, seeds)
    rungs = container.rungs(given[0].numel() - frozen_count(given[0].numel()))
    for cover, stego, seed in zip(given.numpy(), stegos.numpy(), seeds.tolist(), strict=True):
        message = ssgan.reveal(stego, key_of(seed))
        assert len(message) in rungs
        assert np.array_equal(ssgan.hide(cover, message, key_of(seed), allow_flat=True).stego, stego)
        samples = container.samples_of(cover, None)
        layout = container.keyed_layout(container.shape_of(cover, samples), samples, key_of(seed))
        changed = np.flatnonzero(samples != container.samples_of(stego, None))
        assert changed.size
        assert not np.intersect1d(changed, layout.frozen).size


@pytest.mark.parametrize("payload", [0.15, 0.25, 0.3, 0.4, 0.45])
def test_the_payload_is_met_on_average_by_the_rungs_on_both_sides(payload: float) -> None:
    (below, above), share = simulated._lengths(4096, payload)
    rungs = container.rungs(4096 - frozen_count(4096))
    assert rungs.index(above) - rungs.index(below) == 1
    bits = 8 * (container.OVERHEAD + (1 - share) * below + share * above)
    assert 0 <= share <= 1
    assert bits / 4096 == pytest.approx(payload, rel=1e-12)


def test_both_rungs_are_sent_as_often_as_they_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []

    def hide(image: np.ndarray, message: bytes, *_: object, **__: object) -> object:
        sent.append(len(message))
        return type("Hidden", (), {"stego": image})

    monkeypatch.setattr(simulated, "hide", hide)
    simulated.simulate(covers(1, 64).expand(4000, -1, -1, -1), "hill", 0.35, np.arange(4000, dtype=np.uint64))
    (below, above), share = simulated._lengths(4096, 0.35)
    assert set(sent) == {below, above}
    assert sent.count(above) / 4000 == pytest.approx(share, abs=5 * (0.25 / 4000) ** 0.5)


def test_what_no_message_can_be_is_refused() -> None:
    with pytest.raises(DoesNotFit, match="takes at most") as refusal:
        Embedder("hill", 0.6, "message").simulate(covers(1), 1)
    assert refusal.value.reachable == 8 * (container.max_plaintext_bytes(48 * 48 - 64 - 8) + container.OVERHEAD)
    with pytest.raises(InvalidSetting, match="shortest message"):
        Embedder("hill", 0.01, "message").simulate(covers(1), 1)
    assert torch.equal(Embedder("hill", 0, "message").simulate(covers(1), 1), covers(1))


def test_it_changes_more_than_the_optimal_sender() -> None:
    """Ten percent or so: codes, frozen places. That is what claims about messages have to pay for."""
    given, seeds = covers(8, 64), np.arange(8, dtype=np.uint64)
    rates = [
        float((Embedder("hill", 0.4, coder).simulate_seeded(given, seeds) != given).double().mean())
        for coder in ("bound", "message")
    ]
    assert 1.02 < rates[1] / rates[0] < 1.3


def test_it_is_an_embedder_like_any_other(tmp_path: Path) -> None:
    embedder = Embedder.parse("hill@0.3/message")
    assert str(embedder) == "hill@0.3/message"
    given, seeds = covers(3), np.arange(3, dtype=np.uint64)
    stegos = embedder.simulate_seeded(given, seeds)
    assert torch.equal(embedder.simulate_seeded(given[1:2], seeds[1:2]), stegos[1:2])  # whatever the batch
    for number, cover in enumerate(covers(40).numpy()):
        images.write(tmp_path / f"{number}.png", cover, durable=False)
    prepared = prepare(Question(tmp_path, "hill@0.3/message", "spam/ridge"), workers=1)
    assert 0.01 < prepared.change_rate < 0.1
