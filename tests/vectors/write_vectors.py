"""Writes the vectors of docs/format.md: images, keys, and what must be found.   python -m tests.vectors.write_vectors

Each function below fills one file. A vector is made for one thing, and its `why` says which. Everything is drawn from
the names, so that a second run writes the same images.
"""

from __future__ import annotations

import json
import random
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.vectors import unusual_vectors
from tests.vectors.book import HELLO, NOTHING, Book, cover, text
from tests.vectors.reader import DEFLATED, Container, Key, parse_part
from tests.vectors.writing import alpha_of, deflate, key_of, noise, spread

HERE = Path(__file__).parent


def shapes(book: Book) -> None:
    """Sizes, channels, alpha: which samples there are, how many are frozen, how they are ordered."""
    for name, why, height, width, channels in [
        ("gray", "gray, sides equal", 32, 32, 1),
        ("color", "color: red, green, blue of a pixel follow each other", 18, 18, 3),
        ("wide", "height and width must not be swapped", 16, 64, 1),
        ("tall", "height and width must not be swapped", 64, 16, 1),
        ("odd-gray", "odd sides", 29, 31, 1),
        ("odd-color", "odd sides in color", 17, 23, 3),
        ("one-row", "a row", 1, 900, 1),
        ("one-column", "a column", 900, 1, 1),
        ("one-row-color", "a row in color", 1, 301, 3),
        ("one-column-color", "a column in color", 301, 1, 3),
        ("wide-beyond-a-byte", "a width of more than one byte and of more than 255 low bits: LE32 in the shape", 3, 515, 1),
        ("frozen-64-last", "N = 2079: 64 frozen, N // 32 = 64", 27, 77, 1),
        ("frozen-65-first", "N = 2080: 65 frozen", 40, 52, 1),
        ("frozen-65-last", "N = 2111: 65 frozen", 1, 2111, 1),
        ("frozen-66-first", "N = 2112: 66 frozen", 44, 48, 1),
        ("frozen-128", "N = 4096: 128 frozen", 64, 64, 1),
        ("frozen-255-last", "N = 8191: 255 frozen", 1, 8191, 1),
        ("frozen-256-first", "N = 8192: 256 frozen", 64, 128, 1),
        ("frozen-256-more", "N = 8256: still 256 frozen", 86, 96, 1),
        ("public-32-last", "N = 4223: 131 frozen, of them 32 public", 41, 103, 1),
        ("public-33-first", "N = 4224: 132 frozen, of them 33 public", 64, 66, 1),
        ("public-63-last", "N = 8191: 255 frozen, of them 63 public", 8191, 1, 1),
        ("stride-near", "n = 967 is prime: the first stride will do", 1, 1031, 1),
        ("stride-far", "n = 780: the stride moves from 482 to 487", 1, 844, 1),
        ("stride-farther", "n = 1820 = 4 * 5 * 7 * 13: from 1124 to 1129", 4, 471, 1),
        ("columns-again", "n = 9744, one bit on 1083 elements: more than the 1024 columns, which begin again", 100, 100, 1),
    ]:
        one = cover(name, height, width, channels)
        one.hide(HELLO, split=1 if name == "columns-again" else 4)
        book.add(one, why, HELLO)
    for size, channels in [(64, 1), (48, 3)]:
        one = cover(f"full-{'gray' if channels == 1 else 'color'}", size, size, channels)
        message = text(one.container.rungs[-1])
        one.hide(message, split=9)
        book.add(one, "as many bytes as fit, in both layers", message)


