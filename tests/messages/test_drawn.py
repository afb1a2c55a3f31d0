"""Messages in drawn covers, with a small model of the tests' own and in every case that a message, a key or a model makes."""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from ssgan.compute.keystream import keystream
from ssgan.drawn.coder import most_words
from ssgan.errors import DoesNotFit, Incomplete, InvalidSetting, RefusedModel
from ssgan.messages import drawn
from ssgan.messages.drawn import OVERHEAD, DrawnKeys, hide, hide_spread, picture_root, reveal_drawn, stream_words
from ssgan.messages.keys import KeyFile, Passphrase, fresh_key
from ssgan.messages.parts import Part
from ssgan.messages.spread import gather
from tests.messages.drawn_stand_in import Drawing, StandIn

KEY = KeyFile(bytes(range(32)))
MODEL = StandIn()
BY = Drawing()


def revealed(picture: np.ndarray, key: KeyFile | Passphrase = KEY, model: StandIn = MODEL) -> bytes | Part | None:
    return reveal_drawn(picture, key, [model], BY)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 100, MODEL.promise_bytes])
@pytest.mark.parametrize("kind", ["random", "zeros", "ones"])
def test_what_was_hidden_is_revealed(size: int, kind: str) -> None:
    message = {"random": os.urandom(size), "zeros": bytes(size), "ones": b"\xff" * size}[kind]
    made = hide(message, KEY, MODEL, BY)
    assert made.picture.shape == MODEL.shape
    assert made.picture.dtype == np.uint8
    assert made.message_bytes == size
    assert made.capacity_bytes >= MODEL.promise_bytes
    assert revealed(made.picture) == message


@pytest.mark.parametrize("shape", [(16, 24, 1), (24, 16, 3), (65, 65, 1), (96, 96, 1)])
def test_pictures_of_other_shapes(shape: tuple[int, int, int]) -> None:
    model = StandIn(shape=shape, promise_bytes=30)
    assert revealed(hide("grüße", KEY, model, BY).picture, model=model) == "grüße".encode()


def test_passphrases_open_what_they_closed() -> None:
    model = StandIn(shape=(16, 24, 1), promise_bytes=40)
    picture = hide("words", Passphrase("a b c"), model, BY).picture
    assert revealed(picture, Passphrase("a b c"), model) == b"words"
    assert revealed(picture, Passphrase("a b d"), model) is None
    # A byte string that is a key file's is no passphrase's: the mode is in the salt.
    assert picture_root(model.shape, bytes(16), Passphrase("a")) != picture_root(model.shape, bytes(16), KEY)


def test_another_key_and_another_model_find_nothing() -> None:
    picture = hide("secret", KEY, MODEL, BY).picture
    for _ in range(20):
        assert revealed(picture, fresh_key()) is None
    assert revealed(picture, model=replace(MODEL, name="another")) is None
    assert revealed(picture, model=replace(MODEL, promise_bytes=201)) is None


def test_the_right_one_of_several_models_answers() -> None:
    others = [replace(MODEL, name=name) for name in ("first", "second")]
    picture = hide("secret", KEY, MODEL, BY).picture
    assert reveal_drawn(picture, KEY, [others[0], MODEL, others[1]], BY) == b"secret"
    assert reveal_drawn(picture, KEY, others, BY) is None
    assert reveal_drawn(picture, KEY, [], BY) is None
    assert reveal_drawn(picture, KEY, [replace(MODEL, shape=(24, 16, 3))], BY) is None


def test_honest_covers_say_nothing() -> None:
    for _ in range(20):
        assert revealed(BY.honest(MODEL)) is None


@pytest.mark.parametrize("message", [b"", bytes(100)])
def test_one_changed_sample_anywhere_is_noticed(message: bytes) -> None:
    """Every sample of a picture, by one up or down: also behind the message, also the last."""
    model = StandIn(shape=(13, 13, 3), promise_bytes=100)
    picture = hide(message, KEY, model, BY).picture
    assert revealed(picture, model=model) == message
    flat = picture.reshape(-1)
    for place in range(flat.size):
        kept = int(flat[place])
        flat[place] = kept + 1 if place % 2 and kept < 255 or kept == 0 else kept - 1
        assert revealed(picture, model=model) is None, place
        flat[place] = kept
    assert revealed(picture, model=model) == message


