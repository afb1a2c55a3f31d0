"""The vectors that no writer would make: images changed, streams forged, several streams in one image; and large ones.

`write_vectors` writes them with the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tests.vectors.book import HELLO, NOTHING, Book, cover, text
from tests.vectors.reader import DEFLATED, LARGEST, PART, Image, Key, Part, join, parse_part
from tests.vectors.writing import Cover, Wish, associated_data, deflate, key_of, noise, part_body, satisfy, spread


def turned(image: Image, places: list[int], height: int, width: int) -> Image:
    """The image whose pixel i is the pixel places[i] of this one."""
    c = image.channels
    return Image(height, width, c, b"".join(image.samples[c * place : c * place + c] for place in places))


def changes(book: Book) -> None:
    """One message, and what may and may not happen to its image."""
    one = cover("changes")
    one.hide(HELLO, split=4)
    flat = cover("changes-split-0")
    flat.hide(HELLO, split=0)
    book.add(one, "as written", HELLO)
    book.add(flat, "as written, all in the lowest bits", HELLO)
    box = one.container
    for name, why, base, places, mask, content in [
        ("frozen-first", "the first frozen sample, by 1", one, box.frozen[:1], 1, NOTHING),
        ("frozen-last", "the last frozen sample, by 1", one, box.frozen[-1:], 1, NOTHING),
        ("frozen-public-last", "the last public frozen sample, by 1", one, box.frozen[box.public - 1 : box.public], 1, NOTHING),
        ("frozen-secret-first", "the first that is not public, by 1", one, box.frozen[box.public :][:1], 1, NOTHING),
        ("frozen-high", "a frozen sample's highest bit", one, box.frozen[9:10], 128, NOTHING),
        ("order-first", "the lowest bit of y[0]", one, box.order[:1], 1, NOTHING),
        ("order-last", "the lowest bit of the last y", one, box.order[-1:], 1, NOTHING),
        ("order-middle", "the lowest bit of one y", one, box.order[400:401], 1, NOTHING),
        ("second-bit", "the second lowest bit of one y", one, box.order[700:701], 2, NOTHING),
        ("all-low-bits", "the lowest bits of all samples in the order", one, box.order, 1, NOTHING),
        ("third-bit", "the third lowest bit of one y carries nothing", one, box.order[:1], 4, HELLO),
        ("high-bits", "the six high bits of all samples in the order carry nothing", one, box.order, 0xFC, HELLO),
        ("second-bits-split-0", "with split 0 no second lowest bit counts", flat, flat.container.order, 2, HELLO),
    ]:
        other = replace(base, name=f"changes-{name}")
        for place in places:
            other.change(place, base.image.samples[place] ^ mask)
        book.add(other, why, content)
    turns(book, one)
    colors(book)


def turns(book: Book, one: Cover) -> None:
    """The same samples in other places, and other samples in the same places."""
    image, grid = one.image, [[32 * row + column for column in range(32)] for row in range(32)]
    for name, why, rows in [
        ("transposed", "rows and columns exchanged", [list(column) for column in zip(*grid, strict=True)]),
        ("mirrored", "left and right exchanged", [row[::-1] for row in grid]),
        ("upside-down", "top and bottom exchanged", grid[::-1]),
        ("cropped", "the last row is missing", grid[:-1]),
        ("narrowed", "the last column is missing", [row[:-1] for row in grid]),
        ("repeated-row", "one row more", [*grid, grid[-1]]),
    ]:
        places = [place for row in rows for place in row]
        other = replace(one, name=f"changes-{name}", image=turned(image, places, len(rows), len(rows[0])))
        book.add(other, why, NOTHING)
    tripled = bytes(v for v in image.samples for _ in "rgb")
    for name, why, other_image in [
        ("reshaped", "the same samples as 16 x 64", replace(image, height=16, width=64)),
        ("one-row", "the same samples in one row", replace(image, height=1, width=1024)),
        (
            "gray-as-color",
            "every sample as red, green and blue",
            Image(32, 32, 3, tripled),
        ),
        ("inverted", "every sample subtracted from 255", replace(image, samples=bytes(255 - v for v in image.samples))),
        ("brighter", "every sample raised by 1", replace(image, samples=bytes(v + 1 for v in image.samples))),
    ]:
        book.add(replace(one, name=f"changes-{name}", image=other_image), why, NOTHING)


def colors(book: Book) -> None:
    """A color image's samples in other orders."""
    color = cover("changes-color", 16, 18, 3)
    color.hide(HELLO)
    book.add(color, "as written, in color", HELLO)
    samples = color.image.samples
    exchanged = b"".join(samples[i : i + 3][::-1] for i in range(0, len(samples), 3))
    planes = samples[::3] + samples[1::3] + samples[2::3]
    for name, why, other_image in [
        ("color-as-gray", "the same samples as a gray image three times as wide", Image(16, 54, 1, samples)),
        (
            "blue-first",
            "red and blue exchanged",
            Image(16, 18, 3, exchanged),
        ),
        (
            "planes",
            "all red samples, then all green, then all blue",
            Image(16, 18, 3, planes),
        ),
    ]:
        book.add(replace(color, name=f"changes-{name}", image=other_image), why, NOTHING)