def alphas(book: Book) -> None:
    """Only pixels with alpha 255 count."""
    for name, why, channels, values in [
        ("alpha-opaque", "alpha 255 everywhere: as if there were none", 1, (255,)),
        ("alpha-gray", "half the pixels do not count", 1, (0, 255)),
        ("alpha-color", "a pixel counts with all its channels", 3, (0, 255, 255)),
        ("alpha-254", "254 is not 255", 1, (254, 255)),
        ("alpha-soft", "one alpha value of many counts", 3, (0, 1, 127, 128, 254, 255, 255, 255)),
    ]:
        one = cover(name, 40, 36, channels)
        one.image = replace(one.image, alpha=alpha_of(name, 40, 36, values))
        one.hide(HELLO)
        book.add(one, why, HELLO)
        if name == "alpha-opaque":
            one.name, one.image = "alpha-opaque-dropped", replace(one.image, alpha=None)
            book.add(one, "the same image without its alpha", HELLO)
        if name == "alpha-gray":
            alpha, samples = bytearray(one.image.alpha or b""), bytearray(one.image.samples)
            hidden, shown = alpha.index(0), alpha.index(255)
            image, samples[hidden] = one.image, samples[hidden] ^ 255
            one.name, one.image = "alpha-hidden-sample-changed", replace(image, samples=bytes(samples))
            book.add(one, "a sample under alpha 0 does not count", HELLO)
            alpha[hidden] = 254
            one.name, one.image = "alpha-hidden-alpha-changed", replace(image, alpha=bytes(alpha))
            book.add(one, "0 or 254: the pixel does not count", HELLO)
            alpha[hidden], alpha[shown] = 0, 254
            one.name, one.image = "alpha-one-less", replace(image, alpha=bytes(alpha))
            book.add(one, "one pixel fewer counts: another shape", NOTHING)
            alpha[shown], alpha[hidden] = 255, 255
            one.name, one.image = "alpha-one-more", replace(image, alpha=bytes(alpha))
            book.add(one, "one pixel more counts: another shape", NOTHING)
            one.name, one.image = "alpha-dropped", replace(image, alpha=None)
            book.add(one, "all pixels count: another shape", NOTHING)
    for name, why, opaque, content in [
        ("alpha-smallest", "352 samples count: n = 288 carries 0 bytes", 352, b""),
        ("alpha-too-few", "351 samples count: n = 287 carries nothing", 351, NOTHING),
        ("alpha-none-counts", "no sample counts, none is frozen", 0, NOTHING),
        ("alpha-one-counts", "one sample counts, and is frozen", 1, NOTHING),
        ("alpha-64-count", "64 samples count, and all are frozen", 64, NOTHING),
    ]:
        one = cover(name, 24, 24)
        one.image = replace(one.image, alpha=bytes([255] * opaque + [0] * (576 - opaque)))
        if content is not NOTHING:
            one.hide(content)
        book.add(one, why, content)


def smallest(book: Book) -> None:
    """Images too small, and the shortest ladders: B itself is a rung, once."""
    for height, width, channels in [(1, 1, 1), (1, 1, 3), (1, 63, 1), (8, 8, 1), (16, 16, 1), (1, 351, 1), (9, 13, 3)]:
        one = cover(f"too-small-{height}x{width}x{channels}", height, width, channels)
        book.add(one, f"N = {height * width * channels}: there is no room", NOTHING)
    for total, why, message in [
        (352, "n = 288, B = 0: one rung, of 0 bytes", b""),
        (367, "n = 303, B = 0: still", b""),
        (368, "n = 304, B = 1: one rung, of 1 byte", b"!"),
        (400, "n = 336, B = 3, and the message is empty", b""),
        (592, "n = 528, B = 15: a plaintext shorter than a block of AES", text(15)),
        (608, "n = 544, B = 16: as long as one", text(16)),
        (624, "n = 560, B = 17: longer", text(17)),
        (655, "n = 591, B = 18: one rung below 20", text(18)),
        (671, "n = 607, B = 19: one rung below 20", text(19)),
        (672, "n = 608, B = 20: one rung, of 20 bytes", text(20)),
        (688, "n = 624, B = 21: the rungs 20 and 21; this is 20", text(20)),
        (689, "n = 625, B = 21: the rungs 20 and 21; this is 21", text(21)),
        (704, "n = 640, B = 22: the rungs 20 and 22, and 22 once", text(22)),
        (720, "n = 656, B = 23: the rungs 20, 22 and 23", text(23)),
    ]:
        one = cover(f"smallest-{total}-{len(message)}", 1, total)
        one.hide(message, split=3)
        book.add(one, why, message)