def test_two_exchanged_pixels_and_a_mirrored_picture_find_nothing() -> None:
    picture = hide("whole", KEY, MODEL, BY).picture
    assert revealed(np.ascontiguousarray(picture[:, ::-1])) is None
    assert revealed(np.ascontiguousarray(picture[:, :, ::-1])) is None


def test_one_byte_too_many_is_refused_with_the_number_that_fits() -> None:
    assert drawn.capacity(MODEL) == MODEL.promise_bytes
    with pytest.raises(DoesNotFit, match="201 bytes do not fit: this cover by stand-in takes at most 200") as refusal:
        hide(bytes(MODEL.promise_bytes + 1), KEY, MODEL, BY)
    assert refusal.value.reachable == MODEL.promise_bytes
    assert refusal.value.unit == "bytes"
    assert refusal.value.hint
    assert len(hide(bytes(201), KEY, MODEL, BY, compress=True).picture)


def test_a_picture_that_tells_less_than_was_promised_is_refused_and_not_drawn_again() -> None:
    """To draw until one is large enough would be a selection."""
    model, by = StandIn(promise_bytes=5000), Drawing()
    with pytest.raises(DoesNotFit) as refusal:
        hide(bytes(4000), KEY, model, by)
    assert 200 < refusal.value.reachable < 4000
    assert by.draws == 1


def test_a_message_is_drawn_once() -> None:
    by = Drawing()
    for count in range(1, 6):
        hide(b"once", KEY, MODEL, by)
        assert by.draws == count


def test_a_draw_that_is_given_up_begins_again_with_another_nonce() -> None:
    """Laws so narrow that a picture has 128 independent dry samples now and then only."""
    by, model = Drawing(), StandIn(shape=(14, 15, 3), widest=17, promise_bytes=10)
    for i in range(8):
        assert revealed(hide(b"%d" % i, KEY, model, by).picture, model=model) == b"%d" % i
    assert by.draws == by.given_up + 8
    assert by.given_up > 0
    for _ in range(3):
        by.honest(model)
    never = StandIn(widest=8)
    with pytest.raises(RefusedModel, match="64 draws in a row") as refusal:
        hide(b"", KEY, never, BY)
    assert refusal.value.hint
    # A reader who asks such a model finds nothing, and no error.
    assert revealed(hide(b"x", KEY, MODEL, BY).picture, model=never) is None


def test_dark_pictures_have_ends_of_the_range_and_come_back() -> None:
    model = StandIn(dark=True, shape=(32, 32, 3), promise_bytes=100)
    picture = hide(bytes(100), KEY, model, BY).picture
    assert (picture == 0).sum() > 20
    assert revealed(picture, model=model) == bytes(100)


def test_a_message_in_parts_needs_as_many_as_were_said() -> None:
    message = os.urandom(300)
    made = hide_spread(message, KEY, MODEL, BY, count=4, needed=2)
    parts = [revealed(one.picture) for one in made]
    assert all(isinstance(part, Part) for part in parts)
    for chosen in ((0, 1), (3, 1), (2, 3)):
        assert gather([part for i in chosen if isinstance(part := parts[i], Part)]) == message
    with pytest.raises(Incomplete):
        gather([part for part in parts[:1] if isinstance(part, Part)])
    zipped = hide_spread(bytes(5000), KEY, MODEL, BY, count=2, needed=1, compress=True)
    assert gather([part for one in zipped if isinstance(part := revealed(one.picture), Part)]) == bytes(5000)


def test_parts_that_do_not_fit_are_refused_with_the_number_that_does() -> None:
    with pytest.raises(DoesNotFit, match="371 bytes do not fit") as refusal:
        hide_spread(bytes(371), KEY, MODEL, BY, count=3, needed=2)
    assert refusal.value.reachable == 370
    assert len(hide_spread(bytes(370), KEY, MODEL, BY, count=3, needed=2)) == 3
    with pytest.raises(InvalidSetting):
        hide_spread(b"", KEY, MODEL, BY, count=1, needed=1)


