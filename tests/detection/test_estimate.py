from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.detection.estimate import estimate_files
from ssgan.errors import InvalidSetting
from ssgan.steganalysis.attacks import coefficients
from ssgan.steganalysis.attacks.structural import BY_NAME, Estimate, NotEnoughData


def scene(channels: int, *, seed: int, side: int = 128) -> np.ndarray:
    """Smooth, with a little noise: neighbors tell much of a sample, as in a photograph."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    smooth = np.stack([128 + 60 * np.sin(3 * x + c) * np.cos(4 * y - c) for c in range(channels)])
    return (smooth + rng.normal(0, 2, smooth.shape)).round().clip(0, 255).astype(np.uint8)


def replaced(samples: np.ndarray, payload: float, *, seed: int) -> np.ndarray:
    """The last bits of so many samples, wherever, replaced by random ones."""
    rng = np.random.default_rng(seed)
    chosen, bits = rng.random(samples.shape) < payload, rng.integers(0, 2, samples.shape, dtype=np.uint8)
    return np.where(chosen, samples & 254 | bits, samples)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("payload", [0.0, 0.5])
def test_the_payload_of_replacement_is_found_in_a_file(tmp_path: Path, channels: int, payload: float) -> None:
    images.write(tmp_path / "a.png", replaced(scene(channels, seed=1), payload, seed=2))
    (found,) = estimate_files([tmp_path / "a.png"])
    assert (found.name, found.error, list(found.answers)) == (str(tmp_path / "a.png"), "", list(BY_NAME))
    for name in ("rs", "sample-pairs", "weighted-stego"):
        answer = found.answers[name]
        assert isinstance(answer, Estimate)
        assert answer.payload == pytest.approx(payload, abs=0.15), name


def test_the_answers_are_those_of_the_attacks(tmp_path: Path) -> None:
    samples = scene(3, seed=3)
    images.write(tmp_path / "a.png", samples)
    (found,) = estimate_files([tmp_path])
    for name, attack in BY_NAME.items():
        expected = attack(images.to_images(samples))[0]
        answer = found.answers[name]
        assert type(answer) is type(expected)
        if isinstance(answer, Estimate) and isinstance(expected, Estimate):
            np.testing.assert_equal((answer.payload, answer.deviation), (expected.payload, expected.deviation))


def test_what_is_too_small_or_flat_has_reasons_and_what_is_broken_is_named(tmp_path: Path) -> None:
    images.write(tmp_path / "a.png", scene(1, seed=4, side=16))
    images.write(tmp_path / "b.png", np.full((1, 64, 64), 7, np.uint8))
    (tmp_path / "c.png").write_bytes(b"no picture")
    small, flat, broken = estimate_files([tmp_path])
    for found in (small, flat):
        answers = [found.answers[name] for name in ("rs", "sample-pairs", "weighted-stego")]
        assert all(isinstance(answer, NotEnoughData) and answer.reason for answer in answers)
    assert (broken.answers, bool(broken.error)) == ({}, True)
    assert [found.name for found in estimate_files([tmp_path], limit=2)] == [small.name, flat.name]


def test_nothing_to_read_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting):
        estimate_files([tmp_path])


def test_a_jpeg_is_estimated_by_its_coefficients_unless_its_pixels_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    Image.fromarray(scene(3, seed=4, side=160).transpose(1, 2, 0)).save(file, quality=90)
    (found,) = estimate_files([file])
    assert (list(found.answers), found.of_coefficients) == (list(coefficients.BY_NAME), True)
    (pixels,) = estimate_files([file], convert=("jpeg",))
    assert (list(pixels.answers), pixels.of_coefficients) == (list(BY_NAME), False)
    file.write_bytes(file.read_bytes()[:300])
    (broken,) = estimate_files([file])
    assert "photo.jpg" in broken.error


def test_what_must_be_converted_is_and_says_so(tmp_path: Path) -> None:
    color = scene(3, seed=6).transpose(1, 2, 0)
    picture = Image.fromarray(color)
    picture.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    picture.quantize(64).save(tmp_path / "palette.png")
    picture.quantize(64).save(tmp_path / "palette.gif")
    images.write(tmp_path / "a.png", scene(3, seed=6))
    (tmp_path / "behind.png").write_bytes((tmp_path / "a.png").read_bytes() + b"more")
    (tmp_path / "named.jpg").write_bytes((tmp_path / "a.png").read_bytes())
    found = {Path(one.name).name: one for one in estimate_files([tmp_path])}
    assert not [one.error for one in found.values() if one.error]
    assert found["a.png"].notes == ()
    words = {"cmyk.jpg": "CMYK", "palette.png": "Palette", "palette.gif": "Palette", "behind.png": "left out"}
    words["named.jpg"] = "is a PNG"
    for name, word in words.items():
        assert any(word in note for note in found[name].notes), (name, found[name].notes)
        assert list(found[name].answers) == list(BY_NAME)
    assert found["behind.png"].answers == found["named.jpg"].answers == found["a.png"].answers
    strict = {Path(one.name).name: one.error for one in estimate_files([tmp_path], convert=())}
    assert sorted(name for name, error in strict.items() if error) == sorted(words)
    with pytest.raises(InvalidSetting):
        estimate_files([tmp_path], convert=("pallete",))


def test_both_bytes_of_16_bits_are_attacked(tmp_path: Path) -> None:
    top, low = scene(1, seed=8)[0], replaced(scene(1, seed=9)[0], 0.5, seed=1)
    Image.fromarray(top.astype(np.uint16) * 256 + low).save(tmp_path / "a.png")
    (found,) = estimate_files([tmp_path])
    assert list(found.answers) == [*BY_NAME, *(f"{name}, low byte" for name in BY_NAME)]
    payloads = {}
    for name in ("sample-pairs", "sample-pairs, low byte"):
        answer = found.answers[name]
        assert isinstance(answer, Estimate)
        payloads[name] = answer.payload
    assert payloads["sample-pairs"] == pytest.approx(0, abs=0.15)
    assert payloads["sample-pairs, low byte"] == pytest.approx(0.5, abs=0.15)
    assert any("high byte" in note for note in found.notes)