def choices(book: Book) -> None:
    """What happens rarely: words that are rejected, columns that are dropped, edges that rounding decides."""
    for name, why, number, size in [
        ("order-rejected", "one word of the order's is too large for an even choice", 369, 64),
        ("columns-kept", "in both layers the first two columns have no common divisor", 4, 32),
        ("columns-dropped-1", "the first layer drops its first two columns", 3, 32),
        ("columns-dropped-2", "the second layer drops its first two columns", 10, 32),
        ("columns-dropped-thrice", "the first layer drops two columns three times, the second once", 172, 32),
    ]:
        drawn = "columns-dropped" if "columns" in name else name
        one = replace(cover(drawn, size, size, key=key_of(f"{drawn}-{number}")), name=name)
        one.hide(HELLO)
        book.add(one, why, HELLO)
    for name, why, total, split in [
        ("edge-fused", "n / l = 317 / 14: a product and sum rounded once would put an edge elsewhere", 381, 3),
        ("edge-exact", "n / l = 341 / 78: exact arithmetic, or n i / l, would put an edge elsewhere", 405, 15),
        ("edge-both", "n / l = 318 / 52: neither would do", 382, 11),
    ]:
        one = cover(name, 1, total)
        one.hide(text(one.container.rungs[0]), split=split)
        book.add(one, why, text(one.container.rungs[0]))
    one = cover("ladder-end-twice", 1, 704)
    one.put(one.container.probe(2, 5) + one.seal(text(22), split=5, kind=0)[2:], 22, 5)
    book.add(one, "n = 640, B = 22: a ladder that has 22 twice, as rungs 1 and 2, would find it by the second's probe", NOTHING)


def splits(book: Book) -> None:
    """Every split, in the ladder's middle; the stream's first bits from one layer, or from both."""
    for split in range(17):
        one = cover(f"split-{split}", 40, 40)
        message = text(one.container.rungs[5])
        one.hide(message, split=split)
        book.add(one, f"{split} / 32 of the bits in the second layer", message)
    for split, second in [(1, 9), (2, 19)]:
        one = cover(f"split-{split}-shortest", 32, 32, 1)
        one.hide(HELLO, split=split)
        book.add(one, f"{second} of 304 bits in the second layer: less or more than the probe's 16", HELLO)
    one = cover("split-1-of-144", 1, 352)
    one.hide(b"", split=1)
    book.add(one, "4 bits in the second layer, fewer than the code is high", b"")
    one = cover("split-15-color", 24, 24, 3)
    message = text(one.container.rungs[-1])
    one.hide(message, split=15)
    book.add(one, "a split that no entropy asks for, at the full length", message)


def rungs(book: Book) -> None:
    """64 x 64: lengths at, below and between rungs; the probe's number grows with the rung."""
    ladder = Container(noise("rungs", 64, 64, 1), key_of("rungs")).rungs
    for rung in (0, 1, 2, 3, 7, 12, len(ladder) - 3, len(ladder) - 2, len(ladder) - 1):
        one = cover(f"rung-{rung}-filled", 64, 64)
        message = text(ladder[rung])
        one.hide(message, split=rung % 8)
        book.add(one, f"rung {rung}, {ladder[rung]} bytes, filled: no padding", message)
    for rung in (0, 4, len(ladder) - 1):
        one = cover(f"rung-{rung}-one-less", 64, 64)
        message = text(ladder[rung] - 1)
        one.hide(message, split=5)
        book.add(one, f"one byte less than rung {rung}: the padding is 0x80 alone", message)
    one = cover("rung-2-barely", 64, 64)
    one.hide(text(ladder[1] + 1), split=5)
    book.add(one, "one byte more than rung 1", text(ladder[1] + 1))
    one = cover("rung-0-empty", 64, 64)
    one.hide(b"", split=5)
    book.add(one, "an empty message", b"")
    one = cover("rung-0-one-byte", 64, 64)
    one.hide(b"\0", split=5)
    book.add(one, "one zero byte", b"\0")
    one = cover("rung-9-too-large", 64, 64)
    one.hide(HELLO, split=5, rung=9)
    book.add(one, "a rung larger than needed: not what a writer may do, and yet what the steps of reading find", HELLO)
    one = cover("rung-last-too-large", 64, 64)
    one.hide(HELLO, split=5, rung=len(ladder) - 1)
    book.add(one, "the last rung for 16 bytes", HELLO)