def wrong_keys(book: Book) -> None:
    """Images in which there is nothing for this key."""
    one = cover("wrong-key")
    one.hide(HELLO)
    secret = one.key.secret
    assert isinstance(secret, bytes)
    for name, why, key in [
        ("another", "another key", key_of("another")),
        ("one-bit", "one bit of the key differs", Key(secret[:-1] + bytes([secret[-1] ^ 1]))),
        ("reversed", "the key's bytes in reverse", Key(secret[::-1])),
        ("passphrase", "the key's digits as a passphrase", Key(secret.hex())),
    ]:
        book.add(replace(one, name=f"wrong-key-{name}"), why, NOTHING, key=key)
    for name, why, image in [
        ("noise", "noise", noise("no-message-noise", 40, 40, 1)),
        ("noise-color", "noise in color", noise("no-message-noise-color", 24, 24, 3)),
        ("black", "all samples 0: every extracted bit is 0", Image(40, 40, 1, bytes(1600))),
        ("white", "all samples 255", Image(40, 40, 1, b"\xff" * 1600)),
        ("ramp", "a ramp from left to right", Image(40, 40, 1, bytes(range(100, 140)) * 40)),
    ]:
        book.add(Cover(f"no-message-{name}", image, key_of(name)), why, NOTHING)


