from __future__ import annotations

import io
import struct
import zipfile
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from ssgan.steganalysis.checks.file_facts import file_facts
from ssgan.steganalysis.checks.last_bits import ORDERS, BitOrder

TEXT = b"Meet me at nine under the old bridge, and bring the map with you. " * 3


def picture(mode: str = "RGB", size: tuple[int, int] = (48, 40), seed: int = 1) -> np.ndarray:
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def saved(samples: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples).save(file, kind, **options)
    return file.getvalue()


@cache
def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("note.txt", "hello")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WebP", "TIFF", "PPM"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_bytes_behind_the_end_are_found_with_their_place_and_kind(kind: str, mode: str) -> None:
    data = saved(picture(mode), kind)
    name = f"a.{kind.lower()}"
    assert file_facts(data, name) == []
    assert file_facts(data + bytes(8), name) == []  # filled up with zeros
    (fact,) = file_facts(data + archive(), name)
    assert (fact.kind, fact.offset, fact.content) == ("trailing", len(data), archive())
    assert "a ZIP archive" in fact.sentence
    assert f"{len(archive()):,} bytes" in fact.sentence


def test_texts_and_comments_are_shown() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "the flag is here")
    info.add_text("Packed", "x" * 300, zip=True)
    info.add_itxt("Title", "grüße", "de", "Titel", zip=True)
    found = file_facts(saved(picture(), "PNG", pnginfo=info), "a.png")
    assert [fact.content for fact in found] == [b"the flag is here", b"x" * 300, "grüße".encode()]
    assert found[0].sentence == "Text 'Comment' in the PNG: \"the flag is here\""
    assert found[1].sentence.endswith(f'"{"x" * 60}..."')
    (comment,) = file_facts(saved(picture(), "JPEG", comment=b"flag{1}"), "a.jpg")
    assert (comment.kind, comment.content) == ("text", b"flag{1}")
    (comment,) = file_facts(saved(picture("L"), "GIF", comment=b"flag{2}"), "a.gif")
    assert (comment.kind, comment.content) == ("text", b"flag{2}")


def test_a_name_of_another_type_is_named() -> None:
    (fact,) = file_facts(saved(picture(), "JPEG"), "holiday.png")
    assert fact.kind == "type"
    assert "JPEG" in fact.sentence
    for name in ("holiday.jpg", "holiday.JPEG", "holiday", "holiday.txt"):
        assert file_facts(saved(picture(), "JPEG"), name) == []


def hidden(content: bytes, order: BitOrder, letters: str) -> np.ndarray:
    """Samples uint8 (C, H, W) that hold the content in an order, written by loops."""
    rng = np.random.default_rng(1)
    samples = rng.integers(0, 256, (len(letters), 40, 48), dtype=np.uint8)
    _, height, width = samples.shape
    rows, columns = range(height), range(width)
    places = {
        "rows": [(y, x) for y in rows for x in columns],
        "columns": [(y, x) for x in columns for y in rows],
        "rows from the bottom": [(y, x) for y in reversed(rows) for x in columns],
        "rows from the end": [(y, x) for y in reversed(rows) for x in reversed(columns)],
    }[order.way]
    planes = {"last bit": [0], "second-last bit": [1], "third-last bit": [2]}.get(order.bits)
    planes = planes or list(reversed(range(int(order.bits.split()[1]))))
    numbers = range(7, -1, -1) if order.highest_first else range(8)
    bits = [byte >> k & 1 for byte in content for k in numbers]
    slots = ((letters.index(c), y, x, plane) for y, x in places for c in order.channels for plane in planes)
    for bit, (c, y, x, plane) in zip(bits, slots, strict=False):
        samples[c, y, x] = samples[c, y, x] & ~np.uint8(1 << plane) | bit << plane
    return samples


@pytest.mark.parametrize("channels", ["RGB", "BGR", "R", "G", "B", "RGBA", "ABGR", "A"])
@pytest.mark.parametrize("content", [TEXT, struct.pack(">I", len(TEXT)) + TEXT, archive()], ids=["text", "length", "file"])
def test_what_is_in_last_bits_is_read_in_every_order(channels: str, content: bytes) -> None:
    orders = [one for one in ORDERS.values() if one.channels == channels]
    assert len(orders) == 48
    for order in orders:
        samples = hidden(content, order, "RGBA" if "A" in channels else "RGB")
        found = file_facts(b"", "a.png", samples[:3], alpha=samples[3] if len(samples) == 4 else None)
        texts = [fact for fact in found if order.name in fact.sentence]
        assert len(texts) == 1, (order, found)
        if content == archive():
            assert texts[0].content.startswith(content)
        else:
            assert texts[0].content.startswith(TEXT)


@pytest.mark.parametrize("order", [one for one in ORDERS.values() if one.channels == "R"])
def test_a_file_in_last_bits_of_gray_is_recognized(order: BitOrder) -> None:
    (fact,) = file_facts(b"", "a.png", hidden(archive(), order, "R"))
    assert fact.sentence.startswith("A ZIP archive in last bits")
    assert order.way in fact.sentence
    assert order.bits in fact.sentence
    assert fact.content.startswith(archive())


@given(
    seed=st.integers(0, 2**32), height=st.integers(1, 40), width=st.integers(1, 40), channels=st.sampled_from([1, 3]),
    kind=st.sampled_from(["noise", "flat", "ramp", "stripes"]),
)  # fmt: skip
def test_nothing_is_said_of_what_holds_nothing(seed: int, height: int, width: int, channels: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    made = {
        "noise": rng.integers(0, 256, (channels, height, width)), "flat": np.full((channels, height, width), rng.integers(256)),
        "ramp": np.broadcast_to(y + x, (channels, height, width)),
        "stripes": np.broadcast_to(x // int(rng.integers(1, 9)) * 37, (channels, height, width)),
    }  # fmt: skip
    assert file_facts(b"", "a.png", (made[kind] % 256).astype(np.uint8)) == []


@pytest.mark.parametrize("end", [b"\x00\x00\x00\x00\x00\x06\x00\xe4", b"\xff" * 8, b"\xff" * 400])
def test_a_gif_with_a_frame_of_millions_of_pixels_is_no_error(end: bytes) -> None:
    whole = saved(picture(size=(20, 16)), "GIF")
    for cut in range(6, len(whole)):
        file_facts(whole[:cut] + end, "a.gif")


@given(data=st.binary(max_size=400), kind=st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WebP"]), cut=st.integers(0, 2000))
def test_damaged_files_are_no_error(data: bytes, kind: str, cut: int) -> None:
    whole = saved(picture(size=(20, 16)), kind)
    file_facts(whole[:cut] + data, "a.png")
