"""Messages in drawn covers: small models of random integers, and every case that a message, a key or a model makes."""

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
from numpy.typing import NDArray

from ssgan.compute.keystream import keystream
from ssgan.drawn import drawing
from ssgan.drawn import model as models
from ssgan.drawn.coder import Interval, most_words
from ssgan.drawn.drawing import PictureStreams
from ssgan.drawn.header import GivenUp
from ssgan.drawn.model import DrawnModel
from ssgan.errors import DoesNotFit, Incomplete, InvalidSetting, NothingFound, RefusedModel
from ssgan.messages import drawn
from ssgan.messages.drawn import OVERHEAD, DrawnKeys, hide, picture_root, reveal_drawn, stream_words
from ssgan.messages.hide import hide as hide_changed
from ssgan.messages.keys import KeyFile, Passphrase, fresh_key
from ssgan.messages.parts import MessagePart
from ssgan.messages.reveal import reveal
from ssgan.messages.spread import capacity_bytes as spread_capacity
from ssgan.messages.spread import gather, split
from tests.drawn.models import small_model

KEY = KeyFile(bytes(range(32)))
MODEL = small_model()
GRAY = small_model(channels=1, promise_bytes=100)


class Counted:
    """The drawing of covers, with a count of how often it is asked and gives up."""

    def __init__(self) -> None:
        self.draws = self.given_up = 0

    def draw(self, model: DrawnModel, latent: bytes, nonce: bytes, bits: NDArray[np.uint32]) -> PictureStreams:
        self.draws += 1
        try:
            return drawing.draw(model, latent, nonce, bits)
        except GivenUp:
            self.given_up += 1
            raise

    def read_nonce(self, picture: NDArray[np.uint8]) -> bytes:
        return drawing.read_nonce(picture)

    def read(self, model: DrawnModel, picture: NDArray[np.uint8], latent: bytes) -> Interval:
        return drawing.read(model, picture, latent)


def revealed(picture: np.ndarray, key: KeyFile | Passphrase = KEY, model: DrawnModel = MODEL) -> bytes | MessagePart | None:
    return reveal_drawn(picture, key, [model], drawing)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 100, MODEL.promise_bytes])
@pytest.mark.parametrize("kind", ["random", "zeros", "ones"])
def test_what_was_hidden_is_revealed(size: int, kind: str) -> None:
    message = {"random": os.urandom(size), "zeros": bytes(size), "ones": b"\xff" * size}[kind]
    made = hide(message, KEY, MODEL, drawing)
    assert made.picture.shape == MODEL.shape
    assert made.picture.dtype == np.uint8
    assert made.message_bytes == size
    assert made.capacity_bytes >= MODEL.promise_bytes
    assert revealed(made.picture) == message


@pytest.mark.parametrize(("channels", "size", "stages"), [(1, 32, 1), (3, 64, 1), (1, 64, 2), (3, 32, 2)])
def test_pictures_of_other_shapes(channels: int, size: int, stages: int) -> None:
    model = small_model(channels=channels, size=size, stages=stages, promise_bytes=30)
    assert revealed(hide("grüße", KEY, model, drawing).picture, model=model) == "grüße".encode()


def test_passphrases_open_what_they_closed() -> None:
    model = GRAY
    picture = hide("words", Passphrase("a b c"), model, drawing).picture
    assert revealed(picture, Passphrase("a b c"), model) == b"words"
    assert revealed(picture, Passphrase("a b d"), model) is None
    # A byte string that is a key file's is no passphrase's: the mode is in the salt.
    assert picture_root(model.shape, bytes(16), Passphrase("a")) != picture_root(model.shape, bytes(16), KEY)


def test_another_key_and_another_model_find_nothing() -> None:
    picture = hide("secret", KEY, MODEL, drawing).picture
    for _ in range(20):
        assert revealed(picture, fresh_key()) is None
    assert revealed(picture, model=small_model(2)) is None
    assert revealed(picture, model=replace(MODEL, identity=bytes(32))) is None
    assert revealed(picture, model=replace(MODEL, name="renamed", promise_bytes=1)) == b"secret"