def kinds(book: Book) -> None:
    """All eight kinds, what is malformed within them, and kinds that do not exist."""
    stored = b"\1\x0f\0\xf0\xff" + text(15)  # one stored block, 20 bytes: fills the first rung
    part = spread(text(10), 2, 3, "kinds")[1]  # 15 + 5 = 20 bytes
    deflated_part = spread(deflate(text(60)), 6, 9, "kinds")[7]
    whole = parse_part(part, False), parse_part(part, True), parse_part(deflated_part, True)
    for kind, why, plaintext, content in [
        (0, "the body alone", text(20), text(20)),
        (1, "padded", text(12) + b"\x80" + bytes(7), text(12)),
        (2, "deflated, fills the rung", stored, text(15)),
        (3, "deflated and padded", (deflate(text(8)) + b"\x80").ljust(20, b"\0"), text(8)),
        (4, "a part that fills the rung", part, whole[0]),
        (5, "a part, padded", (part + b"\x80").ljust(26, b"\0"), whole[0]),
        (6, "a part of a DEFLATE stream: the part itself is not deflated", part, whole[1]),
        (7, "a padded part of a DEFLATE stream", (deflated_part + b"\x80").ljust(24, b"\0"), whole[2]),
        (8, "kind 8 is none", text(20), NOTHING),
        (9, "kind 9 is none", text(12) + b"\x80" + bytes(7), NOTHING),
        (255, "kind 255 is none", part, NOTHING),
    ]:
        one = cover(f"kind-{kind}")
        one.put(one.seal(plaintext, split=6, kind=kind), len(plaintext), 6)
        book.add(one, why, content)


def padding(book: Book) -> None:
    """0x80 and zeros: the last 0x80 counts, and what is not of this form is not padding."""
    for name, why, kind, plaintext, content in [
        ("zeros", "zeros without 0x80", 1, bytes(20), NOTHING),
        ("absent", "padded by its kind, but there is no padding", 1, text(20), NOTHING),
        ("other-byte", "0x81 and zeros", 1, text(12) + b"\x81" + bytes(7), NOTHING),
        ("one-after", "a 1 after 0x80", 1, text(12) + b"\x80" + bytes(6) + b"\1", NOTHING),
        ("hex-40", "0x40 and zeros", 1, text(12) + b"\x40" + bytes(7), NOTHING),
        ("deflated-absent", "deflated, padded by its kind, no padding", 3, b"\1\x0f\0\xf0\xff" + text(15), NOTHING),
        ("first", "0x80 is the first byte: the message is empty", 1, b"\x80" + bytes(19), b""),
        ("last", "0x80 is the last byte", 1, text(19) + b"\x80", text(19)),
        ("only-80", "0x80 everywhere: one is the padding's", 1, b"\x80" * 20, b"\x80" * 19),
        ("80-and-zeros-inside", "the message ends like padding", 1, b"!\x80\0\0\x80\0".ljust(20, b"\0"), b"!\x80\0\0"),
        ("not-removed", "not padded by its kind: 0x80 and zeros belong to it", 0, b"\x80" + bytes(19), b"\x80" + bytes(19)),
        ("zeros-kept", "not padded by its kind: zeros belong to it", 0, bytes(20), bytes(20)),
    ]:
        one = cover(f"padding-{name}")
        one.put(one.seal(plaintext, split=6, kind=kind), len(plaintext), 6)
        book.add(one, why, content)


def deflated(book: Book) -> None:
    """RFC 1951, raw: one whole stream, no more."""
    message = text(80)
    blocks = b"\0\5\0\xfa\xffthree" + b"\0\0\0\xff\xff" + b"\1\1\0\xfe\xff!"
    stored, fixed, dynamic = deflate(message, 0), deflate(message), deflate(bytes(random.Random(5).choices(b"abcdefgh", k=120)))
    for name, why, body, content in [
        ("stored", "a stored block", stored, message),
        ("fixed", "fixed codes", fixed, message),
        ("dynamic", "dynamic codes", dynamic, zlib.decompress(dynamic, -15)),
        (
            "blocks",
            "three blocks, one of them empty",
            blocks,
            b"three!",
        ),
        ("empty", "a stream of an empty message", b"\3\0", b""),
        ("long-run", "2,000 bytes from a few", deflate(bytes(2000)), bytes(2000)),
        ("no-body", "no stream at all", b"", NOTHING),
        ("broken", "block type 3", b"\7" + fixed[1:], NOTHING),
        ("length-wrong", "a stored block whose length does not match its complement", b"\1\5\0\xfa\xfethree", NOTHING),
        ("cut", "the stream's last byte is missing", fixed[:-1], NOTHING),
        ("stored-cut", "a stored block shorter than it says", b"\1\5\0\xfa\xffthre", NOTHING),
        ("not-final", "the last block is not the final one", b"\0\5\0\xfa\xffthree", NOTHING),
        ("too-far", "a copy from before the beginning", b"\3\2\0", NOTHING),
        ("trailing", "a byte after the stream", fixed + b"!", NOTHING),
        ("trailing-zero", "a zero byte after the stream, before the padding", fixed + b"\0", NOTHING),
        ("twice", "two streams", fixed + fixed, NOTHING),
        ("zlib", "a zlib stream (RFC 1950)", zlib.compress(message), NOTHING),
        ("gzip", "a gzip stream (RFC 1952)", zlib.compress(message, wbits=31), NOTHING),
    ]:
        one = cover(f"deflate-{name}", 52, 52)
        one.hide_body(body, kind=DEFLATED, split=6)
        book.add(one, why, content)


