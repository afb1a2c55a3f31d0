"""The gate for one picture: every way to hold the same pixels gives the same samples, and what is none is refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

import ssgan
from ssgan import images
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.evaluation import inspection
from ssgan.images import ImageLike, as_image

KEY = ssgan.KeyFile(bytes(32))


def picture(channels: int, height: int = 40, width: int = 44) -> np.ndarray:
    rng = np.random.default_rng(channels)
    return (128 + rng.normal(0, 5, (channels, height, width)).cumsum(-1)).clip(9, 240).astype(np.uint8)


def ways(samples: np.ndarray) -> dict[str, ImageLike]:
    """Every way to hold samples (C, H, W)."""
    last = np.ascontiguousarray(samples.transpose(1, 2, 0))
    found: dict[str, ImageLike] = {
        "NumPy (C, H, W)": samples,
        "NumPy (H, W, C)": last,
        "NumPy (H, W, C), a view": samples.transpose(1, 2, 0),
        "torch (C, H, W)": torch.from_numpy(samples.copy()),
        "PIL": Image.fromarray(last[..., 0] if len(samples) == 1 else last),
    }
    for kind in (np.int64, np.dtype(">i2"), np.uint32):
        found[f"NumPy of {np.dtype(kind).str}"] = samples.astype(kind)
    found["torch of int32"] = torch.from_numpy(samples.astype(np.int32))
    if len(samples) == 1:
        found |= {"NumPy (H, W)": samples[0], "torch (H, W)": torch.from_numpy(samples[0].copy())}
    return found


WAYS = [(channels, way) for channels in (1, 3) for way in ways(picture(channels))]
JUNK: dict[str, object] = {
    "two channels": np.zeros((2, 40, 44), np.uint8),
    "four channels": np.zeros((4, 40, 44), np.uint8),
    "four channels last": np.zeros((40, 44, 4), np.uint8),
    "no channel axis": np.zeros((40, 44, 44), np.uint8),
    "a batch": np.zeros((1, 3, 40, 44), np.uint8),
    "one row of numbers": np.zeros(40, np.uint8),
    "nothing": np.zeros((3, 0, 44), np.uint8),
    "floats": np.zeros((3, 40, 44)),
    "16 bits": np.full((40, 44), 256, np.uint16),
    "below 0": np.full((40, 44), -1, np.int8),
    "a tensor beyond 255": torch.full((40, 44), 256),
    "truth values": np.zeros((40, 44), bool),
    "a tensor of floats": torch.zeros(3, 40, 44),
    "a tensor in half a precision": torch.zeros(3, 40, 44, dtype=torch.bfloat16),
    "a tensor (H, W, C)": torch.zeros(40, 44, 3, dtype=torch.uint8),
    "RGBA": Image.new("RGBA", (44, 40)),
    "a palette": Image.new("P", (44, 40)),
    "bytes": bytes(100),
    "a list": [[1, 2], [3, 4]],
    "None": None,
    "either way": np.zeros((3, 40, 3), np.uint8),
}
# Every public function of one picture.
TAKERS: dict[str, Callable[[ImageLike], object]] = {
    "as_image": as_image,
    "hide": lambda image: ssgan.hide(image, b"hi", KEY),
    "reveal": lambda image: ssgan.reveal(image, KEY),
    "capacity": ssgan.capacity,
    "difference": lambda image: ssgan.difference(image, image),
    "Ledger.knows": lambda image: ssgan.Ledger(Path("/nowhere")).knows(image),
    "encode": lambda image: images.encode(image, layout=None),
    "inspect_cover": lambda image: inspection.inspect_cover(image, Embedder("lsb", 0.1), seed=1),
    "every_scheme": lambda image: inspection.every_scheme(image, 0.1, seed=1, schemes=["lsb"]),
}


@pytest.mark.parametrize(("channels", "way"), WAYS)
def test_all_ways_to_hold_a_picture_are_one(channels: int, way: str) -> None:
    samples = picture(channels)
    held, expected = ways(samples)[way], ssgan.hide(samples, b"hi", KEY)
    assert np.array_equal(as_image(held), samples)
    assert ssgan.capacity(held) == ssgan.capacity(samples) > 0
    hidden = ssgan.hide(held, "hi", KEY)
    assert isinstance(hidden.stego, np.ndarray)
    assert hidden.stego.shape == hidden.cover.shape == hidden.changes.shape == np.asarray(held).shape  # its own axes
    assert np.array_equal(as_image(hidden.stego), expected.stego)
    assert np.array_equal(as_image(hidden.cover), samples)
    assert ssgan.reveal(hidden.stego, KEY) == b"hi"
    assert ssgan.difference(held, hidden.stego) == ssgan.difference(samples, expected.stego)
    assert ssgan.difference(held, hidden.stego).changes == np.count_nonzero(hidden.changes) > 0
    assert images.read(images.encode(held, layout=None)).samples.tobytes() == samples.tobytes()
    seen = inspection.inspect_cover(held, Embedder("lsb", 0.1), seed=1)
    assert np.array_equal(seen.stego, inspection.inspect_cover(samples, Embedder("lsb", 0.1), seed=1).stego)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_in_a_file_is_taken_with_its_alpha(channels: int, tmp_path: Path) -> None:
    samples, alpha = picture(channels), np.full((40, 44), 255, np.uint8)
    alpha[:9] = 7
    path, ledger = tmp_path / "cover.png", ssgan.Ledger(tmp_path / "ledger")
    ssgan.write(path, samples, alpha=alpha)
    ledger.prepare()
    shown = samples[0] if channels == 1 else samples.transpose(1, 2, 0)
    for held, own in ((path, shown), (str(path), shown), (ssgan.read(path), samples)):
        assert np.array_equal(as_image(held), samples)
        assert ssgan.capacity(held) == ssgan.capacity(samples, alpha=alpha) < ssgan.capacity(samples)
        hidden = ssgan.hide(held, "hi", KEY)
        assert np.array_equal(hidden.cover, own)
        assert hidden.stego.shape == own.shape
        assert hidden.alpha is not None
        assert not hidden.changes[(slice(None), slice(9)) if own is samples else slice(9)].any()
        assert ssgan.reveal(hidden.stego, KEY, alpha=alpha) == b"hi"
        assert ssgan.difference(held, hidden.stego).changes > 0
        ssgan.write(tmp_path / "stego.png", hidden.stego, alpha=hidden.alpha, overwrite=True)
        assert ssgan.reveal(tmp_path / "stego.png", KEY) == b"hi"
        assert ledger.digest(held) == ledger.digest(samples, alpha)


def test_a_file_that_is_no_lossless_picture_is_refused_with_the_way_out(tmp_path: Path) -> None:
    Image.fromarray(picture(3).transpose(1, 2, 0)).save(tmp_path / "photo.jpg")
    for taker in ("as_image", "capacity", "difference", "hide", "reveal"):
        with pytest.raises(RefusedImage, match="coefficients") as refusal:
            TAKERS[taker](tmp_path / "photo.jpg")  # type: ignore[arg-type]
        assert "hide_file" in refusal.value.hint
        with pytest.raises(RefusedImage, match="missing.png cannot be read"):
            TAKERS[taker](tmp_path / "missing.png")  # type: ignore[arg-type]
    with pytest.raises(InvalidSetting, match="path"):
        as_image(BytesPath())  # type: ignore[arg-type]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_an_array_a_tensor_or_a_sequence(channels: int) -> None:
    samples = np.stack([picture(channels), picture(channels)[:, ::-1]])
    last = samples.transpose(0, 2, 3, 1)
    mixed = [samples[0], Image.fromarray(last[1, ..., 0] if channels == 1 else last[1])]
    for held in (samples, last, torch.from_numpy(samples), samples.astype(int), list(samples), mixed):
        assert np.array_equal(images.as_images(held), samples)
    assert np.array_equal(images.as_images(samples[0]), samples[:1])


@pytest.mark.parametrize(
    "junk",
    [
        [],
        [np.zeros((4, 5), np.uint8), np.zeros((5, 4), np.uint8)],
        np.zeros((2, 4, 5, 6), np.uint8),
        np.zeros((0, 3, 5, 6), np.uint8),
        np.zeros((2, 3, 5, 3), np.uint8),
        np.zeros((2, 3, 5, 6)),
        torch.zeros(2, 5, 6, 3, dtype=torch.uint8),
    ],
    ids=str,
)
def test_what_is_no_batch_is_refused_in_words(junk: object) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        images.as_images(junk)  # type: ignore[arg-type]
    assert refusal.value.hint


class BytesPath:
    """A path of bytes, as POSIX allows."""

    def __fspath__(self) -> bytes:
        return b"cover.png"


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("junk", JUNK)
def test_what_is_no_picture_is_refused_in_words(taker: str, junk: str) -> None:
    if (taker, junk) == ("difference", "a batch"):
        pytest.skip("it takes batches as well")
    with pytest.raises(InvalidSetting) as refusal:
        TAKERS[taker](JUNK[junk])  # type: ignore[arg-type]
    message = f"{refusal.value} {refusal.value.hint}"
    assert "(H, W, C)" in message or "mode" in message
    assert refusal.value.hint


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.sampled_from(["chw", "hwc", None]))
@example(1, 1, 1, None)
@example(1, 2, 1, None)
@example(3, 3, 3, None)
def test_the_shape_decides_or_nobody_does(a: int, b: int, c: int, layout: images.Layout | None) -> None:
    array = np.arange(a * b * c, dtype=np.uint8).reshape(a, b, c)
    first, last = a in (1, 3), c in (1, 3)
    same = (a, b, c) == (1, 1, 1)  # one sample is the same picture either way
    if (layout is None and (first != last or same)) or (layout == "chw" and first) or (layout == "hwc" and last):
        is_first = layout == "chw" or (layout is None and first)
        assert np.array_equal(as_image(array, layout=layout), array if is_first else array.transpose(2, 0, 1))
    else:
        with pytest.raises(InvalidSetting, match="is no image"):
            as_image(array, layout=layout)


def test_a_hint_says_what_to_do() -> None:
    def hint(given: object, layout: images.Layout | None = None) -> str:
        with pytest.raises(InvalidSetting) as refusal:
            as_image(given, layout=layout)  # type: ignore[arg-type]
        return refusal.value.hint

    assert 'layout="hwc"' in hint(np.zeros((3, 40, 3), np.uint8))
    assert 'layout="hwc"' in hint(np.zeros((40, 44, 3), np.uint8), "chw")
    assert "alpha=" in hint(np.zeros((40, 44, 4), np.uint8))
    assert 'convert("RGB")' in hint(Image.new("RGBA", (4, 4)))
    assert "images[i]" in hint(np.zeros((1, 3, 40, 44), np.uint8))
    assert "uint8" in hint(np.zeros((40, 44)))
    with pytest.raises(InvalidSetting, match="no layout"):
        as_image(np.zeros((4, 4), np.uint8), layout="nchw")  # type: ignore[arg-type]


def test_thin_pictures_of_files_are_read_as_they_are(tmp_path: Path) -> None:
    """A file says what its axes are: 3 samples wide is no riddle."""
    thin = picture(3, 400, 3)
    Image.fromarray(thin.transpose(1, 2, 0)).save(tmp_path / "thin.png")
    ssgan.hide_file(tmp_path / "thin.png", "hi", KEY, tmp_path / "stego.png", ledger=ssgan.Ledger(tmp_path / "ledger"))
    assert ssgan.reveal_files([tmp_path / "stego.png"], KEY) == b"hi"
    hidden = ssgan.hide(thin.transpose(1, 2, 0), "hi", KEY, layout="hwc")
    assert ssgan.reveal(hidden.stego, KEY, layout="hwc") == b"hi"


def test_alpha_is_taken_in_every_way_and_must_fit() -> None:
    samples = picture(3)
    alpha = np.full((40, 44), 255, np.uint8)
    alpha[:10] = 0
    stegos = [
        ssgan.hide(samples, b"hi", KEY, alpha=given).stego for given in (alpha, Image.fromarray(alpha), torch.from_numpy(alpha))
    ]
    assert np.array_equal(stegos[0], stegos[1])
    assert np.array_equal(stegos[0], stegos[2])
    for wrong in (alpha.T, alpha.astype(float), alpha[None]):
        with pytest.raises(InvalidSetting, match="alpha is"):
            ssgan.capacity(samples, alpha=wrong)


@pytest.mark.parametrize("key", ["words", b"x" * 32, None, 7])
def test_what_is_no_key_is_refused_with_the_name_of_what_is(key: object, tmp_path: Path) -> None:
    samples = picture(3)
    images.write(tmp_path / "cover.png", samples)
    for call in (
        lambda: ssgan.hide(samples, b"hi", key),  # type: ignore[arg-type]
        lambda: ssgan.reveal(samples, key),  # type: ignore[arg-type]
        lambda: ssgan.hide_file(tmp_path / "cover.png", b"hi", key, tmp_path / "out.png"),  # type: ignore[arg-type]
        lambda: ssgan.hide_spread([tmp_path / "cover.png"], b"hi", key, tmp_path / "out", needed=1),  # type: ignore[arg-type]
        lambda: ssgan.reveal_files([tmp_path / "cover.png"], key),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidSetting, match="Passphrase"):
            call()
    assert not (tmp_path / "out.png").exists()


def test_a_message_is_bytes_or_text() -> None:
    samples = picture(3)
    for message in ("grüß", bytearray(b"hi"), memoryview(b"hi")):
        expected = message.encode() if isinstance(message, str) else bytes(message)
        assert ssgan.reveal(ssgan.hide(samples, message, KEY).stego, KEY) == expected  # type: ignore[arg-type]
    for wrong in (None, 7, ["hi"], "\udce9"):
        with pytest.raises(InvalidSetting, match="message"):
            ssgan.hide(samples, wrong, KEY)  # type: ignore[arg-type]


def test_a_seed_is_a_whole_number_or_a_generator() -> None:
    covers, embedder = torch.from_numpy(picture(3))[None], Embedder("lsb", 0.4)
    assert torch.equal(embedder.simulate(covers, 1), embedder.simulate(covers, 1))
    assert not torch.equal(embedder.simulate(covers, 1), embedder.simulate(covers, 2))
    rng = np.random.default_rng
    assert torch.equal(embedder.simulate(covers, rng(1)), embedder.simulate(covers, rng(1)))
    drawn = [ssgan.Question(Path("covers"), "hill@0.4", "spam", seed=rng(1)).seed for _ in range(2)]  # type: ignore[arg-type]
    assert isinstance(drawn[0], int)
    assert drawn[0] == drawn[1]
    assert ssgan.Question(Path("covers"), "hill@0.4", "spam", seed=np.int64(7)).seed == 7  # type: ignore[arg-type]
    first, second = (inspection.inspect_cover(picture(3), embedder, seed=rng(1)).stego for _ in range(2))
    assert np.array_equal(first, second)
    for wrong in (1.5, "1", None, True):
        with pytest.raises(InvalidSetting, match="seed"):
            embedder.simulate(covers, wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "covers", [picture(3), picture(3)[None].astype(np.int16), torch.zeros(1, 40, 44, 3, dtype=torch.uint8), None]
)
def test_an_embedder_says_how_one_picture_becomes_a_batch(covers: object) -> None:
    for work in (lambda x: Embedder("lsb", 0.4).costs(x), lambda x: Embedder("lsb", 0.4).simulate(x, 1)):
        with pytest.raises(InvalidSetting, match="expected Images"):
            work(covers)
