"""Albums as files, by the bundled generator and its extractor: drawn, compressed by real codecs, and revealed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from ssgan.drawn import drawing, extractor
from ssgan.drawn import model as models
from ssgan.errors import DoesNotFit, Incomplete, InvalidSetting, NothingFound
from ssgan.images.channels import file_through, through
from ssgan.messages import album_files, network_pairs
from ssgan.messages.album_promise import Promises, album_of, enter, is_nonce_found, measure, nonce_bits
from ssgan.messages.keys import KeyFile, fresh_key
from ssgan.messages.survive import TRANSFORMATIONS, survive

FOLDER = models.find(Path("faces64"))
KEY = KeyFile(bytes(range(32)))
SENTENCE = b"Meet me at nine, by the old mill."


@pytest.fixture(scope="module")
def model() -> album_files.AlbumModel:
    return album_files.load(FOLDER)


@pytest.fixture(scope="module")
def folder(model: album_files.AlbumModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "album"
    album_files.carry_out(album_files.planned(SENTENCE, out, model, size=24), KEY)
    return out


def changed(folder: Path, out: Path, channel: str) -> list[Path]:
    out.mkdir()
    paths = []
    for path in sorted(folder.iterdir()):
        with Image.open(path) as picture:
            content, suffix = file_through(np.asarray(picture), channel)
        paths.append(out / (path.stem + suffix))
        paths[-1].write_bytes(content)
    return paths


@pytest.mark.parametrize("channel", ["jpeg75", "x2+jpeg80", "webp80"])
def test_a_sentence_goes_through_a_channel_and_back(folder: Path, tmp_path: Path, channel: str) -> None:
    paths = changed(folder, tmp_path / "received", channel)
    assert album_files.reveal_files_of_any_kind(paths, KEY) == SENTENCE


def test_shuffled_with_one_lost_and_with_another_key(folder: Path) -> None:
    paths = sorted(folder.iterdir())
    shuffled = [paths[k] for k in np.random.default_rng(1).permutation(24)[1:]]
    assert album_files.reveal_files_of_any_kind(shuffled, KEY) == SENTENCE
    assert album_files.reveal_album(shuffled, KEY, size=24) == SENTENCE
    with pytest.raises(NothingFound):
        album_files.reveal_files_of_any_kind(paths, fresh_key())
    with pytest.raises(InvalidSetting, match="more than an album"):
        album_files.reveal_album(paths, KEY, size=12)


def test_album_files_are_written_as_honest_covers_are(folder: Path) -> None:
    """The bytes of a file are those that `sample --drawn` writes of its picture."""
    from ssgan.messages.drawn_files import content_of

    path = sorted(folder.iterdir())[0]
    with Image.open(path) as picture:
        assert path.read_bytes() == content_of(np.asarray(picture), path)


def test_what_does_not_fit_is_refused_before_anything_is_drawn(model: album_files.AlbumModel, tmp_path: Path) -> None:
    most = album_files.promise_bytes(model, 24, "jpeg75")
    with pytest.raises(DoesNotFit) as caught:
        album_files.planned(bytes(most + 1), tmp_path / "album", model, size=24)
    assert caught.value.reachable == most
    for channel in ("blur", "jpeg12"):
        with pytest.raises(InvalidSetting):
            album_files.planned(b"x", tmp_path / "album", model, size=24, channel=channel)
    with pytest.raises(InvalidSetting):
        album_files.planned(b"x", tmp_path / "album", model, size=25)
    assert not list(tmp_path.iterdir())


def test_an_album_is_drawn_once(model: album_files.AlbumModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that finds nothing makes the message be refused; nothing is drawn again, nothing written."""
    drawn = []
    draw_signs = drawing.draw_signs

    def counted(*given: Any) -> Any:
        drawn.append(1)
        return draw_signs(*given)

    monkeypatch.setattr(drawing, "draw_signs", counted)
    monkeypatch.setattr(extractor.LatentReader, "read", lambda self, copies: np.zeros((len(copies), self.latent)))
    with pytest.raises(DoesNotFit, match="less than was promised"):
        album_files.carry_out(album_files.planned(b"x", tmp_path / "album", model, size=12), KEY)
    assert len(drawn) == 12
    assert not (tmp_path / "album").exists()


