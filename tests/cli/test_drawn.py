"""Drawn covers on the command line: hide, reveal, capacity, sample, train-detail and export --drawn."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.drawn import drawing
from ssgan.drawn.model import load
from ssgan.gan.covers.generators import save_generator
from ssgan.gan.covers.integers import export_drawn
from tests.commands import ask
from tests.commands import place as place
from tests.drawn.models import untrained


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator's folder with a model that draws, and its run's detail network beside it."""
    folder = tmp_path_factory.mktemp("models") / "mine"
    net, card, details = untrained()
    save_generator(folder, net, card.config)
    export_drawn(net, card, details, folder, draws=10)
    return folder


def hide(rest: str, generator: Path) -> str:
    return f"hide --covers generated --generator {shlex.quote(str(generator))} --key-file our.key {rest}"


def test_a_drawn_message_is_revealed(place: Path, generator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(hide("-m 'Not at all' -o made.png", generator), capsys)
    assert code == 0, err
    assert "10 bytes drawn in made.png, a cover of mine" in out
    assert "that it is generated can be seen" in err
    code, out, err = ask(f"reveal made.png --generator {shlex.quote(str(generator))} --key-file our.key", capsys)
    assert (code, out) == (0, "Not at all"), err
    code, _, err = ask("reveal made.png --key-file our.key", capsys)
    assert code == 3
    assert "no message found" in err


def test_a_model_of_the_package_needs_no_option(
    place: Path, generator: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ssgan.drawn.model.BUNDLED", generator.parent)
    assert ask("hide --covers generated --generator mine --key-file our.key -m text -o made.png", capsys)[0] == 0
    assert ask("reveal made.png --key-file our.key", capsys)[:2] == (0, "text")


def test_it_draws_exactly_once_and_never_selects(
    place: Path, generator: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    draws, usual = [], drawing.draw

    def counted(*arguments: object) -> object:
        draws.append(arguments)
        return usual(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(drawing, "draw", counted)
    for count in (1, 3):
        draws.clear()
        assert ask(hide(f"-m text -o out{count}{'.png' if count == 1 else ' -n 3'}", generator), capsys)[0] == 0
        assert len(draws) == count


def test_honest_and_driven_files_differ_in_pixels_only(
    place: Path, generator: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same chunks, written by the same encoder: encoding the pixels of either gives its file."""
    assert ask(hide("-m text -o driven.png", generator), capsys)[0] == 0
    assert ask(f"sample {shlex.quote(str(generator))} -n 3 -o honest --drawn", capsys)[0] == 0
    for path in (place / "driven.png", *(place / "honest").glob("*.png")):
        assert path.read_bytes() == images.encode(images.read(path).samples, "PNG")


def test_public_seeds_draw_the_same_covers_and_others_do_not(
    place: Path, generator: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = shlex.quote(str(generator))
    for out, seed in (("a", "--seed 1"), ("b", "--seed 1"), ("c", "--seed 2"), ("d", "")):
        assert ask(f"sample {name} -n 2 -o {out} --drawn {seed}", capsys)[0] == 0
    found = {out: (place / out / "000001.png").read_bytes() for out in "abcd"}
    assert found["a"] == found["b"]
    assert len(set(found.values())) == 3
    code, _, err = ask(f"sample {name} -n 4 -o a --seed 1", capsys)
    assert code == 2, err
    assert "covers" in err
    assert ask(f"sample {name} -n 4 -o a --seed 1 --drawn", capsys)[0] == 0
    assert len(list((place / "a").glob("*.png"))) == 4


def test_any_of_several_covers_suffice(place: Path, generator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = os.urandom(300)
    (place / "letter").write_bytes(message)
    code, out, err = ask(hide("-f letter -n 4 --threshold 2 -o many", generator), capsys)
    assert code == 0, err
    assert "any 2 suffice" in out
    name = shlex.quote(str(generator))
    assert ask(f"reveal many/000003.png many/000001.png --generator {name} --key-file our.key -o back", capsys)[0] == 0
    assert (place / "back").read_bytes() == message


def test_capacity_is_the_promise(place: Path, generator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    promise = load(generator / "drawn").promise_bytes
    name = shlex.quote(str(generator))
    code, out, _ = ask(f"capacity --covers generated --generator {name} --json", capsys)
    assert code == 0
    assert json.loads(out)["capacity_bytes"] == promise
    (place / "most").write_bytes(os.urandom(promise))
    assert ask(hide("-f most -o most.png", generator), capsys)[0] == 0
    (place / "more").write_bytes(os.urandom(promise + 1))
    code, _, err = ask(hide("-f more -o more.png", generator), capsys)
    assert code == 4
    assert f"promises {promise}" in err
    assert not (place / "more.png").exists()


@pytest.mark.parametrize(
    ("rest", "code", "said"),
    [
        ("-m text -o made.jpg", 2, "lost"),
        ("-m text -o made.pgm", 2, "PGM"),
        ("-m text -o nowhere/made.png", 7, "no folder"),
        ("-m text -o there.png", 7, "exists already"),
        ("-m text -o our.key --force", 2, "made.png"),
        ("-m text -o made.png --scheme wow", 2, "--scheme"),
        ("-m text -o made.png --tries 3", 2, "--tries"),
        ("-m text -o made.png --threshold 1", 2, "--threshold"),
        ("-m text -o made -n 0", 2, "count is 0"),
        ("-m text -o made -n 2 --threshold 3", 2, "needed is 3"),
        ("-m text -o made -n 2 --changed", 2, "--count"),
        ("photo.png -m text -o made.png", 2, "together"),
    ],
)
def test_what_cannot_be_is_refused_before_the_key_is_read(
    place: Path, generator: Path, capsys: pytest.CaptureFixture[str], rest: str, code: int, said: str
) -> None:
    images.write(place / "there.png", np.zeros((1, 8, 8), np.uint8))
    before = {path.name for path in place.iterdir()}
    found, _, err = ask(hide(rest, generator), capsys)
    assert found == code, err
    assert said in err or said == "made.png"
    assert {path.name for path in place.iterdir()} == before


def test_a_dry_run_says_what_fits(place: Path, generator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(hide("-m text -o made.png --dry-run", generator), capsys)
    assert code == 0
    assert "would draw 1 cover of mine" in out
    assert not (place / "made.png").exists()


def test_inspect_maps_the_bits_of_a_drawn_cover_with_its_key(
    place: Path, generator: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = shlex.quote(str(generator))
    assert ask(hide("-m 'Not at all' -o made.png", generator), capsys)[0] == 0
    code, out, err = ask(f"inspect made.png --generator {name} --key-file our.key -o seen --json", capsys)
    assert code == 0, err
    printed = json.loads(out)
    assert printed["generator"] == "mine"
    assert printed["bits"] / (32 * 32 * 3) == pytest.approx(printed["bits_per_sample"])
    bits = images.read(place / "seen" / "bits.png").samples
    assert bits.shape[0] == 3
    assert bits.shape[2] == 192  # 32 enlarged, with its legend below
    assert ask(f"inspect made.png --generator {name} --key-file our.key -o seen.html", capsys)[0] == 0
    assert "what each point carries" in (place / "seen.html").read_text(encoding="utf-8")
    assert ask("keygen -o other.key", capsys)[0] == 0
    assert ask(f"inspect made.png --generator {name} --key-file other.key", capsys)[0] == 3
    monkeypatch.setattr("ssgan.drawn.model.BUNDLED", generator.parent)
    code, _, err = ask("inspect made.png", capsys)
    assert code == 0
    assert "may be a cover drawn by mine" in err
    code, _, err = ask("inspect made.png made.png --key-file our.key", capsys)
    assert code == 2
    assert "one drawn cover" in err


def test_models_know_the_one_that_draws(
    place: Path, generator: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = load(generator / "drawn")
    code, out, _ = ask(f"models show {shlex.quote(str(generator))} --json", capsys)
    assert code == 0
    drawn = json.loads(out)["drawn"]
    assert (drawn["identity"], drawn["promise_bytes"], drawn["shape"]) == (
        model.identity.hex(),
        model.promise_bytes,
        [32, 32, 3],
    )
    code, out, _ = ask(f"models verify {shlex.quote(str(generator))}", capsys)
    assert code == 0
    assert model.identity.hex() in out
    assert ask(f"models verify {shlex.quote(str(generator / 'drawn'))}", capsys)[0] == 0
    shutil.copytree(generator, tmp_path / "damaged")
    weights = next((tmp_path / "damaged" / "drawn").glob("*.safetensors"))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert ask("models verify damaged", capsys)[0] == 9


def test_train_detail_and_export_make_a_model_that_draws(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net, card, _ = untrained(channels=1, size=32)
    save_generator(place / "generator", net, card.config)
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[0:32, 0:32]
    (place / "photographs").mkdir()
    for number in range(30):
        picture = 128 + 3 * rng.normal() * (rows - 16) + 3 * rng.normal() * (columns - 16) + 4 * rng.normal(size=(32, 32))
        images.write(place / "photographs" / f"{number}.png", np.clip(np.rint(picture), 0, 255).astype(np.uint8)[None])
    train = "train-detail photographs --generator generator --width 6 --images 200 --noise 1 -o detail"
    code, out, err = ask(train, capsys)
    assert code == 0, err
    assert "bits a sample on photographs held back" in out
    assert ask(train, capsys)[0] == 0
    code, out, err = ask("export generator --to mine --drawn --detail detail --draws 10", capsys)
    assert code == 0, err
    assert "are promised" in out
    assert ask("hide --covers generated --generator mine --key-file our.key -m text -o made.png", capsys)[0] == 0
    assert ask("reveal made.png --generator mine --key-file our.key", capsys)[:2] == (0, "text")
    code, _, err = ask("export generator --drawn", capsys)
    assert code == 2, err