def key_files() -> list[dict[str, Any]]:
    """Texts of key files: the secret in them, or null where the text is refused."""
    digits = key_of("key files").secret
    assert isinstance(digits, bytes)
    lower, line = digits.hex(), f"SSGAN-KEY-1-{digits.hex()}"
    mixed = "".join(digit.upper() if i % 3 else digit for i, digit in enumerate(lower))
    fullwidth = lower[:-1] + chr(ord("０") + 7)
    texts = [
        ("plain", "one line", f"{line}\n", True),
        ("no-newline", "no end of line", line, True),
        ("upper", "digits in upper case", f"SSGAN-KEY-1-{lower.upper()}\n", True),
        ("mixed", "digits in both cases", f"SSGAN-KEY-1-{mixed}\n", True),
        ("crlf", "lines end in CR LF", f"# made today\r\n{line}\r\n", True),
        ("comments", "comments before and after", f"# made today\n#\n# keep secret\n{line}\n# the end\n", True),
        ("comment-key", "a key in a comment does not count", f"# SSGAN-KEY-1-{'0' * 64}\n{line}\n", True),
        ("mark", "a byte order mark before the key", f"\ufeff{line}\n", True),
        ("mark-comment", "a byte order mark before a comment", f"\ufeff# made today\r\n{line}\r\n", True),
        ("zeros", "a key of zeros is a key", f"SSGAN-KEY-1-{'0' * 64}\n", True),
        ("empty", "nothing", "", False),
        ("only-comments", "comments alone", "# made today\n# the end\n", False),
        ("two", "two keys", f"{line}\nSSGAN-KEY-1-{'0' * 64}\n", False),
        ("short", "63 digits", f"{line[:-1]}\n", False),
        ("long", "65 digits", f"{line}0\n", False),
        ("mark-inside", "a byte order mark that does not begin the file", f"# made today\n\ufeff{line}\n", False),
        ("marks-two", "two byte order marks", f"\ufeff\ufeff{line}\n", False),
        ("empty-key", "no digits", "SSGAN-KEY-1-\n", False),
        ("bare", "digits alone", f"{lower}\n", False),
        ("version", "another version", f"SSGAN-KEY-2-{lower}\n", False),
        ("prefix-lower", "the prefix in lower case", f"ssgan-key-1-{lower}\n", False),
        ("letter", "a letter that is no digit", f"SSGAN-KEY-1-{lower[:-1]}g\n", False),
        ("space-inside", "a space among the digits", f"SSGAN-KEY-1-{lower[:30]} {lower[31:]}\n", False),
        ("underscore", "an underscore among the digits", f"SSGAN-KEY-1-{lower[:30]}_{lower[31:]}\n", False),
        ("hex-prefix", "0x before the digits", f"SSGAN-KEY-1-0x{lower[2:]}\n", False),
        ("full-width", "a full-width digit", f"SSGAN-KEY-1-{fullwidth}\n", False),
        ("comment-behind", "a comment behind the key", f"{line} # mine\n", False),
        ("broken-line", "the key on two lines", f"{line[:40]}\n{line[40:]}\n", False),
        ("passphrase", "a sentence", "correct horse battery staple\n", False),
    ]
    secrets = {"zeros": bytes(32).hex()}
    return [
        {"name": f"key-file-{name}", "why": why, "text": content, "secret": secrets.get(name, lower) if valid else None}
        for name, why, content, valid in texts
    ]