def seals(book: Book) -> None:
    """Streams that are wrong in one thing; rung 2 and split 5 unless that is it."""

    def add(name: str, why: str, make: Callable[[Cover], bytes], content: bytes | None = NOTHING) -> None:
        one = cover(f"seal-{name}", 48, 48)
        stream = make(one)
        one.put(stream, length, 5)
        book.add(one, why, content)

    length, plaintext = 24, text(24)

    def whole(one: Cover) -> bytes:
        return one.seal(plaintext, split=5, kind=0)

    def flip(bit: int) -> Callable[[Cover], bytes]:
        return lambda one: (int.from_bytes(whole(one), "big") ^ 1 << (8 * (length + 18) - 1 - bit)).to_bytes(length + 18, "big")

    def data(make: Callable[[bytes], list[bytes]]) -> Callable[[Cover], bytes]:
        return lambda one: one.seal(plaintext, split=5, kind=0, associated=make(one.container.shape))

    def probe(make: Callable[[Cover], bytes]) -> Callable[[Cover], bytes]:
        return lambda one: make(one) + whole(one)[2:]

    def key(make: Callable[[bytes], bytes]) -> Callable[[Cover], bytes]:
        def stream(one: Cover) -> bytes:
            shape, secret = one.container.shape, make(one.container.subkey("seal", 64))
            return whole(one)[:2] + AESSIV(secret).encrypt(plaintext, [shape, associated_data(length, 5, 0)])

        return stream

    right = associated_data(length, 5, 0)
    add("right", "nothing wrong", whole, plaintext)
    add("right-data", "nothing wrong, and the associated data spelled out", data(lambda shape: [shape, right]), plaintext)
    for bit, what in [
        (0, "probe's first bit"),
        (8, "probe's second byte"),
        (15, "probe's last bit"),
        (16, "first bit of the IV"),
    ]:
        add(f"bit-{bit}", f"the {what} is wrong", flip(bit))
    for bit, what in [(80, "a bit of the IV that AES-SIV clears for the counter"), (143, "the last bit of the IV")]:
        add(f"bit-{bit}", f"{what} is wrong", flip(bit))
    for bit, what in [(144, "the first bit of the ciphertext"), (200, "a bit of the ciphertext"), (335, "the last bit of all")]:
        add(f"bit-{bit}", f"{what} is wrong", flip(bit))
    add("garbage", "the probe is right, all else is noise", lambda one: whole(one)[:2] + noise(one.name, 1, 40, 1).samples)
    add("zeros", "the probe is right, all else is zero", lambda one: whole(one)[:2] + bytes(40))
    add("probe-swapped", "the probe's two bytes exchanged", probe(lambda one: whole(one)[1::-1]))
    add("probe-split", "the probe of the next split", probe(lambda one: one.container.probe(2, 6)))
    add("probe-rung", "the probe of the next rung", probe(lambda one: one.container.probe(3, 5)))
    add("probe-first", "the probe of rung 0 and split 0", probe(lambda one: one.container.probe(0, 0)))
    add("probe-16", "the probe number 16 r + s", probe(lambda one: one.container.probe(0, 16 * 2 + 5)))
    add("probe-absent", "no probe: the stream begins with the seal", lambda one: whole(one)[2:] + bytes(2))
    add("probe-behind", "the probe is behind the seal", lambda one: whole(one)[2:] + whole(one)[:2])
    add("data-length", "sealed for another rung", data(lambda shape: [shape, associated_data(26, 5, 0)]))
    add("data-split", "sealed for another split", data(lambda shape: [shape, associated_data(length, 4, 0)]))
    add("data-shape", "sealed for another shape", data(lambda shape: [shape[:-1] + b"\1", right]))
    add("data-transposed", "sealed for 47 x 48", data(lambda shape: [shape[:7] + b"\x2f" + shape[8:], right]))
    add("data-joined", "the two associated strings as one", data(lambda shape: [shape + right]))
    add("data-exchanged", "the two associated strings in the other order", data(lambda shape: [right, shape]))
    add("data-shape-only", "no length, split and kind", data(lambda shape: [shape]))
    add("data-none", "no associated data", data(lambda shape: []))
    add("data-empty-behind", "an empty third string", data(lambda shape: [shape, right, b""]))
    add("data-big-endian", "the length with its highest byte first", data(lambda shape: [shape, b"\0\0\0\x18\5\0"]))
    add("key-halves", "the two halves of the sealing key exchanged", key(lambda secret: secret[32:] + secret[:32]))
    add("key-half", "AES-128-SIV with half the key", key(lambda secret: secret[:32]))
    add("key-zero", "sealed with a key of zeros", key(lambda secret: bytes(64)))

    def reverse_bits(one: Cover) -> bytes:
        return bytes(int(f"{byte:08b}"[::-1], 2) for byte in whole(one))

    def second_last(one: Cover) -> bytes:
        bits = "".join(f"{byte:08b}" for byte in whole(one))
        second = len(bits) * 5 // 32
        return int(bits[-second:] + bits[:-second], 2).to_bytes(length + 18, "big")

    add("bits-reversed", "each byte's lowest bit first", reverse_bits)
    add("layers-exchanged", "the stream's last bits in the second layer", second_last)


