from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan import images
from ssgan.images.formats import deflating, png_filters, png_writing
from ssgan.images.formats.png import Kind
from ssgan.images.header import Pixels

RNG = np.random.default_rng(29)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
MODES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
LIBPNG, PILLOW = png_filters.LIBPNG, png_filters.PILLOW


def scene(height: int = 90, width: int = 70, planes: int = 3) -> np.ndarray:
    """uint8 (H, W, planes): smooth with noise, so that every filter is the best one somewhere."""
    y, x = np.mgrid[:height, :width]
    waves = [90 + 60 * np.sin(x / (9 + k)) * np.cos(y / (7 + k)) + 20 * (y > height / 2) * np.sin(x) for k in range(planes)]
    return np.clip(np.stack(waves, axis=2) + RNG.normal(0, 2, (height, width, planes)), 0, 255).astype(np.uint8)


def saved(pixels: np.ndarray, format_name: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(stream, format_name, **options)
    return stream.getvalue()


def changed(samples: np.ndarray, alpha: np.ndarray | None = None) -> np.ndarray:
    """A tenth of the opaque samples moved by one, as hiding does."""
    moved = (np.random.default_rng(1).random(samples.shape) < 0.1) & ((alpha == 255) if alpha is not None else True)
    return np.where(moved, np.where(samples < 255, samples + 1, 254), samples).astype(np.uint8)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, position = [], len(SIGNATURE)
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        found.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    pixels: np.ndarray,
    rule: png_filters.Rule,
    *,
    sizes: int = 8192,
    interlaced: bool = False,
    before: bytes = b"",
    after: bytes = b"",
    **settings: Any,
) -> bytes:
    """A PNG by a filter rule and zlib settings of our choice, its filters computed one byte at a time as the standard says."""
    height, width, planes = pixels.shape
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = bytearray()
    for column, row, across, down in passes if interlaced else [(0, 0, 1, 1)]:
        part = pixels[row::down, column::across]
        above = [0] * (part.shape[1] * planes)
        for number, line in enumerate(part.reshape(len(part), -1).tolist() if part.size else []):
            ways = [plain_filtered(kind, line, above, planes) for kind in range(5)]
            costs = [sum(value if value < 128 else 256 - value for value in way) for way in ways]
            kind = rule.first if len(rule.order) == 1 and number == 0 else min(rule.order, key=lambda kind: costs[kind])
            raw += bytes([kind, *ways[kind]])
            above = line
    asked: dict[str, Any] = {"level": 6, "memLevel": 8, "wbits": 15, "strategy": 1} | settings
    compressor = zlib.compressobj(**asked)
    stream = compressor.compress(bytes(raw)) + compressor.flush()
    color = {1: 0, 2: 4, 3: 2, 4: 6}[planes]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, interlaced))
    body = b"".join(chunk(b"IDAT", stream[at : at + sizes]) for at in range(0, len(stream), sizes))
    return SIGNATURE + head + before + body + after + chunk(b"IEND")


