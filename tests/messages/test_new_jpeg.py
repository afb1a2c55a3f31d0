"""Messages in JPEGs that are made for them, of pictures that were none."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from ssgan import images
from ssgan.embedding.coefficient_costs import coefficient_costs
from ssgan.errors import InvalidSetting, RefusedImage, SsganError
from ssgan.images import read_coefficients
from ssgan.images.coefficients import carrier_values
from ssgan.images.new_jpeg import new_jpeg
from ssgan.messages import plan, scheme_choice
from ssgan.messages.files import hide_content, hide_file, hide_spread, reveal_files
from ssgan.messages.keys import KeyFile
from ssgan.messages.ledger import Ledger
from ssgan.messages.plan import HideSettings
from tests.images.jpegs import made, scene

KEY = KeyFile(bytes(range(32)))
SAYING = b"Meet me at nine."
NEW = HideSettings(jpeg=90)


def png(width: int = 64, height: int = 64, channels: int = 3, **settings: Any) -> bytes:
    """The scene of the JPEG tests as a PNG."""
    return encoded(scene(width, height, channels), "PNG", **settings)


def encoded(pixels: np.ndarray, file_format: str, **settings: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(stream, file_format, **settings)
    return stream.getvalue()


def written(folder: Path, **files: bytes) -> list[Path]:
    """Files of these contents, `a_png` as a.png."""
    paths = [folder / name.replace("_", ".") for name in files]
    for path, content in zip(paths, files.values(), strict=True):
        path.write_bytes(content)
    return paths


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("quality", [30, 75, 90, 100])
def test_a_message_comes_back_from_a_file_that_pillow_would_have_written(quality: int, channels: int) -> None:
    pixels = scene(72, 104, channels)
    stego = hide_content(png(72, 104, channels), b"nine", KEY, HideSettings(jpeg=quality), out="stego.jpg")
    assert reveal_files([io.BytesIO(stego.content)], KEY) == b"nine"
    witness = encoded(pixels, "JPEG", quality=quality)
    start = stego.content.index(b"\xff\xda")
    assert stego.content[:start] == witness[: witness.index(b"\xff\xda")]
    assert stego.hidden.scheme == "siuniward"
    assert stego.hidden.manner == "usual"
    cover, changed = new_jpeg(pixels, quality).cover, read_coefficients(stego.content)
    moved = carrier_values(changed).astype(int) - carrier_values(cover)
    assert moved.any()
    assert np.abs(moved).max() == 1
    assert stego.hidden.payload == pytest.approx(8 * (stego.hidden.rung_bytes + 18) / cover.num_nonzero_ac)


def test_changes_go_toward_the_original_far_more_often_than_not() -> None:
    pixels = scene(128, 128, 1)
    new = new_jpeg(pixels, 90)
    stego = hide_content(png(128, 128, 1), SAYING, KEY, NEW, out="stego.jpg")
    moved = (carrier_values(read_coefficients(stego.content)) - carrier_values(new.cover)).astype(int)
    toward = np.sign(new.errors[0].ravel()) == moved
    assert toward[moved != 0].mean() > 0.9
    assert np.abs(new.errors[0].ravel()[moved != 0]).mean() > 0.35  # of uniform errors the mean is 0.25


def test_a_side_informed_sender_distorts_less_than_one_without() -> None:
    """What the changes of real messages cost, each by the prices that its sender knew, and as J-UNIWARD counts them."""
    data, new = png(128, 128, 1), new_jpeg(scene(128, 128, 1), 90)
    without = encoded(scene(128, 128, 1), "JPEG", quality=90)
    stegos = {
        "siuniward": hide_content(data, SAYING, KEY, NEW, out="stego.jpg"),
        "juniward": hide_content(without, SAYING, KEY, HideSettings(), out="stego.jpg"),
    }
    spent = {}
    for scheme, stego in stegos.items():
        cover = stego.task.picture.coefficients
        assert cover is not None
        informed = scheme == "siuniward"
        prices = coefficient_costs(cover, scheme, stego.hidden.payload, errors=new.errors if informed else None)
        moved = carrier_values(read_coefficients(stego.content)) - carrier_values(cover)
        spent[scheme] = float(prices.plus[moved > 0].sum() + prices.minus[moved < 0].sum())
    assert spent["siuniward"] < 0.6 * spent["juniward"]


@pytest.mark.parametrize("scheme", ["uerd", "juniward", "ebs", "nsf5", "jmipod"])
def test_every_scheme_for_jpegs_may_be_named(scheme: str) -> None:
    stego = hide_content(png(96, 96), b"nine", KEY, HideSettings(scheme, jpeg=90), out="stego.jpg")
    assert reveal_files([io.BytesIO(stego.content)], KEY) == b"nine"
    assert stego.hidden.scheme == scheme


@settings(max_examples=40)
@given(
    height=st.integers(1, 70), width=st.integers(1, 70), channels=st.sampled_from([1, 3]), quality=st.integers(1, 100),
    length=st.integers(0, 60),
)  # fmt: skip
def test_any_size_and_quality_reveals_or_refuses_by_type(
    height: int, width: int, channels: int, quality: int, length: int
) -> None:
    message = bytes(range(length))
    try:
        stego = hide_content(png(width, height, channels), message, KEY, HideSettings(jpeg=quality), out="stego.jpg")
    except SsganError as refusal:
        assert refusal.hint
        return
    assert reveal_files([io.BytesIO(stego.content)], KEY) == message


def test_an_opaque_alpha_channel_is_left_out_and_a_transparent_one_is_refused() -> None:
    pixels = np.dstack([scene(64, 64, 3), np.full((64, 64), 255, np.uint8)])
    stego = hide_content(encoded(pixels, "PNG"), b"nine", KEY, NEW, out="stego.jpg")
    assert reveal_files([io.BytesIO(stego.content)], KEY) == b"nine"
    pixels[3, 5, 3] = 254
    with pytest.raises(InvalidSetting, match="transparent in places"):
        hide_content(encoded(pixels, "PNG"), b"nine", KEY, NEW, out="stego.jpg")


def test_a_new_jpeg_has_no_metadata_and_that_is_said(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "a name")
    (cover,) = written(tmp_path, a_png=png(pnginfo=text))
    hidden = hide_file(cover, b"nine", KEY, tmp_path / "out.jpg", jpeg=90)
    assert hidden.left_out == ("tEXt",)
    assert b"a name" not in (tmp_path / "out.jpg").read_bytes()
    with pytest.raises(InvalidSetting, match="no metadata"):
        hide_file(cover, b"nine", KEY, tmp_path / "other.jpg", jpeg=90, keep_metadata=True)


def test_upright_turns_the_picture_first(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (cover,) = written(tmp_path, a_png=png(64, 96, exif=exif.tobytes()))
    hide_file(cover, b"nine", KEY, tmp_path / "out.jpg", jpeg=90, upright=True)
    assert images.read(tmp_path / "out.jpg", convert=["jpeg"]).samples.shape == (3, 64, 96)


def test_covers_of_several_formats_become_jpegs_together(tmp_path: Path) -> None:
    covers = written(
        tmp_path,
        a_png=png(64, 64),
        b_bmp=encoded(scene(80, 64, 3), "BMP"),
        c_png=png(64, 80, 1),
        d_tiff=encoded(scene(72, 72, 1), "TIFF"),
    )
    hidden = hide_spread(covers, b"nine", KEY, tmp_path / "out", needed=2, jpeg=90)
    assert {one.scheme for one in hidden} == {"siuniward"}
    outs = sorted((tmp_path / "out").iterdir())
    assert [out.name for out in outs] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert reveal_files(outs[1:3], KEY) == reveal_files(outs, KEY) == b"nine"


def test_two_covers_of_one_name_are_refused(tmp_path: Path) -> None:
    covers = written(tmp_path, a_png=png(64, 64), a_bmp=encoded(scene(80, 64, 3), "BMP"))
    with pytest.raises(InvalidSetting, match="same name"):
        hide_spread(covers, b"nine", KEY, tmp_path / "out", needed=1, jpeg=90)


def test_the_original_counts_as_used_whatever_its_next_stego_is(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    cover, other = written(tmp_path, a_png=png(), b_png=png(64, 80))
    hide_file(cover, b"nine", KEY, tmp_path / "out.jpg", jpeg=90, ledger=ledger)
    for out, again in (("x.jpg", {"jpeg": 90}), ("x.jpg", {"jpeg": 80}), ("x.png", {})):
        with pytest.raises(RefusedImage, match="used before"):
            hide_file(cover, b"ten", KEY, tmp_path / out, ledger=ledger, **again)  # type: ignore[arg-type]
    with pytest.raises(RefusedImage, match="used before"):
        hide_file(tmp_path / "out.jpg", b"ten", KEY, tmp_path / "x.jpg", ledger=ledger)
    hide_file(other, b"nine", KEY, tmp_path / "b-out.png", ledger=ledger)
    with pytest.raises(RefusedImage, match="used before"):
        hide_file(other, b"ten", KEY, tmp_path / "x.jpg", jpeg=90, ledger=ledger)


@pytest.mark.parametrize(
    ("out", "given", "text", "hint"),
    [
        ("out.jpg", {"jpeg": 0}, "the quality is 0", "90"),
        ("out.jpg", {"jpeg": 101}, "the quality is 101", "90"),
        ("out.png", {"jpeg": 90}, "not named like a JPEG", ".jpg"),
        ("out.jpg", {}, "compressed with loss", "--jpeg 90"),
        ("out.jpg", {"jpeg": 90, "scheme": "hill"}, "to become a JPEG", "siuniward"),
        ("out.png", {"scheme": "siuniward"}, "made for new JPEGs", "--jpeg 90"),
        ("out.png", {"scheme": "juniward"}, "the coefficients of JPEGs", "hill"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_written(
    tmp_path: Path, out: str, given: dict[str, Any], text: str, hint: str
) -> None:
    (cover,) = written(tmp_path, a_png=png())
    with pytest.raises(InvalidSetting, match=text) as refused:
        hide_file(cover, b"nine", KEY, tmp_path / out, **given)
    assert hint in refused.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_jpeg_is_not_compressed_a_second_time(tmp_path: Path) -> None:
    (cover,) = written(tmp_path, a_jpg=made())
    with pytest.raises(InvalidSetting, match="a JPEG already") as refused:
        hide_file(cover, b"nine", KEY, tmp_path / "out.jpg", jpeg=90)
    assert "--jpeg" in refused.value.hint
    with pytest.raises(InvalidSetting, match="made for new JPEGs") as refused:
        hide_file(cover, b"nine", KEY, tmp_path / "out.jpg", scheme="siuniward")
    assert "juniward" in refused.value.hint


def test_capacity_is_that_of_the_new_jpeg() -> None:
    content = png(64, 80, 3)
    picture = plan.as_cover(images.read(content), "cover", NEW)
    assert scheme_choice.picture_capacity(picture) == (3 * 64 * 80 // 2 - 16) // 16 - 18