def covers(book: Book) -> None:
    """Images of all sorts; in some of them samples changed by more than 1, which no reader can see."""
    two = bytes(127 + (v & 1) for v in noise("two", 40, 40, 1).samples)
    extremes = bytes(255 * (v & 1) for v in noise("extremes", 40, 40, 1).samples)
    for name, why, split, values in [
        ("black", "all 0 before: every change went up", 0, bytes(1600)),
        ("white", "all 255 before: every change went down", 0, b"\xff" * 1600),
        ("flat", "all 128 before", 4, b"\x80" * 1600),
        ("black-split-8", "all 0 before, second lowest bits flipped by changes of 2", 8, bytes(1600)),
        ("white-split-8", "all 255 before, second lowest bits flipped by changes of 2", 8, b"\xff" * 1600),
        ("extremes", "0 and 255 alone before", 0, extremes),
        ("extremes-split-16", "0 and 255 alone before", 16, extremes),
        ("ramp", "a ramp before", 5, bytes(range(2, 202, 5)) * 40),
        (
            "two-values",
            "127 and 128 before: every carry goes through all bits",
            7,
            two,
        ),
    ]:
        one = Cover(f"cover-{name}", Image(40, 40, 1, values), key_of(name))
        one.hide(text(50), split=split)
        book.add(one, why, text(50))
    one = cover("cover-low-bits-only", 48, 48)
    one.hide(text(70), split=11)
    chosen = set(one.container.frozen)
    one.image = replace(one.image, samples=bytes(v if i in chosen else v & 3 for i, v in enumerate(one.image.samples)))
    book.add(one, "only the two lowest bits of the samples in the order are left", text(70))


def several(book: Book) -> None:
    """Several streams in one image: the first that opens and is well formed, rungs and splits ascending, is the message."""

    def add(name: str, why: str, content: bytes | Part, *forged: tuple[int, int, int, bytes]) -> None:
        """Each of `forged` is a rung, a split, a kind and a plaintext, or with kind -1 the stream behind the probe."""
        one = cover(f"several-{name}", 56, 56)
        box, wishes = one.container, []
        for rung, split, kind, plaintext in forged:
            stream = box.probe(rung, split) + plaintext if kind < 0 else one.seal(plaintext, split=split, kind=kind)
            wishes.append(Wish(one.key, stream, box.rungs[rung], split))
        one.image = satisfy(one.image, wishes)
        book.add(one, why, content)

    part = spread(text(9), 3, 4, "several")[1]  # 18 bytes
    whole = parse_part(part, False)
    assert whole
    padded_part = part + b"\x80\0"
    good, bad = (2, 13, 0, text(24)), bytes(22)
    add("rungs", "two messages: the smaller rung comes first", text(20), (0, 9, 0, text(20)), (4, 2, 0, text(29)))
    add("splits", "one rung: the smaller split comes first", text(22), (1, 5, 0, text(22)), (1, 11, 0, bad))
    add("rung-before-split", "a smaller rung with the largest split", text(22), (1, 16, 0, text(22)), (2, 0, 0, text(24)))
    add("probe-alone", "a right probe with no seal behind it, then the message", text(24), (0, 0, -1, b""), good)
    probes = [(rung, split, -1, b"") for rung, split in [(0, 0), (1, 2), (1, 3), (2, 2), (2, 6)]]
    add("probes-alone", "five right probes, then the message", text(26), *probes, (3, 13, 0, text(26)))
    add("padding-bad", "what opens first is padded badly: it is no message", text(24), (0, 3, 1, bytes(20)), good)
    add("deflate-bad", "what opens first does not inflate", text(24), (1, 3, 2, b"\7" * 22), good)
    add("part-bad", "what opens first is no part", text(24), (1, 3, 4, bad), good)
    add("kind-bad", "what opens first has kind 8", text(24), (1, 3, 8, bad), good)
    add("part-first", "a part, then a message", whole, (0, 4, 5, padded_part), good)
    add("part-second", "a message, then a part", text(20), (0, 2, 0, text(20)), (0, 4, 5, padded_part))
    one_after_another(book)


def one_after_another(book: Book) -> None:
    """A seal without its probe before a message, and two passphrases in one image."""
    one = cover("several-probe-wrong", 56, 56)
    first, second = one.seal(text(20), split=3, kind=0), one.seal(text(24), split=13, kind=0)
    wishes = [Wish(one.key, bytes([first[0] ^ 1]) + first[1:], 20, 3), Wish(one.key, second, 24, 13)]
    one.image = satisfy(one.image, wishes)
    book.add(one, "the first seal has a wrong probe, and is passed over", text(24))

    names = ("one sender", "another sender")
    image, keys = noise("several-passphrases", 56, 56, 1), [Key(name) for name in names]
    streams = [
        Cover(name, image, key).seal(name.encode().ljust(20), split=4, kind=0) for name, key in zip(names, keys, strict=True)
    ]
    image = satisfy(image, [Wish(key, stream, 20, 4) for key, stream in zip(keys, streams, strict=True)])
    for i, (name, key) in enumerate(zip(names, keys, strict=True)):
        why = "two passphrases with a message each, in the same rung and split"
        book.add(Cover(f"several-passphrases-{i}", image, key), why, name.encode().ljust(20))


