"""The vectors of docs/format.md, read twice: by the package, and by a second reader that shares no code with it.

Who made them, and how, is in tests/vectors/README.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssgan.errors import Incomplete, NothingFound, SsganError
from ssgan.images import read_coefficients
from ssgan.messages.container import coefficient_carrier
from ssgan.messages.keys import KeyFile, Passphrase, parse_key_file
from ssgan.messages.parts import MessagePart
from ssgan.messages.reveal import reveal, reveal_from
from ssgan.messages.spread import gather
from tests.vectors import jpeg_reader, reader

Vector = dict[str, Any]

FOLDER = Path(__file__).parent / "vectors"
FILES = {path.stem: json.loads(path.read_text("ascii")) for path in sorted(FOLDER.glob("*.json"))}
KEY_FILES, JOINS = FILES.pop("key_files"), FILES.pop("joins")
IMAGES: list[Vector] = [vector for vectors in FILES.values() for vector in vectors]
BY_NAME: dict[str, Vector] = {vector["name"]: vector for vector in IMAGES}

every_image = pytest.mark.parametrize(
    "vector",
    [pytest.param(v, id=v["name"], marks=[pytest.mark.slow] if v["key"].get("strong") else []) for v in IMAGES],
)
every_join = pytest.mark.parametrize("vector", JOINS, ids=[v["name"] for v in JOINS])
JPEGS = json.loads((FOLDER / "jpeg" / "files.json").read_text("ascii"))
every_jpeg = pytest.mark.parametrize("vector", JPEGS, ids=[v["name"] for v in JPEGS])
every_key_file = pytest.mark.parametrize("vector", KEY_FILES, ids=[v["name"] for v in KEY_FILES])


def unpacked(text: str | None) -> bytes | None:
    return None if text is None else zlib.decompress(base64.b64decode(text))


def image_of(vector: Vector) -> reader.Image:
    fields = vector["image"]
    samples, alpha = unpacked(fields["samples"]), unpacked(fields.get("alpha"))
    assert samples is not None
    return reader.Image(fields["height"], fields["width"], fields["channels"], samples, alpha)


def expected(content: bytes | reader.Part | MessagePart | None) -> Any:
    """What a vector's `expect` says of this content."""
    if content is None:
        return "nothing"
    if isinstance(content, bytes):
        if len(content) > 10_000:
            return {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        return {"message": content.hex()}
    fields = {name: getattr(content, name) for name in ("index", "needed", "count", "length", "deflated")}
    return {"part": {"id": content.id.hex(), **fields, "share": content.share.hex()}}


def read_by_package(vector: Vector) -> bytes | MessagePart | None:
    image, key = image_of(vector), vector["key"]
    samples = np.frombuffer(image.samples, np.uint8).reshape(image.height, image.width, image.channels)
    alpha = None if image.alpha is None else np.frombuffer(image.alpha, np.uint8).reshape(image.height, image.width)
    secret = parse_key_file(key["file"]) if "file" in key else Passphrase(key["passphrase"], strong=key["strong"])
    try:
        return reveal(np.ascontiguousarray(samples.transpose(2, 0, 1)), secret, alpha=alpha, layout="chw")
    except NothingFound:
        return None
    except Incomplete as incomplete:
        assert isinstance(incomplete.part, MessagePart)
        return incomplete.part


@cache
def read_by_reader(name: str) -> reader.Found | None:
    key = BY_NAME[name]["key"]
    secret = reader.parse_key_file(key["file"]) if "file" in key else reader.Key(key["passphrase"], key["strong"])
    return reader.read(image_of(BY_NAME[name]), secret)


@every_image
def test_the_package_finds_what_a_vector_says(vector: Vector) -> None:
    assert expected(read_by_package(vector)) == vector["expect"], vector["why"]


@every_image
def test_the_second_reader_finds_what_a_vector_says(vector: Vector) -> None:
    found = read_by_reader(vector["name"])
    assert expected(found.content if found else None) == vector["expect"], vector["why"]
    if found:
        assert {"length": found.length, "split": found.split, "kind": found.kind} == vector["at"]


def jpeg_of(vector: Vector) -> bytes:
    return base64.b64decode(vector["jpeg"])


@every_jpeg
def test_the_package_finds_what_a_vector_of_a_jpeg_says(vector: Vector) -> None:
    key = vector["key"]
    secret = parse_key_file(key["file"]) if "file" in key else Passphrase(key["passphrase"], strong=key["strong"])
    try:
        found = reveal_from(coefficient_carrier(read_coefficients(jpeg_of(vector))), secret)
    except NothingFound:
        assert vector["expect"] == "nothing", vector["why"]
    else:
        assert expected(found) == vector["expect"], vector["why"]


@every_jpeg
def test_the_second_reader_finds_what_a_vector_of_a_jpeg_says(vector: Vector) -> None:
    key = vector["key"]
    secret = reader.parse_key_file(key["file"]) if "file" in key else reader.Key(key["passphrase"], key["strong"])
    found = jpeg_reader.read(jpeg_of(vector), secret)
    assert expected(found.content if found else None) == vector["expect"], vector["why"]
    if found:
        assert {"length": found.length, "split": found.split, "kind": found.kind} == vector["at"]


@every_join
def test_the_package_joins_the_parts_of_a_vector(vector: Vector) -> None:
    parts = [read_by_package(BY_NAME[name]) for name in vector["parts"]]
    assert all(isinstance(part, MessagePart) for part in parts)
    if vector["message"] is None:
        with pytest.raises(SsganError):
            gather([part for part in parts if isinstance(part, MessagePart)])
    else:
        assert gather([part for part in parts if isinstance(part, MessagePart)]).hex() == vector["message"], vector["why"]


@every_join
def test_the_second_reader_joins_the_parts_of_a_vector(vector: Vector) -> None:
    found = [read_by_reader(name) for name in vector["parts"]]
    parts = [one.content for one in found if one and isinstance(one.content, reader.Part)]
    assert len(parts) == len(found)
    if vector["message"] is None:
        with pytest.raises(ValueError, match="parts"):
            reader.join(parts)
    else:
        assert reader.join(parts).hex() == vector["message"], vector["why"]


@every_key_file
def test_the_package_takes_and_refuses_the_key_files_of_the_vectors(vector: Vector) -> None:
    if vector["secret"] is None:
        with pytest.raises(SsganError):
            parse_key_file(vector["text"])
    else:
        assert parse_key_file(vector["text"]) == KeyFile(bytes.fromhex(vector["secret"])), vector["why"]


@every_key_file
def test_the_second_reader_takes_and_refuses_the_key_files_of_the_vectors(vector: Vector) -> None:
    if vector["secret"] is None:
        with pytest.raises(ValueError, match="key file"):
            reader.parse_key_file(vector["text"])
    else:
        assert reader.parse_key_file(vector["text"]) == reader.Key(bytes.fromhex(vector["secret"])), vector["why"]


def test_there_are_vectors_of_every_kind_and_split_and_no_two_have_one_name() -> None:
    assert len(BY_NAME) == len(IMAGES) >= 120
    places = [vector["at"] for vector in IMAGES if "at" in vector]
    assert {place["kind"] for place in places} == set(range(8))
    assert {place["split"] for place in places} == set(range(17))
