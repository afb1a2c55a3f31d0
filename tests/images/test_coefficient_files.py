from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ssgan.errors import NotEnoughMemory, RefusedImage
from ssgan.images import coefficient_files, files
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.coefficients import Coefficients
from ssgan.images.formats.jpeg_huffman import STANDARD, codes, optimal
from ssgan.images.formats.jpeg_structure import parse
from tests.images.jpegs import KINDS, SIZES, jpeg, made, scene, segment


def moved(coefficients: Coefficients, seed: int = 1, rate: float = 0.1) -> Coefficients:
    """Other coefficients: some of the whole blocks moved by one."""
    rng = np.random.default_rng(seed)
    blocks = []
    for component in coefficients.components:
        changed = component.blocks.copy()
        rows, columns = component.whole
        part = changed[:rows, :columns]
        step = rng.integers(-1, 2, part.shape) * (rng.random(part.shape) < rate)
        part += np.where(np.abs(part) < 1000, step, 0).astype(np.int16)
        blocks.append(changed)
    return coefficients.with_blocks(blocks)


def same(a: Coefficients, b: Coefficients) -> bool:
    return all(np.array_equal(x.blocks, y.blocks) for x, y in zip(a.components, b.components, strict=True))


@pytest.mark.parametrize("quality", [30, 75, 100])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_comes_back_byte_for_byte(kind: str, channels: int, quality: int) -> None:
    for width, height in SIZES:
        data = made(kind, width, height, channels, quality)
        assert encode_coefficients(read_coefficients(data)) == data


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_changed_coefficients_come_back_and_all_around_the_scans_stays(kind: str, channels: int) -> None:
    data = made(kind, 100, 75, channels)
    changed = moved(read_coefficients(data))
    stego = encode_coefficients(changed)
    assert stego != data
    back = read_coefficients(stego)
    assert same(back, changed)
    assert encode_coefficients(back) == stego  # so optimized tables are optimal again
    if "optimize" not in KINDS[kind] and "progressive" not in KINDS[kind]:
        start = parse(data).scans[0].start
        assert stego[:start] == data[:start]
    else:
        assert parse(stego).tables != parse(data).tables
    with Image.open(io.BytesIO(stego)) as picture, warnings.catch_warnings():
        warnings.simplefilter("error")
        picture.load()


def test_bytes_after_the_end_and_fillers_between_segments_stay() -> None:
    data = made()
    for file in (data + b"\0\0trailer", data[:2] + b"\xff\xff" + data[2:], data[:-2] + b"\xff\xff\xff" + data[-2:]):
        coefficients = read_coefficients(file)
        assert encode_coefficients(coefficients) == file
        assert same(coefficients, read_coefficients(data))


@pytest.mark.parametrize("quality", [30, 75, 100])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "stored as RGB"])
def test_the_coefficients_are_those_of_other_libraries(kind: str, channels: int, quality: int, tmp_path: Path) -> None:
    jpeglib = pytest.importorskip("jpeglib")
    jpegio = pytest.importorskip("jpegio")
    for width, height in SIZES:
        path = tmp_path / "picture.jpg"
        path.write_bytes(made(kind, width, height, channels, quality))
        ours = read_coefficients(path)
        peer = jpeglib.read_dct(str(path))
        planes = [peer.Y] if channels == 1 else [peer.Y, peer.Cb, peer.Cr]
        other = jpegio.read(str(path))
        for i, (component, theirs) in enumerate(zip(ours.components, planes, strict=True)):
            rows, columns = theirs.shape[:2]
            assert np.array_equal(component.blocks[:rows, :columns], theirs)
            plane = np.asarray(other.coef_arrays[i])
            rows, columns = plane.shape[0] // 8, plane.shape[1] // 8
            blocks = plane.reshape(rows, 8, columns, 8).transpose(0, 2, 1, 3)
            assert np.array_equal(component.blocks[:rows, :columns], blocks)
            assert np.array_equal(component.table, peer.qt[peer.quant_tbl_no[i]])


def test_the_reference_files_come_back_with_their_coefficients(shared: Path) -> None:
    count = 0
    for path in sorted((shared / "reference" / "jpeg").rglob("*.jpg")):
        coefficients = read_coefficients(path)
        assert encode_coefficients(coefficients) == path.read_bytes()
        beside = path.with_suffix(".npz")
        if beside.exists() and len(coefficients.components) == 1:
            expected = np.load(beside)
            blocks = coefficients.components[0].blocks
            plane = blocks.transpose(0, 2, 1, 3).reshape(8 * blocks.shape[0], -1)
            assert np.array_equal(plane, expected["coefficients"])
            assert np.array_equal(coefficients.components[0].table, expected["quantization"])
            count += 1
    assert count > 3


