"""The vectors of docs/format.md, 23 to 28, read twice: by the package, and by a second reader that shares no code with it."""

from __future__ import annotations

import base64
import json
import random
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ssgan.compute.keystream import keystream, keystream_from
from ssgan.errors import NothingFound
from ssgan.messages import album, pilots, polar
from ssgan.messages.keys import KeyFile, Passphrase, parse_key_file
from tests.vectors import album_reader, reader

Vector = dict[str, Any]
VECTORS: list[Vector] = json.loads((Path(__file__).parent / "vectors" / "album" / "messages.json").read_text("ascii"))
every = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])


def ratios_of(vector: Vector) -> NDArray[np.float64]:
    quarters = np.frombuffer(zlib.decompress(base64.b64decode(vector["ratios"])), np.int8)
    return quarters.reshape(-1, vector["latents"]) / 4


def reader_album(vector: Vector) -> album_reader.Album:
    key = vector["key"]
    own = reader.parse_key_file(key["file"]) if "file" in key else reader.Key(key["passphrase"], key["strong"])
    identity = bytes.fromhex(vector["identity"])
    return album_reader.Album(vector["size"], vector["latents"], identity, album_reader.root(own, identity))


def package_key(vector: Vector) -> KeyFile | Passphrase:
    key = vector["key"]
    return parse_key_file(key["file"]) if "file" in key else Passphrase(key["passphrase"], strong=key["strong"])


def expected(vector: Vector) -> bytes | None:
    return None if vector["expect"] == "nothing" else bytes.fromhex(vector["expect"]["message"])


@every
def test_the_package_finds_what_an_album_says(vector: Vector) -> None:
    shape = album.AlbumShape(vector["size"], vector["latents"], bytes.fromhex(vector["identity"]))
    if expected(vector) is None:
        with pytest.raises(NothingFound):
            album.opened(ratios_of(vector), package_key(vector), shape)
    else:
        assert album.opened(ratios_of(vector), package_key(vector), shape) == expected(vector)


@every
def test_the_second_reader_finds_what_an_album_says(vector: Vector) -> None:
    found = album_reader.read(reader_album(vector), ratios_of(vector).tolist(), tuple(vector["nonce"]), vector["order"])
    assert found == expected(vector)


def test_the_second_reader_makes_another_key_s_reading_nothing() -> None:
    """What is expected of the wrong key depends on the key alone: with its own, the same ratios say the message."""
    assert [vector["name"] for vector in VECTORS if expected(vector) is None] == ["another key"]


@pytest.mark.parametrize("name", ["noisy", "lost"])
def test_the_second_reader_finds_the_nonce_the_likeliest(name: str) -> None:
    """Of the true number and a hundred others: the largest likelihood, by the formula of section 24."""
    vector = next(vector for vector in VECTORS if vector["name"] == name)
    own, ratios, true = reader_album(vector), ratios_of(vector).tolist(), vector["nonce"][0]
    others = random.Random(name).sample(range(20_000), 20)
    found = {number: album_reader.likelihood(own, ratios, number) for number in [true, *others]}
    assert max(found, key=found.__getitem__) == true


@pytest.mark.parametrize("length", [2, 3, 48, 100, 128, 960, 2496])
def test_both_readers_have_one_code(length: int) -> None:
    rng = np.random.default_rng(length)
    bits = rng.integers(0, 2, length // 2).astype(np.uint8)
    assert polar.information_places(length, len(bits)).tolist() == album_reader.carrying(length, len(bits))
    assert polar.encode(bits, length).tolist() == album_reader.encoded(bits.tolist(), length)


def test_both_readers_have_the_same_pilots_and_places() -> None:
    vector = VECTORS[0]
    own = reader_album(vector)
    keys = album.AlbumKeys(package_key(vector), album.AlbumShape(12, 128, bytes.fromhex(vector["identity"])))
    assert keys.places.tolist() == [own.places(i) for i in range(12)]
    for number in (0, 1, 31_337):
        assert pilots.word(keys.first_book, number, 12, 4).tolist() == own.pilots(0, number, own.key(b"first"))


def test_a_keystream_can_be_entered_anywhere() -> None:
    whole = keystream(bytes(range(32)), 1000)
    for begin, size in ((0, 1), (63, 2), (64, 64), (130, 500)):
        assert keystream_from(bytes(range(32)), begin, size) == whole[begin : begin + size]
