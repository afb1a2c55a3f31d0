from __future__ import annotations

import hmac
import unicodedata

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting
from ssgan.messages.keys import KeyFile, Passphrase, Subkeys, final_root, fresh_key, frozen_key, parse_key_file

SALT = bytes(range(32))


def extract(salt: bytes, secret: bytes, name: str = "sha512") -> bytes:
    """RFC 5869, 2.2."""
    return hmac.digest(salt, secret, name)


def expand(root: bytes, info: bytes, size: int, name: str = "sha512") -> bytes:
    """RFC 5869, 2.3."""
    made, block, count = b"", b"", 0
    while len(made) < size:
        count += 1
        block = hmac.digest(root, block + info + bytes([count]), name)
        made += block
    return made[:size]


def test_the_witness_of_hkdf_gives_the_vector_of_rfc_5869() -> None:
    """Test case 1 of RFC 5869, appendix A.1 (H. Krawczyk, P. Eronen, 2010)."""
    root = extract(bytes(range(13)), b"\x0b" * 22, "sha256")
    assert root.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    made = expand(root, bytes(range(0xF0, 0xFA)), 42, "sha256")
    assert made.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_key_file_is_stretched_by_hkdf_alone(secret: bytes, salt: bytes) -> None:
    assert KeyFile(secret).first_root(salt) == extract(salt, secret)


@given(st.binary(min_size=64, max_size=64), st.binary(min_size=32, max_size=32))
def test_the_first_root_chooses_places_and_with_the_second_salt_gives_the_root(first: bytes, salt: bytes) -> None:
    assert frozen_key(first) == expand(first, b"ssgan/1/frozen", 32)
    assert final_root(first, salt) == extract(salt, first)


@given(st.binary(min_size=64, max_size=64))
def test_every_label_gives_its_own_key(root: bytes) -> None:
    keys = Subkeys.of(root)
    for name, size in {"order": 32, "probe": 32, "seal": 64, "code": 32}.items():
        assert getattr(keys, name) == expand(root, b"ssgan/1/" + name.encode(), size)
    assert len({keys.order, keys.probe, keys.seal[:32], keys.code}) == 4


def test_argon2id_is_that_of_rfc_9106() -> None:
    """The vector of RFC 9106, 5.3 (A. Biryukov, D. Dinu, D. Khovratovich, S. Josefsson, 2021): what passphrases rest on."""
    kdf = Argon2id(
        salt=b"\2" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\4" * 12, secret=b"\3" * 8
    )  # fmt: skip
    assert kdf.derive(b"\1" * 32).hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


@pytest.mark.parametrize(
    ("text", "root"),
    [
        (
            "correct horse",
            "01f7482e7716392fecbd4cbfa3ae34f0c44816966fc6dee36927db0feacedf1a"
            "c0155d7688e7ceecc6e7d14e5755eaf4bac38058b1769361359aafceffd0548f",
        ),
        (
            "Café",
            "e0880303deada35a30821856a80168aacd4f94c8323b179491ea68158f8aba55"
            "04a6db2594730dea267f1cc56a98cac9337676be3bb5d309274577ee217a5183",
        ),
    ],
)
def test_a_passphrase_takes_argon2id_with_64_mib_and_3_passes(text: str, root: str) -> None:
    """Roots by another implementation: argon2-cffi 25.1.0 (the reference C code), hash_secret_raw of the NFC text, salt
    00...1f, time_cost 3, memory_cost 65536, parallelism 4, 64 bytes.
    """
    assert Passphrase(text).first_root(SALT).hex() == root
    assert Passphrase(unicodedata.normalize("NFD", text)).first_root(SALT).hex() == root


@pytest.mark.slow
def test_a_strong_passphrase_takes_2_gib_and_1_pass() -> None:
    """By argon2-cffi 25.1.0 as above, with time_cost 1 and memory_cost 2097152."""
    root = Passphrase("correct horse", strong=True).first_root(SALT)
    assert root.hex() == (
        "c654abb38b734e6a65d5339e36aa224cd3668395ffdba398675ddfc2155a9d84"
        "fe02b07a39d26b07661465c4b7c65e9dcc415d272148f0ccfb3e56c149571e53"
    )


def test_keys_do_not_show_themselves() -> None:
    words, key = Passphrase("canary words"), fresh_key()
    for shown in (repr(words), str(words), repr(key), str(key), repr([words, key]), repr(Subkeys.of(bytes(64)))):
        assert "canary" not in shown
        assert key.secret.hex() not in shown
        assert repr(key.secret) not in shown
        assert "hidden" in shown or "object at" in shown


def test_fresh_keys_differ() -> None:
    assert len({fresh_key().secret for _ in range(100)}) == 100


@given(st.binary(min_size=32, max_size=32), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_a_key_file_is_read_as_it_was_written(secret: bytes, upper: bool, ending: str) -> None:
    head, line, _ = KeyFile(secret).text().split("\n")
    digits = line.removeprefix("SSGAN-KEY-1-")
    text = ending.join(["", "  # mine", head, "", "SSGAN-KEY-1-" + (digits.upper() if upper else digits) + "  ", ""])
    assert parse_key_file(text).secret == secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "00" * 32,
        "SSGAN-KEY-1-" + "00" * 31,
        "SSGAN-KEY-1-" + "00" * 33,
        "SSGAN-KEY-1-" + "0g" * 32,
        "SSGAN-KEY-2-" + "00" * 32,
        "ssgan-key-1-" + "00" * 32,
        "SSGAN-KEY-1-" + "00" * 32 + "\nSSGAN-KEY-1-" + "00" * 32,
        "SSGAN-KEY-1-" + "00" * 32 + " trailing",
        "SSGAN-KEY-1-" + "0\N{ARABIC-INDIC DIGIT ZERO}" * 32,
    ],
)
def test_what_is_no_key_file_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidSetting, match="not a key file") as refusal:
        parse_key_file(text)
    assert "00000000" not in str(refusal.value) + refusal.value.hint


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_has_32_bytes(size: int) -> None:
    with pytest.raises(InvalidSetting, match=f"{size} bytes"):
        KeyFile(bytes(size))


def test_an_empty_passphrase_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="empty"):
        Passphrase("")


@given(st.text(min_size=1))
def test_a_byte_order_mark_before_a_passphrase_is_no_part_of_it(words: str) -> None:
    words = words.removeprefix("\ufeff") or "x"
    assert Passphrase("\ufeff" + words) == Passphrase(words)
    assert Passphrase(words + "\ufeff").text == words + "\ufeff"


def test_a_byte_order_mark_alone_is_an_empty_passphrase() -> None:
    with pytest.raises(InvalidSetting, match="empty"):
        Passphrase("\ufeff")


@pytest.mark.parametrize("before", ["", "# a comment\n", "\n"])
def test_a_byte_order_mark_before_a_key_file_is_no_part_of_it(before: str) -> None:
    key = fresh_key()
    assert parse_key_file("\ufeff" + before + key.text()) == key
    with pytest.raises(InvalidSetting, match="not a key file"):
        parse_key_file(f"# a comment\n\ufeffSSGAN-KEY-1-{key.secret.hex()}\n")
