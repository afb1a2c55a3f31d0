"""The jobs: features, scores, covers and messages at any number, the same as one at a time."""

from __future__ import annotations

import csv
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.bulk import Pool, Serial, features, hide, score
from ssgan.bulk import sample as sampling
from ssgan.bulk.image_features import ExtractionSettings as Features
from ssgan.datasets import Geometry
from ssgan.detection.question import Question
from ssgan.detection.score import score_files
from ssgan.detection.train import train_detector
from ssgan.errors import InvalidSetting, StorageFailed
from ssgan.gan.covers.generators import find_generator, load_generator, read_card
from ssgan.gan.covers.sample import latents, prepared, sample
from ssgan.messages.keys import KeyFile
from ssgan.messages.ledger import Ledger
from ssgan.messages.plan import HideSettings as Way
from ssgan.messages.reveal import reveal
from ssgan.steganalysis.catalog import FEATURES

KEY = KeyFile(bytes(range(32)))


@pytest.fixture(scope="module")
def textured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Covers large enough for a message."""
    folder, rng = tmp_path_factory.mktemp("textured"), np.random.default_rng(5)
    for k in range(9):
        images.write(folder / f"{k}.png", rng.integers(0, 256, (1, 48, 48), dtype=np.uint8), durable=False)
    return folder


def test_features_in_shards_are_those_of_each_image(many: Path, tmp_path: Path) -> None:
    dataset = pytest.importorskip("pyarrow.dataset")
    covers = tmp_path / "covers"
    covers.mkdir()
    (covers / "bad.png").write_bytes(b"no image")
    for path in many.glob("*.png"):
        (covers / path.name).write_bytes(path.read_bytes())
    plan = features.prepare([covers], tmp_path / "out", Features("spam"), shard_size=15)
    tally = features.run(plan, Serial())
    assert (tally.written, tally.failed) == (40, 1)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.parquet")) == [f"{k:06}.parquet" for k in range(3)]
    table = dataset.dataset(tmp_path / "out").to_table().sort_by("file")  # what lies beside the shards is passed over
    assert table["file"].to_pylist() == [f"{k:03}.png" for k in range(40)]
    own = np.stack([images.read(many / f"{k:03}.png").samples for k in range(40)])
    wanted = FEATURES["spam"].extract(own, threads=1).astype(np.float32)
    assert np.array_equal(np.stack(table["features"].to_numpy()), wanted)
    again = features.prepare([covers], tmp_path / "out", Features("spam"), shard_size=15)
    assert len(again) == 0
    assert features.run(again, Serial()).failed == 1
    with pytest.raises(InvalidSetting, match="set 'spam'"):
        features.prepare([covers], tmp_path / "out", Features("srm"), shard_size=15)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_of_scores_is_what_the_detector_says_of_each_image(many: Path, suffix: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    question = Question(many, "lsb@1/plain", "spam", geometry=Geometry())
    train_detector(question, tmp_path / "run", threads=1)
    images.write(tmp_path / "wide.png", np.zeros((1, 16, 20), np.uint8))
    out = tmp_path / f"scores{suffix}"
    plan = score.prepare(tmp_path / "run", [many, tmp_path / "wide.png"], out)
    tally = score.run(plan, Serial())
    assert (tally.written, tally.failed) == (40, 1)
    own = score_files(tmp_path / "run", [many, tmp_path / "wide.png"])
    if suffix == ".csv":
        rows = list(csv.DictReader(out.read_text().splitlines()))
        assert [float(row["score"]) for row in rows if row["score"]] == [one.score for one in own[:-1]]
        assert [row["file"] for row in rows] == [one.name for one in own]
    else:
        from pyarrow import parquet

        rows = parquet.read_table(out).to_pylist()
        assert [row["score"] for row in rows] == [one.score for one in own]
        assert [row["stego"] for row in rows] == [one.stego for one in own]
    assert "the detector reads 16 x 16" in rows[-1]["error"]
    assert not (tmp_path / f"scores{suffix}.parts").exists()
    with pytest.raises(StorageFailed, match="exists already"):
        score.prepare(tmp_path / "run", [many], out)
    with pytest.raises(InvalidSetting, match=r"ends in \.txt"):
        score.prepare(tmp_path / "run", [many], tmp_path / "scores.txt")


def test_covers_in_shards_are_those_of_their_numbers(tmp_path: Path) -> None:
    card = read_card(find_generator(Path("faces64")))
    tally = sampling.run(sampling.prepare(card, tmp_path / "out", 70, seed=3, shard_size=40), Serial())
    assert tally.written == 70
    generator, config = load_generator(card.folder)
    wanted = sample(prepared(generator), latents(config, range(40, 70), 3)).numpy()
    with tarfile.open(tmp_path / "out" / "000001.tar") as archive:
        names = archive.getnames()
        assert names == [f"{k:09}.png" for k in range(40, 70)]
        for name, cover in zip(names, wanted, strict=True):
            member = archive.extractfile(name)
            assert member is not None
            assert np.abs(images.read(member.read()).samples.astype(int) - cover).max() <= 1  # another batch, another sum
    with pytest.raises(InvalidSetting, match="a shard of 30 covers"):
        sampling.prepare(card, tmp_path / "out", 120, seed=3, shard_size=40)
    sampling.run(sampling.prepare(card, tmp_path / "full", 20, seed=3, shard_size=10), Serial())
    more = sampling.prepare(card, tmp_path / "full", 45, seed=3, shard_size=10)
    assert (len(more), more.finished) == (25, 20)
    with pytest.raises(InvalidSetting, match="seed 3"):
        sampling.prepare(card, tmp_path / "out", 70, seed=4, shard_size=40)


@pytest.mark.parametrize("shard_size", [None, 4])
def test_every_stego_gives_its_message_and_every_cover_counts_as_used(
    textured: Path, shard_size: int | None, tmp_path: Path
) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    for k in range(9):
        (texts / f"{k}.txt").write_text(f"message {k}")
    (texts / "8.txt").unlink()
    ledger = Ledger(tmp_path / "ledger")
    plan = hide.prepare([textured], tmp_path / "out", Way(ledger=ledger), shard_size=shard_size)
    tally = hide.run(plan, hide.Messages(folder=texts), KEY, Pool(2))
    assert (tally.written, tally.failed) == (8, 1)
    assert "no message for 8.png" in tally.failures[0].error
    found = {}
    if shard_size is None:
        found = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("[0-9].png")}
    else:
        for path in sorted((tmp_path / "out").glob("*.tar")):
            with tarfile.open(path) as archive:
                found |= {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]
    for k in range(8):
        assert reveal(images.read(found[f"{k}.png"]).samples, KEY) == f"message {k}".encode()
        assert ledger.knows(images.read(textured / f"{k}.png").samples, None)
    again = hide.prepare([textured], tmp_path / "again", Way(ledger=ledger), limit=8)
    assert hide.run(again, hide.Messages(b"x"), KEY, Serial()).failed == 8, "no cover twice"


def test_nothing_is_left_that_says_what_was_done(textured: Path, tmp_path: Path) -> None:
    plan = hide.prepare([textured], tmp_path / "out", Way())
    job = hide.Hiding(hide.Messages(b"secret words"), KEY, Way(), tmp_path, (textured,))
    assert "secret" not in f"{job!r} {job.messages!r}"
    assert hide.run(plan, hide.Messages(b"secret words"), KEY, Serial()).written == 9
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"{k}.png" for k in range(9)]


def test_a_message_never_stands_in_a_file_of_the_job(textured: Path, tmp_path: Path) -> None:
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "bad.png").write_bytes(b"no image")
    (tmp_path / "mixed" / "0.png").write_bytes((textured / "0.png").read_bytes())
    plan = hide.prepare([tmp_path / "mixed"], tmp_path / "out", Way())
    assert hide.run(plan, hide.Messages(b"secret words"), KEY, Serial()).failed == 1
    manifest = json.loads((tmp_path / "out" / "run.json").read_text())
    assert set(manifest) == {"command", "version", "scheme", "shard_size"}
    assert not any(b"secret" in path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
