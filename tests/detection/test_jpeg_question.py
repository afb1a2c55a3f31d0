from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan import images
from ssgan.datasets import Geometry, Patches
from ssgan.detection.question import Question, prepare, stages_of
from ssgan.detection.score import score_files
from ssgan.detection.train import train_detector
from ssgan.embedding.coefficient_embedder import simulate_seeded
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.coefficients import planes
from ssgan.images.new_jpeg import gray_jpeg
from ssgan.steganalysis.catalog import NETWORKS
from tests.jpegs import write_jpegs, write_pictures


@pytest.fixture(scope="module")
def jpegs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_jpegs(tmp_path_factory.mktemp("question") / "jpegs", count=60)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("question") / "pictures", count=60)


def question(folder: Path, **changes: object) -> Question:
    return Question(folder, **({"embedder": "uerd@0.4", "detector": "spam/ridge", "seed": 1} | changes))  # type: ignore[arg-type]


def test_pairs_are_coefficients_of_the_files_and_their_stegos(jpegs: Path) -> None:
    prepared = prepare(question(jpegs))
    assert sorted(name for part in prepared.names.values() for name in part) == [f"{i:03d}.jpg" for i in range(60)]
    assert 0 < prepared.change_rate < 0.2
    for part, pairs in prepared.parts.items():
        assert pairs.covers.dtype == pairs.stegos.dtype == torch.int16
        assert int((pairs.covers - pairs.stegos).abs().max()) == 1
        for name, cover in zip(prepared.names[part], pairs.covers, strict=True):
            luma = read_coefficients((jpegs / name).read_bytes()).components[0]
            assert np.array_equal(cover[0], planes(luma.blocks))
            assert np.array_equal(pairs.table, luma.table)  # type: ignore[arg-type]


def test_a_seed_gives_its_pairs_again_and_another_one_others(jpegs: Path) -> None:
    one, again, other = (prepare(question(jpegs, seed=seed)).parts["train"] for seed in (1, 1, 2))
    assert torch.equal(one.stegos, again.stegos)
    assert not torch.equal(one.covers, other.covers)


def test_a_stego_is_that_of_its_own_seed_alone(jpegs: Path) -> None:
    asked, embedder = question(jpegs), Embedder.parse("uerd@0.4")
    pairs = prepare(asked).parts["test"]
    assert pairs.table is not None
    own = np.array([3, 4], dtype=np.uint64)
    embed = stages_of(question(jpegs, detector="xunet", fresh=True), prepare(asked), NETWORKS["xunet"].recipe)[0].embed
    assert embed is not None
    stegos = embed(pairs.covers[:2], own)
    for cover, stego, seed in zip(pairs.covers[:2], stegos, own, strict=True):
        alone = simulate_seeded(gray_jpeg(cover[0].numpy(), pairs.table), embedder, seed)
        assert np.array_equal(planes(alone.components[0].blocks), stego[0])


def test_tiles_of_one_picture_stay_in_one_part(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", count=12, side=64)
    prepared = prepare(question(folder, geometry=Patches(32), jpeg=75))
    pictures = [{name.partition("@")[0] for name in names} for names in prepared.names.values()]
    assert sum(len(part) for part in pictures) == len(set.union(*pictures)) == 12
    assert prepared.parts["train"].covers.shape[1:] == (1, 32, 32)


def test_pictures_are_compressed_at_the_quality(pictures: Path) -> None:
    coarse, fine = (prepare(question(pictures, jpeg=quality)).parts["train"] for quality in (50, 95))
    assert coarse.table is not None
    assert fine.table is not None
    assert coarse.table[0, 0] == 16
    assert fine.table[0, 0] == 2
    assert float(fine.covers.float().std()) > float(coarse.covers.float().std())


def test_covers_against_covers_and_against_another_source(pictures: Path, tmp_path: Path) -> None:
    null = prepare(question(pictures, jpeg=75, null=True))
    assert null.change_rate == 0
    assert all(pairs.table is not None for pairs in null.parts.values())
    others = write_pictures(tmp_path / "others", count=40, seed=1)
    beside = prepare(question(pictures, jpeg=75, against=others))
    assert {part: len(pairs) for part, pairs in beside.parts.items()}["train"] == 28
    coarse = write_jpegs(tmp_path / "coarse", count=40, quality=50)
    fine = write_jpegs(tmp_path / "fine", count=40, quality=90)
    with pytest.raises(InvalidSetting, match="quality 50, what they are compared with has quality 90"):
        prepare(question(coarse, against=fine))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embedder": "hill@0.4", "jpeg": 75}, "changes pixels"),
        ({"jpeg": 0}, "quality is 0"),
        ({"embedder": "siuniward@0.4", "jpeg": 75}, "what rounding took"),
        ({"jpeg": 101}, "quality is 101"),
        ({"geometry": Geometry(size=16)}, "neither cropped nor resized"),
        ({"geometry": Patches(12)}, "cut blocks"),
        ({"detector": "crm"}, "color"),
        ({"detector": "maxsrmd2", "selection_channel": True}, "probabilities of pixels"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, object], message: str, jpegs: Path) -> None:
    with pytest.raises(InvalidSetting, match=message):
        question(jpegs, **changes).check()


