"""The vectors of docs/format.md, 13 to 21, read twice: by the package, and by a second reader that shares no code with it."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ssgan.drawn import coder, coder_loops, drawing, header
from ssgan.drawn.tables import cumulative, is_dry, law_tables
from ssgan.messages.drawn import DrawnKeys, hide, picture_root, reveal_drawn, stream_words
from ssgan.messages.keys import KeyFile, Passphrase, parse_key_file
from ssgan.messages.parts import MessagePart
from tests.drawn.models import small_model, small_tensors
from tests.vectors import drawn_model, drawn_reader, reader

Vector = dict[str, Any]

FOLDER = Path(__file__).parent / "vectors" / "drawn"
FILES: dict[str, list[Vector]] = {path.stem: json.loads(path.read_text("ascii")) for path in sorted(FOLDER.glob("*.json"))}
TABLES = law_tables()


def every(name: str, field: str = "name") -> pytest.MarkDecorator:
    vectors = [vector for vector in FILES[name] if field in vector]
    return pytest.mark.parametrize("vector", vectors, ids=[vector["name"] for vector in vectors])


def unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def package_key(key: Vector) -> KeyFile | Passphrase:
    return parse_key_file(key["file"]) if "file" in key else Passphrase(key["passphrase"], strong=key["strong"])


def reader_key(key: Vector) -> reader.Key:
    return reader.parse_key_file(key["file"]) if "file" in key else reader.Key(key["passphrase"], key["strong"])


def content_of(content: bytes | reader.Part | MessagePart | None) -> Any:
    """What a vector's `expect` says of this content."""
    if content is None or isinstance(content, bytes):
        return "nothing" if content is None else {"message": content.hex()}
    fields = {name: getattr(content, name) for name in ("index", "needed", "count", "length", "deflated")}
    return {"part": {"id": content.id.hex(), **fields, "share": content.share.hex()}}


def test_there_are_vectors_of_every_kind() -> None:
    assert list(FILES) == ["headers", "pictures", "samplers", "streams", "tables"]
    for vectors in FILES.values():
        assert len({vector["name"] for vector in vectors}) == len(vectors) >= 8
    assert {vector["kind"] for vector in FILES["streams"]} == {0, 2, 4, 6}


@every("tables", "sha256")
def test_both_make_the_rows_of_the_tables(vector: Vector) -> None:
    scale = vector["scale"]
    assert hashlib.sha256(TABLES[scale].astype("<i4").tobytes()).hexdigest() == vector["sha256"]
    assert np.array_equal(drawn_reader.table(scale), TABLES[scale])


@every("tables", "cumulative")
def test_both_read_the_laws_off_the_tables(vector: Vector) -> None:
    scale, mean, below = vector["scale"], vector["mean"], vector["cumulative"]
    row = drawn_reader.table(scale)
    assert [drawn_reader.cumulative(row, mean, v) for v in range(257)] == below
    assert cumulative(TABLES, scale, mean, np.arange(257)).tolist() == below
    assert [int(coder_loops.cumulative(TABLES[scale], mean, v)) for v in range(257)] == below
    assert drawn_reader.is_dry(scale, mean) == vector["dry"] == bool(is_dry(TABLES, scale, mean))


@every("samplers")
def test_the_package_draws_and_reads_the_values_of_a_stream(vector: Vector) -> None:
    words = np.frombuffer(bytes.fromhex(vector["stream"]), ">u4").astype(np.uint32)
    count = len(vector["draws"])
    state, (back, writer) = coder.begin_draw(words, count), coder.begin_put(count)
    for i, (scale, mean, parity) in enumerate(vector["draws"]):
        row = TABLES[scale]
        if parity is None:
            value = coder_loops.draw(state, words, row, mean)
        else:
            value = coder_loops.draw_with_parity(state, words, row, mean, parity)
        if i == len(vector["values"]):
            assert vector["given_up"]
            assert value == coder_loops.ABORTED
            return
        assert value == vector["values"][i]
        put = coder_loops.put if parity is None else coder_loops.put_with_parity
        put(back, writer, row, mean, value)
    interval = coder.end_put(back, writer)
    assert interval == coder.end_draw(state, words)
    found = {"used": interval.used, "low": f"{interval.low:x}", "size": f"{interval.size:x}", "determined": interval.determined}
    assert found == {name: vector[name] for name in found}


@every("samplers", "low")
def test_the_second_reader_reads_the_values_of_a_stream(vector: Vector) -> None:
    receiver = drawn_reader.Receiver()
    for (scale, mean, parity), value in zip(vector["draws"], vector["values"], strict=True):
        receiver.put(drawn_reader.law(drawn_reader.table(scale), mean, parity), value)
    assert (receiver.used, f"{receiver.b:x}", f"{receiver.r:x}") == (vector["used"], vector["low"], vector["size"])
    assert receiver.determined == vector["determined"]
    stream = int(vector["stream"][: 8 * receiver.used], 16)
    assert receiver.b <= stream < receiver.b + receiver.r


@every("headers")
def test_both_read_and_write_the_header(vector: Vector) -> None:
    plane, dry = np.frombuffer(unpacked(vector["plane"]), np.uint8), np.frombuffer(unpacked(vector["dry"]), np.bool_)
    assert header.read_nonce(plane).hex() == vector["says"] == drawn_reader.nonce(plane.tolist()).hex()
    chosen = drawn_reader.pivots(dry.tolist())
    if vector["pivots"] is None:
        assert len(chosen) < 128
        with pytest.raises(header.GivenUp):
            header.find_pivots(dry)
        return
    assert chosen == vector["pivots"]
    pivots = header.find_pivots(dry)
    assert pivots.places.tolist() == vector["pivots"]
    bits = pivots.solve(plane, bytes.fromhex(vector["nonce"]))
    assert "".join(map(str, bits)) == vector["bits"]
    written = plane.copy()
    written[pivots.places] = bits
    assert drawn_reader.nonce(written.tolist()).hex() == vector["nonce"]


