"""The witnesses: AES-SIV by RFC 5297's words, from AES and CMAC alone, and the rules of docs/format.md in plain Python."""

from __future__ import annotations

import hashlib
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from ssgan.compute.keystream import keystream
from ssgan.messages import container
from ssgan.messages.container import DEFLATED, KINDS, OVERHEAD, PADDED, PART, SPLITS, KeyedLayout, bits_in_second, rungs
from ssgan.messages.keys import KeyFile, Passphrase, Subkeys, final_root
from ssgan.messages.order import frozen_count, public_count
from ssgan.messages.parts import HEAD_BYTES, MessagePart, parse_part

IMAGE = np.random.default_rng(5).integers(0, 256, (1, 48, 40), dtype=np.uint8)
KEY = KeyFile(bytes(range(32)))
PART_OF_TWO = MessagePart(b"identity", 1, 2, 3, 9, b"share")


def cmac(key: bytes, data: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()


def doubled(block: bytes) -> bytes:
    number = int.from_bytes(block, "big") << 1
    return (number & (1 << 128) - 1 ^ (0x87 if number >> 128 else 0)).to_bytes(16, "big")


def xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def aes_siv(key: bytes, bound: list[bytes], plaintext: bytes) -> bytes:
    """RFC 5297, 2.4 (S2V) and 2.6 (encrypt)."""
    first, second = key[: len(key) // 2], key[len(key) // 2 :]
    d = cmac(first, bytes(16))
    for text in bound:
        d = xor(doubled(d), cmac(first, text))
    if len(plaintext) >= 16:
        tail = plaintext[:-16] + xor(plaintext[-16:], d)
    else:
        tail = xor(doubled(d), (plaintext + b"\x80").ljust(16, b"\0"))
    iv = cmac(first, tail)
    start = (int.from_bytes(iv, "big") & ~(1 << 63 | 1 << 31)).to_bytes(16, "big")
    return iv + Cipher(algorithms.AES(second), modes.CTR(start)).encryptor().update(plaintext)


def layout_of(image: np.ndarray = IMAGE, key: KeyFile | Passphrase = KEY) -> KeyedLayout:
    samples = container.samples_of(image, None)
    return container.keyed_layout(container.shape_of(image, samples), samples, key)


def public(layout: KeyedLayout) -> np.ndarray:
    """The frozen places that are the same for every key."""
    return layout.frozen[: public_count(layout.carrying + len(layout.frozen))]


def test_the_witness_of_aes_siv_gives_the_vectors_of_rfc_5297() -> None:
    """Appendix A.1 and A.2 of RFC 5297 (D. Harkins, 2008)."""
    first = bytes.fromhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    made = aes_siv(first, [bytes(range(0x10, 0x28))], bytes.fromhex("112233445566778899aabbccddee"))
    assert made.hex() == "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"
    second = bytes.fromhex("7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f")
    bound = [
        bytes.fromhex("00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100"),
        bytes.fromhex("102030405060708090a0"),
        bytes.fromhex("09f911029d74e35bd84156c5635688c0"),
    ]
    plaintext = b"this is some plaintext to encrypt using SIV-AES"
    assert aes_siv(second, bound, plaintext).hex() == (
        "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d"
    )


@given(st.binary(max_size=60), st.sampled_from(SPLITS), st.sampled_from(KINDS))
def test_a_stream_is_the_probe_and_aes_siv_of_the_plaintext(body: bytes, split: int, kind: int) -> None:
    layout = layout_of()
    r = next(i for i, rung in enumerate(layout.rungs) if rung >= len(body))
    plaintext = body.ljust(layout.rungs[r], b"\0")
    t = 17 * r + split
    bound = [layout.shape, struct.pack("<IBB", len(plaintext), split, kind)]
    expected = keystream(layout.keys.probe, 2 * t + 2)[-2:] + aes_siv(layout.keys.seal, bound, plaintext)
    assert container.seal(layout, plaintext, split, kind) == expected


@given(st.integers(1, 600), st.integers(1, 600), st.sampled_from([1, 3]), st.integers(0, 2**32 - 1))
def test_the_shape_binds_height_width_channels_and_count(height: int, width: int, channels: int, count: int) -> None:
    image = np.empty((channels, height, width), dtype=np.uint8)
    samples = np.empty(min(count, image.size), dtype=np.uint8)
    shape = container.shape_of(image, samples)
    written = b"".join(number.to_bytes(4, "little") for number in (height, width))
    assert shape == b"ssgan/1" + written + bytes([channels]) + len(samples).to_bytes(4, "little")


def test_samples_run_row_by_row_and_red_green_blue() -> None:
    image = np.arange(3 * 2 * 2, dtype=np.uint8).reshape(3, 2, 2)
    assert container.samples_of(image, None).tolist() == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
    alpha = np.array([[255, 254], [0, 255]], dtype=np.uint8)
    assert container.samples_of(image, alpha).tolist() == [0, 4, 8, 3, 7, 11]


@given(st.integers(0, 99), st.sampled_from([1, 3]), st.booleans())
def test_samples_put_back_give_the_image(seed: int, channels: int, some: bool) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (channels, 5, 7), dtype=np.uint8)
    alpha = rng.choice(np.array([0, 254, 255], dtype=np.uint8), (5, 7)) if some else None
    samples = container.samples_of(image, alpha)
    assert np.array_equal(container.with_samples(image, alpha, samples), image)
    turned = container.with_samples(image, alpha, samples ^ 1)
    counts = np.ones((5, 7), dtype=bool) if alpha is None else alpha == 255
    assert np.array_equal(turned, np.where(counts, image ^ 1, image))


@pytest.mark.parametrize("key", [KEY, Passphrase("words")], ids=["key file", "passphrase"])
def test_the_salts_are_read_off_the_frozen_samples_and_nothing_else(key: KeyFile | Passphrase) -> None:
    samples = container.samples_of(IMAGE, None)
    shape = container.shape_of(IMAGE, samples)
    layout = container.keyed_layout(shape, samples, key)
    places = container.public_places(shape, len(samples))
    public, secret = bytes(samples[places]), bytes(samples[layout.frozen[len(places) :]])
    assert (len(public), len(secret)) == (32, 32)
    first = key.first_root(hashlib.sha256(b"ssgan/1/salt/1" + shape + key.mode + public).digest())
    second_salt = hashlib.sha256(b"ssgan/1/salt/2" + shape + secret).digest()
    assert layout.keys == Subkeys.of(final_root(first, second_salt))
    others = samples.copy()
    others[layout.order] ^= 3
    assert container.keyed_layout(shape, others, key).keys == layout.keys
    for place in (*layout.frozen[:2], *layout.frozen[-2:]):
        changed = samples.copy()
        changed[place] ^= 1
        assert container.keyed_layout(shape, changed, key).keys.seal != layout.keys.seal


def test_keys_and_modes_share_nothing_on_one_image() -> None:
    one, other = layout_of(), layout_of(key=KeyFile(bytes(32)))
    assert one.keys.seal != other.keys.seal
    assert np.array_equal(public(one), public(other))
    assert set(one.frozen.tolist()) != set(other.frozen.tolist())


def test_passphrases_freeze_a_fourth_in_public_and_the_rest_by_the_words() -> None:
    one, other = layout_of(key=Passphrase("one")), layout_of(key=Passphrase("other"))
    assert np.array_equal(public(one), public(other))
    assert not np.array_equal(np.sort(one.frozen), np.sort(other.frozen))


@pytest.mark.parametrize("change", ["a public sample", "all samples"])
def test_one_key_freezes_other_places_in_every_image_but_for_the_public_ones(change: str) -> None:
    """Of 192 secret places in 16,384 some 2.25 are shared by chance; 20 pairs of images share 45 +- 7."""
    rng, shared = np.random.default_rng(8), 0
    for _ in range(20):
        image = rng.integers(0, 256, (1, 128, 128), dtype=np.uint8)
        one = layout_of(image)
        image = image.copy() if change == "a public sample" else rng.integers(0, 256, image.shape, dtype=np.uint8)
        image.reshape(-1)[public(one)[0]] ^= 1
        other = layout_of(image)
        assert np.array_equal(public(one), public(other))
        secret, others = (set(layout.frozen[len(public(layout)) :].tolist()) for layout in (one, other))
        assert len(secret) == len(others) == 192
        shared += len(secret & others)
    assert 15 < shared < 80


@given(st.integers(0, 1 << 22))
def test_rungs_are_those_of_the_rule(carrying: int) -> None:
    largest = carrying // 16 - 18
    expected, rung = [], 20
    while rung < largest:
        expected.append(rung)
        rung = rung + (3 * rung) // 25
    assert rungs(carrying) == ([*expected, largest] if largest >= 0 else [])


@given(st.integers(288, 1 << 22))
def test_a_step_of_the_ladder_adds_at_most_twelve_percent(carrying: int) -> None:
    found = rungs(carrying)
    assert found == sorted(set(found))
    assert all(step * 25 <= length * 28 for length, step in zip(found, found[1:], strict=False))


@pytest.mark.parametrize(("side", "count"), [(256, 50), (512, 63), (1024, 75)])
def test_the_ladder_leaks_few_bits_of_a_length(side: int, count: int) -> None:
    """An observer who knew everything would learn the rung: at most 6.3 bits at one megasample."""
    assert len(rungs(side * side - 256)) == count


def test_half_a_bit_a_sample_is_never_exceeded() -> None:
    for samples in range(352, 3000):
        carrying = samples - frozen_count(samples)
        for length in rungs(carrying):
            assert 8 * (length + OVERHEAD) <= carrying / 2


@given(st.integers(0, 5000))
def test_splits_run_from_nothing_to_half(length: int) -> None:
    total = 8 * (length + OVERHEAD)
    seconds = [bits_in_second(length, split) for split in SPLITS]
    assert seconds == [total * split // 32 for split in range(17)]
    assert (seconds[0], seconds[-1]) == (0, total // 2)


@given(st.binary(max_size=40), st.integers(0, 60))
def test_padding_comes_off_whatever_the_body_ends_with(body: bytes, more: int) -> None:
    for ending in (b"", b"\0", b"\x80", b"\x80\0"):
        whole = body + ending
        plaintext, padding = container.padded(whole, len(whole) + more)
        assert len(plaintext) == len(whole) + more
        assert padding == (PADDED if more else 0)
        assert container.parse_plaintext(plaintext, padding) == whole


@given(st.binary(max_size=60), st.sampled_from(SPLITS), st.booleans())
def test_what_is_sealed_opens_with_its_split_and_key_alone(message: bytes, split: int, packed: bool) -> None:
    layout = layout_of()
    body = container.deflate(message) if packed else message
    plaintext, padding = container.padded(body, next(rung for rung in layout.rungs if rung >= len(body)))
    stream = container.seal(layout, plaintext, split, padding | (DEFLATED if packed else 0))
    assert container.unseal(layout, stream, split) == message
    assert container.unseal(layout, stream, (split + 1) % 17) is None
    assert container.unseal(layout_of(key=KeyFile(bytes(32))), stream, split) is None


@given(st.integers(2, 37), st.integers(0, 7), st.binary(min_size=20, max_size=20))
def test_one_bit_changed_anywhere_opens_nothing(byte: int, bit: int, plaintext: bytes) -> None:
    """Anywhere behind the probe, which has done its work by then."""
    layout = layout_of()
    stream = bytearray(container.seal(layout, plaintext, 0, 0))
    assert len(stream) == 38
    stream[byte] ^= 1 << bit
    assert container.unseal(layout, bytes(stream), 0) is None


def test_what_opens_but_is_not_formed_as_its_kind_says_is_nothing() -> None:
    """Only a holder of the key can make such streams; a reader must not trip over them all the same."""
    layout = layout_of()
    for kind, plaintext in (
        (PADDED, bytes(20)),
        (PADDED, b"no end of padding..."),
        (DEFLATED, b"\xff" * 20),
        (DEFLATED, container.deflate(b"a").ljust(20, b"\0")),
        (DEFLATED | PADDED, container.padded(container.deflate(b"never ends" * 9)[:-2], 20)[0]),
        (PART, b"\xff" * 20),
        (PART, b"identity" + bytes([3, 2, 3]) + struct.pack("<I", 9) + b"share"),
        (PART | PADDED, container.padded(b"short", 20)[0]),
    ):
        assert container.unseal(layout, container.seal(layout, plaintext, 3, kind), 3) is None, (kind, plaintext)


def test_a_reader_tries_every_kind_once() -> None:
    assert sorted(KINDS) == list(range(8))


@given(st.binary(max_size=2000))
def test_deflate_comes_back(message: bytes) -> None:
    assert container.inflate(container.deflate(message)) == message
    assert zlib.decompress(container.deflate(message), -15) == message


@given(st.binary(max_size=200))
def test_any_bytes_inflate_or_are_nothing(body: bytes) -> None:
    found = container.inflate(body)
    assert found is None or isinstance(found, bytes)


def test_a_bomb_is_nothing() -> None:
    """64 MiB are unpacked at most; one byte more, and there is no message."""
    most = container.LARGEST_INFLATED
    assert len(container.inflate(container.deflate(bytes(most))) or b"") == most
    assert container.inflate(container.deflate(bytes(most + 1))) is None


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_are_a_part_or_nothing(body: bytes, deflated: bool) -> None:
    part = parse_part(body, deflated=deflated)
    if part is not None:
        assert part.body() == body
        assert part.index < part.count
        assert 1 <= part.needed <= part.count


def test_a_part_comes_back() -> None:
    assert len(PART_OF_TWO.body()) == HEAD_BYTES + 5 == 20
    assert parse_part(PART_OF_TWO.body(), deflated=False) == PART_OF_TWO


def test_places_do_not_show_their_keys() -> None:
    assert "object at" in repr(layout_of())


def test_no_more_is_unpacked_than_may_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusing a bomb afterwards is too late: its memory was taken."""
    bomb = container.deflate(bytes(64 << 20))
    monkeypatch.setattr(container, "LARGEST_INFLATED", 1 << 20)
    tracemalloc.start()
    try:
        assert container.inflate(bomb) is None
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("carrying", "height"), [(1, 12), (1 << 20, 12), ((1 << 20) + 1, 10)])
def test_the_codes_height_is_that_of_the_format(carrying: int, height: int) -> None:
    assert KeyedLayout(b"", carrying, np.empty(0, np.int64), Subkeys.of(bytes(32)), 0).code().height == height


@pytest.mark.parametrize("channels", [1, 3])
def test_samples_of_pixels_that_nothing_shines_through_count(channels: int) -> None:
    image, alpha = np.zeros((channels, 4, 5), np.uint8), np.full((4, 5), 254, np.uint8)
    alpha[1, 2:] = 255
    assert container.usable_samples(image, None) == 20 * channels
    assert container.usable_samples(image, alpha) == 3 * channels
    assert len(container.samples_of(image, alpha)) == 3 * channels