def passphrases(book: Book) -> None:
    """Argon2id with the image's salt; normal form C, and no other change to what was typed."""
    base = cover("passphrase", key=Key("correct horse battery staple"))
    base.hide(HELLO)
    book.add(base, "four words", HELLO)
    for name, why, given in [
        ("another", "another passphrase", "correct horse battery stable"),
        ("case", "upper case is another passphrase", "Correct horse battery staple"),
        ("leading-space", "a space before it is another passphrase", " correct horse battery staple"),
        ("mark-behind", "a byte order mark is left out at the beginning alone", "correct horse battery staple\ufeff"),
        ("marks-two", "one byte order mark is left out, not two", "\ufeff\ufeffcorrect horse battery staple"),
        ("newline", "an end of line is part of a passphrase", "correct horse battery staple\n"),
    ]:
        book.add(replace(base, name=f"passphrase-{name}"), why, NOTHING, key=Key(given))
    typed = Key("\ufeffcorrect horse battery staple")
    book.add(replace(base, name="passphrase-mark"), "a byte order mark before it is no part of it", HELLO, key=typed)
    box = base.container
    for name, why, place in [
        ("frozen", "a public frozen sample changed: another first salt", box.frozen[5]),
        ("secret-frozen", "a frozen sample that is not public changed: another second salt", box.frozen[box.public]),
    ]:
        frozen = replace(base, name=f"passphrase-{name}-changed")
        frozen.change(place, base.image.samples[place] ^ 1)
        book.add(frozen, why, NOTHING)
    for name, why, written, words in [
        ("composed", "normal form C: the same letter composed and decomposed", "caf\u00e9 au lait", "cafe\u0301 au lait"),
        ("singleton", "normal form C: the ohm sign is an omega", "10 k\u03a9", "10 k\u2126"),
        ("marks", "normal form C: two marks in either order", "s\u0323\u0307 twice", "s\u0307\u0323 twice"),
        ("hangul", "normal form C: a syllable and its letters", "\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af"),
    ]:
        one = cover(f"passphrase-{name}", key=Key(written))
        one.hide(HELLO)
        book.add(one, why, HELLO)
        book.add(replace(one, name=f"{one.name}-other"), why, HELLO, key=Key(words))
    one = cover("passphrase-ligature", key=Key("\ufb01ne words"))
    one.hide(HELLO)
    book.add(one, "a ligature stays in normal form C", HELLO)
    book.add(replace(one, name="passphrase-ligature-other"), "normal form KC would find it", NOTHING, key=Key("fine words"))
    long = "All work and no play makes Jack a dull boy. " * 250
    for name, why, secret in [
        ("spaces", "spaces before, behind and within stay", "  two  spaces  "),
        ("single", "one letter", "x"),
        ("long", "11,000 letters", long),
        ("astral", "letters beyond 16 bits", "\U0001f512\U0001d518\U00020000"),
        ("zero", "a zero byte does not end it", "before\0after"),
        ("key-file-line", "a passphrase that looks like a key file is a passphrase", f"SSGAN-KEY-1-{'7' * 64}"),
    ]:
        one = cover(f"passphrase-{name}", key=Key(secret))
        one.hide(HELLO)
        book.add(one, why, HELLO)
    book.add(replace(one, name="key-file-of-that-passphrase"), "and its key file another key", NOTHING, key=Key(b"w" * 32))
    one = cover("passphrase-color-alpha", 20, 30, 3, key=Key("in color"))
    one.image = replace(one.image, alpha=alpha_of(one.name, 20, 30, (0, 255)))
    one.hide(HELLO)
    book.add(one, "the frozen places depend on the whole shape", HELLO)


def strong(book: Book) -> None:
    """The strong profile needs 2 GiB of memory, and seconds."""
    one = cover("strong", key=Key("correct horse battery staple", strong=True))
    one.hide(HELLO)
    book.add(one, "2 GiB, 1 pass, 4 lanes", HELLO)


def main() -> None:
    """Write all files beside this one, or those whose names are given."""
    ours = (shapes, alphas, smallest, choices, splits, rungs, kinds, padding, deflated, passphrases, strong)
    files: dict[str, Callable[[Book], None]] = {function.__name__: function for function in (*ours, *unusual_vectors.FILES)}
    texts = {"key_files": key_files, "joins": unusual_vectors.joins}
    for name in sys.argv[1:] or [*files, *texts]:
        if name in texts:
            vectors = texts[name]()
        else:
            book = Book()
            files[name](book)
            vectors = book.vectors
        lines = ",\n".join(json.dumps(vector) for vector in vectors)
        (HERE / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="ascii")


if __name__ == "__main__":
    main()