def plain_filtered(kind: int, line: list[int], above: list[int], planes: int) -> list[int]:
    result = []
    for i, value in enumerate(line):
        a, b, c = (line[i - planes], above[i], above[i - planes]) if i >= planes else (0, above[i], 0)
        p = a + b - c
        paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        result.append((value - [0, a, b, (a + b) // 2, paeth][kind]) % 256)
    return result


def again(data: bytes, *, keep_metadata: bool = True) -> images.Encoded:
    picture = images.read(data)
    return images.encode_like(picture.samples, picture, picture.format, alpha=picture.alpha, keep_metadata=keep_metadata)


def stego_of(data: bytes) -> tuple[images.Encoded, np.ndarray]:
    picture = images.read(data)
    stego = changed(picture.samples, picture.alpha)
    file = images.encode_like(stego, picture, picture.format, alpha=picture.alpha)
    back = images.read(file.content)
    assert np.array_equal(back.samples, stego)
    assert (back.alpha is None) == (picture.alpha is None)
    assert picture.alpha is None or (back.alpha is not None and np.array_equal(back.alpha, picture.alpha))
    return file, stego


@pytest.mark.parametrize("level", [None, *range(10)])
@pytest.mark.parametrize("mode", MODES)
def test_a_stego_is_what_pillow_would_have_written(mode: str, level: int | None) -> None:
    options: dict[str, Any] = {} if level is None else {"compress_level": level}
    pixels = scene(planes=MODES[mode])
    data = saved(pixels, **options)
    assert again(data).content == data
    file, stego = stego_of(data)
    planes = stego if mode[-1] != "A" else np.concatenate([stego, pixels[:, :, -1].T[None].swapaxes(1, 2)])
    assert file.content == saved(planes.transpose(1, 2, 0), **options)
    assert (file.manner, file.notes, file.left_out) == ("cover", (), ())


def test_pillow_with_optimize_is_found() -> None:
    data = saved(scene(), optimize=True)
    assert again(data).content == data


@pytest.mark.parametrize("name", ["RLE", "HUFFMAN_ONLY", "FIXED", "DEFAULT_STRATEGY"])
def test_zlib_strategies_are_found(name: str) -> None:
    pixels = scene(40, 30)
    data = png(pixels, LIBPNG, strategy=getattr(zlib, f"Z_{name}"), level=3)
    assert again(data).content == data
    file, stego = stego_of(data)
    assert file.content == png(stego.transpose(1, 2, 0), LIBPNG, strategy=getattr(zlib, f"Z_{name}"), level=3)


@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize("kind", range(5))
def test_fixed_filters_are_found(kind: int, first: int) -> None:
    rule = png_filters.Rule((kind,), first=first)
    data = png(scene(30, 20), rule, level=1)
    file, stego = stego_of(data)
    assert file.content == png(stego.transpose(1, 2, 0), rule, level=1)
    assert file.manner == "cover"


@given(
    planes=st.integers(1, 4),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    interlaced=st.booleans(),
    level=st.integers(1, 9),
    memory=st.integers(1, 9),
    window=st.integers(9, 15),
    sizes=st.sampled_from([1, 7, 100, 8192]),
)
def test_libpng_files_come_back_byte_by_byte(
    planes: int, height: int, width: int, interlaced: bool, level: int, memory: int, window: int, sizes: int
) -> None:
    pixels = np.random.default_rng(height * width).integers(0, 256, (height, width, planes), dtype=np.uint8)
    data = png(pixels, LIBPNG, interlaced=interlaced, sizes=sizes, level=level, memLevel=memory, wbits=window)
    file = again(data)
    assert (file.content, file.manner) == (data, "cover")
    assert stego_of(data)[0].manner == "cover"


def test_technical_chunks_stay_and_personal_ones_go() -> None:
    before = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))
    before += chunk(b"tEXt", b"Author\0Jane") + chunk(b"prVW", b"a picture of the cover")
    data = png(scene(20, 20), LIBPNG, before=before, after=chunk(b"tIME", bytes(7)) + chunk(b"eXIf", b"II*\0"))
    file, _ = stego_of(data)
    assert [name for name, _ in chunks(file.content)] == [b"IHDR", b"gAMA", b"pHYs", b"IDAT", b"IEND"]
    assert file.left_out == ("tEXt", "prVW", "tIME", "eXIf")
    kept = again(data, keep_metadata=True)
    assert [name for name, _ in chunks(kept.content)] == [
        b"IHDR", b"gAMA", b"pHYs", b"tEXt", b"IDAT", b"tIME", b"eXIf", b"IEND",
    ]  # fmt: skip
    assert kept.left_out == ("prVW",)


AT = b"2024-05-01T10:00:00"
DATES = [b"date:create\0" + AT + b"+00:00", b"date:modify\0" + AT + b"+02:00", b"date:timestamp\0" + AT + b"Z"]


def test_dates_that_a_tool_writes_into_each_file_stay() -> None:
    dates = b"".join(chunk(b"tEXt", body) for body in DATES)
    data = png(scene(20, 20), LIBPNG, before=chunk(b"tIME", bytes(7)), after=dates + chunk(b"tEXt", b"Author\0Jane"))
    file, _ = stego_of(data)
    assert [body for name, body in chunks(file.content) if name == b"tEXt"] == DATES
    assert [name for name, _ in chunks(file.content)] == [b"IHDR", b"tIME", b"IDAT", *3 * [b"tEXt"], b"IEND"]
    assert file.left_out == ("tEXt",)


NO_DATES = [b"date:create\0at Jane's", b"date:create\0" + AT + b"Z Jane", b"date:\0" + AT, b"date:create", b"Date\0" + AT]


@pytest.mark.parametrize("body", NO_DATES)
def test_what_only_looks_like_a_date_goes(body: bytes) -> None:
    data = png(scene(20, 20), LIBPNG, before=chunk(b"tIME", bytes(7)) + chunk(b"tEXt", body))
    file, _ = stego_of(data)
    assert [name for name, _ in chunks(file.content)] == [b"IHDR", b"IDAT", b"IEND"]
    assert file.left_out == ("tIME", "tEXt")


def test_streams_that_zlib_does_not_make_are_said() -> None:
    """Two compressors in one stream: the first half at level 1, the second at level 9."""
    pixels = scene(200, 60)
    content = zlib.decompress(b"".join(body for name, body in chunks(png(pixels, LIBPNG)) if name == b"IDAT"))
    half = len(content) // 2
    first, second = zlib.compressobj(1, wbits=-15), zlib.compressobj(9, wbits=-15)
    body = first.compress(content[:half]) + first.flush(zlib.Z_SYNC_FLUSH) + second.compress(content[half:]) + second.flush()
    stream = b"\x78\x5e" + body + struct.pack(">I", zlib.adler32(content))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60, 200, 8, 2, 0, 0, 0))
    data = SIGNATURE + head + chunk(b"IDAT", stream) + chunk(b"IEND")
    file, _ = stego_of(data)
    assert file.manner == "near"
    assert "no setting of zlib" in file.notes[0]
    assert chunks(file.content)[1][1][:2] == b"\x78\x5e"