@every("streams")
def test_both_make_the_keys_and_the_package_the_stream(vector: Vector) -> None:
    shape = vector["height"], vector["width"], vector["channels"]
    nonce, identity = bytes.fromhex(vector["nonce"]), bytes.fromhex(vector["identity"])
    own = DrawnKeys.of(picture_root(shape, nonce, package_key(vector["key"])), identity)
    blank = drawn_reader.Picture(*shape, (), (), identity)
    other = drawn_reader.keys(drawn_reader.root(blank.shape, nonce, reader_key(vector["key"])), identity)
    for name, expected in vector["keys"].items():
        assert getattr(own, name).hex() == expected == getattr(other, name).hex()
    words = stream_words(bytes.fromhex(vector["body"]), vector["kind"], own, shape)
    assert words.astype(">u4").tobytes().hex() == vector["stream"]


@dataclass(frozen=True)
class GivenLaws:
    """A model whose laws are a vector's, whatever the latent."""

    shape: tuple[int, int, int]
    identity: bytes
    scales: NDArray[np.int64]  # (C, H W)
    means: NDArray[np.int64]
    name: str = "vector"
    promise_bytes: int = 0


class PlaneReader:
    """Its pictures: planes one after the other, kept as (H, W, C)."""

    def read_nonce(self, picture: NDArray[np.uint8]) -> bytes:
        return header.read_nonce(np.ascontiguousarray(picture[:, :, 0]).reshape(-1))

    def read(self, model: GivenLaws, picture: NDArray[np.uint8], latent: bytes) -> coder.Interval:
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1)).reshape(picture.shape[2], -1)
        state, words = coder.begin_put(planes.size)
        try:
            pivots = header.find_pivots(is_dry(TABLES, model.scales[0], model.means[0])).places
        except header.GivenUp:
            return coder.Interval(0, 1, 3, is_possible=False)
        rest = np.setdiff1d(np.arange(planes.shape[1]), pivots)
        scales, means, plane = model.scales[0], model.means[0], planes[0]
        coder_loops.put_many(state, words, TABLES, scales[rest], means[rest], plane[rest])
        coder_loops.put_many_with_parities(state, words, TABLES, scales[pivots], means[pivots], plane[pivots])
        for scales, means, plane in zip(model.scales[1:], model.means[1:], planes[1:], strict=True):
            coder_loops.put_many(state, words, TABLES, scales, means, plane)
        return coder.end_put(state, words)


@every("pictures")
def test_the_package_finds_what_a_picture_says(vector: Vector) -> None:
    height, width, channels = shape = vector["height"], vector["width"], vector["channels"]
    scales = np.frombuffer(unpacked(vector["scales"]), np.uint8).astype(np.int64).reshape(channels, -1)
    means = np.frombuffer(unpacked(vector["means"]), "<i4").astype(np.int64).reshape(channels, -1)
    model = GivenLaws(shape, bytes.fromhex(vector["identity"]), scales, means)
    planes = np.frombuffer(unpacked(vector["planes"]), np.uint8).reshape(channels, height, width)
    found = reveal_drawn(np.ascontiguousarray(planes.transpose(1, 2, 0)), package_key(vector["key"]), [model], PlaneReader())
    assert content_of(found) == vector["expect"], vector["why"]


@every("pictures")
def test_the_second_reader_finds_what_a_picture_says(vector: Vector) -> None:
    size = vector["height"] * vector["width"]
    samples, scales = unpacked(vector["planes"]), unpacked(vector["scales"])
    means = struct.unpack(f"<{len(samples)}i", unpacked(vector["means"]))
    starts = range(0, len(samples), size)
    planes = [samples[start : start + size] for start in starts]
    laws = [list(zip(scales[start : start + size], means[start : start + size], strict=True)) for start in starts]
    shape = vector["height"], vector["width"], vector["channels"]
    picture = drawn_reader.Picture(*shape, planes, laws, bytes.fromhex(vector["identity"]))
    assert content_of(drawn_reader.read(picture, reader_key(vector["key"]))) == vector["expect"], vector["why"]


@pytest.mark.parametrize(("channels", "stages", "luma"), [(1, 1, False), (3, 1, False), (3, 1, True), (1, 2, False)])
def test_the_second_reader_reads_what_the_package_draws_from_a_model(channels: int, stages: int, luma: bool) -> None:
    """From the model's integers, the key and the picture alone."""
    settings = {"size": 32, "channels": channels, "stages": stages}
    tensors = small_tensors(4, **settings, log2_scale=1.5, gray=128, luma=luma)
    made = hide(b"read by two", KeyFile(bytes(range(32))), small_model(4, **settings, luma=luma), drawing).picture
    other, key = drawn_model.Reader(tensors), reader.Key(bytes(range(32)))
    shape = b"ssgan/1" + struct.pack("<IIBI", *made.shape, made.size)
    first = made[::2, ::2, 1 if channels == 3 else 0].reshape(-1)
    own = drawn_reader.keys(drawn_reader.root(shape, drawn_reader.nonce(first.tolist()), key), other.identity)
    assert drawn_reader.read(other.picture(made, own.latent), key) == b"read by two"