def parts(book: Book) -> None:
    """Parts of spread messages; `joins` puts them together."""

    def add(name: str, why: str, body: bytes, *, kind: int = PART, bad: bool = False) -> None:
        one = cover(f"part-{name}", 40, 40)
        one.hide_body(body, kind=kind, split=5)
        content = parse_part(body, bool(kind & DEFLATED))
        assert bad == (content is None)
        book.add(one, why, content)

    for name, needed, count, message, kind in [
        ("3-of-5", 3, 5, text(70), PART),
        ("1-of-3", 1, 3, text(30), PART),
        ("2-of-2", 2, 2, text(41), PART),
        ("4-of-6", 4, 6, b"five!", PART),
        ("deflated", 2, 3, deflate(text(90)), PART | DEFLATED),
        ("deflated-badly", 2, 2, b"\7" + text(20), PART | DEFLATED),
        ("empty", 2, 3, b"", PART),
    ]:
        for i, body in enumerate(spread(message, needed, count, name)):
            sort = "a piece of the message" if i < needed else "parity"
            add(f"{name}-{i}", f"part {i} of {count}, any {needed} suffice, {len(message)} bytes: {sort}", body, kind=kind)
    add("1-of-255-last", "part 254 of 255, of which any suffices", spread(text(12), 1, 255, "1-of-255")[254])
    add("255-of-255-last", "part 254 of 255, all of them needed", spread(text(255), 255, 255, "255-of-255")[254])
    add("128-of-255-parity", "the last of 127 parity symbols", spread(text(256), 128, 255, "128-of-255")[254])
    add("other-id", "a part of another message of the same length", spread(text(70), 3, 5, "other-id")[1])
    add("other-length", "the id of 3-of-5 with another length", part_body(identity("3-of-5"), 1, 3, 5, 69, bytes(23)))
    add("other-count", "the id of 3-of-5 with another count", part_body(identity("3-of-5"), 1, 3, 6, 70, bytes(24)))

    for name, why, body in [
        ("index-too-large", "part 5 of 5: they are counted from 0", part_body(bytes(8), 5, 3, 5, 6, b"ab")),
        ("index-255", "part 255", part_body(bytes(8), 255, 3, 255, 6, b"ab")),
        ("none-needed", "w = 0", part_body(bytes(8), 0, 0, 5, 6, b"ab")),
        ("more-needed", "w > v", part_body(bytes(8), 0, 6, 5, 6, b"a")),
        ("one-image", "v = 1", part_body(bytes(8), 0, 1, 1, 2, b"ab")),
        ("no-image", "v = 0", part_body(bytes(8), 0, 0, 0, 0, b"")),
        ("share-short", "the share lacks a byte", part_body(bytes(8), 0, 3, 5, 7, b"ab")),
        ("share-long", "the share has a byte more", part_body(bytes(8), 0, 3, 5, 6, b"abc")),
        ("share-none", "no share where there should be one", part_body(bytes(8), 0, 3, 5, 6, b"")),
        ("length-huge", "the length of a giant, and three bytes", part_body(bytes(8), 0, 2, 5, 2**32 - 1, b"abc")),
        ("big-endian", "the length with its highest byte first", bytes(8) + b"\0\2\3\0\0\0\4ab"),
        ("header-cut", "14 bytes", part_body(bytes(8), 0, 1, 2, 0, b"")[:14]),
        ("no-body", "no byte at all", b""),
    ]:
        add(f"bad-{name}", why, body, bad=True)
        if name in ("share-long", "none-needed"):
            add(f"bad-{name}-deflated", f"{why}, of a DEFLATE stream", body, kind=PART | DEFLATED, bad=True)


def identity(name: str) -> bytes:
    return hashlib.sha256(b"id " + name.encode()).digest()[:8]


