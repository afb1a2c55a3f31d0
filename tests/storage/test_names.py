"""Names of files: what is in one reaches no terminal, page or table as it is, and every name has a seed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan.cli import screen
from ssgan.cli.app import run
from ssgan.compute import seeds
from ssgan.errors import InvalidSetting
from ssgan.storage.names import fitting, json_text, name_bytes, shown, written
from ssgan.views import pages

NAMES = st.text(st.characters(codec=None) | st.sampled_from("\x1b\r\n\t\x7f\x9b\u202e\u2028\udce9\ud800\udfff"), max_size=30)
STEERING = {*map(chr, range(32)), *map(chr, range(127, 160)), "\u2028", "\u2029", "\u202e", "\u2066", "\u200f"}
BYTES = b"\xe9t\xe9.png"  # no UTF-8
HOSTILE = "a\x1b[2K\x9b1Gb.png     cover\nc\u202e.png"
needs_bytes = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are text")


@given(NAMES)
def test_what_is_shown_steers_nothing_and_can_be_encoded(name: str) -> None:
    assert not STEERING & set(shown(name))
    assert STEERING & set(shown(name, keep="\n\t")) <= {"\n", "\t"}
    for encoding in ("utf-8", "ascii", "latin-1", "cp1252"):
        fitting(shown(name), encoding).encode(encoding)


@given(NAMES)
def test_plain_names_are_shown_as_they_are(name: str) -> None:
    plain = "".join(letter for letter in name if letter.isprintable())
    assert shown(plain) == written(plain) == plain


@given(NAMES)
def test_json_keeps_the_name_in_any_encoding(name: str) -> None:
    for encoding in ("utf-8", "ascii", "latin-1"):
        text = json_text({"file": name}, encoding=encoding)
        text.encode(encoding)
        assert json.loads(text) == {"file": name}
        assert not STEERING & set(text)


@given(NAMES, NAMES)
def test_tables_keep_names_apart(first: str, second: str) -> None:
    written(first).encode("utf-8")
    escaped = "\\" in first + second  # who writes the escape itself into a name gets its name
    assert escaped or (written(first) == written(second)) == (first == second)


@given(st.integers(0, 2**64), st.lists(st.text(max_size=9), max_size=3))
def test_names_in_utf_8_keep_their_seeds(seed: int, names: list[str]) -> None:
    label = "\x00".join((str(seed), *names)).encode()
    assert seeds.derive(seed, *names) == int.from_bytes(hashlib.sha256(label).digest()[:8], "big")


@given(NAMES)
def test_every_name_has_a_seed_of_its_bytes(name: str) -> None:
    assert seeds.derive(0, name) == int.from_bytes(hashlib.sha256(b"0\x00" + name_bytes(name)).digest()[:8], "big")
    seeds.generator(0, name)


@needs_bytes
@given(st.binary(min_size=1, max_size=20))
def test_the_bytes_of_a_name_are_those_on_the_disk(raw: bytes) -> None:
    if sys.getfilesystemencoding() == "utf-8":
        assert name_bytes(os.fsdecode(raw)) == raw


def strict(encoding: str) -> io.TextIOWrapper:
    """A stream as the interpreter makes it where PYTHONIOENCODING says `encoding`:strict."""
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="\n")


def called(monkeypatch: pytest.MonkeyPatch, *words: object, encoding: str = "utf-8") -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, on strict streams."""
    out, err = strict(encoding), strict(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    code = run([str(word) for word in words])
    out.flush()
    err.flush()
    printed = [stream.buffer.getvalue().decode(encoding) for stream in (out, err)]  # type: ignore[attr-defined]
    monkeypatch.undo()
    return code, printed[0], printed[1]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pictures(folder: Path, count: int, last: str, side: int = 16) -> Path:
    """Gray pictures, the last one under that name."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    for name in [*(f"{k:02}.png" for k in range(count - 1)), last]:
        Image.fromarray(rng.integers(40, 200, (side, side), dtype=np.uint8)).save(folder / "now.png")
        (folder / "now.png").rename(folder / name)
    return folder


@needs_bytes
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("to_json", [False, True])
@pytest.mark.parametrize(
    "command", ["capacity {}", "detect {}", "inspect {}", "capacity {}.not", "detect {}.not", "reveal {} {}"]
)
def test_commands_say_names_that_a_stream_cannot(
    command: str, to_json: bool, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (os.fsdecode(BYTES), HOSTILE, "日本.png"):
        folder = tmp_path / str(len(name))
        path = pictures(folder, 1, name) / name
        words = [word.replace("{}", str(path)) for word in command.split()] + (["--json"] if to_json else [])
        code, out, err = called(monkeypatch, *words, encoding=encoding)
        assert code != 1
        assert not (STEERING - {"\n"}) & set(out + err)
        if to_json:
            rows = [json.loads(line) for line in (out + err).splitlines()]
            says = any(name in str(value) for one in rows for value in one.values())
            assert rows
            assert says or command.startswith("reveal")
        elif name == os.fsdecode(BYTES) and encoding == "utf-8" and not command.startswith("reveal"):
            assert "\ufffdt\ufffd.png" in out + err


@needs_bytes
def test_jobs_do_pictures_whose_names_are_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = os.fsdecode(BYTES)
    data = pictures(tmp_path / "data", 3, name)
    with tarfile.open(tmp_path / "data.tar", "w") as archive:
        archive.add(data, arcname=".")
    for source in (data, tmp_path / "data.tar"):
        out = tmp_path / f"stegos-{source.suffix[1:]}"
        assert called(monkeypatch, "simulate", source, "-o", out, "--embedder", "lsb@0.4", "--workers", "1")[0] == 0
        assert (out / name).is_file()
    shards = tmp_path / "shards"
    words = ("simulate", data, "-o", shards, "--embedder", "lsb@0.4", "--workers", "1", "--to", "tars")
    assert called(monkeypatch, *words)[0] == 0
    with tarfile.open(shards / "000000.tar") as archive:
        assert name in archive.getnames()
    assert called(monkeypatch, "features", data, "-o", tmp_path / "f.parquet", "--set", "spam")[0] == 0
    parquet = pytest.importorskip("pyarrow.parquet")
    assert "\\xe9t\\xe9.png" in parquet.read_table(tmp_path / "f.parquet")["file"].to_pylist()


@needs_bytes
def test_a_failure_with_such_a_name_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = os.fsdecode(BYTES)
    data = pictures(tmp_path / "data", 3, name)
    (data / name).write_bytes(b"no picture")
    for words in (
        ("simulate", data, "-o", tmp_path / "s", "--embedder", "lsb@0.4", "--workers", "1"),
        ("features", data, "-o", tmp_path / "f.npz", "--set", "spam"),
    ):
        assert called(monkeypatch, *words)[0] == 9
    for listed in (tmp_path / "s" / "failures.jsonl", tmp_path / "f.npz.failures.jsonl"):
        assert name in json.loads(listed.read_text(encoding="utf-8"))["name"]


@needs_bytes
def test_a_detector_learns_from_such_pictures_and_scores_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = os.fsdecode(BYTES)
    data = pictures(tmp_path / os.fsdecode(b"d\xe4ta"), 40, name, side=24)
    run_folder, table = tmp_path / "run", tmp_path / "scores.csv"
    words = ("train-detector", data, "-o", run_folder, "--embedder", "lsb@0.9/plain", "--detector", "spam/ridge")
    assert called(monkeypatch, *words)[0] == 0
    assert read_csv(run_folder / "scores.csv")
    assert called(monkeypatch, "score", run_folder, data, "-o", table, "--workers", "1")[0] == 0
    assert any("\\xe9t\\xe9.png" in row["file"] for row in read_csv(table))
    assert called(monkeypatch, "score", run_folder, data / name)[0] == 0


def test_a_table_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    screen.Screen().table("row", [{"file": HOSTILE, "n": 1}, {"file": "b", "n": 2}])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert len({line.rindex(number) for line, number in zip(lines[1:], "12", strict=True)}) == 1


@pytest.mark.parametrize("to_json", [False, True])
def test_every_way_to_say_something_shows_what_would_steer(to_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    said = screen.Screen(json=to_json)
    said.result("a", HOSTILE, file=HOSTILE)
    said.result("a", [HOSTILE, HOSTILE], file=HOSTILE)
    said.note("a", HOSTILE, file=HOSTILE)
    said.warn(HOSTILE)
    said.table("a", [{"file": HOSTILE}])
    with said.progress(2, HOSTILE) as report:
        report(1, HOSTILE)
    screen.show_error(InvalidSetting(HOSTILE, hint=HOSTILE), json=to_json)
    printed = capsys.readouterr()
    assert not (STEERING - {"\n"}) & set(printed.out + printed.err)
    assert len((printed.out + printed.err).splitlines()) == (6 if to_json else 9)


def test_the_bar_shows_what_would_steer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    with screen.Screen().progress(2, "reading [red]x\x1b[2Jy\udce9") as report:
        report(1, "z\x1b]0;title\x07")
    drawn = terminal.getvalue()
    assert "[red]x\\x1b[2Jy\ufffd" in drawn
    assert "\x1b[2J" not in drawn
    assert "\x07" not in drawn


def test_only_the_screen_prints() -> None:
    for path in Path(screen.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8").replace("console.print(", "")  # of the help, on the console that asks for it
        assert path.name == "screen.py" or "print(" not in text, path.name


def test_pages_show_names_as_a_terminal_does(tmp_path: Path) -> None:
    page = pages.render("web/templates/error.html", message=HOSTILE, hint="\udce9\x1b")
    assert "\x1b" not in page
    assert "\\x1b" in page
    assert "\ufffd" in page
    assert "\u202e" not in page
    pages.write(tmp_path / "page.html", "\udce9")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "\\xe9"


def test_a_zip_member_with_any_name_is_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures(tmp_path / "data", 1, "a.png")
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.write(data / "a.png", "日本/\x1b.png")
    words = ("simulate", tmp_path / "data.zip", "-o", tmp_path / "s", "--embedder", "lsb@0.4", "--workers", "1")
    code, out, err = called(monkeypatch, *words)
    assert code == 0
    assert "\x1b" not in out + err
