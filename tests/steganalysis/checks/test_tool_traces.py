"""What single tools write, written here by loops after their documentation, is recognized; their names are in the sentences."""

from __future__ import annotations

import io
from itertools import count

import numpy as np
import pytest
from PIL import Image

from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.coefficients import Coefficients
from ssgan.images.formats.jpeg_structure import ZIGZAG
from ssgan.steganalysis.checks.facts import Fact
from ssgan.steganalysis.checks.file_facts import file_facts
from ssgan.steganalysis.checks.tool_traces import JavaRandom, coefficient_facts

TEXT = b"Meet me at nine under the old bridge."


def noise(height: int = 60, width: int = 50) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (3, height, width), dtype=np.uint8)


def with_bits(samples: np.ndarray, bits: list[int], channels: str = "RGB") -> np.ndarray:
    """The samples by rows, in an order of channels, with these last bits."""
    written = samples.copy()
    flat = written.transpose(1, 2, 0).copy().reshape(-1, 3)[:, ["RGB".index(one) for one in channels]].reshape(-1)
    flat[: len(bits)] = flat[: len(bits)] & 254 | np.array(bits, np.uint8)
    back = flat.reshape(-1, 3)[:, [channels.index(one) for one in "RGB"]]
    return np.ascontiguousarray(back.reshape(*samples.shape[1:], 3).transpose(2, 0, 1))


def bits_of(content: bytes) -> list[int]:
    return [byte >> k & 1 for byte in content for k in range(7, -1, -1)]


def facts(samples: np.ndarray) -> list[Fact]:
    return file_facts(b"", "a.png", samples)


@pytest.mark.parametrize("content", [TEXT, TEXT * 5, b"Hello, you there", "Grüße aus Köln, bis bald".encode()])
def test_stepic(content: bytes) -> None:
    bits = [bit for i, byte in enumerate(content) for bit in (*bits_of(bytes([byte])), int(i == len(content) - 1))]
    (fact,) = facts(with_bits(noise(), bits))
    assert "stepic" in fact.sentence
    assert (fact.kind, fact.content) == ("tool", content)


@pytest.mark.parametrize("content", [TEXT, TEXT * 5, b"the keys are under"])
def test_stegano(content: bytes) -> None:
    (fact,) = facts(with_bits(noise(), bits_of(f"{len(content)}:".encode() + content)))
    assert "stegano" in fact.sentence
    assert (fact.kind, fact.content) == ("tool", content)


@pytest.mark.parametrize("content", [TEXT, TEXT * 5])
def test_lsbsteg(content: bytes) -> None:
    (fact,) = facts(with_bits(noise(), bits_of(len(content).to_bytes(2, "big") + content), "BGR"))
    assert "LSBSteg" in fact.sentence
    assert (fact.kind, fact.content) == ("tool", content)


@pytest.mark.parametrize("end", [b"\xff\xfe", b"#####", b"<END>"])
def test_short_texts_with_an_end_of_tutorials(end: bytes) -> None:
    content = b"The flag is: f{lsb_is_no_secret}"[: 28 if end == b"\xff\xfe" else 16]
    (fact,) = facts(with_bits(noise(), bits_of(content + end)))
    assert fact.content.startswith(content)
    assert fact.kind == "last bits"


def test_java_random_gives_the_numbers_of_java() -> None:
    """The first four of `new Random(42).nextInt()`, 32 bits with a sign; below 2^30 the upper ones of these are left."""
    random = JavaRandom(42)
    java = [-1170105035, 234785527, -1360544799, 205897768]
    assert [random.below(2**30) for _ in java] == [(one & 0xFFFFFFFF) >> 2 for one in java]
    random = JavaRandom(42)
    assert [random.below(100) for _ in java] == [((one & 0xFFFFFFFF) >> 1) % 100 for one in java]


def test_openstego_in_order_and_scattered() -> None:
    header = b"OPENSTEGO\x01" + (300).to_bytes(4, "little") + bytes([1, 5, 1, 0]) + b"a.txt"
    (fact,) = facts(with_bits(noise(), bits_of(header)))
    assert "OpenStego's header" in fact.sentence
    samples, random, used = noise(64, 50), JavaRandom(98234782), set()
    for bit in bits_of(header):
        for _ in count():
            x, y, channel, _ = (random.below(bound) for bound in (50, 64, 3, 1))
            if (x, y, channel) not in used:
                break
        used.add((x, y, channel))
        samples[2 - channel, y, x] = samples[2 - channel, y, x] & 254 | bit
    (fact,) = facts(samples)
    assert fact.sentence == "OpenStego's header, scattered as without a passphrase: 300 bytes are hidden (compressed)."


def jpeg(subsampling: int, seed: int = 2) -> Coefficients:
    y, x = np.mgrid[:160, :208]
    noise = np.random.default_rng(seed).normal(0, 22, (160, 208, 3))
    pixels = 128 + 60 * np.sin(x / 17)[..., None] + 30 * np.cos(y / 11)[..., None] + noise
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=85, subsampling=subsampling)
    return read_coefficients(file.getvalue())


def in_file_order(coefficients: Coefficients, components: int) -> list[tuple[int, tuple[int, ...]]]:
    """Component and index of each AC coefficient in the order of a sequential file, by loops over its units."""
    across, down = coefficients.components[0].sampling
    rows, columns = (n // step for n, step in zip(coefficients.components[0].blocks.shape, (down, across), strict=False))
    found: list[tuple[int, tuple[int, ...]]] = []
    for row in range(rows):
        for column in range(columns):
            for c, component in enumerate(coefficients.components[:components]):
                h, v = component.sampling
                blocks = [(row * v + i, column * h + j) for i in range(v) for j in range(h)]
                found += [(c, (*block, *divmod(int(place), 8))) for block in blocks for place in ZIGZAG[1:]]
    return found


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("skipped", [(0, 1), (-1, 0, 1)])
@pytest.mark.parametrize("has_length", [False, True])
def test_jsteg(subsampling: int, components: int, skipped: tuple[int, ...], has_length: bool) -> None:
    cover, content = jpeg(subsampling), TEXT * 3
    blocks = [component.blocks.copy() for component in cover.components]
    places = (place for place in in_file_order(cover, components) if blocks[place[0]][place[1]] not in skipped)
    size = len(content).bit_length()
    length = [size >> k & 1 for k in range(4, -1, -1)] + [len(content) >> k & 1 for k in range(size - 1, -1, -1)]
    for bit, (c, index) in zip((length if has_length else []) + bits_of(content), places, strict=False):
        value = int(blocks[c][index])  # the magnitude where -1 is left out, too: else -2 would become -1
        blocks[c][index] = (abs(value) & ~1 | bit) * (1 if value > 0 else -1) if -1 in skipped else value & ~1 | bit
    assert list(coefficient_facts(cover)) == []
    found = list(coefficient_facts(cover.with_blocks(blocks)))
    assert [fact.content[: len(content)] for fact in found] == [content]
    assert "jsteg" in found[0].sentence
