"""From files to files and back: what is there afterwards, and what is not."""

from __future__ import annotations

import errno
import io
import itertools
import os
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ssgan import images
from ssgan.embedding.catalog import SCHEMES
from ssgan.errors import DoesNotFit, Incomplete, InvalidSetting, NothingFound, RefusedImage, SsganError, StorageFailed
from ssgan.messages import files, plan, scheme_choice
from ssgan.messages.files import hide_file, hide_spread, reveal_files
from ssgan.messages.keys import KeyFile, Passphrase
from ssgan.messages.ledger import Ledger

KEY, OTHER = KeyFile(bytes(range(32))), KeyFile(bytes(32))


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A color cover of 48 x 40 as PNG."""
    images.write(tmp_path / "photo.png", noise(1, 3, 40, 48))
    return tmp_path / "photo.png"


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Four gray covers."""
    paths = [tmp_path / f"{name}.png" for name in "abcd"]
    for seed, path in enumerate(paths):
        images.write(path, noise(seed, 1, 40, 48))
    return paths


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


@st.composite
def covers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray | None, str]:
    """Samples, alpha or None, and a suffix of a format that keeps them."""
    channels, height, width = draw(st.sampled_from([1, 3])), draw(st.integers(20, 48)), draw(st.integers(24, 48))
    samples = noise(draw(st.integers(0, 999)), channels, height, width)
    suffixes = {1: [".png", ".bmp", ".pgm", ".tif"], 3: [".png", ".bmp", ".ppm", ".tiff"]}[channels]
    if not draw(st.booleans()):
        return samples, None, draw(st.sampled_from(suffixes))
    alpha = np.where(noise(5, height, width) < 230, 255, noise(6, height, width)).astype(np.uint8)
    return samples, alpha, draw(st.sampled_from([".png", ".tif"]))


@settings(max_examples=25)
@given(cover=covers(), share=st.floats(0, 1), seed=st.integers(0, 999))
def test_every_message_comes_back_from_every_format(
    cover: tuple[np.ndarray, np.ndarray | None, str], share: float, seed: int
) -> None:
    samples, alpha, suffix = cover
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name, f"cover{suffix}"), Path(name, f"stego{suffix}")
        images.write(source, samples, alpha=alpha)
        before, picture = source.read_bytes(), images.read(source)
        message = np.random.default_rng(seed).bytes(int(share * scheme_choice.picture_capacity(picture)))
        hidden = hide_file(source, message, KEY, out)
        assert reveal_files([out], KEY) == message
        assert source.read_bytes() == before
        assert names(Path(name)) == {source.name, out.name}
        back = images.read(out)
    assert np.array_equal(back.samples, hidden.stego)
    changed = back.samples.astype(int) - samples
    assert np.abs(changed).max() <= 1
    if alpha is not None:
        assert np.array_equal(back.alpha, alpha)  # type: ignore[arg-type]
        assert not changed[:, alpha < 255].any()


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_every_scheme_hides_what_the_receiver_finds_without_it(scheme: str, photo: Path, tmp_path: Path) -> None:
    hide_file(photo, b"Meet me at nine", KEY, tmp_path / "stego.png", scheme=scheme)
    assert reveal_files([tmp_path / "stego.png"], KEY) == b"Meet me at nine"


def test_a_passphrase_and_compression_do_as_well(photo: Path, tmp_path: Path) -> None:
    message, out = b"nine " * 300, tmp_path / "stego.png"
    hide_file(photo, message, Passphrase("correct horse battery"), out, compress=True)
    assert reveal_files([out], Passphrase("correct horse battery")) == message
    with pytest.raises(NothingFound):
        reveal_files([out], Passphrase("correct horse battery "))


def test_a_lossless_webp_is_a_cover_of_a_png(tmp_path: Path) -> None:
    Image.fromarray(noise(2, 40, 48, 3)).save(tmp_path / "cover.webp", lossless=True)
    hide_file(tmp_path / "cover.webp", b"x", KEY, tmp_path / "stego.png")
    assert reveal_files([tmp_path / "stego.png"], KEY) == b"x"


