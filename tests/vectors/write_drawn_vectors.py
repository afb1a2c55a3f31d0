"""Writes the vectors of drawn covers.   python -m tests.vectors.write_drawn_vectors

Each function fills one file of `drawn/`. Everything is drawn from the vectors' names, so that a second run writes the same
vectors; another zlib may pack the same samples into other bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.vectors import drawn_reader as reader
from tests.vectors.book import content_json, key_json
from tests.vectors.drawn_reader import Law, Picture, table
from tests.vectors.drawn_writing import Sender, chance, made, parities, stream_of, with_planes
from tests.vectors.reader import Key, Part, parse
from tests.vectors.writing import deflate, key_of, spread

FOLDER = Path(__file__).parent / "drawn"
SCALES = (3, 12, 14, 18, 23, 41)
HELLO = b"Meet me at nine."
Vector = dict[str, Any]


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()


def digest(row: Sequence[int]) -> str:
    return hashlib.sha256(struct.pack(f"<{len(row)}i", *row)).hexdigest()


def tables() -> list[Vector]:
    """Rows of the table, and how laws are read off them."""
    vectors: list[Vector] = []
    for scale in SCALES:
        why = "as rounded" if scale < 12 else "balanced"
        vectors.append({"name": f"row-{scale}", "why": why, "scale": scale, "sha256": digest(table(scale))})
    for name, why, scale, mean in [
        ("middle", "a whole gray level", 18, 2000),
        ("sixteenths", "a mean between two gray levels", 18, 2007),
        ("narrow", "one value has nearly all", 3, 1608),
        ("wide-dry", "the widest law, in the middle: dry or not", 41, 2048),
        ("dry-low", "as near to 0 as a dry sample of this scale may be", 12, 194),
        ("wet-low", "a sixteenth nearer", 12, 193),
        ("dry-high", "as near to 255 as a dry sample of this scale may be", 12, 3886),
        ("wet-high", "a sixteenth nearer", 12, 3887),
        ("below", "a mean below 0", 23, -160),
        ("far-below", "a mean so low that only 0 is left", 23, -(10**9)),
        ("above", "a mean above 255", 14, 4200),
        ("far-above", "a mean so high that only 255 is left", 41, 10**9),
        ("end", "16 v - 8 - mean runs from -6408 on", 41, 6400),
    ]:
        below = [reader.cumulative(table(scale), mean, v) for v in range(257)]
        law = {"scale": scale, "mean": mean, "cumulative": below, "dry": reader.is_dry(scale, mean)}
        vectors.append({"name": f"law-{name}", "why": why, **law})
    return vectors


def samplers() -> list[Vector]:
    """Streams, the values that they draw, and what a reader gets back."""
    vectors: list[Vector] = []

    def add(name: str, why: str, draws: Sequence[tuple[int, int, int | None]], stream: bytes) -> None:
        sender, receiver, values = Sender(stream), reader.Receiver(), list[int]()
        for scale, mean, parity in draws:
            weights = reader.law(table(scale), mean, parity)
            value = sender.draw(weights)
            if value is None:
                break
            values.append(value)
            receiver.put(weights, value)
        vector: Vector = {"name": name, "why": why, "draws": draws, "stream": stream.hex(), "values": values}
        if len(values) < len(draws):
            vector["given_up"] = True
        else:
            assert receiver.r == sender.r
            back = {
                "used": receiver.used,
                "low": f"{receiver.b:x}",
                "size": f"{receiver.r:x}",
                "determined": receiver.determined,
            }
            vector |= back
        vectors.append(vector)

    def laws(name: str, count: int, scales: Sequence[int] = SCALES) -> list[tuple[int, int, int | None]]:
        one = chance(name)
        return [(one.choice(scales), one.randrange(900, 3200), None) for _ in range(count)]

    for count in (1, 2, 10, 200):
        stream = chance(f"stream-{count}").randbytes(4 * (count // 2 + 4))
        add(f"random-{count}", f"{count} samples by random bits", laws(f"random-{count}", count), stream)
    add("zeros", "a stream of zeros: the lowest values that there are", laws("zeros", 40), bytes(96))
    add("half", "a one and zeros", laws("half", 40), b"\x80" + bytes(95))
    add("ones", "a stream of ones: given up as soon as R is no multiple of 2^16", laws("ones", 40), b"\xff" * 96)
    parity = [(scale, mean, i % 2) for i, (scale, mean, _) in enumerate(laws("parity", 40, (12, 14, 18)))]
    add("parities", "dry samples of known parity", parity, chance("parities").randbytes(96))
    mixed = [(scale, mean, None if i % 3 else i % 2) for i, (scale, mean, _) in enumerate(laws("mixed", 60, (12, 18)))]
    add("mixed", "known parities among others", mixed, chance("mixed").randbytes(136))
    ends = [(scale, mean, None) for scale in SCALES for mean in (-(10**9), -100, 0, 8, 4072, 4080, 4200, 10**9)]
    add("ends", "means at and beyond the ends of the range", ends, chance("ends").randbytes(4 * (len(ends) // 2 + 4)))
    add("nothing-told", "laws of one value: no word is used", [(3, 10**6, None)] * 30, chance("nothing").randbytes(76))
    return vectors


def headers() -> list[Vector]:
    """Planes and what they say; pivots and their lowest bits."""
    vectors: list[Vector] = []
    for name, why, samples, share in [
        ("small", "all 200 count", 200, 0.9),
        ("square", "1,024, half of them dry", 1024, 0.5),
        ("4096", "the largest plane of which all count for that reason", 4096, 0.3),
        ("8191", "floor(8191 / 4096) = 1: all count", 8191, 0.1),
        ("8192", "every second counts", 8192, 0.5),
        ("12289", "every third; the last counts", 12289, 0.5),
        ("127-dry", "127 dry samples: given up", 1024, -127),
        ("first-130", "130 dry samples, perhaps dependent", 1024, -130),
        ("none-dry", "no dry sample", 300, 0.0),
    ]:
        one = chance(name)
        dry = [i < -share for i in range(samples)] if share < 0 else [one.random() < share for _ in range(samples)]
        plane = [one.randrange(256) for _ in range(samples)]
        said = one.randbytes(16)
        chosen = reader.pivots(dry)
        vector: Vector = {"name": name, "why": why, "plane": packed(bytes(plane)), "says": reader.nonce(plane).hex()}
        vector |= {"dry": packed(bytes(dry)), "pivots": chosen if len(chosen) == 128 else None}
        if len(chosen) == 128:
            vector |= {"nonce": said.hex(), "bits": "".join(map(str, parities(plane, chosen, said)))}
        vectors.append(vector)
    return vectors


def streams() -> list[Vector]:
    """Keys and whole streams."""
    vectors: list[Vector] = []
    part = spread(HELLO, 2, 3, "drawn-part")[1]
    for name, why, key, body, kind in [
        ("key-file", "a key file", key_of("drawn-1"), HELLO, 0),
        ("empty", "an empty body", key_of("drawn-2"), b"", 0),
        ("long", "a body of 700 bytes", key_of("drawn-3"), bytes(700), 0),
        ("deflated", "kind 2", key_of("drawn-4"), deflate(bytes(100)), 2),
        ("part", "kind 4", key_of("drawn-5"), part, 4),
        ("deflated-part", "kind 6", key_of("drawn-6"), part, 6),
        ("passphrase", "a passphrase, with a letter in another normal form", Key("cafe\u0301 at nine"), HELLO, 0),
        ("marked", "a byte order mark is no part of a passphrase", Key("\ufeffwords"), HELLO, 0),
    ]:
        one = chance(name)
        shape = Picture(one.randrange(8, 40), one.randrange(8, 40), 3, (), (), one.randbytes(32))
        said = one.randbytes(16)
        own = reader.keys(reader.root(shape.shape, said, key), shape.identity)
        stream = stream_of(body, kind, own, shape.shape, shape.samples)
        vector = {"name": name, "why": why, "height": shape.height, "width": shape.width, "channels": 3, "key": key_json(key)}
        vector |= {"identity": shape.identity.hex(), "nonce": said.hex()}
        vector |= {"keys": {field: getattr(own, field).hex() for field in ("latent", "seal", "fill", "mask")}}
        vector |= {"body": body.hex(), "kind": kind, "stream": stream.hex()}
        vectors.append(vector)
    return vectors


def laws_of(name: str, height: int, width: int, channels: int, scales: Sequence[int], means: tuple[int, int]) -> Picture:
    """A blank picture whose laws follow from its name."""
    one = chance(name)
    laws: list[list[Law]] = [
        [(one.choice(scales), one.randrange(*means)) for _ in range(height * width)] for _ in range(channels)
    ]
    return Picture(height, width, channels, (), laws, one.randbytes(32))


def pictures() -> list[Vector]:
    """Whole pictures with the laws of their samples: what is said, or nothing."""
    vectors: list[Vector] = []

    def add(name: str, why: str, picture: Picture, key: Key, content: bytes | Part | None) -> None:
        assert reader.read(picture, key) == content, name
        samples = bytes(value for plane in picture.planes for value in plane)
        scales = bytes(scale for laws in picture.laws for scale, _ in laws)
        means = [mean for laws in picture.laws for _, mean in laws]
        vector = {"name": name, "why": why, "height": picture.height, "width": picture.width, "channels": picture.channels}
        vector |= {
            "identity": picture.identity.hex(),
            "key": key_json(key),
            "planes": packed(samples),
            "scales": packed(scales),
        }
        vector |= {"means": packed(struct.pack(f"<{len(means)}i", *means)), "expect": content_json(content)}
        vectors.append(vector)

    def hidden(
        name: str, body: bytes, kind: int = 0, *, size: tuple[int, int, int] = (16, 12, 3), **laws: Any
    ) -> tuple[Picture, Key]:
        blank = laws_of(name, *size, laws.get("scales", (12, 14, 18)), laws.get("means", (900, 3200)))
        key = key_of(f"drawn-{name}")
        said = chance(f"{name}-nonce").randbytes(16)
        return made(blank, body, kind, said, reader.keys(reader.root(blank.shape, said, key), blank.identity)), key

    parts = spread(HELLO, 2, 3, "drawn-picture")
    for name, why, body, kind, content in [
        ("message", "a message", HELLO, 0, HELLO),
        ("empty", "an empty message", b"", 0, b""),
        ("zeros", "a message of zeros", bytes(60), 0, bytes(60)),
        ("ones", "a message of ones", b"\xff" * 60, 0, b"\xff" * 60),
        ("deflated", "deflated", deflate(bytes(3000)), 2, bytes(3000)),
        ("part", "a part", parts[2], 4, parse(parts[2], 4)),
        ("deflated-part", "a part of a deflated message", parts[0], 6, parse(parts[0], 6)),
        ("kind-1", "kind 1 is none", HELLO + b"\x80", 1, None),
        ("kind-8", "kind 8 is none", HELLO, 8, None),
        ("no-deflate", "deflated, but no DEFLATE stream", HELLO, 2, None),
        ("no-part", "a part, but too short for one", b"part", 4, None),
    ]:
        picture, key = hidden(name, body, kind)
        add(name, why, picture, key, content)
    settings: list[tuple[str, str, tuple[int, int, int], dict[str, Any]]] = [
        ("gray", "one plane, which is all header", (16, 20, 1), {}),
        ("wide", "another shape", (8, 30, 3), {}),
        ("narrow-laws", "many samples are not dry", (20, 20, 3), {"scales": (3, 12, 3, 14)}),
        ("dark", "values at the end of the range; few samples are dry", (24, 24, 3), {"means": (-100, 600)}),
        ("bright", "at the other end", (24, 24, 3), {"means": (3500, 4300)}),
    ]
    for name, why, size, laws in settings:
        picture, key = hidden(name, HELLO, size=size, **laws)
        add(name, why, picture, key, HELLO)
    picture, key = hidden("changes", HELLO)
    add("other-key", "another key", picture, key_of("drawn-other"), None)
    add("other-model", "another model's identity", replace(picture, identity=bytes(32)), key, None)
    one = chance("which")
    for place in ("first", "pivot", "second-plane", "last"):
        planes = [list(plane) for plane in picture.planes]
        first = reader.pivots([reader.is_dry(*law) for law in picture.laws[0]])
        plane, index = {"first": (0, 0), "pivot": (0, first[one.randrange(128)]), "second-plane": (1, 5), "last": (2, -1)}[
            place
        ]
        planes[plane][index] += 1
        add(f"changed-{place}", "one sample higher by one", with_planes(picture, planes), key, None)
    planes = [list(plane) for plane in picture.planes]
    planes[0][first[7]] += 2
    add("changed-pivot-twice", "a pivot with the same lowest bit: the nonce stays", with_planes(picture, planes), key, None)
    said = chance("full").randbytes(16)
    blank = laws_of("full", 16, 12, 3, (12, 14, 18), (900, 3200))
    full = key_of("drawn-full")
    own = reader.keys(reader.root(blank.shape, said, full), blank.identity)
    guess = reader.receive(made(blank, bytes(250), 0, said, own))
    assert guess is not None
    sizes = range(4 * guess.determined, 200, -1)
    longest = next(n for n in sizes if reader.read(made(blank, bytes(n), 0, said, own), full) is not None)
    add("full", "as many bytes as are determined", made(blank, bytes(longest), 0, said, own), full, bytes(longest))
    add("overfull", "one byte more: the last one is not determined", made(blank, bytes(longest + 1), 0, said, own), full, None)
    few = laws_of("few-pivots", 16, 12, 3, (3, 3, 12), (900, 3200))
    noise = random.Random("noise")
    values = [[mean // 16 for _, mean in laws] for laws in few.laws]
    add("few-pivots", "fewer than 128 pivots: drawn by no stream", with_planes(few, values), key_of("drawn-few"), None)
    add(
        "noise",
        "samples that the laws cannot give",
        with_planes(blank, [[noise.randrange(256) for _ in p] for p in blank.laws]),
        key,
        None,
    )
    return vectors


FILES: dict[str, Callable[[], list[Vector]]] = {
    "tables": tables,
    "samplers": samplers,
    "headers": headers,
    "streams": streams,
    "pictures": pictures,
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, vectors in FILES.items():
        lines = ",\n".join(json.dumps(vector, ensure_ascii=True) for vector in vectors())
        (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n", "ascii")


if __name__ == "__main__":
    main()