def test_the_right_one_of_several_models_answers() -> None:
    others = [small_model(seed) for seed in (2, 3)]
    picture = hide("secret", KEY, MODEL, drawing).picture
    assert reveal_drawn(picture, KEY, [others[0], MODEL, others[1]], drawing) == b"secret"
    assert reveal_drawn(picture, KEY, others, drawing) is None
    assert reveal_drawn(picture, KEY, [], drawing) is None
    assert reveal_drawn(picture, KEY, [GRAY], drawing) is None


def test_honest_covers_say_nothing() -> None:
    for _ in range(20):
        assert revealed(drawing.honest(MODEL).picture) is None


def test_one_changed_sample_anywhere_is_noticed() -> None:
    """Every sample of a picture, by one up or down: also behind the message, also the last."""
    picture = hide(bytes(100), KEY, GRAY, drawing).picture
    flat = picture.reshape(-1)
    for place in range(flat.size):
        kept = int(flat[place])
        flat[place] = kept + 1 if place % 2 else kept - 1
        assert revealed(picture, model=GRAY) is None, place
        flat[place] = kept
    assert revealed(picture, model=GRAY) == bytes(100)


@pytest.mark.parametrize("message", [b"", bytes(MODEL.promise_bytes)])
def test_one_changed_sample_in_color_is_noticed(message: bytes) -> None:
    """A hundred at random, and the corners of all planes, of which some are drawn last."""
    picture = hide(message, KEY, MODEL, drawing).picture
    places = [*np.random.default_rng(1).integers(0, 3072, 100), 0, 3071, 3070, 3069, 96, 97, 98, 2975]
    for place in places:
        changed = picture.copy()
        changed.reshape(-1)[place] ^= 2
        assert revealed(changed) is None, place
    assert revealed(picture) == message


def test_two_exchanged_pixels_and_a_mirrored_picture_find_nothing() -> None:
    picture = hide("whole", KEY, MODEL, drawing).picture
    assert revealed(np.ascontiguousarray(picture[:, ::-1])) is None
    assert revealed(np.ascontiguousarray(picture[:, :, ::-1])) is None


def test_one_byte_too_many_is_refused_with_the_number_that_fits() -> None:
    assert drawn.capacity_bytes(MODEL) == MODEL.promise_bytes
    with pytest.raises(DoesNotFit, match="601 bytes do not fit: this cover by small-1 takes at most 600") as refusal:
        hide(bytes(MODEL.promise_bytes + 1), KEY, MODEL, drawing)
    assert refusal.value.reachable == MODEL.promise_bytes
    assert refusal.value.unit == "bytes"
    assert refusal.value.hint
    assert len(hide(bytes(601), KEY, MODEL, drawing, compress=True).picture)


def test_a_picture_that_tells_less_than_was_promised_is_refused_and_not_drawn_again() -> None:
    """To draw until one is large enough would be a selection."""
    model, by = small_model(promise_bytes=5000), Counted()
    with pytest.raises(DoesNotFit) as refusal:
        hide(bytes(4000), KEY, model, by)
    assert 600 < refusal.value.reachable < 4000
    assert by.draws == 1


def test_a_message_is_drawn_once() -> None:
    by = Counted()
    for count in range(1, 6):
        hide(b"once", KEY, MODEL, by)
        assert by.draws == count


def test_a_draw_that_is_given_up_begins_again_with_another_nonce() -> None:
    """Pictures so dark that one has 128 independent dry samples now and then only."""
    by, model = Counted(), small_model(log2_scale=0.0, gray=14, promise_bytes=10)
    for i in range(20):
        assert revealed(hide(b"%d" % i, KEY, model, by).picture, model=model) == b"%d" % i
    assert by.draws == by.given_up + 20
    assert by.given_up > 0
    never = small_model(log2_scale=0.0, gray=4)
    with pytest.raises(RefusedModel, match="64 draws in a row") as refusal:
        hide(b"", KEY, never, drawing)
    assert refusal.value.hint
    # A reader who asks such a model finds nothing, and no error.
    assert revealed(hide(b"x", KEY, MODEL, drawing).picture, model=never) is None


