from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan import images
from ssgan.datasets import Geometry
from ssgan.detection.covers import CoverReading, read_covers
from ssgan.detection.question import Question, _couples, prepare, stages_of
from ssgan.detection.stegos import embedded, probabilities
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.steganalysis.catalog import NETWORKS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty noisy images of 16 x 16."""
    made, rng = tmp_path_factory.mktemp("covers"), np.random.default_rng(1)
    for i in range(60):
        images.write(made / f"{i:02d}.png", rng.integers(90, 110, (1, 16, 16), dtype=np.uint8), durable=False)
    return made


def question(folder: Path, **changes: object) -> Question:
    return Question(folder, "hill@0.4", **({"detector": "xunet", "seed": 1} | changes))  # type: ignore[arg-type]


def test_every_cover_is_in_one_part_with_its_own_stego(folder: Path) -> None:
    prepared = prepare(question(folder))
    names = [name for part in prepared.names.values() for name in part]
    assert sorted(names) == [f"{i:02d}.png" for i in range(60)]
    for part, pairs in prepared.parts.items():
        assert len(pairs) == len(prepared.names[part]) == len(prepared.groups[part])
        assert int((pairs.covers.short() - pairs.stegos.short()).abs().max()) == 1
        assert pairs.cover_probabilities is None


def test_the_warden_is_told_what_the_embedder_says_of_covers_and_of_stegos(folder: Path) -> None:
    prepared = prepare(question(folder, detector="yenet", selection_channel=True))
    pairs, embedder = prepared.parts["test"], Embedder.parse("hill@0.4")
    assert pairs.cover_probabilities is not None
    assert pairs.stego_probabilities is not None
    torch.testing.assert_close(pairs.cover_probabilities, probabilities(pairs.covers, embedder))
    torch.testing.assert_close(pairs.stego_probabilities, probabilities(pairs.stegos, embedder))
    assert not torch.equal(pairs.cover_probabilities, pairs.stego_probabilities)


def test_easier_lessons_come_first_with_the_same_covers(folder: Path) -> None:
    asked = question(folder, curriculum=(0.8, 0.6), fresh=True)
    prepared = prepare(asked)
    recipe = NETWORKS["xunet"].recipe.with_(duration_images=1000, lesson_share=0.25)
    taught = stages_of(asked, prepared, recipe)
    assert [stage.images for stage in taught] == [250, 250, None]
    rates = [float((stage.pairs.covers != stage.pairs.stegos).double().mean()) for stage in taught]
    assert rates == sorted(rates, reverse=True)
    assert all(torch.equal(stage.pairs.covers, prepared.parts["train"].covers) for stage in taught)
    assert taught[-1].pairs is prepared.parts["train"]
    own = np.arange(4, dtype=np.uint64)
    covers = taught[0].pairs.covers[:4]
    for stage, payload in zip(taught, (0.8, 0.6, 0.4), strict=True):
        assert stage.embed is not None
        assert torch.equal(stage.embed(covers, own), Embedder("hill", payload).simulate_seeded(covers, own))
    assert stages_of(question(folder), prepared, recipe)[0].embed is None


def test_without_any_stego_the_pairs_are_covers_each_used_once(folder: Path) -> None:
    prepared = prepare(question(folder, null=True))
    whole = prepare(question(folder))
    every = torch.cat([torch.cat([pairs.covers, pairs.stegos]) for pairs in prepared.parts.values()])
    assert len(torch.unique(every.flatten(1), dim=0)) == len(every) == 60
    assert prepared.change_rate == 0
    for part, pairs in prepared.parts.items():
        known = {cover.numpy().tobytes() for cover in whole.parts[part].covers}
        assert {cover.numpy().tobytes() for cover in torch.cat([pairs.covers, pairs.stegos])} <= known


def test_covers_stand_in_the_place_of_stegos_beside_another_source(folder: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for i in range(40):
        images.write(tmp_path / f"{i:02d}.png", rng.integers(0, 20, (1, 20, 20), dtype=np.uint8), durable=False)
    prepared = prepare(question(folder, against=tmp_path, against_geometry=Geometry(crop=16)))
    for part, pairs in prepared.parts.items():
        assert len(pairs) == len(prepared.names[part]) == len(prepared.groups[part])
        assert int(pairs.covers.max()) < 20 < 90 <= int(pairs.stegos.min())
    assert sum(len(pairs) for pairs in prepared.parts.values()) == 40
    with pytest.raises(InvalidSetting, match="compared with 20 x 20"):
        prepare(question(folder, against=tmp_path))


def test_only_as_many_pictures_are_read_as_are_wanted(folder: Path) -> None:
    read = read_covers(CoverReading(folder, Geometry(), (), 35))
    assert read.names == tuple(f"{i:02d}.png" for i in range(35))
    prepared = prepare(question(folder, limit=35), read=lambda asked: read)
    assert sorted(name for part in prepared.names.values() for name in part) == list(read.names)


def test_the_share_of_changes_that_went_up_is_told(folder: Path) -> None:
    prepared = prepare(question(folder))
    up = sum(int((pairs.stegos > pairs.covers).sum()) for pairs in prepared.parts.values())
    down = sum(int((pairs.stegos < pairs.covers).sum()) for pairs in prepared.parts.values())
    assert prepared.raised == up / (up + down)


@given(st.lists(st.integers(0, 1000), unique=True, max_size=30), st.integers(0, 2**32))
def test_couples_are_neighbors(index: list[int], seed: int) -> None:
    ordered = np.array(sorted(index), dtype=np.int64)
    one, other = _couples(ordered, seed, "test")
    both = np.sort(np.stack([one, other], axis=1), axis=1)
    np.testing.assert_array_equal(both.ravel(), ordered[: len(index) // 2 * 2])


def test_batches_do_not_matter() -> None:
    covers = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (5, 1, 1024, 1024), dtype=np.uint8))
    own = np.arange(5, dtype=np.uint64)
    made = embedded(covers, Embedder.parse("lsb@0.4/plain"), own, with_probabilities=True)
    assert torch.equal(made.stegos[3:5], Embedder.parse("lsb@0.4/plain").simulate_seeded(covers[3:5], own[3:5]))
    assert made.cover_probabilities is not None
    assert made.cover_probabilities.dtype == torch.float32


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"detector": "resnet"}, "no detector 'resnet'"),
        ({"detector": "spam", "fresh": True, "curriculum": (0.8,)}, "learns in one go, without curriculum and fresh"),
        ({"detector": "spam", "precision": "bf16"}, "without precision"),
        ({"selection_channel": True}, "no use for change probabilities"),
        ({"detector": "spam", "selection_channel": True}, "no use for change probabilities"),
        ({"detector": "maxsrmd2"}, "needs the change probabilities"),
        ({"curriculum": (0.8, 0.3)}, "are not easier than 0.4"),
        ({"null": True, "fresh": True}, "no changes to teach"),
        ({"against": Path("photographs"), "fresh": True}, "no changes to teach"),
        ({"against": Path("photographs"), "null": True}, "null and against are both given"),
        ({"embedder": "hill"}, "not an embedder"),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, object], expected: str, tmp_path: Path) -> None:
    settings = {"embedder": "hill@0.4", "detector": "xunet"} | changes
    with pytest.raises(InvalidSetting, match=expected) as caught:
        Question(tmp_path, **settings).check()  # type: ignore[arg-type]
    assert caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"detector": "yenet", "selection_channel": True, "fresh": True, "curriculum": (0.8, 0.6), "precision": "bf16"},
        {"detector": "maxsrmd2", "selection_channel": True},
        {"detector": "spam/ridge", "null": True},
    ],
)
def test_what_goes_together_is_taken(changes: dict[str, object], tmp_path: Path) -> None:
    Question(tmp_path, "hill@0.4", **changes).check()  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.85])
def test_as_many_covers_are_judged_as_asked(folder: Path, share: float) -> None:
    asked = question(folder, judged_share=share)
    parts = prepare(asked).parts
    assert len(parts["test"]) == pytest.approx(share * 60, abs=1)
    assert sum(map(len, parts.values())) == 60
    assert (share == 0.2) == ("judged_share" not in asked.to_json())  # folders of the usual share keep their names


@pytest.mark.parametrize("share", [-0.1, 0, 0.9, 1.5, float("nan")])
def test_share_that_leaves_nothing_is_refused(folder: Path, share: float) -> None:
    with pytest.raises(InvalidSetting, match="share of covers to judge"):
        question(folder, judged_share=share)
