from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.bulk import Serial, Tally, features
from ssgan.bulk.features import prepare, run
from ssgan.bulk.image_features import ExtractionSettings
from ssgan.datasets import Geometry
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting, StorageFailed
from ssgan.steganalysis.features import maxsrm, spam, srm

SIZES = ((16, 16), (12, 20), (16, 16), (9, 9), (16, 16), (20, 12))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Gray and color pictures of several sizes."""
    rng = np.random.default_rng(3)
    (tmp_path / "pictures").mkdir()
    for i, (height, width) in enumerate(SIZES):
        walk = 128 + rng.normal(0, 4, (1 + 2 * (i % 2), height, width)).cumsum(-1)
        images.write(tmp_path / "pictures" / f"{i}.png", walk.clip(0, 255).astype(np.uint8))
    return tmp_path


def pictures(folder: Path) -> dict[str, np.ndarray]:
    return {path.name: images.read(path).samples for path in sorted((folder / "pictures").iterdir())}


def extract(
    sources: list[Path], out: Path, settings: ExtractionSettings, *, overwrite: bool = False, threads: int = 1
) -> Tally:
    return run(prepare(sources, out, settings, overwrite=overwrite, threads=threads), Serial())


def table(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as found:
        return {str(name): row for name, row in zip(found["names"], found["features"], strict=True)}


@pytest.mark.parametrize("threads", [1, 3])
def test_a_table_holds_the_features_of_every_picture_whatever_its_size(folder: Path, threads: int) -> None:
    tally = extract([folder / "pictures"], folder / "f.npz", ExtractionSettings("spam", dtype="float64"), threads=threads)
    found = table(folder / "f.npz")
    assert list(found) == list(pictures(folder))
    assert (tally.written, tally.failed, tally.failures) == (6, 0, [])
    for name, samples in pictures(folder).items():
        np.testing.assert_array_equal(found[name], spam.features(samples[None])[0])
    assert [path.name for path in folder.iterdir() if path.name.startswith("f.npz")] == ["f.npz"]


def test_an_archive_gives_the_table_of_its_folder_and_several_sources_go_by_their_paths(folder: Path) -> None:
    with zipfile.ZipFile(folder / "p.zip", "w") as archive:
        for name in pictures(folder):
            archive.write(folder / "pictures" / name, name)
    for source in ("pictures", "p.zip"):
        extract([folder / source], folder / f"{source}.npz", ExtractionSettings("spam"))
    assert (folder / "pictures.npz").read_bytes() == (folder / "p.zip.npz").read_bytes()
    extract([folder / "p.zip", folder / "pictures" / "0.png"], folder / "both.npz", ExtractionSettings("spam"))
    assert list(table(folder / "both.npz"))[-1] == str(folder / "pictures" / "0.png")
    assert len(table(folder / "both.npz")) == 7


def test_rich_models_are_written_in_single_precision_of_the_image_that_the_geometry_cuts(folder: Path) -> None:
    extract([folder / "pictures"], folder / "f.npz", ExtractionSettings("srm", Geometry(crop=9, gray=True)))
    expected = [next(Geometry(crop=9, gray=True).cut(samples))[1] for samples in pictures(folder).values()]
    np.testing.assert_array_equal(list(table(folder / "f.npz").values()), srm.features(np.stack(expected)).astype(np.float32))


def test_the_change_probabilities_are_those_of_the_named_embedder(folder: Path) -> None:
    extract([folder / "pictures" / "0.png"], folder / "f.npz", ExtractionSettings("maxsrmd2", embedder="hill@0.4"))
    image = images.to_images(pictures(folder)["0.png"][None])
    plus, minus = Embedder.parse("hill@0.4").change_probabilities(image)
    expected = maxsrm.features(image, plus + minus).astype(np.float32)
    np.testing.assert_array_equal(list(table(folder / "f.npz").values()), expected)


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_an_interrupted_extraction_ends_as_if_nothing_had_happened(
    folder: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    (folder / "pictures" / "bad.png").write_bytes(b"no picture")
    whole, cut = folder / f"whole{suffix}", folder / f"cut{suffix}"
    extract([folder / "pictures"], whole, ExtractionSettings("spam"))
    monkeypatch.setattr(features, "PORTION", 2)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(prepare([folder / "pictures"], cut, ExtractionSettings("spam"), threads=2), Serial(), progress=stop)
    assert not cut.exists()
    plan = prepare([folder / "pictures"], cut, ExtractionSettings("spam"))
    assert plan.finished == 2
    tally = run(plan, Serial())
    assert (tally.written, tally.sums["stood"], [failure.name for failure in tally.failures]) == (4, 2, ["bad.png"])
    assert cut.read_bytes() == whole.read_bytes()
    assert not (folder / f"cut{suffix}.parts").exists()


def test_pieces_of_other_settings_or_pictures_are_not_joined_to_these(folder: Path) -> None:
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    def begin(name: str, *, overwrite: bool = False) -> None:
        with pytest.raises(KeyboardInterrupt):
            run(
                prepare([folder / "pictures"], folder / "f.npz", ExtractionSettings(name), overwrite=overwrite),
                Serial(),
                progress=stop,
            )

    begin("spam")
    for other in (
        ExtractionSettings("srm"),
        ExtractionSettings("spam", Geometry(crop=8)),
        ExtractionSettings("spam", dtype="float64"),
    ):
        with pytest.raises(InvalidSetting, match="other settings"):
            prepare([folder / "pictures"], folder / "f.npz", other)
    begin("cspam", overwrite=True)
    (folder / "pictures" / "0.png").unlink()
    with pytest.raises(InvalidSetting, match="images"):
        prepare([folder / "pictures"], folder / "f.npz", ExtractionSettings("cspam"))


def test_pictures_that_fail_are_named_and_the_rest_is_there(folder: Path) -> None:
    (folder / "pictures" / "bad.png").write_bytes(b"no picture")
    images.write(folder / "pictures" / "tiny.png", np.zeros((3, 5, 5), np.uint8))
    tally = extract([folder / "pictures"], folder / "f.npz", ExtractionSettings("scrmq1"))
    failures = [json.loads(line) for line in (folder / "f.npz.failures.jsonl").read_text().splitlines()]
    assert list(table(folder / "f.npz")) == ["1.png", "3.png", "5.png"]
    assert [failure["name"] for failure in failures] == [failure.name for failure in tally.failures]
    assert {name: "color" in failure.error for name, failure in zip("024", tally.failures, strict=False)} == dict.fromkeys(
        "024", True
    )
    assert {failure.name for failure in tally.failures[3:]} == {"bad.png", "tiny.png"}
    extract([folder / "pictures" / "1.png"], folder / "f.npz", ExtractionSettings("scrmq1"), overwrite=True)
    assert not (folder / "f.npz.failures.jsonl").exists()


def test_where_all_fail_there_is_no_table(folder: Path) -> None:
    tally = extract([folder / "pictures" / "0.png"], folder / "f.npz", ExtractionSettings("crm"))
    assert (tally.written, len(tally.failures)) == (0, 1)
    assert sorted(path.name for path in folder.iterdir()) == ["f.npz.failures.jsonl", "pictures"]


def test_a_table_that_stands_is_left_alone_unless_it_may_be_written_over(folder: Path) -> None:
    (folder / "f.npz").write_bytes(b"mine")
    with pytest.raises(StorageFailed, match="exists already"):
        prepare([folder / "pictures"], folder / "f.npz", ExtractionSettings("spam"))
    assert (folder / "f.npz").read_bytes() == b"mine"
    extract([folder / "pictures"], folder / "f.npz", ExtractionSettings("spam"), overwrite=True)
    assert len(table(folder / "f.npz")) == 6


def test_a_folder_that_holds_something_else_is_left_alone(folder: Path) -> None:
    (folder / "f.npz.parts").mkdir()
    (folder / "f.npz.parts" / "mine").touch()
    with pytest.raises(InvalidSetting, match="in the way"):
        prepare([folder / "pictures"], folder / "f.npz", ExtractionSettings("spam"), overwrite=True)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"features": "sram"}, "sram"),
        ({"features": "spam", "dtype": "int8"}, "int8"),
        ({"features": "spam", "convert": ("sepia", "jpeg")}, "sepia"),
        ({"features": "maxsrmd2"}, "change probabilities"),
        ({"features": "spam", "embedder": "hill@0.4"}, "uses none"),
        ({"features": "maxsrmd2", "embedder": "hill"}, "not an embedder"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        ExtractionSettings(**settings)  # type: ignore[arg-type]