@pytest.mark.parametrize(("gray", "end"), [(14, 0), (237, 255)])
def test_pictures_at_the_ends_of_the_range_come_back(gray: int, end: int) -> None:
    model = small_model(gray=gray, size=64, log2_scale=0.5)
    pictures = [hide(bytes(100), KEY, model, drawing).picture for _ in range(8)]
    # One picture in sixty stays farther from the end; eight of them do not.
    assert abs(np.stack(pictures).astype(int) - end).min() < 4
    for picture in pictures:
        assert revealed(picture, model=model) == bytes(100)


def test_a_message_in_parts_needs_as_many_as_were_said() -> None:
    message = os.urandom(900)
    parts = [revealed(hide(part, KEY, MODEL, drawing).picture) for part in split(message, count=4, needed=2)]
    assert all(isinstance(part, MessagePart) for part in parts)
    for chosen in ((0, 1), (3, 1), (2, 3)):
        assert gather([part for i in chosen if isinstance(part := parts[i], MessagePart)]) == message
    with pytest.raises(Incomplete):
        gather([part for part in parts[:1] if isinstance(part, MessagePart)])
    zipped = [hide(part, KEY, MODEL, drawing) for part in split(bytes(9000), count=2, needed=1, compress=True)]
    assert gather([part for one in zipped if isinstance(part := revealed(one.picture), MessagePart)]) == bytes(9000)


def test_a_part_that_does_not_fit_is_refused() -> None:
    assert spread_capacity([MODEL.promise_bytes] * 3, needed=2) == 1170
    with pytest.raises(DoesNotFit, match="601 bytes do not fit"):
        hide(split(bytes(1171), count=3, needed=2)[0], KEY, MODEL, drawing)
    part = split(bytes(1170), count=3, needed=2)[2]
    assert revealed(hide(part, KEY, MODEL, drawing).picture) == part


def test_what_is_no_key_or_message_is_refused() -> None:
    with pytest.raises(InvalidSetting):
        hide(b"", "words", MODEL, drawing)  # type: ignore[arg-type]
    with pytest.raises(InvalidSetting):
        hide(3, KEY, MODEL, drawing)  # type: ignore[arg-type]


# The stream and its keys.


def test_the_stream_is_masked_length_and_kind_then_aes_siv_then_filler() -> None:
    nonce, body = bytes(range(16)), b"forty-two"
    keys = DrawnKeys.of(picture_root(MODEL.shape, nonce, KEY), MODEL.identity)
    shape = b"ssgan/1" + struct.pack("<IIBI", 32, 32, 3, 3072)
    stream = stream_words(body, 2, keys, MODEL.shape).astype(">u4").tobytes()
    assert len(stream) == 4 * most_words(3072)
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
    others = [keys((32, 32, 1)), keys(nonce=bytes(15) + b"1"), keys(key=fresh_key()), keys(identity=bytes(31) + b"1")]
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
    shape = b"ssgan/1" + struct.pack("<IIBI", 32, 32, 3, 3072 + (change == "associated"))
    length = {"length-more": 22, "length-less": 20, "length-huge": 2**40}.get(change, length)
    head = struct.pack("<Q", kind << 56 | length)
    stream = bytearray(
        bytes(a ^ b for a, b in zip(head, keys.mask, strict=True)) + AESSIV(keys.seal).encrypt(body, [shape, head])
    )
    stream += keystream(keys.fill, 4 * most_words(3072) - len(stream))
    stream[{"filler": 300, "sealed": 30}.get(change, 0)] ^= change in ("filler", "sealed")
    words = np.frombuffer(bytes(stream), ">u4").astype(np.uint32)
    made = drawing.draw(MODEL, keys.latent, bytes(16), words)
    if change == "filler-last":  # of the words that the picture depends on, the last one
        words[made.words_used] ^= 1 << 31
        made = drawing.draw(MODEL, keys.latent, bytes(16), words)
    assert drawing.read_nonce(made.picture) == bytes(16)
    assert revealed(made.picture) is None