def test_what_is_no_key_or_message_is_refused() -> None:
    with pytest.raises(InvalidSetting):
        hide(b"", "words", MODEL, BY)  # type: ignore[arg-type]
    with pytest.raises(InvalidSetting):
        hide(3, KEY, MODEL, BY)  # type: ignore[arg-type]


# The stream and its keys.


def test_the_stream_is_masked_length_and_kind_then_aes_siv_then_filler() -> None:
    nonce, body = bytes(range(16)), b"forty-two"
    keys = DrawnKeys.of(picture_root(MODEL.shape, nonce, KEY), MODEL.identity)
    shape = b"ssgan/1" + struct.pack("<IIBI", 16, 24, 3, 1152)
    stream = stream_words(body, 2, keys, MODEL.shape).astype(">u4").tobytes()
    assert len(stream) == 4 * most_words(1152)
    head = bytes(a ^ b for a, b in zip(stream[:8], keys.mask, strict=True))
    assert head == (9).to_bytes(7, "little") + b"\x02"
    assert AESSIV(keys.seal).decrypt(stream[8:33], [shape, head]) == body
    assert stream[33:] == keystream(keys.fill, len(stream) - 33)


def test_every_key_of_a_picture_depends_on_nonce_key_shape_and_model() -> None:
    def keys(
        shape: tuple[int, int, int] = MODEL.shape, nonce: bytes = bytes(16), key: KeyFile = KEY, identity: bytes = bytes(32)
    ) -> tuple[bytes, ...]:
        made = DrawnKeys.of(picture_root(shape, nonce, key), identity)
        return made.latent, made.seal, made.fill, made.mask

    one = keys()
    assert [len(part) for part in one] == [32, 64, 32, 8]
    others = [keys((24, 16, 3)), keys(nonce=bytes(15) + b"1"), keys(key=fresh_key()), keys(identity=bytes(31) + b"1")]
    for i in range(4):
        assert len({one[i], *(other[i] for other in others)}) == 5
    assert "seal" not in repr(DrawnKeys.of(bytes(64), bytes(32)))


@pytest.mark.parametrize(
    "change",
    [
        "kind-1",
        "kind-8",
        "kind-255",
        "length-more",
        "length-less",
        "length-huge",
        "associated",
        "filler",
        "filler-last",
        "sealed",
    ],
)
def test_a_stream_wrong_in_one_thing_says_nothing(change: str) -> None:
    """Streams that draw a picture of the same key and nonce, but are none of the format's."""
    keys = DrawnKeys.of(picture_root(MODEL.shape, bytes(16), KEY), MODEL.identity)
    body, kind, length = b"a body of some length", 0, 21
    if change.startswith("kind"):
        kind = int(change[5:])
    shape = b"ssgan/1" + struct.pack("<IIBI", 16, 24, 3, 1152 + (change == "associated"))
    length = {"length-more": 22, "length-less": 20, "length-huge": 2**40}.get(change, length)
    head = struct.pack("<Q", kind << 56 | length)
    stream = bytearray(
        bytes(a ^ b for a, b in zip(head, keys.mask, strict=True)) + AESSIV(keys.seal).encrypt(body, [shape, head])
    )
    stream += keystream(keys.fill, 4 * most_words(1152) - len(stream))
    stream[{"filler": 300, "sealed": 30}.get(change, 0)] ^= change in ("filler", "sealed")
    words = np.frombuffer(bytes(stream), ">u4").astype(np.uint32)
    made = BY.draw(MODEL, keys.latent, bytes(16), words)
    if change == "filler-last":  # of the words that the picture depends on, the last one
        words[made.words_used] ^= 1 << 31
        made = BY.draw(MODEL, keys.latent, bytes(16), words)
    assert BY.read_nonce(made.picture) == bytes(16)
    assert revealed(made.picture) is None


