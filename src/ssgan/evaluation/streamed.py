"""Judge tables of scores or features some rows at a time: a million images in the memory of some thousands.

Scores need no more than two numbers an image. Features train the ensemble of Fisher discriminants that detectors use, too, with
fixed sizes, for a search would need many passes. A cover and its stego have the same name and go to the same part.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.datasets.splits import in_train, picture_numbers
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.evaluation.roc import measures
from ssgan.steganalysis.classifiers import ensemble_streams
from ssgan.steganalysis.classifiers.ensemble import LEARNERS, SUBSPACE, Ensemble
from ssgan.steganalysis.error_rate import Scores, error_interval

TRAIN_SHARE = 0.7
_ROWS = 2048  # of a table, held at a time
_HINT = "give a table that `ssgan score -o` wrote"


def judge_scores(covers: Path, stegos: Path) -> dict[str, Any]:
    """Return the figures of two tables of scores, as `ssgan score -o` writes them; images without a score are only counted."""
    (of_covers, groups, missing), (of_stegos, others, more) = _scores(covers), _scores(stegos)
    return {**_judged(Scores(of_covers, of_stegos, groups, others)), "without_score": missing + more}


def judge_features(covers: Path, stegos: Path, *, seed: int = 0) -> dict[str, Any]:
    """Return the figures, on the test pictures, of an ensemble that learns from two tables of features.

    Raises InvalidSetting where the tables are not of the same features, or a part has no images.
    """
    dimension = _dimension(covers)
    if _dimension(stegos) != dimension:
        raise InvalidSetting("the two tables are of different features", hint="extract both with the same --set")
    pictures = [np.concatenate([picture_numbers(names, seed) for names in _names(table)]) for table in (covers, stegos)]
    learned = [some[in_train(some, TRAIN_SHARE)] for some in pictures]
    if not all(map(len, learned)) or any(len(own) == len(some) for own, some in zip(learned, pictures, strict=True)):
        raise InvalidSetting("there are no images to learn from, or none to judge by", hint="give tables with more rows")
    # Numbers in the order in which they come, as if the rows were held at once.
    known, first = np.unique(np.concatenate(learned), return_index=True)
    number = np.argsort(np.argsort(first))

    def stream(table: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for names, features in _rows(table):
            some = picture_numbers(names, seed)
            mine = in_train(some, TRAIN_SHARE)
            if mine.any():
                yield number[np.searchsorted(known, some[mine])], features[mine]

    sizes = {"learners": LEARNERS, "subspace": min(dimension, SUBSPACE)}
    made = ensemble_streams.fit(lambda: stream(covers), lambda: stream(stegos), images=len(known), seed=seed, **sizes)
    apart = [_apart(made, table, seed) for table in (covers, stegos)]
    (of_covers, groups), (of_stegos, others) = apart
    sizes_used = {"train": [len(some) for some in learned], "dimension": dimension, "seed": seed, **sizes}
    return {**_judged(Scores(of_covers, of_stegos, groups, others)), **sizes_used, "out_of_bag_error": made.error}


def _judged(scores: Scores) -> dict[str, Any]:
    figures = measures(scores.covers, scores.stegos).to_json()
    interval = list(error_interval([scores]))
    return {**figures, "p_e_interval": interval, "covers": len(scores.covers), "stegos": len(scores.stegos)}


def _apart(made: Ensemble, table: Path, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the test pictures, and the number of each."""
    scores, groups = [], []
    for names, features in _rows(table):
        some = picture_numbers(names, seed)
        rest = ~in_train(some, TRAIN_SHARE)
        scores.append(made.scores(features[rest]))
        groups.append(some[rest])
    return np.concatenate(scores), np.concatenate(groups)


def _scores(table: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Return scores float64 (N,), the picture of each, uint64 (N,), and how many images have no score."""
    if table.suffix.lower() == ".csv":
        with _opened_csv(table) as file:
            found = [(row.get("file"), row["score"]) for row in csv.DictReader(file)]
        known = [(str(number) if name is None else name, score) for number, (name, score) in enumerate(found) if score]
        return (
            np.array([float(score) for _, score in known]),
            picture_numbers((name for name, _ in known), 0),
            len(found) - len(known),
        )
    parts, pictures, missing, at = [np.empty(0)], [np.empty(0, np.uint64)], 0, 0
    source = _dataset(table)
    columns = ["score", *(["file"] if "file" in source.schema.names else [])]
    for batch in source.to_batches(columns=columns):
        scores = batch.column(0)
        names = batch.column(1).to_pylist() if len(columns) == 2 else map(str, range(at, at + len(scores)))
        here = scores.is_valid().to_numpy(zero_copy_only=False)
        parts.append(scores.drop_null().to_numpy())
        pictures.append(picture_numbers(names, 0)[here])
        missing += scores.null_count
        at += len(scores)
    return np.concatenate(parts), np.concatenate(pictures), missing


def _opened_csv(table: Path) -> Any:
    try:
        file = table.open(newline="", encoding="utf-8")
    except OSError as error:
        raise InvalidSetting(f"{table} cannot be read: {error.strerror}", hint=_HINT) from error
    if "score" not in file.readline().strip().split(","):
        file.close()
        raise InvalidSetting(f"{table} has no column score", hint=_HINT)
    file.seek(0)
    return file


def _names(table: Path) -> Iterator[list[str]]:
    """Yield names alone, some at a time."""
    for batch in _dataset(table).to_batches(columns=["file"]):
        yield batch.column(0).to_pylist()


def _rows(table: Path) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield names, and features (rows, D), some rows at a time."""
    wanted = {"columns": ["file", "features"], "batch_size": _ROWS, "batch_readahead": 0, "fragment_readahead": 0}
    for batch in _dataset(table).to_batches(**wanted):
        if batch.num_rows:
            vectors = batch.column(1)
            yield batch.column(0).to_pylist(), vectors.flatten().to_numpy().reshape(batch.num_rows, -1)


def _dimension(table: Path) -> int:
    kind = _dataset(table).schema.field("features").type
    return int(kind.list_size)


def _dataset(table: Path) -> Any:
    """Return the dataset of a Parquet file or a folder of shards. Raises InvalidSetting, RefusedImage."""
    try:
        from pyarrow import ArrowInvalid, dataset
    except ImportError as error:
        hint = "install it with pip install pyarrow"
        raise InvalidSetting("reading Parquet needs pyarrow, which is not installed", hint=hint) from error
    try:
        found = dataset.dataset(table, format="parquet")
    except FileNotFoundError as error:
        raise InvalidSetting(f"there is no table {table}", hint="check the name") from error
    except (ArrowInvalid, OSError) as error:
        hint = "give a Parquet file or a folder of them"
        raise RefusedImage(f"{table} cannot be read as a table ({error})", hint=hint) from error
    if not {"score", "features"} & set(found.schema.names):
        hint = "give a table that `ssgan score -o` or `ssgan features` wrote"
        raise InvalidSetting(f"{table} has neither scores nor features", hint=hint)
    return found