def test_components_know_their_whole_blocks() -> None:
    coefficients = read_coefficients(made("4:2:0", 33, 17))
    luma, chroma, _ = coefficients.components
    assert (luma.blocks.shape[:2], luma.whole, luma.size, luma.sampling) == ((4, 6), (2, 4), (17, 33), (2, 2))
    assert (chroma.blocks.shape[:2], chroma.whole, chroma.size, chroma.sampling) == ((2, 3), (1, 2), (9, 17), (1, 1))


def test_optimal_tables_are_those_of_libjpeg() -> None:
    for seed, quality in enumerate((30, 75, 95, 100)):
        structure = parse(jpeg(scene(120, 90, 3, seed), quality=quality, optimize=True))
        assert all(table not in STANDARD for table in structure.tables)


def test_an_optimal_table_has_no_code_of_ones_and_none_over_16_bits() -> None:
    counts = np.zeros(256, np.int64)
    counts[:40] = [min(2**i, 2**60) for i in range(40)]  # unlimited, the longest code would have 40 bits
    table = optimal(counts)
    assert sorted(table.symbols) == list(range(40))
    made_codes = codes([table])[0]
    lengths = made_codes[:40] >> 16
    assert lengths.max() == 16
    assert all(made_codes[i] & 0xFFFF != (1 << int(lengths[i])) - 1 for i in range(40))
    assert (np.diff(lengths.astype(int)) <= 0).all()  # what is frequent has a short code


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) == 1
    return data.replace(old, new)


PLAIN = made()
FRAME = PLAIN.index(b"\xff\xc0")
SCAN = PLAIN.index(b"\xff\xda")
START = parse(PLAIN).scans[0].start


def with_symbols(symbols: bytes) -> bytes:
    """PLAIN with another table of AC codes for luma, of which the picture's scan makes no sense."""
    at = PLAIN.index(STANDARD[2].symbols)
    return PLAIN[:at] + symbols + PLAIN[at + len(symbols) :]


