from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images import CONVERSIONS, read

RNG = np.random.default_rng(11)
GRAY = RNG.integers(0, 256, (5, 7, 1), dtype=np.uint8)
COLOR = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
SHORT, LONG = 3, 4


def tiff(pixels: np.ndarray, order: str = "<", next_page: int = 0, **changes: tuple[int, list[int]] | bytes) -> bytes:
    """A TIFF of one strip, the samples first and the directory behind them.

    `changes` are tags, t262=(type, values), or other samples, body=bytes.
    """
    height, width, channels = pixels.shape
    body = changes.pop("body", pixels.tobytes())
    assert isinstance(body, bytes)
    tags = {
        256: (SHORT, [width]),
        257: (SHORT, [height]),
        258: (SHORT, [8 * pixels.itemsize] * channels),
        259: (SHORT, [1]),
        262: (SHORT, [1 if channels < 3 else 2]),
        273: (LONG, [8]),
        277: (SHORT, [channels]),
        278: (SHORT, [height]),
        279: (LONG, [len(body)]),
    }
    tags |= {int(name[1:]): value for name, value in changes.items() if isinstance(value, tuple)}
    start = 8 + len(body) + len(body) % 2
    position = start + 2 + 12 * len(tags) + 4
    table, far = struct.pack(order + "H", len(tags)), b""
    for tag in sorted(tags):
        kind, values = tags[tag]
        packed = struct.pack(f"{order}{len(values)}{'H' if kind == SHORT else 'I'}", *values)
        if len(packed) > 4:
            far, packed = far + packed, struct.pack(order + "I", position + len(far))
        table += struct.pack(order + "HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return head + body + b"\0" * (len(body) % 2) + table + struct.pack(order + "I", next_page) + far


def pillow(image: Image.Image, **settings: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "TIFF", **settings)
    return stream.getvalue()


@given(
    order=st.sampled_from("<>"),
    height=st.integers(1, 6),
    width=st.integers(1, 9),
    channels=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_samples_and_alpha_come_out_as_they_were_put_in(order: str, height: int, width: int, channels: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    has_alpha = channels in (2, 4)
    picture = read(tiff(pixels, order, t338=(SHORT, [2])) if has_alpha else tiff(pixels, order))
    assert np.array_equal(picture.samples, pixels[:, :, : channels - has_alpha].transpose(2, 0, 1))
    assert (picture.alpha is not None) == has_alpha
    assert picture.alpha is None or np.array_equal(picture.alpha, pixels[:, :, -1])


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"])
@pytest.mark.parametrize("pixels", [GRAY, COLOR], ids=["gray", "color"])
def test_lossless_compression_is_read(pixels: np.ndarray, compression: str) -> None:
    data = pillow(Image.fromarray(pixels.squeeze()), compression=compression)
    assert np.array_equal(read(data).samples, pixels.transpose(2, 0, 1))


def test_separate_planes_are_read() -> None:
    pixels = COLOR.transpose(2, 0, 1)
    data = tiff(COLOR, body=pixels.tobytes(), t284=(SHORT, [2]), t273=(LONG, [8, 43, 78]), t279=(LONG, [35, 35, 35]))
    assert np.array_equal(read(data).samples, pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_noted_and_not_applied(orientation: int) -> None:
    picture = read(tiff(COLOR, t274=(SHORT, [orientation])))
    assert np.array_equal(picture.samples, COLOR.transpose(2, 0, 1))
    assert (len(picture.notes) == 0) == (orientation == 1)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_low_byte_of_16_bit_samples_is_dropped_only_when_asked(channels: int, order: str) -> None:
    values = RNG.integers(0, 65536, (5, 7, channels)).astype(order + "u2")
    data = tiff(values, order=order)
    with pytest.raises(RefusedImage, match="16-bit"):
        read(data)
    assert np.array_equal(read(data, convert={"16-bit"}).samples, (values >> 8).transpose(2, 0, 1))


def test_gray_that_counts_down_to_white_is_turned_up() -> None:
    assert np.array_equal(read(tiff(GRAY, t262=(SHORT, [0]))).samples, 255 - GRAY.transpose(2, 0, 1))


def test_other_kinds_are_conversions() -> None:
    image = Image.fromarray(COLOR)
    palette = image.quantize(16)
    for data, words in (
        (pillow(palette), {"palette"}),
        (pillow(image.convert("1")), {"1-bit"}),
        (pillow(image.convert("1"), compression="group4"), {"1-bit"}),
        (pillow(image.convert("CMYK")), {"cmyk"}),
        (pillow(image.resize((16, 16)), compression="jpeg"), {"jpeg"}),
    ):
        with pytest.raises(RefusedImage):
            read(data)
        assert read(data, convert=words).converted == words
    assert np.array_equal(
        read(pillow(palette), convert={"palette"}).samples, np.asarray(palette.convert("RGB")).transpose(2, 0, 1)
    )


def test_only_the_first_page_is_taken() -> None:
    data = pillow(Image.fromarray(COLOR), save_all=True, append_images=[Image.fromarray(255 - COLOR)])
    with pytest.raises(RefusedImage, match="first frame"):
        read(data)
    assert np.array_equal(read(data, convert={"first-frame"}).samples, COLOR.transpose(2, 0, 1))


def test_unusual_tags_are_named_and_left_out() -> None:
    assert read(tiff(COLOR, t700=(SHORT, [1]), t282=(LONG, [1]))).notes == ("the file has metadata: tag 700",)


def test_bytes_that_no_tag_refers_to_are_a_finding() -> None:
    with pytest.raises(RefusedImage, match="after the end"):
        read(tiff(COLOR) + b"PK\x03\x04")
    assert read(tiff(COLOR) + b"PK\x03\x04", convert={"trailing"}).notes == ("4 bytes follow the end of the image",)


HOSTILE = {
    "header only": (tiff(GRAY)[:8], "truncated"),
    "no page": (b"II*\0\0\0\0\0", "no page"),
    "directory beyond the file": (b"II*\0\xff\xff\xff\x7f", "truncated"),
    "page that points at itself": (tiff(GRAY, next_page=44), "circle"),
    "no size": (tiff(GRAY, t256=(SHORT, [0])), "no pixels"),
    "a side too long": (tiff(GRAY, t256=(LONG, [2**31])), "side"),
    "225 Mpixel": (tiff(GRAY, t256=(SHORT, [15000]), t257=(SHORT, [15000])), "Mpixel"),
    "samples beyond the file": (tiff(GRAY, t273=(LONG, [9999])), "truncated"),
    "too few samples": (tiff(GRAY, t257=(SHORT, [6])), "truncated"),
    "strips without lengths": (tiff(GRAY, t279=(LONG, [])), "where its samples are"),
    "a size in rationals": (tiff(GRAY).replace(b"\0\x01\x03\0\x01\0\0\0\x07", b"\0\x01\x06\0\x01\0\0\0\x07"), "no integers"),
    "32 bits": (tiff(GRAY, t258=(SHORT, [32])), "32 bits"),
    "12 bits": (tiff(GRAY, t258=(SHORT, [12])), "12 bits"),
    "two widths": (tiff(GRAY, t256=(SHORT, [7, 7])), "2 values"),
    "bits that differ": (tiff(COLOR, t258=(SHORT, [5, 6, 5])), "bits a sample"),
    "floating point": (tiff(GRAY, t339=(SHORT, [3])), "floating"),
    "signed": (tiff(GRAY, t339=(SHORT, [2])), "signed"),
    "LAB": (tiff(COLOR, t262=(SHORT, [8])), "LAB"),
    "YCbCr without JPEG": (tiff(COLOR, t262=(SHORT, [6])), "unusual colors"),
    "no kind of colors": (tiff(COLOR, t262=(SHORT, [999])), "unusual colors"),
    "fax of 8 bits": (tiff(GRAY, t259=(SHORT, [4])), "fax"),
    "unknown compression": (tiff(COLOR, t259=(SHORT, [50001])), "compression 50001"),
    "premultiplied alpha": (tiff(np.dstack([COLOR, GRAY]), t338=(SHORT, [1])), "plain alpha"),
    "a channel of no meaning": (tiff(np.dstack([COLOR, GRAY])), "plain alpha"),
    "five channels": (tiff(np.dstack([COLOR, GRAY, GRAY]), t262=(SHORT, [2]), t338=(SHORT, [2, 2])), "plain alpha"),
    "a channel missing": (tiff(np.dstack([GRAY, GRAY]), t262=(SHORT, [2])), "2 samples a pixel"),
    "broken deflate": (tiff(GRAY, t259=(SHORT, [8])), "damaged"),
    "BigTIFF": (b"II+\0\x08\0\0\0", "BigTIFF"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_the_reason(what: str) -> None:
    data, reason = HOSTILE[what]
    with pytest.raises(RefusedImage, match=reason):
        read(data, convert=CONVERSIONS)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("tag", [256, 257, 258, 259, 262, 273, 277, 279])
def test_a_tag_twice_is_refused(tag: int, order: str) -> None:
    """Readers differ in which of the two counts, so the picture is not one picture."""
    data = bytearray(tiff(COLOR, order))
    (start,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, start)
    entries = range(start + 2, start + 2 + 12 * count, 12)
    place = next(at for at in entries if struct.unpack_from(order + "H", data, at)[0] == tag)
    other = entries[-1] if place != entries[-1] else entries[0]
    data[other : other + 12] = data[place : place + 12]
    with pytest.raises(RefusedImage, match=f"it has the tag {tag} twice"):
        read(bytes(data))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_the_decoder_keeps_its_complaints_to_itself(compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    stream, refused = io.BytesIO(), 0
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (60, 50, 3), dtype=np.uint8)).save(
        stream, "TIFF", compression=compression
    )
    for seed in range(40):
        data, rng = bytearray(stream.getvalue()), np.random.default_rng(seed)
        for _ in range(3):
            data[rng.integers(8, len(data))] = rng.integers(256)
        try:
            read(bytes(data), convert=CONVERSIONS)
        except RefusedImage:
            refused += 1
    assert refused
    assert capfd.readouterr() == ("", "")