def test_metadata_stay_behind(tmp_path: Path) -> None:
    image = Image.fromarray(noise(2, 40, 48, 3))
    exif = image.getexif()
    exif[271] = "the maker of the camera"
    image.save(tmp_path / "cover.png", exif=exif)
    hidden = hide_file(tmp_path / "cover.png", b"x", KEY, tmp_path / "stego.png")
    assert images.read(tmp_path / "stego.png").notes == ()
    assert b"camera" not in (tmp_path / "stego.png").read_bytes()
    assert (hidden.manner, hidden.left_out) == ("cover", ("eXIf",))
    kept = hide_file(tmp_path / "cover.png", b"x", KEY, tmp_path / "kept.png", keep_metadata=True)
    assert b"the maker of the camera" in (tmp_path / "kept.png").read_bytes()
    assert (kept.manner, kept.left_out) == ("cover", ())


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".ppm"])
def test_bytes_after_a_stego_do_not_matter_and_are_said(suffix: str, photo: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    out = tmp_path / f"stego{suffix}"
    hide_file(photo, b"Meet me at nine", KEY, out)
    assert reveal_files([out], KEY, notify=notes.append) == b"Meet me at nine"
    assert notes == []
    out.write_bytes(out.read_bytes() + b"and more")
    assert reveal_files([out], KEY, notify=notes.append) == b"Meet me at nine"
    assert notes == [f"{out}: 8 bytes follow the end of the image"]
    with pytest.raises(NothingFound):
        reveal_files([out], Passphrase("another one of ours"), notify=notes.append)
    with pytest.raises(RefusedImage, match="after the end"):
        hide_file(out, b"x", KEY, tmp_path / "other.png")


def test_bytes_after_plain_samples_do_not_matter(tmp_path: Path) -> None:
    samples = noise(3, 40, 48)
    plain = b"P2\n48 40\n255\n" + b"\n".join(b"%d" % value for value in samples.ravel()) + b"\n"
    (tmp_path / "cover.pgm").write_bytes(plain)
    hidden = hide_file(tmp_path / "cover.pgm", b"hello", KEY, tmp_path / "stego.pgm")
    assert (hidden.manner, (tmp_path / "stego.pgm").read_bytes()[:2]) == ("cover", b"P2")
    with (tmp_path / "stego.pgm").open("ab") as file:
        file.write(b"17 4")
    notes: list[str] = []
    assert reveal_files([tmp_path / "stego.pgm"], KEY, notify=notes.append) == b"hello"
    assert len(notes) == 1


def test_the_orientation_is_applied_on_request(tmp_path: Path) -> None:
    image = Image.fromarray(noise(2, 40, 48, 3))
    exif = image.getexif()
    exif[274] = 6
    image.save(tmp_path / "cover.png", exif=exif)
    lying = hide_file(tmp_path / "cover.png", b"x", KEY, tmp_path / "lying.png")
    upright = hide_file(tmp_path / "cover.png", b"x", KEY, tmp_path / "upright.png", upright=True)
    assert lying.stego.shape == (3, 40, 48)
    assert np.array_equal(upright.cover, np.rot90(lying.cover, -1, axes=(1, 2)))
    assert reveal_files([tmp_path / "upright.png"], KEY) == b"x"


def test_the_stego_has_the_size_and_chunks_of_the_cover_that_we_wrote(photo: Path, tmp_path: Path) -> None:
    hide_file(photo, b"x" * 100, KEY, tmp_path / "stego.png")
    cover, stego = photo.read_bytes(), (tmp_path / "stego.png").read_bytes()
    assert cover[:33] == stego[:33]  # signature and IHDR
    assert [data.count(b"IDAT") for data in (cover, stego)] == [1, 1]
    assert stat.S_IMODE(photo.stat().st_mode) == stat.S_IMODE((tmp_path / "stego.png").stat().st_mode)


@pytest.mark.parametrize("how", ["itself", "symbolic link", "hard link", "other spelling"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_cover_is_never_written_over(how: str, overwrite: bool, photo: Path, tmp_path: Path) -> None:
    out, before = tmp_path / "out.png", photo.read_bytes()
    if how == "itself":
        out = photo
    elif how == "symbolic link":
        out.symlink_to(photo)
    elif how == "hard link":
        os.link(photo, out)
    else:
        (tmp_path / "folder").mkdir()
        out = tmp_path / "folder" / ".." / "photo.png"
    with pytest.raises(StorageFailed, match="is the cover itself"):
        hide_file(photo, b"x", KEY, out, overwrite=overwrite)
    assert photo.read_bytes() == before


def test_another_file_is_written_over_only_where_that_is_wanted(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"something else")
    with pytest.raises(StorageFailed, match="exists already"):
        hide_file(photo, b"x", KEY, out)
    assert out.read_bytes() == b"something else"
    hide_file(photo, b"x", KEY, out, overwrite=True)
    assert reveal_files([out], KEY) == b"x"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("out.jpg", InvalidSetting),
        ("out.webp", InvalidSetting),
        ("out", InvalidSetting),
        ("out.pgm", InvalidSetting),  # the cover is in color
        ("missing/out.png", StorageFailed),
        ("photo.png/out.png", StorageFailed),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(
    name: str, error: type[SsganError], photo: Path, tmp_path: Path
) -> None:
    with pytest.raises(error):
        hide_file(photo, b"x", KEY, tmp_path / name, overwrite=True)
    assert names(tmp_path) == {"photo.png"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_said_before_the_work(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(StorageFailed, match="may not be written to"):
        hide_file(photo, b"x", KEY, tmp_path / "locked" / "out.png")


def test_alpha_is_not_given_to_a_format_that_loses_it(tmp_path: Path) -> None:
    images.write(tmp_path / "cover.png", noise(1, 3, 40, 48), alpha=np.full((40, 48), 255, np.uint8))
    with pytest.raises(InvalidSetting, match="keeps no alpha"):
        hide_file(tmp_path / "cover.png", b"x", KEY, tmp_path / "out.bmp")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("photo.jpg", "half its size"), ("palette.png", "8-bit gray or RGB PNG"), ("lossy.webp", "half its size")],
)
def test_what_would_need_a_conversion_is_neither_cover_nor_stego(name: str, hint: str, tmp_path: Path) -> None:
    image = Image.fromarray(noise(2, 40, 48, 3))
    (image.quantize(16) if name.startswith("palette") else image).save(tmp_path / name)
    with pytest.raises(RefusedImage, match="cannot be used as a cover") as refused:
        hide_file(tmp_path / name, b"x", KEY, tmp_path / "out.png")
    assert hint in refused.value.hint
    if not name.endswith(".jpg"):  # whose coefficients might hold a message
        with pytest.raises(RefusedImage, match="cannot be used as a stego"):
            reveal_files([tmp_path / name], KEY)


def test_nothing_found_is_one_text_whatever_the_cause(photo: Path, tmp_path: Path) -> None:
    stego = tmp_path / "stego.png"
    hide_file(photo, b"Meet me at nine", KEY, stego)
    altered = images.read(stego).samples.copy()
    for place in range(0, altered.size, 7):
        altered.reshape(-1)[place] ^= 1
    images.write(tmp_path / "altered.png", altered)
    cases: list[tuple[list[Path], KeyFile | Passphrase]]
    cases = [([stego], OTHER), ([photo], KEY), ([tmp_path / "altered.png"], KEY), ([stego], Passphrase("a passphrase"))]
    messages = set()
    for sources, key in cases:
        with pytest.raises(NothingFound) as caught:
            reveal_files(sources, key)
        messages.add((str(caught.value), caught.value.hint))
    assert len(messages) == 1


def test_a_truncated_stego_is_a_refused_image(photo: Path, tmp_path: Path) -> None:
    hide_file(photo, b"x", KEY, tmp_path / "stego.png")
    whole = (tmp_path / "stego.png").read_bytes()
    (tmp_path / "stego.png").write_bytes(whole[:-20])
    with pytest.raises(RefusedImage):
        reveal_files([tmp_path / "stego.png"], KEY)


def test_a_stego_may_come_as_a_stream(photo: Path, tmp_path: Path) -> None:
    hide_file(photo, b"x", KEY, tmp_path / "stego.png")
    with (tmp_path / "stego.png").open("rb") as stream:
        assert reveal_files([stream], KEY) == b"x"
    with pytest.raises(InvalidSetting, match="no image"):
        reveal_files([], KEY)


# What is written is proved before it has its name.


@pytest.mark.parametrize("damage", ["a sample", "the file", "the disk"])
def test_a_stego_that_does_not_come_back_is_not_given_its_name(
    damage: str, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode_like, read_bytes, ledger = images.encode_like, Path.read_bytes, Ledger(tmp_path / "ledger")

    def encoded(samples: np.ndarray, *rest: Any, **options: Any) -> images.Encoded:
        if damage == "a sample":
            samples = samples ^ np.uint8(1)
        file = encode_like(samples, *rest, **options)
        return replace(file, content=file.content[:-5]) if damage == "the file" else file

    def read(path: Path) -> bytes:
        return read_bytes(path)[: -5 if path.suffix == ".part" and damage == "the disk" else None]

    monkeypatch.setattr(images, "encode_like", encoded)
    monkeypatch.setattr(Path, "read_bytes", read)
    with pytest.raises(StorageFailed, match="did not come back"):
        hide_file(photo, b"x", KEY, tmp_path / "out.png", ledger=ledger)
    assert not (tmp_path / "out.png").exists()
    assert not ledger.knows(images.read(photo).samples, None)


def test_what_another_key_opens_proves_nothing(photo: Path, tmp_path: Path) -> None:
    task = plan.one_cover(photo, b"x", tmp_path / "out.png", plan.HideSettings()).tasks[0]
    stego = files.make_stego(task, KEY, plan.HideSettings())
    assert files.proved(stego.content, stego.hidden, b"x", KEY)
    assert not files.proved(stego.content, stego.hidden, b"x", OTHER)
    assert not files.proved(stego.content, stego.hidden, b"y", KEY)


def test_a_secret_is_for_its_owner_only(tmp_path: Path) -> None:
    files.write_secret(tmp_path / "secret", b"x")
    assert (tmp_path / "secret").read_bytes() == b"x"
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    with pytest.raises(StorageFailed):
        files.write_secret(tmp_path / "secret", b"y")


# Spread messages.


def test_any_two_of_four_stegos_give_a_spread_message_back(photos: list[Path], tmp_path: Path) -> None:
    message, ledger = bytes(range(100)), Ledger(tmp_path / "ledger")
    made = hide_spread(photos, message, KEY, tmp_path / "out", needed=2, ledger=ledger)
    assert all(ledger.knows(images.read(path).samples, None) for path in photos)
    stegos = [tmp_path / "out" / path.name for path in photos]
    assert names(tmp_path / "out") == {path.name for path in photos}
    assert len(made) == 4
    for two in itertools.combinations(stegos, 2):
        assert reveal_files(two, KEY) == message
    for one in stegos:
        with pytest.raises(Incomplete):
            reveal_files([one], KEY)
    assert reveal_files([stegos[0], photos[1], stegos[3]], KEY) == message  # one of them holds nothing
    with pytest.raises(NothingFound):
        reveal_files(photos, KEY)
    with pytest.raises(NothingFound):
        reveal_files(stegos, OTHER)


def test_one_part_that_suffices_suffices(photos: list[Path], tmp_path: Path) -> None:
    hide_spread(photos[:2], b"x", KEY, tmp_path / "out", needed=1)
    assert reveal_files([tmp_path / "out" / "b.png"], KEY) == b"x"


def test_parts_of_two_messages_and_whole_messages_are_not_mixed(photos: list[Path], tmp_path: Path) -> None:
    hide_spread(photos[:2], b"one", KEY, tmp_path / "one", needed=2)
    hide_spread(photos[:2], b"two", KEY, tmp_path / "two", needed=2)
    hide_file(photos[2], b"whole", KEY, tmp_path / "whole.png")
    with pytest.raises(InvalidSetting, match="different messages"):
        reveal_files([tmp_path / "one" / "a.png", tmp_path / "two" / "b.png"], KEY)
    with pytest.raises(InvalidSetting, match="a whole message"):
        reveal_files([tmp_path / "one" / "a.png", tmp_path / "whole.png"], KEY)


def test_a_spread_message_fills_its_covers_to_the_byte(photos: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DoesNotFit) as refused:
        hide_spread(photos, bytes(10_000), KEY, tmp_path / "out", needed=3)
    most = int(refused.value.reachable)
    assert not (tmp_path / "out").exists()
    with pytest.raises(DoesNotFit):
        hide_spread(photos, bytes(most + 1), KEY, tmp_path / "out", needed=3)
    hide_spread(photos, bytes(most), KEY, tmp_path / "out", needed=3)
    assert reveal_files([tmp_path / "out" / path.name for path in photos[1:]], KEY) == bytes(most)


def test_a_compressed_message_is_spread_as_well(photos: list[Path], tmp_path: Path) -> None:
    hide_spread(photos, b"nine " * 300, KEY, tmp_path / "out", needed=2, compress=True)
    assert reveal_files([tmp_path / "out" / "a.png", tmp_path / "out" / "d.png"], KEY) == b"nine " * 300


def test_one_picture_is_not_two_covers(photos: list[Path], tmp_path: Path) -> None:
    images.write(tmp_path / "copy.bmp", images.read(photos[0]).samples)
    with pytest.raises(RefusedImage, match="the same picture"):
        hide_spread([photos[0], tmp_path / "copy.bmp"], b"x", KEY, tmp_path / "out", needed=1)


def test_a_spread_message_is_written_whole_or_not_at_all(photos: list[Path], tmp_path: Path) -> None:
    """The first name is taken while the stegos are made, and it is the last that they get: the others have theirs by then."""
    planned = plan.several_covers(photos, b"x", tmp_path / "out", 2, plan.HideSettings())
    first = planned.tasks[0].out

    def write_while_somebody_else_does() -> None:
        outs = [task.out for task in planned.tasks]
        with files.write_together(outs, overwrite=False, folder=planned.folder) as temporaries:
            for temporary in temporaries:
                temporary.write_bytes(b"whole")
            first.write_bytes(b"somebody else's")

    with pytest.raises(StorageFailed, match="exists already"):
        write_while_somebody_else_does()
    assert names(tmp_path / "out") == {first.name}
    assert first.read_bytes() == b"somebody else's"


def test_a_folder_made_for_stegos_goes_with_them(photos: list[Path], tmp_path: Path) -> None:
    planned = plan.several_covers(photos, b"x", tmp_path / "out", 2, plan.HideSettings())

    def write_until_interrupted() -> None:
        outs = [task.out for task in planned.tasks]
        with files.write_together(outs, overwrite=False, folder=planned.folder) as temporaries:
            temporaries[0].write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_until_interrupted()
    assert not (tmp_path / "out").exists()


def test_a_flat_cover_among_several_is_named_and_nothing_is_written(photos: list[Path], tmp_path: Path) -> None:
    images.write(tmp_path / "white.png", np.full((1, 40, 48), 255, np.uint8))
    with pytest.raises(RefusedImage, match=r"white\.png: this cover is too flat"):
        hide_spread([*photos, tmp_path / "white.png"], b"x", KEY, tmp_path / "out", needed=2)
    assert not (tmp_path / "out").exists()


# The list of used covers.


@pytest.mark.parametrize("key", [KEY, Passphrase("correct horse battery")], ids=["key file", "passphrase"])
def test_neither_a_cover_nor_its_stego_is_taken_twice(key: KeyFile | Passphrase, photo: Path, tmp_path: Path) -> None:
    ledger, out = Ledger(tmp_path / "ledger"), tmp_path / "out.png"
    hide_file(photo, b"x", key, out, ledger=ledger)
    for used in (photo, out):
        with pytest.raises(RefusedImage, match="used before") as refused:
            hide_file(used, b"x", KEY, tmp_path / "again.png", ledger=ledger)
        assert "--reuse" in refused.value.hint
        assert "--no-ledger" in refused.value.hint
    hide_file(photo, b"x", KEY, tmp_path / "again.png", ledger=Ledger(ledger.folder, reuse=True))
    hide_file(photo, b"x", KEY, tmp_path / "once more.png")


def test_a_cover_counts_as_used_only_when_its_stego_stands(photo: Path, tmp_path: Path) -> None:
    ledger, picture = Ledger(tmp_path / "ledger"), images.read(photo)
    with pytest.raises(SsganError):
        hide_file(photo, b"x", KEY, tmp_path / "missing" / "out.png", ledger=ledger)
    with pytest.raises(DoesNotFit):
        hide_file(photo, bytes(10_000), KEY, tmp_path / "out.png", ledger=ledger)
    assert not ledger.knows(picture.samples, None)
    hide_file(photo, b"x", KEY, tmp_path / "out.png", ledger=ledger)
    assert ledger.knows(picture.samples, None)


def test_a_list_that_cannot_be_kept_stops_the_work_before_it(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file where the folder should be")
    with pytest.raises(StorageFailed, match="list of used covers") as failed:
        hide_file(photo, b"x", KEY, tmp_path / "out.png", ledger=Ledger(tmp_path / "ledger"))
    assert "--no-ledger" in failed.value.hint
    assert not (tmp_path / "out.png").exists()


def test_without_its_line_in_the_list_no_stego_gets_its_name(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path / "ledger")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageFailed, match="list of used covers"):
        hide_file(photo, b"x", KEY, tmp_path / "out.png", ledger=ledger)
    assert names(tmp_path) == {"photo.png", "ledger", "key", "covers"}


def test_bytes_go_the_same_way_as_files(photo: Path, tmp_path: Path) -> None:
    settings, cover = plan.HideSettings(ledger=Ledger(tmp_path / "ledger")), photo.read_bytes()
    stego = files.hide_content(cover, b"x", KEY, settings, name="photo.png", out="stego.bmp")
    assert images.read(stego.content).format == "BMP"
    assert reveal_files([io.BytesIO(stego.content)], KEY) == b"x"
    for used in (cover, stego.content, images.encode(images.read(cover).samples, "TIFF")):
        with pytest.raises(RefusedImage, match="photo was used before"):
            files.hide_content(used, b"x", KEY, settings, name="photo")
    with pytest.raises(DoesNotFit):
        files.hide_content(images.encode(noise(3, 1, 40, 48)), bytes(10_000), KEY, settings)
    with pytest.raises(RefusedImage, match="too flat"):
        files.hide_content(images.encode(np.zeros((1, 40, 48), np.uint8)), b"x", KEY, settings)


# The receiver's side alone.


def test_revealing_imports_neither_torch_nor_a_scheme(photo: Path, tmp_path: Path) -> None:
    hide_file(photo, b"Meet me at nine", KEY, tmp_path / "stego.png")
    (tmp_path / "our.key").write_text(KEY.text(), encoding="utf-8")
    (tmp_path / "our.key").chmod(0o600)
    code = (
        "import sys; from ssgan.cli.app import run; code = run(sys.argv[1:]); "
        "brought = {'torch', 'matplotlib', 'ssgan.embedding.catalog', 'ssgan.embedding.schemes.hill'}; "
        "brought |= {'ssgan.embedding.embedder'}; "
        "sys.exit(code or 100 * bool(brought & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "reveal", "stego.png", "--key-file", "our.key"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (made.returncode, made.stdout, made.stderr) == (0, b"Meet me at nine", b"")