def test_an_embedder_of_the_other_kind_of_covers_is_named(pictures: Path, jpegs: Path) -> None:
    with pytest.raises(RefusedImage, match="no usable JPEG") as of_pixels:
        prepare(question(pictures))
    assert of_pixels.value.hint.endswith("or did you mean hill@0.4?")
    with pytest.raises(RefusedImage, match="no usable image") as of_jpegs:
        prepare(question(jpegs, embedder="hill@0.3"))
    assert of_jpegs.value.hint.endswith("or did you mean juniward@0.3?")


def test_no_other_embedder_is_named_where_covers_are_of_its_kind_and_bad(tmp_path: Path) -> None:
    for name in ("--jpeg 1.jpg", "--convert jpeg.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff and no more")
    with pytest.raises(RefusedImage, match="no usable JPEG") as damaged:
        prepare(question(tmp_path))
    assert "did you mean" not in damaged.value.hint


def test_too_few_jpegs_of_one_table_are_refused_with_those_left_out(tmp_path: Path) -> None:
    folder = write_jpegs(tmp_path / "mixed", count=20)
    for file in write_jpegs(tmp_path / "other", count=15, quality=60, seed=1).iterdir():
        file.rename(folder / f"other-{file.name}")
    with pytest.raises(InvalidSetting, match="20 covers are too few") as refused:
        prepare(question(folder))
    assert "it has quality 60, where most have quality 75" in str(refused.value.hint)


def test_a_question_of_pixels_is_recorded_as_ever(pictures: Path) -> None:
    record = Question(pictures, "hill@0.4", "spam").to_json()
    assert set(record) == {
        "covers", "embedder", "detector", "seed", "geometry", "convert", "limit", "duration_images", "curriculum", "fresh",
        "precision", "selection_channel", "null",
    }  # fmt: skip
    assert question(pictures, jpeg=75).to_json()["jpeg"] == 75


@pytest.mark.parametrize("detector", ["spam/ridge", "xunet", "dctr/ridge"])
def test_detectors_of_jpegs_and_of_pixels_judge_them(detector: str, pictures: Path, tmp_path: Path) -> None:
    asked = question(pictures, embedder="nsf5@1.0", detector=detector, jpeg=90)
    if detector == "xunet":
        asked = question(pictures, embedder="nsf5@1.0", detector=detector, jpeg=90, duration_images=256, fresh=True)
    result = train_detector(asked, tmp_path / "run")
    assert result.shape == (1, 32, 32)
    assert train_detector(asked, tmp_path / "run") == result


def test_features_of_jpegs_are_no_detector_of_pixels(pictures: Path) -> None:
    with pytest.raises(InvalidSetting, match="DCTR looks at JPEG files, and hill@0.4 changes pixels"):
        Question(pictures, "hill@0.4", "dctr").check()


def test_files_are_scored_by_the_detector_of_their_table_alone(jpegs: Path, pictures: Path, tmp_path: Path) -> None:
    train_detector(question(jpegs, embedder="nsf5@1.0", detector="dctr/ridge"), tmp_path / "run")
    other = write_jpegs(tmp_path / "other", count=1, quality=95)
    wide = write_jpegs(tmp_path / "wide", count=1, side=48)
    odd = write_jpegs(tmp_path / "odd", count=1, side=37)
    files = [*(folder / "000.jpg" for folder in (jpegs, other, wide, odd)), pictures / "000.png"]
    scored, of_other, of_wide, of_odd, of_pixels = score_files(tmp_path / "run", files)
    assert scored.score is not None
    assert of_other.score is None
    assert "quality 75; these JPEGs have quality 95" in of_other.error
    assert "reads 32 x 32, gray, not 48 x 48" in of_wide.error
    assert of_odd.score is not None
    assert "no JPEG" in of_pixels.error
    together = {score.name: score.score for score in score_files(tmp_path / "run", [jpegs])}
    assert together[str(jpegs / "000.jpg")] == scored.score


def test_jpegs_that_do_not_take_the_payload_are_left_out_and_named(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", count=40, side=64)
    rng = np.random.default_rng(1)
    for i in range(6):  # smooth, but not flat
        ramp = np.linspace(40, 200, 64)[None, None] + rng.normal(0, 1.5, (1, 64, 64))
        images.write(folder / f"smooth-{i}.png", ramp.round().astype(np.uint8), durable=False)
    whole = prepare(question(folder, jpeg=90))
    prepared = prepare(question(folder, jpeg=90, embedder="uerd@0.3/message"))
    left_out = {name for one in prepared.left_out for name, _ in one.bad}
    assert left_out == {f"smooth-{i}.png" for i in range(6)}
    assert "fewer than the shortest message" in prepared.findings[-1].sentence
    for part, pairs in prepared.parts.items():
        assert prepared.names[part] == [name for name in whole.names[part] if name not in left_out]
        assert int((pairs.covers != pairs.stegos).flatten(1).any(1).sum()) == len(pairs)
    with pytest.raises(InvalidSetting, match="no cover takes uerd@0.001/message"):
        prepare(question(folder, jpeg=90, embedder="uerd@0.001/message"))
