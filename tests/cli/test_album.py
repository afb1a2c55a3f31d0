"""Albums on the command line: hide --album, reveal, capacity --album, survive, train-extractor."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan.drawn import extractor
from ssgan.gan.covers.generators import save_generator
from ssgan.gan.covers.integers import export_drawn
from tests.commands import ask
from tests.commands import place as place
from tests.drawn.models import untrained


def test_a_sentence_goes_through_jpeg_and_back(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask("hide --album 24 -m 'Meet me at nine' -o album --key-file our.key", capsys)
    assert code == 0, err
    assert "15 bytes drawn in album, an album of 24 pictures for jpeg75" in out
    assert "that it is generated can be seen" in err
    (place / "received").mkdir()
    for number, path in enumerate(sorted((place / "album").iterdir())):
        with Image.open(path) as picture:
            picture.save(place / "received" / f"IMG_{number:04d}.jpg", quality=75)
    files = " ".join(f"received/{path.name}" for path in sorted((place / "received").iterdir(), reverse=True))
    code, out, err = ask(f"reveal {files} --key-file our.key", capsys)
    assert (code, out) == (0, "Meet me at nine"), err
    code, out, err = ask("survive --before album --after received", capsys)
    assert code == 0, err
    assert "64 x 64 became 64 x 64, .jpg 24" in out
    assert "through which albums carry" in out
    code, out, err = ask(f"survive {files} --key-file our.key --through copy jpeg60 --json --quiet", capsys)
    assert code == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["name"], row["lives"]) for row in rows if row["message_type"] == "survival"] == [
        ("copy", True),
        ("jpeg60", True),
    ]
    assert rows[-1] == {"message_type": "survived", "lived": 2, "tried": 2}


def test_capacity_says_what_was_measured(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask("capacity --album 24 --channel jpeg75 --json", capsys)
    assert code == 0
    said = json.loads(out)
    assert said["count"] == 24
    assert said["capacity_bytes"] >= 40
    code, _, err = ask(f"hide --album 24 -m {'x' * (said['capacity_bytes'] + 1)} -o album --key-file our.key", capsys)
    assert code == 4
    assert "lives" not in err or "live through jpeg75" in err
    assert not (place / "album").exists()
    code, out, _ = ask("hide --album 12 -m x -o album --dry-run", capsys)
    assert code == 0
    assert "would draw 12 pictures" in out


@pytest.mark.parametrize(
    "line",
    [
        "hide --album 25 -m x -o album",
        "hide --album 24 --count 3 -m x -o album",
        "hide --album 24 --scheme hill -m x -o album",
        "hide --album 24 --threshold 3 -m x -o album",
        "hide --channel jpeg75 -m x -o album.png",
        "hide some.png --album 24 -m x -o album",
        "hide --album 24 --channel blur -m x -o album",
        "capacity --album 24 --channel jpeg12",
        "survive",
        "survive --before some.png",
        "survive some.png --before a --after b",
        "train-extractor faces64 --channel blur -o run",
    ],
)
def test_what_does_not_go_together_is_refused(place: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    code, _, err = ask(f"{line} --key-file our.key" if line.startswith("hide") else line, capsys)
    assert code == 2, err
    assert "ssgan: hint:" in err
    assert sorted(path.name for path in place.iterdir()) == ["our.key"]


def test_survive_of_a_stego_in_pixels(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(3).integers(60, 200, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(place / "cover.png")
    code, _, err = ask("hide cover.png -m hi -o out.png --key-file our.key --no-ledger --no-risk", capsys)
    assert code == 0, err
    code, out, err = ask("survive out.png --key-file our.key", capsys)
    assert code == 0, err
    rows = {line.split("  ")[0].strip(): line.split()[-1] for line in out.splitlines()[1:-1]}
    assert {name for name, said in rows.items() if said == "lives"} >= {"copy", "no metadata", "saved as png"}
    assert rows["jpeg95"] == rows["x0.5"] == rows["crop1"] == "lost"


def test_an_extractor_is_trained_and_put_beside_its_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The small model has too few latents for an album, which is said; one without a model that draws as well."""
    net, card, details = untrained()
    save_generator(tmp_path / "mine", net, card.config)
    export_drawn(net, card, details, tmp_path / "mine", draws=10)
    line = f"train-extractor {tmp_path}/mine -o {tmp_path}/run --width 4 --batch 8 --duration-images 16 --channel jpeg75"
    code, out, err = ask(line, capsys)
    assert code == 0, err
    assert "16 images seen" in out
    assert extractor.load(tmp_path / "run" / "extractor").about["images_seen"] == 16
    assert "latents are too small for an album" in err
    shutil.rmtree(tmp_path / "mine" / "drawn")
    code, out, err = ask(line, capsys)
    assert code == 0, err
    assert "has no model that draws" in err
