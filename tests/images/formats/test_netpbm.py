from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images import CONVERSIONS, encode, read

RNG = np.random.default_rng(7)


@given(height=st.integers(1, 6), width=st.integers(1, 17), channels=st.sampled_from([1, 3]), seed=st.integers(0, 99))
def test_binary_and_plain_files_say_the_same(height: int, width: int, channels: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    numbers = b" ".join(b"%d" % value for value in pixels.ravel())
    size = b"%d %d 255\n" % (width, height)
    for data in (
        b"P%d %s" % (5 if channels == 1 else 6, size) + pixels.tobytes(),
        b"P%d %s" % (3 - 1 * (channels == 1), size) + numbers,
    ):
        assert np.array_equal(read(data).samples, pixels.transpose(2, 0, 1))


def test_comments_stand_anywhere_in_the_header() -> None:
    assert read(b"P5# a\n# b\n2 # c 9\n 1\r#d\n255\n\x07\x23").samples.tolist() == [[[7, 0x23]]]


def test_samples_that_look_like_space_or_comments_are_samples() -> None:
    assert read(b"P5 3 1 255\n\n# ").samples.tolist() == [[[10, 35, 32]]]


def test_a_bitmap_is_black_where_it_is_1() -> None:
    bits = RNG.integers(0, 2, (4, 11), dtype=np.uint8)
    binary = b"P4 11 4\n" + np.packbits(bits, axis=1).tobytes()
    plain = b"P1 11 4\n" + "".join(map(str, bits.ravel())).encode()
    for data in (binary, plain):
        with pytest.raises(RefusedImage, match="black and white"):
            read(data)
        assert np.array_equal(read(data, convert={"1-bit"}).samples[0], 255 * (1 - bits))


def test_16_bit_samples_keep_their_high_byte() -> None:
    values = RNG.integers(0, 65536, (3, 4))
    data = b"P5 4 3 65535\n" + values.astype(">u2").tobytes()
    with pytest.raises(RefusedImage, match="16-bit"):
        read(data)
    assert np.array_equal(read(data, convert={"16-bit"}).samples[0], values >> 8)


@given(largest=st.integers(1, 65535))
def test_the_largest_value_becomes_white_and_zero_black(largest: int) -> None:
    data = b"P2 2 1 %d\n0 %d" % (largest, largest)
    assert read(data, convert=CONVERSIONS).samples.tolist() == [[[0, 255]]]


def test_a_format_holds_its_own_kind_only() -> None:
    for name, channels in (("PGM", 3), ("PPM", 1)):
        with pytest.raises(InvalidSetting, match="channels"):
            encode(np.zeros((channels, 2, 2), np.uint8), name)


HOSTILE = {
    "header cut": (b"P5 2 2", "header"),
    "letters in the header": (b"P5 2 two 255\n" + bytes(4), "header"),
    "negative height": (b"P5 2 -2 255\n" + bytes(4), "header"),
    "sixty digits": (b"P5 " + b"9" * 60 + b" 2 255\n" + bytes(4), "header"),
    "no width": (b"P5 0 2 255\n", "no pixels"),
    "70 Mpixel": (b"P5 10000 7000 255\n", "Mpixel"),
    "a side too long": (b"P5 999999999 1 255\n", "side"),
    "largest value zero": (b"P5 2 2 0\n" + bytes(4), "largest value"),
    "largest value 65536": (b"P5 2 2 65536\n" + bytes(8), "largest value"),
    "a sample larger than the largest": (b"P5 2 2 100\n" + bytes([0, 1, 2, 101]), "larger"),
    "one sample less": (b"P5 2 2 255\n" + bytes(3), "truncated"),
    "one plain sample less": (b"P2 2 2 255\n1 2 3", "truncated"),
    "plain letters": (b"P2 2 2 255\n1 2 3 x", "not a number"),
    "plain sample of a kilometre": (b"P2 2 2 255\n1 2 3 " + b"1" * 1000, "not a number"),
    "plain bit of 7": (b"P1 2 1\n07", "larger"),
    "any map": (b"P7\nWIDTH 2\n", "PAM"),
    "floating point": (b"Pf\n2 2\n-1.0\n" + bytes(16), "floating"),
}


def test_what_follows_plain_samples_is_told_from_them() -> None:
    with pytest.raises(RefusedImage, match="after the end") as refusal:
        read(b"P2 2 2 255\n1 2 3 4 5")
    assert "trailing" in refusal.value.hint
    picture = read(b"P2 2 2 255\n1 2 3 4 # the end\n5", convert=CONVERSIONS)
    assert picture.samples.ravel().tolist() == [1, 2, 3, 4]
    assert picture.following == "1 bytes follow the end of the image"
    assert read(b"P2 2 2 255\n1 2 # two\n3 4 # the end\n").notes == ()


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_the_reason(what: str) -> None:
    data, reason = HOSTILE[what]
    with pytest.raises(RefusedImage, match=reason):
        read(data, convert=CONVERSIONS)
