"""The coders `message` and `drawn`: what they write is what `hide` sends; detectors, commands and folders may ask for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

import ssgan
from ssgan import images
from ssgan.detection.question import Question, prepare
from ssgan.detection.train import train_detector
from ssgan.drawn import drawing
from ssgan.drawn.model import OVERHEAD, installed
from ssgan.embedding import coefficient_embedder
from ssgan.embedding.coefficient_embedder import simulate_coefficients
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.gan.covers.files import Order, fulfil, missing
from ssgan.gan.covers.generators import find_generator, read_card
from ssgan.images.new_jpeg import new_jpeg
from ssgan.messages import container, simulated
from ssgan.messages.drawn import reveal_drawn
from ssgan.messages.order import frozen_count
from ssgan.messages.reveal import reveal_from
from ssgan.steganalysis.checks.findings import kept
from tests.jpegs import texture, write_pictures


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


def test_every_stego_of_a_jpeg_holds_a_message_that_its_key_reveals() -> None:
    cover = new_jpeg(texture(128, 128, 1), 90, layout="chw").cover
    embedder, bits = Embedder.parse("uerd@0.3/message"), []
    for seed in range(8):
        stego = coefficient_embedder.simulate_seeded(cover, embedder, np.uint64(seed))
        secret = hashlib.sha256(b"ssgan/simulated jpeg" + seed.to_bytes(8, "big")).digest()
        message = reveal_from(container.coefficient_carrier(stego), ssgan.KeyFile(secret))
        assert isinstance(message, bytes)
        bits.append(8 * (len(message) + container.OVERHEAD))
        again = coefficient_embedder.simulate_seeded(cover, embedder, np.uint64(seed))
        assert np.array_equal(again.components[0].blocks, stego.components[0].blocks)
    assert len(set(bits)) == 2  # the rungs below and above
    assert min(bits) < 0.3 * cover.num_nonzero_ac < max(bits)


def test_a_jpeg_takes_neither_more_than_fits_nor_less_than_the_shortest_message() -> None:
    cover = new_jpeg(texture(64, 64, 1), 75, layout="chw").cover
    with pytest.raises(DoesNotFit, match="per nonzero AC coefficient do not fit: a message takes at most"):
        simulate_coefficients(cover, "uerd@9/message", 1)
    with pytest.raises(DoesNotFit, match="fewer than the shortest message"):
        simulate_coefficients(cover, "uerd@0.01/message", 1)


def test_detectors_learn_from_messages_in_jpegs(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", count=40, side=64)
    asked = Question(folder, "uerd@0.4/message", "dctr/ridge", jpeg=90)
    assert 0 < train_detector(asked, tmp_path / "run").change_rate < 0.2


@pytest.mark.parametrize("payload", [0.15, 0.25, 0.3, 0.4, 0.45])
def test_the_payload_is_met_on_average_by_the_rungs_on_both_sides(payload: float) -> None:
    (below, above), share = simulated._lengths(4096, payload, frozen=frozen_count(4096))
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
    (below, above), share = simulated._lengths(4096, 0.35, frozen=frozen_count(4096))
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


def test_a_drawn_cover_holds_a_message_of_the_payload_and_no_cover_has_a_say() -> None:
    embedder, seeds = Embedder.parse("drawn@0.4"), np.arange(2, dtype=np.uint64)
    given = torch.zeros((2, 3, 64, 64), dtype=torch.uint8)
    sent = embedder.simulate_seeded(given, seeds)
    assert torch.equal(sent[1:], embedder.simulate_seeded(given[1:] + 9, seeds[1:]))
    for picture, seed in zip(sent.numpy(), seeds.tolist(), strict=True):
        key = ssgan.KeyFile(hashlib.sha256(b"ssgan/simulated drawn" + seed.to_bytes(8, "big")).digest())
        message = reveal_drawn(picture.transpose(1, 2, 0), key, installed((64, 64, 3)), drawing)
        assert isinstance(message, bytes)
        assert 8 * (len(message) + OVERHEAD) / given[0].numel() == pytest.approx(0.4, abs=1e-3)


@pytest.mark.parametrize("name", ["drawn@0.4", "drawn@1.5:faces64"])
def test_an_embedder_that_draws_is_written_in_the_schemes_place(name: str) -> None:
    embedder = Embedder.parse(name)
    assert str(embedder) == name
    assert Embedder.parse(str(embedder)) == embedder
    assert embedder.redraws
    assert embedder.method == "drawn"
    assert not Embedder.parse("hill@0.4/message").redraws


@pytest.mark.parametrize(
    ("name", "side", "refusal", "words"),
    [
        ("drawn@0.4", 32, InvalidSetting, "no bundled model draws pictures of 32 x 32"),
        ("drawn@0.4:faces64", 32, InvalidSetting, "faces64 draws pictures of"),
        ("drawn@0.4:nobody", 64, InvalidSetting, "no model"),
        ("drawn@3", 64, DoesNotFit, "do not fit"),
        ("drawn@0", 64, DoesNotFit, "do not fit"),
    ],
)
def test_what_no_model_draws_is_refused(name: str, side: int, refusal: type[Exception], words: str) -> None:
    given = torch.zeros((1, 3, side, side), dtype=torch.uint8)
    with pytest.raises(refusal, match=words):
        Embedder.parse(name).simulate_seeded(given, np.arange(1, dtype=np.uint64))


def test_a_drawn_cover_has_no_change_probabilities() -> None:
    with pytest.raises(InvalidSetting, match="no cover is changed"):
        Embedder.parse("drawn@0.4").change_probabilities(torch.zeros((1, 3, 64, 64), dtype=torch.uint8))


def test_a_question_about_drawn_covers_is_prepared_without_talk_of_changes(tmp_path: Path) -> None:
    order = Order(read_card(find_generator(Path("faces64"))), tmp_path, 30, seed=1, model=installed((64, 64, 3))[0])
    fulfil(order, missing(order), None)
    prepared = prepare(Question(tmp_path, "drawn@0.4", "spam"))
    assert prepared.change_rate == 0
    detected = train_detector(Question(tmp_path, "drawn@0.4", "spam"), tmp_path.with_name("run"))
    assert not [one for one in kept(tmp_path.with_name("run")) if one.severity == "refuse"]
    assert detected.change_rate == 0
