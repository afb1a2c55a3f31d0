"""A trial on tables of scores or features, some rows at a time: a million images are judged in the memory of some thousands.

Scores need no more than two numbers an image. Features teach an ensemble of Fisher's linear discriminants in random subspaces
(J. Kodovsky, J. Fridrich, V. Holub, "Ensemble classifiers for steganalysis of digital media", IEEE TIFS 2012), whose means and
scatters are summed up in one pass over the table; its sizes are fixed, for a search would need many passes. A cover and its
stego have the same name and go to the same part.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ssgan import seeds
from ssgan.datasets.splits import picture_of
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.evaluation.roc import measures
from ssgan.steganalysis.error import error_interval

LEARNERS, SUBSPACE = 51, 600
TRAIN_SHARE = 0.7
RIDGE = 1e-6  # of the mean variance, added to each feature's
_ROWS = 2048  # of a table, held at a time
_HINT = "Give a table that `ssgan score -o` wrote."


def judge_scores(covers: Path, stegos: Path) -> dict[str, Any]:
    """The figures of two tables of scores, as `ssgan score -o` writes them; images without a score are left out and counted."""
    (of_covers, missing), (of_stegos, more) = _scores(covers), _scores(stegos)
    return {**_judged(of_covers, of_stegos), "without_score": missing + more}


def judge_features(covers: Path, stegos: Path, *, seed: int = 0) -> dict[str, Any]:
    """The figures, on the pictures kept apart, of an ensemble that learns from two tables of features.

    Raises InvalidSetting where the tables are not of the same features, or a part has no images.
    """
    dimension = _dimension(covers)
    if _dimension(stegos) != dimension:
        raise InvalidSetting("The two tables are of different features.", hint="Extract both with the same --set.")
    ensemble = _Ensemble(dimension, seed)
    for kind, table in enumerate((covers, stegos)):
        for names, features in _rows(table):
            learned = np.array([_learned(name, seed) for name in names])
            ensemble.add(kind, features[learned])
    ensemble.solve()
    apart: list[np.ndarray] = []
    for table in (covers, stegos):
        parts = []
        for names, features in _rows(table):
            judged = np.array([not _learned(name, seed) for name in names])
            parts.append(ensemble.scores(features[judged]))
        apart.append(np.concatenate(parts) if parts else np.empty(0))
    return {**_judged(*apart), "train": ensemble.counts.tolist(), "dimension": dimension, "seed": seed}


def _judged(covers: np.ndarray, stegos: np.ndarray) -> dict[str, Any]:
    figures = measures(covers, stegos).as_json()
    return {**figures, "p_e_interval": list(error_interval(covers, stegos)), "covers": len(covers), "stegos": len(stegos)}


def _learned(name: str, seed: int) -> bool:
    """By the picture's name, without folder and suffix: that of a cover is that of its stego."""
    stem = Path(picture_of(name)).stem
    return seeds.derive(seed, "streamed", stem) < TRAIN_SHARE * 2**64


@dataclass(frozen=True, eq=False)
class _Learner:
    """One subspace: which features, and what is summed up of each class."""

    features: np.ndarray  # int64 (d,)
    sums: np.ndarray  # float64 (2, d)
    products: np.ndarray  # float64 (2, d, d)