def test_latents_have_the_law_of_honest_ones(model: album_files.AlbumModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of 12 bits, uniform; magnitudes half-normal and independent of the signs that were asked for."""
    words = []
    base = drawing._base_of

    def kept(own: Any, given: Any, following: Any) -> Any:
        words.append(given)
        return base(own, given, following)

    monkeypatch.setattr(drawing, "_base_of", kept)
    rng = np.random.default_rng(2)
    signs = rng.integers(0, 2, (30, 128)).astype(np.uint8)
    for row in signs:
        drawing.draw_signs(model.drawn, row)
    found = np.stack(words)
    np.testing.assert_array_equal(found < 2048, signs == 1)
    assert stats.kstest((found.ravel() + 0.5) / 4096, "uniform").pvalue > 1e-4
    values = model.drawn.latents[found] / 1024
    assert stats.kstest(np.abs(values).ravel(), stats.halfnorm.cdf).pvalue > 1e-4
    assert abs(np.corrcoef(signs.ravel(), np.abs(values).ravel())[0, 1]) < 5 / np.sqrt(signs.size)


def test_survive_tries_an_album_and_a_spread_message_for_real(folder: Path) -> None:
    names = ["copy", "reversed", "one lost", "jpeg75", "gray"]
    rows = survive(sorted(folder.iterdir()), KEY, album_files.reveal_files_of_any_kind, names=names)
    assert [row.name for row in rows] == names
    assert [row.lives for row in rows[:4]] == [True] * 4


def test_survive_tells_of_a_drawn_cover_that_any_change_kills_it(tmp_path: Path, model: album_files.AlbumModel) -> None:
    from ssgan.messages import drawn_files

    plan = drawn_files.planned(b"hi", tmp_path / "out.png", model.drawn)
    drawn_files.carry_out(plan, KEY)
    rows = survive([tmp_path / "out.png"], KEY, album_files.reveal_files_of_any_kind)
    assert {row.name for row in rows if row.lives} == {"copy", "no metadata", "saved as png"}
    assert len(rows) == len(TRANSFORMATIONS) - 2
    assert all("no message" in row.outcome for row in rows if row.name == "one gray level")
    with pytest.raises(NothingFound):
        survive([tmp_path / "out.png"], fresh_key(), album_files.reveal_files_of_any_kind, names=["copy"])
    for names in (["blurred"], ["one lost"], ["jpeg0"]):
        with pytest.raises(InvalidSetting):
            survive([tmp_path / "out.png"], KEY, album_files.reveal_files_of_any_kind, names=names)


def test_a_network_is_known_by_what_it_did(folder: Path, tmp_path: Path, model: album_files.AlbumModel) -> None:
    changed(folder, tmp_path / "mild", "jpeg95")
    changed(folder, tmp_path / "strong", "border2+jpeg40+x0.3")
    mild = network_pairs.compare(folder, tmp_path / "mild", FOLDER)
    assert mild.pictures == 24
    assert mild.like is not None
    assert mild.promises[24] == album_files.promise_bytes(model, 24, mild.like)
    assert 0 < mild.signs_changed < 0.1
    strong = network_pairs.compare(folder, tmp_path / "strong", FOLDER)
    assert strong.drift > 10 * mild.drift
    with pytest.raises(InvalidSetting):
        network_pairs.compare(folder, sorted((tmp_path / "mild").iterdir())[0], FOLDER)
    with pytest.raises(InvalidSetting):
        network_pairs.compare(folder, tmp_path / "none", FOLDER)


def test_promises_are_measured_and_entered(model: album_files.AlbumModel, tmp_path: Path) -> None:
    found = measure(model, channels=("none", "border2"), pictures=40, trials=3)
    assert set(found.promises) == {"none", "border2"}
    assert found.promises["none"]["24"] >= found.promises["border2"]["24"]
    assert found.bits["none"] > found.bits["border2"]
    assert found.drifts["none"] == 0 < found.drifts["border2"]
    extractor.copy(FOLDER.parent / extractor.FOLDER, tmp_path / "mine")
    enter(tmp_path / "mine", found)
    entered = extractor.load(tmp_path / "mine").about
    assert Promises(*(entered[name] for name in ("promises", "bits", "signs", "drifts"))) == found
    ratios = album_of(np.ones((5, 128)), model.shape(12), np.random.default_rng(0))
    assert len(ratios) == model.shape(12).coded_bits
    assert (ratios == 0).sum() == len(ratios) / 12


def test_the_nonce_is_told_by_what_the_signs_tell(model: album_files.AlbumModel) -> None:
    rng = np.random.default_rng(1)
    for size in (12, 24, 48):
        shape = model.shape(size)
        pilots = 8 * shape.pilot_bytes[0]
        surely = nonce_bits(np.full((9, 128), 40.0), shape, rng)
        # All pilots of all pictures but one, less what it costs to tell the place of each.
        assert surely == pytest.approx((size - 1) * (pilots - np.log2(size)), rel=0.01)
        assert nonce_bits(np.zeros((9, 128)), shape, rng) == pytest.approx(0, abs=1e-9)
        read_well = 2.4 * np.where(rng.random((40, 128)) < 1 / 12, -1.0, 1.0)
        assert is_nonce_found(read_well, shape, 20, rng)
        assert not is_nonce_found(0.5 * rng.choice([1.0, 1.0, -1.0], (40, 128)), shape, 20, rng)


def test_a_part_of_a_spread_message_is_no_album(tmp_path: Path, model: album_files.AlbumModel) -> None:
    from ssgan.messages import drawn_files

    drawn_files.carry_out(drawn_files.planned(b"spread", tmp_path / "parts", model.drawn, count=8, needed=7), KEY)
    paths = sorted((tmp_path / "parts").iterdir())
    assert album_files.reveal_files_of_any_kind(paths, KEY) == b"spread"
    with pytest.raises(Incomplete):
        album_files.reveal_files_of_any_kind(paths[:6], KEY)


def test_gray_copies_are_read_as_gray_pictures(folder: Path, model: album_files.AlbumModel) -> None:
    from ssgan import images

    path = sorted(folder.iterdir())[0]
    with Image.open(path) as picture:
        gray = through(np.asarray(picture.convert("L")), "none")
    copy = album_files.picture_of(images.read(images.encode(gray[None])), model.drawn)
    assert copy.shape == (64, 64, 3)
    assert (copy[:, :, 0] == copy[:, :, 2]).all()
