"""Tables of any size are judged as their rows would be, all at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.evaluation import streamed
from ssgan.evaluation.roc import measures
from ssgan.evaluation.streamed import judge_features, judge_scores

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def features(path: Path, values: np.ndarray, *, prefix: str = "") -> Path:
    """A table as `ssgan features` writes it."""
    kind = pa.list_(pa.float32(), values.shape[1])
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(values.astype(np.float32).ravel()), type=kind)
    names = [f"{prefix}{k:05}.png" for k in range(len(values))]
    parquet.write_table(pa.table({"file": names, "features": vectors}), path, row_group_size=300)
    return path


def test_scores_are_judged_as_arrays_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    covers, stegos = rng.normal(0, 1, 500), rng.normal(1, 1, 400)
    rows = [f"c{k}.png,{score!r},False,0.5,\n" for k, score in enumerate(covers.tolist())] + ["bad.png,,,,no image\n"]
    (tmp_path / "covers.csv").write_text("file,score,stego,probability,error\n" + "".join(rows))
    parquet.write_table(pa.table({"file": ["x"] * 400, "score": stegos}), tmp_path / "stegos.parquet")
    summary = judge_scores(tmp_path / "covers.csv", tmp_path / "stegos.parquet")
    assert {name: summary[name] for name in measures(covers, stegos).to_json()} == measures(covers, stegos).to_json()
    assert (summary["covers"], summary["stegos"], summary["without_score"]) == (500, 400, 1)


def test_a_single_subspace_is_fishers_discriminant(tmp_path: Path) -> None:
    """Of two normal laws with one covariance the error of the best detector is known."""
    rng = np.random.default_rng(2)
    mixing, shift = rng.normal(size=(8, 8)), np.full(8, 0.6)
    covers = 1000 + rng.normal(size=(4000, 8)) @ mixing
    stegos = 1000 + (rng.normal(size=(4000, 8)) + shift) @ mixing
    summary = judge_features(features(tmp_path / "c.parquet", covers), features(tmp_path / "s.parquet", stegos, prefix="out/"))
    from scipy.stats import norm

    assert summary["p_e"] == pytest.approx(norm.cdf(-np.linalg.norm(shift) / 2), abs=0.02)
    assert summary["covers"] == summary["stegos"] == 4000 - summary["train"][0]
    assert summary["train"][0] == pytest.approx(2800, abs=120)


def test_many_subspaces_vote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "SUBSPACE", 10)
    rng = np.random.default_rng(3)
    covers = rng.normal(size=(2000, 40))
    summary = judge_features(features(tmp_path / "c.parquet", covers), features(tmp_path / "s.parquet", covers + 0.4))
    assert summary["p_e"] < 0.15
    null = judge_features(
        features(tmp_path / "a.parquet", covers), features(tmp_path / "b.parquet", rng.normal(size=(2000, 40)))
    )
    assert null["p_e"] > 0.44


def test_features_that_never_vary_do_no_harm(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    covers = np.concatenate([rng.normal(size=(500, 4)), np.zeros((500, 3))], axis=1)
    summary = judge_features(
        features(tmp_path / "c.parquet", covers), features(tmp_path / "s.parquet", covers + [2, 0, 0, 0, 0, 0, 0])
    )
    assert summary["p_e"] < 0.2


def test_what_cannot_be_judged_is_said(tmp_path: Path) -> None:
    four, five = (features(tmp_path / f"{k}.parquet", np.ones((20, k))) for k in (4, 5))
    with pytest.raises(InvalidSetting, match="different features"):
        judge_features(four, five)
    with pytest.raises(InvalidSetting, match="no table"):
        judge_features(tmp_path / "nothing.parquet", four)
    (tmp_path / "bad.parquet").write_bytes(b"x" * 100)
    with pytest.raises(RefusedImage, match="cannot be read as a table"):
        judge_scores(tmp_path / "bad.parquet", four)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InvalidSetting, match="no column score"):
        judge_scores(tmp_path / "other.csv", tmp_path / "other.csv")