def test_filters_without_a_rule_stay_as_they_are() -> None:
    pixels = scene(60, 40)
    drawn = RNG.integers(0, 5, len(pixels), dtype=np.uint8)
    ways = np.concatenate([part for _, part, _ in png_filters.blocks(pixels.reshape(60, -1), 3)], axis=1)
    content = b"".join(bytes([kind]) + ways[kind, row].tobytes() for row, kind in enumerate(drawn))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 60, 8, 2, 0, 0, 0))
    data = SIGNATURE + head + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND")
    assert again(data).content == data
    file, _ = stego_of(data)
    stego = zlib.decompress(chunks(file.content)[1][1])
    assert stego[:: 1 + 40 * 3] == drawn.tobytes()
    assert "filters" in file.notes[0]


def test_a_flush_before_the_end_is_kept() -> None:
    """As Chromium writes: 4096 bytes a chunk, a flush, then an empty last block in a chunk of its own."""
    pixels = scene(80, 80)
    content = zlib.decompress(b"".join(b for n, b in chunks(png(pixels, png_filters.Rule((2,), first=2))) if n == b"IDAT"))
    compressor = zlib.compressobj(1)
    stream = compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH)
    pieces = [stream[at : at + 4096] for at in range(0, len(stream), 4096)] + [compressor.flush()]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 80, 80, 8, 2, 0, 0, 0))
    data = SIGNATURE + head + b"".join(chunk(b"IDAT", piece) for piece in pieces) + chunk(b"IEND")
    assert again(data).content == data
    sizes = [len(body) for name, body in chunks(stego_of(data)[0].content) if name == b"IDAT"]
    assert sizes[:-2] == [4096] * (len(sizes) - 2)
    assert sizes[-1] == 6


def test_a_transparent_color_stays_one_if_it_can() -> None:
    pixels = scene(30, 30, 1) | 1
    pixels[:5] = 40
    data = png(pixels, LIBPNG, before=chunk(b"tRNS", b"\0\x28"))
    file, _ = stego_of(data)
    assert b"tRNS" in dict(chunks(file.content))
    picture = images.read(data)
    stego = picture.samples.copy()
    stego[0, 20, 20] = 40  # opaque, and yet of the transparent color
    file = images.encode_like(stego, picture, "PNG", alpha=picture.alpha)
    assert (file.manner, len(file.notes)) == ("usual", 1)
    assert np.array_equal(images.read(file.content).samples, stego)
    alpha = images.read(file.content).alpha
    assert alpha is not None
    assert picture.alpha is not None
    assert np.array_equal(alpha, picture.alpha)