DAMAGED = {
    "no JPEG": (b"\x89PNG", "no JPEG"),
    "empty": (b"", "no JPEG"),
    "cut in the scan": (PLAIN[: START + 200] + b"\xff\xd9", "truncated"),
    "a byte too few": (PLAIN[:-3] + b"\xff\xd9", "truncated"),
    "bytes too many": (PLAIN[:-2] + b"\x12\x34" + PLAIN[-2:], "after its last block"),
    "huge for its bytes": (PLAIN[: FRAME + 5] + struct.pack(">HH", 8000, 8000) + PLAIN[FRAME + 9 :], "too short"),
    "restarts that were not announced": (PLAIN[:-2] + b"\xff\xd0" + PLAIN[-2:], "restart"),
    "restarts announced that are not there": (PLAIN[:SCAN] + segment(0xDD, b"\0\1") + PLAIN[SCAN:], "restart"),
    "no Huffman tables": (PLAIN[: PLAIN.index(b"\xff\xc4")] + PLAIN[SCAN:], "Huffman table"),
    "no quantization tables": (PLAIN[: PLAIN.index(b"\xff\xdb")] + PLAIN[FRAME:], "quantization table"),
    "a quantization step of 0": (PLAIN[: FRAME - 64] + b"\0" + PLAIN[FRAME - 63 :], "step is 0"),
    "a code of ones": (PLAIN.replace(STANDARD[2].counts, b"\2" + STANDARD[2].counts[1:-1] + b"\x7b"), "too many codes"),
    "an AC coefficient of 15 bits": (with_symbols(b"\x0f" * 162), "out of range"),
    "arithmetic coding": (PLAIN[: FRAME + 1] + b"\xc9" + PLAIN[FRAME + 2 :], "arithmetic"),
    "lossless": (PLAIN[: FRAME + 1] + b"\xc3" + PLAIN[FRAME + 2 :], "lossless"),
    "hierarchical": (PLAIN[: FRAME + 1] + b"\xc5" + PLAIN[FRAME + 2 :], "hierarchical"),
    "12 bits": (PLAIN[: FRAME + 4] + b"\x0c" + PLAIN[FRAME + 5 :], "12 bits"),
    "a height that follows": (PLAIN[:-2] + segment(0xDC, b"\0\x30") + PLAIN[-2:], "DNL"),
    "twice the same scan": (PLAIN[:-2] + PLAIN[SCAN:], "coded already"),
    "a factor of 5": (PLAIN[: FRAME + 11] + b"\x51" + PLAIN[FRAME + 12 :], "factors"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_or_uncommon_file_is_refused_with_the_reason(what: str) -> None:
    data, reason = DAMAGED[what]
    with pytest.raises(RefusedImage, match=reason):
        read_coefficients(data)


def test_four_components_are_refused() -> None:
    stream = io.BytesIO()
    Image.fromarray(scene(16, 16)).convert("CMYK").save(stream, "JPEG")
    with pytest.raises(RefusedImage, match="4 components"):
        read_coefficients(stream.getvalue())


def inserted(marker: int, body: bytes) -> bytes:
    return PLAIN[:2] + segment(marker, body) + PLAIN[2:]


def wide_steps() -> bytes:
    at = PLAIN.index(b"\xff\xdb")
    steps = PLAIN[at + 5 : at + 69]
    wide = segment(0xDB, b"\x10" + b"".join(bytes([1 if i == 63 else 0, step]) for i, step in enumerate(steps)))
    return PLAIN[:at] + wide + PLAIN[at + 69 :]


NO_COVER = {
    "several pictures": (inserted(0xE2, b"MPF\0II*\0"), "MPF"),
    "a signature": (inserted(0xEB, b"JP\0\1"), "C2PA"),
    "wide steps in a baseline file": (wide_steps(), "16 bits"),
    "padding of zeros": (made("4:2:0", 8, 8, 1), "way of its own"),
}


@pytest.mark.parametrize("what", NO_COVER)
def test_what_is_no_cover_is_read_but_not_written(what: str) -> None:
    data, reason = NO_COVER[what]
    if what == "padding of zeros":
        structure = parse(data)
        end = structure.scans[0].end
        assert data[end - 1] & 1
        data = data[: end - 1] + bytes([data[end - 1] & 0xFE]) + data[end:]
    coefficients = read_coefficients(data)
    with pytest.raises(RefusedImage, match=reason):
        encode_coefficients(coefficients)


def test_a_progressive_file_that_leaves_bits_out_is_no_cover() -> None:
    data = made("progressive")
    structure = parse(data)
    last = data.rindex(b"\xff\xda")
    coefficients = read_coefficients(data[:last] + b"\xff\xd9")
    assert len(structure.scans) == len(coefficients.structure.scans) + 1  # type: ignore[union-attr]
    with pytest.raises(RefusedImage, match="leave bits"):
        encode_coefficients(coefficients)


def custom_tables(data: bytes) -> bytes:
    """The file coded by other fixed tables: all AC symbols of the picture have a code of 9 bits, others none."""
    from ssgan.images.formats import jpeg_scans
    from ssgan.images.formats.jpeg_structure import HuffmanTable

    coefficients = read_coefficients(data)
    structure = coefficients.structure
    assert structure is not None
    flat = np.concatenate([component.blocks.reshape(-1) for component in coefficients.components])
    counts = jpeg_scans.count_symbols(structure, flat)
    tables = [
        HuffmanTable(bytes([0] * 8 + [np.count_nonzero(row)] + [0] * 7), np.flatnonzero(row).astype(np.uint8).tobytes())
        for row in counts
    ]
    return coefficient_files._assembled(data, structure, tables, jpeg_scans.encode(structure, flat, tables))


def test_fixed_tables_are_kept_and_a_symbol_without_a_code_is_refused() -> None:
    data = custom_tables(made(quality=75))
    coefficients = read_coefficients(data)
    assert encode_coefficients(coefficients) == data
    blocks = [component.blocks.copy() for component in coefficients.components]
    blocks[0][0, 0, 0, 0] += 1
    slight = encode_coefficients(coefficients.with_blocks(blocks))
    assert parse(slight).tables == parse(data).tables
    blocks[0][0, 0, 7, 7] = 1000
    with pytest.raises(RefusedImage, match="no code"):
        encode_coefficients(coefficients.with_blocks(blocks))


@pytest.mark.parametrize(("place", "value"), [((3, 4), 1024), ((3, 4), -1024), ((0, 0), 3000)])
@pytest.mark.parametrize("kind", ["4:2:0", "progressive"])
def test_a_coefficient_that_no_code_holds_is_refused(kind: str, place: tuple[int, int], value: int) -> None:
    coefficients = read_coefficients(made(kind))
    blocks: list[Any] = [component.blocks.copy() for component in coefficients.components]
    blocks[0][1, 1][place] = value
    with pytest.raises(RefusedImage, match="out of range"):
        encode_coefficients(coefficients.with_blocks(blocks))


def test_the_memory_is_checked_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "available_memory", lambda: 1000)
    monkeypatch.setattr(files, "_SMALL_BYTES", 0)
    with pytest.raises(NotEnoughMemory, match="are free"):
        read_coefficients(PLAIN)


def test_a_name_is_put_before_the_error(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(PLAIN[:100])
    with pytest.raises(RefusedImage, match=r"picture\.jpg: the file is truncated"):
        read_coefficients(path)
    with pytest.raises(RefusedImage, match="^stream: the file is truncated"):
        read_coefficients(io.BytesIO(PLAIN[:100]), name="stream")