class _Ensemble:
    """Learns by sums."""

    def __init__(self, dimension: int, seed: int) -> None:
        rng, size = seeds.generator(seed, "subspaces"), min(dimension, SUBSPACE)
        count = 1 if size == dimension else LEARNERS
        chosen = [np.sort(rng.permutation(dimension)[:size]) for _ in range(count)]
        self._learners = [_Learner(which, np.zeros((2, size)), np.zeros((2, size, size))) for which in chosen]
        self._center: np.ndarray | None = None
        self.counts = np.zeros(2, np.int64)
        self._weights = np.zeros((dimension, 0))
        self._middle = np.zeros(0)

    def add(self, kind: int, features: np.ndarray) -> None:
        """Rows of covers (0) or stegos (1); all are measured from the first rows' mean, for the sums' sake."""
        if not len(features):
            return
        rows = features.astype(np.float64)
        if self._center is None:
            self._center = rows.mean(axis=0)
        rows -= self._center
        self.counts[kind] += len(rows)
        for learner in self._learners:
            part = rows[:, learner.features]
            learner.sums[kind] += part.sum(axis=0)
            learner.products[kind] += part.T @ part

    def solve(self) -> None:
        """Each learner's direction, scaled to a within-class variance of 1, and the middle between the classes."""
        if self._center is None or not self.counts.all():
            raise InvalidSetting("There are no images to learn from.", hint="Give tables with more rows.")
        self._weights, middles = np.zeros((len(self._center), len(self._learners))), []
        for number, learner in enumerate(self._learners):
            means = learner.sums / self.counts[:, None]
            outer = means[:, :, None] * means[:, None, :] * self.counts[:, None, None]
            within = (learner.products - outer).sum(axis=0) / self.counts.sum()
            within[np.diag_indices_from(within)] += RIDGE * (np.trace(within) / len(within)) + np.finfo(float).tiny
            direction = np.linalg.lstsq(within, means[1] - means[0], rcond=None)[0]
            scale = np.sqrt(max(direction @ within @ direction, np.finfo(float).tiny))
            self._weights[learner.features, number] = direction / scale
            middles.append((means.sum(axis=0) / 2) @ direction / scale)
        self._middle = np.array(middles)

    def scores(self, features: np.ndarray) -> np.ndarray:
        """float64 (N,): the mean of the learners, each at most 1 either way, so that none outshouts the others."""
        assert self._center is not None, "it has learned"
        seen = (features.astype(np.float64) - self._center) @ self._weights - self._middle
        votes: np.ndarray = seen[:, 0] if seen.shape[1] == 1 else np.tanh(seen).mean(axis=1)
        return votes


def _scores(table: Path) -> tuple[np.ndarray, int]:
    """float64 (N,), and how many images have none."""
    if table.suffix.lower() == ".csv":
        with _opened_csv(table) as file:
            found = [row["score"] for row in csv.DictReader(file)]
        known = np.array([float(score) for score in found if score], np.float64)
        return known, len(found) - len(known)
    parts, missing = [], 0
    for batch in _dataset(table).to_batches(columns=["score"]):
        missing += batch.column(0).null_count
        parts.append(batch.column(0).drop_null().to_numpy())
    return np.concatenate(parts) if parts else np.empty(0), missing


def _opened_csv(table: Path) -> Any:
    try:
        file = table.open(newline="", encoding="utf-8")
    except OSError as error:
        raise InvalidSetting(f"{table} cannot be read: {error.strerror}.", hint=_HINT) from error
    if "score" not in file.readline().strip().split(","):
        file.close()
        raise InvalidSetting(f"{table} has no column score.", hint=_HINT)
    file.seek(0)
    return file


def _rows(table: Path) -> Iterator[tuple[list[str], np.ndarray]]:
    """Names, and features (rows, D), some rows at a time."""
    wanted = {"columns": ["file", "features"], "batch_size": _ROWS, "batch_readahead": 0, "fragment_readahead": 0}
    for batch in _dataset(table).to_batches(**wanted):
        if batch.num_rows:
            vectors = batch.column(1)
            yield batch.column(0).to_pylist(), vectors.flatten().to_numpy().reshape(batch.num_rows, -1)


def _dimension(table: Path) -> int:
    kind = _dataset(table).schema.field("features").type
    return int(kind.list_size)


def _dataset(table: Path) -> Any:
    """A Parquet file or a folder of shards. Raises InvalidSetting, RefusedImage."""
    try:
        from pyarrow import ArrowInvalid, dataset
    except ImportError as error:
        hint = "Install it with pip install 'ssgan[parquet]'."
        raise InvalidSetting("Reading Parquet needs pyarrow, which is not here.", hint=hint) from error
    try:
        found = dataset.dataset(table, format="parquet")
    except FileNotFoundError as error:
        raise InvalidSetting(f"There is no table {table}.", hint="Check the name.") from error
    except (ArrowInvalid, OSError) as error:
        hint = "Give a Parquet file or a folder of them."
        raise RefusedImage(f"{table} is no table that can be read ({error}).", hint=hint) from error
    if not {"score", "features"} & set(found.schema.names):
        hint = "`ssgan score -o` and `ssgan features` write them."
        raise InvalidSetting(f"{table} has neither scores nor features.", hint=hint)
    return found