def test_a_turned_cover_is_written_upright() -> None:
    exif = Image.Exif()
    exif[274] = 6
    data = saved(scene(30, 50), exif=exif.tobytes(), dpi=(72, 144))
    picture = images.upright(images.read(data))
    file = images.encode_like(changed(picture.samples), picture, "PNG", keep_metadata=True)
    back = images.read(file.content)
    assert back.samples.shape == (3, 50, 30)
    assert back.orientation == 1
    assert np.array_equal(back.samples, changed(picture.samples))
    assert file.manner == "cover"
    before, after = dict(chunks(data))[b"pHYs"], dict(chunks(file.content))[b"pHYs"]
    assert after == before[4:8] + before[:4] + before[8:]


def test_the_search_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a stream that no zlib makes: counted in bytes compressed, not in seconds."""
    content, tried = RNG.integers(0, 4, 2**18, dtype=np.uint8).tobytes(), []
    plain = deflating.Deflating.compared

    def counted(self: deflating.Deflating, content: bytes, stream: bytes) -> tuple[bool, int]:
        tried.append(plain(self, content, stream)[1])
        return plain(self, content, stream)

    monkeypatch.setattr(deflating.Deflating, "compared", counted)
    monkeypatch.setattr(deflating, "_MOST_WORK", 2**20)
    assert not deflating.found(b"\x78\x9c" + bytes(2**17), content).is_exact
    assert sum(tried) <= 2**20 + len(content)


def test_what_is_in_no_file_is_written_as_pillow_does() -> None:
    pixels = scene()
    picture = images.Picture(pixels.transpose(2, 0, 1), None, "PNG")
    file = images.encode_like(picture.samples, picture)
    assert file == images.Encoded(saved(pixels))
    assert images.encode(picture.samples) == saved(pixels)
    assert file.content[file.content.index(b"IDAT") + 4 :][:2] == b"\x78\x9c"


def test_another_format_is_written_as_pillow_does_and_said() -> None:
    picture = images.read(saved(scene(), "BMP"))
    file = images.encode_like(picture.samples, picture, "PNG")
    assert (file.content, file.manner) == (images.encode(picture.samples), "usual")
    assert "BMP" in file.notes[0]


@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize("top_down", [False, True])
def test_bmp_headers_stay(planes: int, top_down: bool) -> None:
    data = bytearray(saved(scene(11, 9, planes), "BMP", dpi=(300, 200)))
    if top_down:
        struct.pack_into("<i", data, 22, -11)
    assert again(bytes(data)).content == data
    file, _ = stego_of(bytes(data))
    (start,) = struct.unpack_from("<I", data, 10)
    assert file.content[:start] == data[:start]
    assert len(file.content) == len(data)


def test_the_fourth_byte_of_a_bmp_stays() -> None:
    rows = RNG.integers(0, 256, (6, 5, 4), dtype=np.uint8)
    head = b"BM" + struct.pack("<IHHI", 54 + rows.size, 0, 0, 54)
    info = struct.pack("<IiiHHIIiiII", 40, 5, 6, 1, 32, 0, rows.size, 1, 2, 0, 0)
    file, _ = stego_of(head + info + rows.tobytes())
    assert file.content[54 + 3 :: 4] == rows[:, :, 3].tobytes()


@pytest.mark.parametrize(
    "data",
    [
        b"P5\n# CREATOR: GIMP PNM Filter Version 1.1\n3 2\n255\nabcdef",
        b"P6 2\t1 255 abcdef",
        b"P2\n3 2\n255\n1 2 30 \n4 5 60 \n",
        b"P2 3 2 255\n1\n2\n30\n4\n5\n60\n",
        b"P3\n2 1\n255\n  1   2   3   4 255  60\n",
    ],
)
def test_headers_and_layout_of_netpbm_stay(data: bytes) -> None:
    assert again(data, keep_metadata=False).content == data
    file, _ = stego_of(data)
    assert (file.manner, file.left_out) == ("cover", ())


def test_columns_of_plain_netpbm_stay_columns() -> None:
    picture = images.read(b"P2\n3 1\n255\n  9 100   7\n")
    file = images.encode_like(picture.samples + np.uint8(1), picture, "PGM")
    assert file.content == b"P2\n3 1\n255\n 10 101   8\n"


@pytest.mark.parametrize("data", [b"P5\n# Jane Doe, Berlin\n3 2\n255\nabcdef", b"P5 # Jane Doe, Berlin\n3 2 255\nabcdef"])
def test_comments_of_netpbm_are_metadata(data: bytes) -> None:
    file = again(data, keep_metadata=False)
    assert b"Jane" not in file.content
    assert file.left_out == ("comment",)
    assert again(data, keep_metadata=True).content == data
    stego_of(data)


def test_damaged_pixels_of_an_encoder_are_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(scene())
    picture = images.read(data)
    wrong = images.Encoded(images.encode(changed(picture.samples)), "cover")
    monkeypatch.setattr(png_writing, "encode_like", lambda *given, **options: wrong)
    file = images.encode_like(picture.samples, picture, "PNG")
    assert file.manner == "usual"
    assert np.array_equal(images.read(file.content).samples, picture.samples)


def test_the_first_part_of_a_large_picture_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deflating, "CONFIRMED_BYTES", 2**15)
    pixels = scene(400, 100)
    data = saved(pixels, compress_level=1)
    kind, looked_at = Kind(100, 400, 8, 2, 0), []
    plain = png_filters.blocks

    def counted(rows: np.ndarray, pixel_bytes: int) -> object:
        looked_at.append(rows.size)
        return plain(rows, pixel_bytes)

    monkeypatch.setattr(png_filters, "blocks", counted)
    style = png_writing.style_of(Pixels(pixels.transpose(2, 0, 1), None), chunks(data), kind)
    assert sum(looked_at) < 2**15 + 2 * 300
    assert style.rule == PILLOW
    assert style.deflating.is_exact


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_strips_tags_and_compression_stay(compression: str | None, predictor: int, mode: str) -> None:
    options = {"tiffinfo": {317: predictor}} if predictor > 1 else {}
    pixels = scene(150, 160, MODES[mode])
    data = saved(pixels, "TIFF", compression=compression, dpi=(72, 72), **options)
    before = pixels.copy()
    assert again(data).content == data
    file, stego = stego_of(data)
    planes = np.concatenate([stego, pixels[:, :, 3][None]]) if mode == "RGBA" else stego
    assert file.content == saved(planes.transpose(1, 2, 0), "TIFF", compression=compression, dpi=(72, 72), **options)
    assert (file.manner, file.notes, file.left_out) == ("cover", (), ())
    assert np.array_equal(pixels, before)


def test_tiff_metadata_stay_behind() -> None:
    data = saved(scene(), "TIFF", artist="Jane Doe", software="ours", compression="tiff_lzw")
    file, _ = stego_of(data)
    assert b"Jane Doe" not in file.content
    assert file.left_out == ("tag 305", "tag 315")
    assert again(data, keep_metadata=True).content == data


def test_the_byte_order_of_a_tiff_stays() -> None:
    pixels = scene(5, 7)
    start = 8 + pixels.size + pixels.size % 2
    tags = {256: 7, 257: 5, 258: 0, 259: 1, 262: 2, 273: 8, 277: 3, 278: 5, 279: pixels.size}
    table = struct.pack(">H", len(tags))
    for tag, value in tags.items():
        table += (
            struct.pack(">HHII", tag, 3, 3, start + 6 + 12 * len(tags))
            if tag == 258
            else struct.pack(">HHII", tag, 4, 1, value)
        )
    body = pixels.tobytes() + bytes(pixels.size % 2)
    data = b"MM\0*" + struct.pack(">I", start) + body + table + bytes(4) + struct.pack(">HHH", 8, 8, 8)
    assert again(data).content == data
    file, stego = stego_of(data)
    assert file.content == data[:8] + stego.transpose(1, 2, 0).tobytes() + data[8 + pixels.size :]
