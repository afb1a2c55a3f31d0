from __future__ import annotations

import io
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.errors import DoesNotFit, InvalidSetting, NothingFound, RefusedImage
from ssgan.images import read_coefficients
from ssgan.images.formats.jpeg_structure import parse
from ssgan.messages import plan, scheme_choice
from ssgan.messages.container import capacity_bytes, coefficient_carrier
from ssgan.messages.files import hide_content, hide_file, hide_spread, reveal_files
from ssgan.messages.hide import hide_coefficients
from ssgan.messages.keys import KeyFile
from ssgan.messages.ledger import Ledger
from ssgan.messages.order import COEFFICIENT_RULE
from ssgan.messages.plan import HideSettings
from ssgan.messages.reveal import reveal_from
from tests.images.jpegs import KINDS, jpeg, made, scene, segment

KEY = KeyFile(bytes(range(32)))
SAYING = b"Meet me at nine."
UERD = HideSettings(scheme="uerd")


def revealed(content: bytes) -> bytes:
    return reveal_files([io.BytesIO(content)], KEY)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_message_comes_back_and_the_file_stays_alike(kind: str, channels: int) -> None:
    data = made(kind, 100, 75, channels)
    stego = hide_content(data, SAYING, KEY, UERD, out="stego.jpg")
    assert revealed(stego.content) == SAYING
    cover, changed = read_coefficients(data), read_coefficients(stego.content)
    for before, after in zip(cover.components, changed.components, strict=True):
        change = after.blocks.astype(int) - before.blocks
        assert np.abs(change).max() <= 1
        rows, columns = before.whole
        assert not change[rows:].any()
        assert not change[:, columns:].any()
    own, new = parse(data), parse(stego.content)
    if "optimize" in KINDS[kind] or "progressive" in KINDS[kind]:
        assert images.encode_coefficients(changed) == stego.content
    else:
        assert stego.content[: new.scans[0].start] == data[: own.scans[0].start]
    assert [scan.restart for scan in new.scans] == [scan.restart for scan in own.scans]
    assert stego.hidden.scheme == "uerd"
    assert stego.hidden.payload == pytest.approx(8 * (stego.hidden.rung_bytes + 18) / cover.num_nonzero_ac)


def test_the_scheme_is_juniward_where_none_is_named() -> None:
    assert hide_content(made(), SAYING, KEY, HideSettings(), out="stego.jpg").hidden.scheme == "juniward"


def test_all_that_fits_can_be_written_and_no_more() -> None:
    data = made("4:4:4", 48, 48)
    most = scheme_choice.picture_capacity(plan.as_cover(images.read(data, convert=images.CONVERSIONS), "cover"))
    values = 3 * 36 * 64
    assert most == capacity_bytes(values, COEFFICIENT_RULE) == (values - 16) // 16 - 18
    message = bytes(most)
    assert revealed(hide_content(data, message, KEY, UERD, out="stego.jpg").content) == message
    with pytest.raises(DoesNotFit) as refusal:
        hide_content(data, bytes(most + 1), KEY, UERD, out="stego.jpg")
    assert refusal.value.reachable == most


@pytest.mark.parametrize("level", [0, 255])
def test_a_picture_without_texture_is_refused(level: int) -> None:
    data = jpeg(np.full((64, 64, 1), level, np.uint8), quality=100)
    with pytest.raises(RefusedImage, match="too flat"):
        hide_content(data, SAYING, KEY, UERD, out="stego.jpg")
    with pytest.raises(DoesNotFit, match="no AC coefficient"):
        hide_content(data, SAYING, KEY, HideSettings(scheme="uerd", allow_flat=True), out="stego.jpg")


def test_dc_coefficients_beyond_the_range_never_change() -> None:
    pixels = scene(64, 64, 1).copy()
    pixels[:, :32] = 0  # with steps of 1, the DC of a black block is -1024
    cover = read_coefficients(jpeg(pixels, quality=100))
    carrier = coefficient_carrier(cover)
    beyond = carrier.values < -1023
    assert beyond.any()
    assert carrier.samples.usable is not None
    message = bytes(150)
    stego, _ = hide_coefficients(cover, message, KEY, scheme="uerd", allow_flat=True)
    changed = coefficient_carrier(stego)
    assert np.array_equal(changed.values[beyond], carrier.values[beyond])
    assert reveal_from(changed, KEY) == message