def joins() -> list[dict[str, Any]]:
    """Names of vectors in parts.json, and the message that they make together, or null where they do not."""
    spreads: dict[str, tuple[int, int, bytes, bytes, bool]] = {
        "3-of-5": (3, 5, text(70), text(70), False),
        "1-of-3": (1, 3, text(30), text(30), False),
        "2-of-2": (2, 2, text(41), text(41), False),
        "4-of-6": (4, 6, b"five!", b"five!", False),
        "deflated": (2, 3, deflate(text(90)), text(90), True),
        "empty": (2, 3, b"", b"", False),
        "deflated-badly": (2, 2, b"\7" + text(20), b"", True),
    }
    vectors = []
    for name, why, indices, joined in [
        ("3-of-5", "the message's own pieces", (0, 1, 2), True),
        ("3-of-5", "their order does not matter", (2, 0, 1), True),
        ("3-of-5", "one piece is lost", (0, 1, 3), True),
        ("3-of-5", "one piece is lost", (0, 2, 4), True),
        ("3-of-5", "two pieces are lost", (1, 3, 4), True),
        ("3-of-5", "two pieces are lost, in another order", (4, 2, 3), True),
        ("3-of-5", "more than needed", (0, 2, 3, 4), True),
        ("3-of-5", "all", (0, 1, 2, 3, 4), True),
        ("3-of-5", "one part twice, and enough others", (3, 3, 0, 4), True),
        ("3-of-5", "too few", (0, 3), False),
        ("3-of-5", "one part twice, and one other: too few", (0, 3, 3), False),
        ("1-of-3", "the piece", (0,), True),
        ("1-of-3", "parity alone", (1,), True),
        ("1-of-3", "the other parity alone", (2,), True),
        ("2-of-2", "all are needed", (1, 0), True),
        ("2-of-2", "one is missing", (1,), False),
        ("4-of-6", "the last share is filled with zeros, and the one before in part", (0, 1, 2, 3), True),
        ("4-of-6", "both first pieces are lost", (2, 3, 4, 5), True),
        ("deflated", "inflated after they are joined", (0, 1), True),
        ("deflated", "inflated after one piece is lost", (1, 2), True),
        ("deflated-badly", "what is joined does not inflate", (0, 1), False),
        ("empty", "an empty message", (0, 1), True),
        ("empty", "an empty message from parity", (2, 0), True),
    ]:
        needed, count, message, meant, deflated = spreads[name]
        bodies = spread(message, needed, count, name)
        if joined:
            assert join([part for i in indices if (part := parse_part(bodies[i], deflated))]) == meant
        names = [f"part-{name}-{i}" for i in indices]
        title = f"join-{name}-of-{'-'.join(map(str, indices))}"
        vectors.append({"name": title, "why": why, "parts": names, "message": meant.hex() if joined else None})
    for name, why in [
        ("part-other-id", "one part has another id"),
        ("part-other-length", "one part has another length"),
        ("part-other-count", "one part has another count"),
    ]:
        names = ["part-3-of-5-0", name, "part-3-of-5-4"]
        vectors.append({"name": f"join-{name}", "why": why, "parts": names, "message": None})
    return vectors


def large(book: Book) -> None:
    """A million samples: the code's height, and the largest message."""
    for name, why, height, width, channels in [
        ("height-12-last", "n = 1,048,576: columns of 12 bits", 241, 4352, 1),
        ("height-10-first", "n = 1,048,577: columns of 10 bits", 3, 116_537, 3),
    ]:
        row = width * channels
        image = Image(height, width, channels, b"".join(bytes([100 + y % 100]) * row for y in range(height)))
        one = Cover(name, image, key_of(name))
        one.hide(HELLO, split=0 if channels == 1 else 1)
        book.add(one, why, HELLO)
    for name, why, size, content in [
        ("bomb-at-limit", "64 MiB of zeros, deflated: the largest message", LARGEST, bytes(LARGEST)),
        ("bomb-beyond", "64 MiB and 1 byte: no message", LARGEST + 1, NOTHING),
    ]:
        one = Cover(name, Image(1024, 1024, 1, b"\x80" * 2**20), key_of(name))
        one.hide(bytes(size), split=0, kind=DEFLATED)
        book.add(one, why, content)


FILES = (changes, wrong_keys, seals, covers, several, parts, large)