def test_parts_and_deflated_bodies_that_are_not_well_formed_say_nothing() -> None:
    keys = DrawnKeys.of(picture_root(MODEL.shape, bytes(16), KEY), MODEL.identity)
    for body, kind in ((b"no deflate stream", 2), (b"no part", 4), (b"", 6)):
        made = drawn.draw_body(body, kind, bytes(16), keys, MODEL, BY)
        assert revealed(made.picture) is None
    assert revealed(drawn.draw_body(b"plain", 0, bytes(16), keys, MODEL, BY).picture) == b"plain"


def test_a_nonce_twice_reads_as_well_and_shows_the_same_picture_with_other_samples() -> None:
    """It must not happen (one key, one nonce: one face twice); where it does, both messages are read."""
    keys = DrawnKeys.of(picture_root(MODEL.shape, bytes(16), KEY), MODEL.identity)
    made = [drawn.draw_body(body, 0, bytes(16), keys, MODEL, BY).picture for body in (b"first", b"other", b"first")]
    assert [revealed(picture) for picture in made] == [b"first", b"other", b"first"]
    assert np.array_equal(made[0], made[2])
    assert not np.array_equal(made[0], made[1])
    assert BY.read_nonce(made[0]) == BY.read_nonce(made[1])


def test_nonces_do_not_repeat_even_where_the_randomness_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_bytes", bytes)
    nonces = set()
    for _ in range(100):
        nonces.add(drawn.fresh_nonce())
        time.sleep(1e-6)
    assert len(nonces) == 100
    monkeypatch.setattr(time, "time_ns", lambda: 5)
    one = drawn.fresh_nonce()
    assert one == hashlib.sha256(b"ssgan/2/nonce" + bytes(32) + struct.pack("<QI", 5, os.getpid())).digest()[:16]
    monkeypatch.setattr(os, "getpid", lambda: 7)
    assert drawn.fresh_nonce() != one


def test_streams_are_uniform_whatever_is_said() -> None:
    """Chi-square of the bytes of 400 streams of the empty and of all-zero messages, their beginnings apart: p above 1e-4."""
    from scipy.stats import chisquare

    for size in (0, 200):
        beginnings, all_bytes = Counter[int](), np.zeros(256)
        for i in range(400):
            root = picture_root(MODEL.shape, i.to_bytes(16, "big"), KEY)
            stream = stream_words(bytes(size), 0, DrawnKeys.of(root, MODEL.identity), MODEL.shape).astype(">u4").tobytes()
            beginnings.update(stream[:24])
            all_bytes += np.bincount(np.frombuffer(stream, np.uint8), minlength=256)
        assert chisquare([beginnings[i] for i in range(256)]).pvalue > 1e-4
        assert chisquare(all_bytes).pvalue > 1e-4


def test_what_honest_covers_say_is_uniform_for_every_reader() -> None:
    """Bytes read from honest covers with a key of one's own draw, and their nonces."""
    from scipy.stats import chisquare

    counts, nonces = np.zeros(256), np.zeros(256)
    words = most_words(int(np.prod(MODEL.shape)))
    rng = np.random.default_rng(5)
    for _ in range(60):
        latent = rng.bytes(32)
        made = BY.draw(MODEL, latent, rng.bytes(16), rng.integers(0, 2**32, words, dtype=np.uint32))
        interval = BY.read(MODEL, made.picture, latent)
        told = interval.words[: interval.determined].astype(">u4").tobytes()
        counts += np.bincount(np.frombuffer(told, np.uint8), minlength=256)
        nonces += np.bincount(np.frombuffer(BY.read_nonce(made.picture), np.uint8), minlength=256)
    assert chisquare(counts).pvalue > 1e-4
    assert chisquare(nonces.reshape(16, 16).sum(0)).pvalue > 1e-4
    assert counts.sum() > 20_000
    assert OVERHEAD == 24


@pytest.mark.slow
def test_ten_thousand_round_trips() -> None:
    rng = np.random.default_rng(9)
    for i in range(10_000):
        model = StandIn(shape=(16, 16, 1 if i % 4 else 3), promise_bytes=20, widest=int(rng.integers(20, 30)), dark=bool(i % 2))
        key, message = fresh_key(), rng.bytes(int(rng.integers(0, 21)))
        assert revealed(hide(message, key, model, BY).picture, key, model) == message, i
