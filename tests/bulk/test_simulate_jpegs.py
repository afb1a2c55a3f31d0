"""Stegos of JPEGs: each depends on its file, its name, the embedder and the seed, and is its cover up to the coefficients."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.bulk import Pool, Serial
from ssgan.bulk.simulate import SimulationSettings, change_rate, prepare, run
from ssgan.compute import seeds
from ssgan.datasets import Geometry
from ssgan.datasets.sources import open_source
from ssgan.embedding.coefficient_embedder import simulate_seeded
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients

SETTINGS = SimulationSettings("juniward@0.4", seed=5, image_format="jpg")
START_OF_SCAN = b"\xff\xda"


@pytest.fixture(scope="module")
def covers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five JPEGs, gray and color, one of them in a folder and with optimized tables; a flat one, and a picture that is none."""
    folder = tmp_path_factory.mktemp("work") / "photographs"
    (folder / "more").mkdir(parents=True)
    rng = np.random.default_rng(3)
    for k, shape in enumerate([(40, 56), (33, 47, 3), (24, 24), (64, 40, 3)]):
        picture = Image.fromarray(rng.integers(60, 200, shape, dtype=np.uint8))
        picture.save(folder / f"{k}.jpg", quality=80, comment=b"a comment", optimize=k == 3)
    picture.save(folder / "more" / "last.jpeg", quality=60, optimize=True)
    Image.fromarray(np.full((16, 16), 9, np.uint8)).save(folder / "flat.jpg")
    images.write(folder / "none.png", rng.integers(0, 256, (1, 16, 16), dtype=np.uint8))
    return folder


def expected(covers: Path) -> dict[str, bytes]:
    """Each stego as it is made alone, seeded by name."""
    made = {}
    for name in ("0.jpg", "1.jpg", "2.jpg", "3.jpg", "more/last.jpeg"):
        seed = np.uint64(seeds.derive(5, name))
        stego = simulate_seeded(read_coefficients(covers / name), Embedder.parse(SETTINGS.embedder), seed)
        made[name.replace(".jpeg", ".jpg")] = encode_coefficients(stego)
    return made


def written(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.jpg"))}


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_a_source_of_jpegs_becomes_stegos(covers: Path, kind: str, tmp_path: Path) -> None:
    source, names = covers, [path.relative_to(covers).as_posix() for path in sorted(covers.rglob("*.*"))]
    if kind == "zip":
        source = tmp_path / "photographs.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for name in names:
                archive.write(covers / name, name)
    elif kind == "tar":
        source = tmp_path / "photographs.tar"
        with tarfile.open(source, "w") as archive:
            for name in names:
                archive.add(covers / name, name)
    tally = run(prepare([source], tmp_path / "out", SETTINGS), Serial())
    assert (tally.written, tally.failed) == (5, 2)
    assert {failure.name: failure.exit_code for failure in tally.failures} == {"flat.jpg": 4, "none.png": 5}
    assert written(tmp_path / "out") == expected(covers)
    assert 0.01 < change_rate(tally) < 0.2


def test_a_stego_is_its_cover_up_to_the_scan(covers: Path, tmp_path: Path) -> None:
    run(prepare([covers], tmp_path / "out", SETTINGS), Serial())
    for name, stego in written(tmp_path / "out").items():
        cover = (covers / name.replace("last.jpg", "last.jpeg")).read_bytes()
        assert stego != cover
        if not name.startswith(("3", "more")):  # optimized tables are made again
            assert stego[: stego.index(START_OF_SCAN)] == cover[: cover.index(START_OF_SCAN)]
        before, after = read_coefficients(cover), read_coefficients(stego)
        for one, two in zip(before.components, after.components, strict=True):
            assert np.abs(one.blocks.astype(int) - two.blocks).max() <= 1
            assert np.array_equal(one.table, two.table)


def test_a_job_goes_on_where_it_was_cut_off(covers: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(prepare([covers], out, SETTINGS, limit=2), Serial()).written == 2
    plan = prepare([covers], out, SETTINGS)
    assert plan.finished == 2
    assert run(plan, Pool(2)).written == 3
    assert written(out) == expected(covers)
    with pytest.raises(InvalidSetting, match="other settings"):
        prepare([covers], out, SimulationSettings("uerd@0.4", seed=5, image_format="jpg"))


def test_shards_hold_the_same_stegos(covers: Path, tmp_path: Path) -> None:
    assert run(prepare([covers], tmp_path / "out", SETTINGS, shard_size=3), Serial()).written == 5
    with open_source(tmp_path / "out") as source:
        assert {name: source.data(name) for name in source.names} == expected(covers)
        assert source.coefficients("0.jpg").num_nonzero_ac > 100


def test_a_source_gives_coefficients_by_name(covers: Path) -> None:
    with open_source(covers) as source:
        assert len(source.coefficients("1.jpg").components) == 3
        with pytest.raises(RefusedImage, match=r"none.png: .*no JPEG"):
            source.coefficients("none.png")


@pytest.mark.parametrize(
    "wrong",
    [{"geometry": Geometry(None, 64)}, {"convert": ("jpeg",)}, {"image_format": "png"}, {"embedder": "hill@0.4"}],
)
def test_what_is_done_to_pixels_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting) as refused:
        SimulationSettings(**{"embedder": "juniward@0.4", "image_format": "jpg", **wrong})  # type: ignore[arg-type]
    assert refused.value.hint
