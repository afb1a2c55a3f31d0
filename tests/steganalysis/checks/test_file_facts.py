from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from ssgan.steganalysis.checks.file_facts import ORDERS, file_facts

TEXT = b"Meet me at nine under the old bridge, and bring the map with you. " * 3


def picture(mode: str = "RGB", size: tuple[int, int] = (48, 40), seed: int = 1) -> np.ndarray:
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def saved(samples: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples).save(file, kind, **options)
    return file.getvalue()


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


def hidden(content: bytes, order: str, channels: int) -> np.ndarray:
    """Samples uint8 (C, H, W) whose last bits hold the content in an order, written by loops."""
    samples = np.ascontiguousarray(picture("RGB" if channels == 3 else "L").reshape(40, 48, channels).transpose(2, 0, 1))
    named, lines, first = (part.strip() for part in order.split(","))
    _, height, width = samples.shape
    places = [(y, x) for y in range(height) for x in range(width)]
    if lines == "by columns":
        places = [(y, x) for x in range(width) for y in range(height)]
    which = [0] if channels == 1 else ["RGB".index(one) for one in named]
    numbers = range(7, -1, -1) if first.startswith("highest") else range(8)
    bits = [byte >> k & 1 for byte in content for k in numbers]
    slots = ((c, y, x) for y, x in places for c in which)
    for bit, (c, y, x) in zip(bits, slots, strict=False):
        samples[c, y, x] = samples[c, y, x] & 254 | bit
    return samples


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("prefix", [b"", struct.pack(">I", len(TEXT))])
def test_a_text_in_last_bits_is_read_in_every_order(order: str, prefix: bytes) -> None:
    samples = hidden(prefix + TEXT, order, 3)
    found = [fact for fact in file_facts(b"", "a.png", samples) if fact.kind == "last bits"]
    assert any(order in fact.sentence for fact in found)
    assert all(fact.content.startswith(TEXT[:30]) for fact in found if order in fact.sentence)


@pytest.mark.parametrize("order", [one for one in ORDERS if one.startswith("RGB")])
def test_a_file_in_last_bits_of_gray_is_recognized(order: str) -> None:
    (fact,) = file_facts(b"", "a.png", hidden(archive(), order, 1))
    assert "a ZIP archive" in fact.sentence
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


@given(data=st.binary(max_size=400), kind=st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WebP"]), cut=st.integers(0, 2000))
def test_damaged_files_are_no_error(data: bytes, kind: str, cut: int) -> None:
    whole = saved(picture(size=(20, 16)), kind)
    file_facts(whole[:cut] + data, "a.png")