def test_another_quantization_table_or_key_finds_nothing() -> None:
    stego = hide_content(made(), SAYING, KEY, UERD, out="stego.jpg").content
    with pytest.raises(NothingFound):
        reveal_files([io.BytesIO(stego)], KeyFile(bytes(32)))
    at = stego.index(b"\xff\xdb") + 68
    with pytest.raises(NothingFound):
        revealed(stego[:at] + bytes([stego[at] + 1]) + stego[at + 1 :])
    stream = io.BytesIO()
    Image.open(io.BytesIO(stego)).save(stream, "JPEG", quality=75)  # as a messenger does
    with pytest.raises(NothingFound):
        revealed(stream.getvalue())


def test_metadata_and_trailing_bytes_stay(tmp_path: Path) -> None:
    cover = tmp_path / "photo.jpg"
    cover.write_bytes(made("EXIF, profile, comment") + b"\0trailer")
    hide_file(cover, SAYING, KEY, tmp_path / "out.JPG", scheme="uerd")
    content = (tmp_path / "out.JPG").read_bytes()
    assert content.endswith(b"\xff\xd9\0trailer")
    assert content[: content.index(b"\xff\xda")] == cover.read_bytes()[: cover.read_bytes().index(b"\xff\xda")]
    assert reveal_files([tmp_path / "out.JPG"], KEY) == SAYING


def test_covers_of_both_kinds_share_a_message(tmp_path: Path) -> None:
    Image.fromarray(scene(64, 64)).save(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_bytes(made("4:2:0", 64, 64))
    (tmp_path / "c.jpeg").write_bytes(made("progressive", 80, 64, 1))
    covers = [tmp_path / name for name in ("a.png", "b.jpg", "c.jpeg")]
    hidden = hide_spread(covers, SAYING, KEY, tmp_path / "out", needed=2)
    assert [one.scheme for one in hidden] == ["hill:luma", "juniward", "juniward"]
    outs = sorted((tmp_path / "out").iterdir())
    assert [out.name for out in outs] == ["a.png", "b.jpg", "c.jpeg"]
    assert reveal_files(outs[1:], KEY) == reveal_files(outs[:2], KEY) == SAYING


def refusal_of(tmp_path: Path, data: bytes, out: str, **settings: Any) -> str:
    cover = tmp_path / ("cover.jpg" if data.startswith(b"\xff\xd8") else "cover.png")
    cover.write_bytes(data)
    with pytest.raises((RefusedImage, InvalidSetting)) as refusal:
        hide_file(cover, SAYING, KEY, tmp_path / out, **settings)
    assert not (tmp_path / out).exists()
    return str(refusal.value)


def test_what_cannot_be_is_refused_with_the_reason(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(scene(64, 64)).save(stream, "PNG")
    png, plain = stream.getvalue(), made()
    assert "JPEG is lossy" in refusal_of(tmp_path, plain, "out.png")
    assert "compressed with loss" in refusal_of(tmp_path, png, "out.jpg")
    assert "made for pixels" in refusal_of(tmp_path, plain, "out.jpg", scheme="hill")
    assert "made for the coefficients" in refusal_of(tmp_path, png, "out.png", scheme="juniward")
    assert "no scheme" in refusal_of(tmp_path, plain, "out.jpg", scheme="junivard")
    several = plain[:2] + segment(0xE2, b"MPF\0II*\0") + plain[2:]
    assert "MPF" in refusal_of(tmp_path, several, "out.jpg")
    turned = made().replace(b"\xff\xe0", segment(0xE1, EXIF_TURNED) + b"\xff\xe0", 1)
    assert "cannot be turned" in refusal_of(tmp_path, turned, "out.jpg", upright=True)


EXIF_TURNED = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0"


def test_a_cover_is_used_once_and_a_stego_counts_as_its_cover(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    (tmp_path / "photo.jpg").write_bytes(made())
    hide_file(tmp_path / "photo.jpg", SAYING, KEY, tmp_path / "out.jpg", scheme="uerd", ledger=ledger)
    for name in ("photo.jpg", "out.jpg"):
        with pytest.raises(RefusedImage, match="used before"):
            hide_file(tmp_path / name, SAYING, KEY, tmp_path / "again.jpg", scheme="uerd", ledger=ledger)
    (tmp_path / "other.jpg").write_bytes(made(quality=80))  # the same picture, but other coefficients
    hide_file(tmp_path / "other.jpg", SAYING, KEY, tmp_path / "again.jpg", scheme="uerd", ledger=ledger)


def test_random_messages_come_back_or_are_refused_by_type(jpeg_round_trips: ModuleType) -> None:
    answers = [jpeg_round_trips.tried(seed, most_side=120) for seed in range(60)]
    assert answers.count("revealed") > 10
    assert set(answers) <= {"revealed", "RefusedImage", "DoesNotFit"}
