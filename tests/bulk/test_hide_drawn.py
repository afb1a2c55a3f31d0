"""Many drawn covers: one a message, each opened by the key, gone on with after an interruption, as files and as tars."""

from __future__ import annotations

import shlex
import tarfile
from pathlib import Path

import pytest

from ssgan import images
from ssgan.cli.app import run
from ssgan.drawn.model import load
from ssgan.gan.covers.integers import export_drawn
from ssgan.messages import keys
from ssgan.messages.keys import Key
from ssgan.messages.reveal import reveal_any
from tests.commands import ask
from tests.drawn.models import untrained


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "mine"
    net, card, details = untrained(channels=1)
    export_drawn(net, card, details, folder, draws=10)
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("our.key", "other.key"):
        assert run(["keygen", "-o", name]) == 0
    (tmp_path / "letters" / "deep").mkdir(parents=True)
    for name in ("a.txt", "b.bin", "deep/c.txt"):
        (tmp_path / "letters" / name).write_text(f"the letter {name}")
    capsys.readouterr()
    return tmp_path


def hide_each(rest: str, generator: Path, capsys: pytest.CaptureFixture[str], key: str = "our.key") -> tuple[int, str, str]:
    line = f"hide-each --covers generated --generator {shlex.quote(str(generator))} --key-file {key} --workers 1 {rest}"
    return ask(line, capsys)


def opened(content: bytes | Path, generator: Path, key: Key) -> object:
    return reveal_any(images.read(content).samples, key, models=[load(generator / "drawn")])


def our_key(place: Path) -> Key:
    return keys.parse_key_file((place / "our.key").read_text())


def test_one_message_in_so_many_covers(place: Path, generator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = hide_each("-m text -n 5 -o stegos", generator, capsys)
    assert code == 0, err
    assert "5 drawn covers in stegos" in out
    found = sorted((place / "stegos").iterdir())
    assert [path.name for path in found] == [f"{number:06d}.png" for number in range(5)]
    assert {opened(path, generator, our_key(place)) for path in found} == {b"text"}
    assert len({path.read_bytes() for path in found}) == 5


def test_each_message_of_a_folder_has_its_cover(place: Path, generator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hide_each("--messages letters -o stegos", generator, capsys)[0] == 0
    for name, letter in (("a.png", "a.txt"), ("b.png", "b.bin"), ("deep/c.png", "deep/c.txt")):
        assert opened(place / "stegos" / name, generator, our_key(place)) == f"the letter {letter}".encode()


def test_it_goes_on_where_it_stopped_and_takes_nothing_else_for_done(
    place: Path, generator: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hide_each("-m text -n 4 -o stegos", generator, capsys)[0] == 0
    kept = (place / "stegos" / "000001.png").read_bytes()
    (place / "stegos" / "000002.png").unlink()
    code, _, err = hide_each("-m text -n 4 -o stegos", generator, capsys)
    assert code == 0
    assert "1 to do, 3 done already" in err
    assert (place / "stegos" / "000001.png").read_bytes() == kept
    assert (place / "stegos" / "000002.png").exists()
    for rest, key in (("-m other -n 4 -o stegos", "our.key"), ("-m text -n 4 -o stegos", "other.key")):
        code, _, err = hide_each(rest, generator, capsys, key)
        assert code == 7, err
        assert "000000.png is not what would be written there" in err


def test_tars_hold_the_same(place: Path, generator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = hide_each("-m text -n 5 -o shards --to tars --shard-size 2", generator, capsys)
    assert code == 0, err
    found = sorted((place / "shards").glob("*.tar"))
    assert len(found) == 3
    count = 0
    for path in found:
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member)
                assert file is not None
                assert opened(file.read(), generator, our_key(place)) == b"text"
                count += 1
    assert count == 5


def test_messages_that_do_not_fit_are_named(place: Path, generator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "letters" / "long.txt").write_bytes(bytes(5000))
    code, _, err = hide_each("--messages letters -o stegos", generator, capsys)
    assert code == 9
    assert "long.png" in err
    assert (place / "stegos" / "a.png").exists()
    assert not (place / "stegos" / "long.png").exists()
    code, _, err = hide_each("-f letters/long.txt -n 2 -o others", generator, capsys)
    assert code == 4, err


@pytest.mark.parametrize(
    "rest",
    [
        "-m text -o stegos", "-m text -n 0 -o stegos", "--messages letters -n 5 -o stegos", "-m text -n 2 --limit 1 -o stegos",
        "-m text -n 2 --changed -o stegos", "-m text -n 2 --scheme wow -o stegos", "photo.png -m text -n 2 -o stegos",
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(place: Path, generator: Path, capsys: pytest.CaptureFixture[str], rest: str) -> None:
    code, _, err = hide_each(rest, generator, capsys)
    assert code == 2, err
    assert not (place / "stegos").exists()