def test_parts_and_deflated_bodies_that_are_not_well_formed_say_nothing() -> None:
    keys = DrawnKeys.of(picture_root(MODEL.shape, bytes(16), KEY), MODEL.identity)
    for body, kind in ((b"no deflate stream", 2), (b"no part", 4), (b"", 6)):
        made = drawn.draw_body(body, kind, bytes(16), keys, MODEL, drawing)
        assert revealed(made.picture) is None
    assert revealed(drawn.draw_body(b"plain", 0, bytes(16), keys, MODEL, drawing).picture) == b"plain"


def test_a_nonce_twice_reads_as_well_and_shows_the_same_picture_with_other_samples() -> None:
    """It must not happen (one key, one nonce: one face twice); where it does, both messages are read."""
    keys = DrawnKeys.of(picture_root(MODEL.shape, bytes(16), KEY), MODEL.identity)
    made = [drawn.draw_body(body, 0, bytes(16), keys, MODEL, drawing).picture for body in (b"first", b"other", b"first")]
    assert [revealed(picture) for picture in made] == [b"first", b"other", b"first"]
    assert np.array_equal(made[0], made[2])
    assert not np.array_equal(made[0], made[1])
    assert drawing.read_nonce(made[0]) == drawing.read_nonce(made[1])


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
        made = drawing.draw(MODEL, latent, rng.bytes(16), rng.integers(0, 2**32, words, dtype=np.uint32))
        interval = drawing.read(MODEL, made.picture, latent)
        determined = interval.words[: interval.determined].astype(">u4").tobytes()
        counts += np.bincount(np.frombuffer(determined, np.uint8), minlength=256)
        nonces += np.bincount(np.frombuffer(drawing.read_nonce(made.picture), np.uint8), minlength=256)
    assert chisquare(counts).pvalue > 1e-4
    assert chisquare(nonces.reshape(16, 16).sum(0)).pvalue > 1e-4
    assert counts.sum() > 20_000
    assert OVERHEAD == 24


@pytest.mark.slow
def test_two_thousand_round_trips() -> None:
    rng = np.random.default_rng(9)
    models = [small_model(seed, channels=1 + 2 * (seed % 2), gray=40 + 30 * seed, promise_bytes=20) for seed in range(1, 7)]
    for i in range(2000):
        model, key, message = models[i % 6], fresh_key(), rng.bytes(int(rng.integers(0, 21)))
        assert revealed(hide(message, key, model, drawing).picture, key, model) == message, i


def test_reveal_asks_the_models_of_the_package_and_version_1_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error for everything; a message in a changed cover of the same shape is found as well."""
    monkeypatch.setattr(models, "installed", lambda shape: [m for m in (small_model(2), MODEL, GRAY) if m.shape == shape])
    picture = hide("found without an option", KEY, MODEL, drawing).picture
    assert reveal(picture, KEY) == b"found without an option"
    assert reveal(hide("gray", KEY, GRAY, drawing).picture[:, :, 0], KEY) == b"gray"
    opaque, hole = np.full((32, 32), 255, np.uint8), np.full((32, 32), 255, np.uint8)
    hole[3, 4] = 254
    assert reveal(picture, KEY, alpha=opaque) == b"found without an option"
    part = hide(split(b"in parts", count=2, needed=2)[1], KEY, MODEL, drawing)
    with pytest.raises(Incomplete, match="this is part 2 of a message spread over 2 images"):
        reveal(part.picture, KEY)
    changed = picture.copy()
    changed[-1, -1, 0] ^= 1
    failures = {}
    for name, image, key, alpha in [
        ("key", picture, fresh_key(), None),
        ("changed", changed, KEY, None),
        ("honest", drawing.honest(MODEL).picture, KEY, None),
        ("hole", picture, KEY, hole),
    ]:
        with pytest.raises(NothingFound) as failure:
            reveal(image, key, alpha=alpha)
        failures[name] = str(failure.value), failure.value.hint
    assert len(set(failures.values())) == 1
    stego = hide_changed(drawing.honest(MODEL).picture, b"as before", KEY, scheme="lsb", layout="hwc").stego
    assert reveal(stego, KEY, layout="hwc") == b"as before"
    monkeypatch.setattr(models, "installed", lambda shape: [])
    with pytest.raises(NothingFound):
        reveal(picture, KEY)
