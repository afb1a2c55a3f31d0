"""Train the ensemble of Fisher discriminants on streams of features, however many there are.

What `ensemble.fit` makes of the same images with the same sizes, for a size is not searched for here: each would take as many
passes again. The first pass sums up what each learner's scatter needs, the second projects, onto the disk, for thresholds and
out-of-bag error. In memory are the scatters, and a byte for each image and learner.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import IO, TypeAlias

import numpy as np

from ssgan.errors import InvalidSetting
from ssgan.steganalysis.classifiers.ensemble import Ensemble, best_threshold, drawing, solved, vote_error

# The numbers of some images, int64 (n,), those of a cover and its stego being the same; and their features (n, D).
Stream: TypeAlias = Callable[[], Iterable[tuple[np.ndarray, np.ndarray]]]


def fit(covers: Stream, stegos: Stream, *, images: int, learners: int, subspace: int, seed: int = 0) -> Ensemble:
    """Return an ensemble of `learners` learners of `subspace` features each; `images` is one more than the largest number.

    Each stream is begun twice, and gives the same both times. Raises InvalidSetting where there is nothing to learn from.
    """
    streams = (covers, stegos)
    sums = [_Sums(stream, images, learners, subspace, seed) for stream in streams]
    dims = sums[0].dims
    if dims != sums[1].dims or not all(len(one.numbers) for one in sums):
        raise InvalidSetting("covers and stegos are no images of the same features", hint="give both, with one set of features")
    chosen = np.stack(sums[0].subspaces)
    w, sigma = np.empty(chosen.shape), np.empty(learners)
    for number in range(learners):
        (first, of_covers), (second, of_stegos) = (one.of(number) for one in sums)
        difference = second - first
        w[number] = solved(of_covers + of_stegos, difference)
        sigma[number] = np.sqrt(max(float(w[number] @ difference), 0.0) / 2) or 1.0
    plain = Ensemble(dims, chosen, w, np.zeros(learners), sigma, np.nan)
    with tempfile.TemporaryFile() as first_file, tempfile.TemporaryFile() as second_file:
        files = (first_file, second_file)
        seen = [_projected(plain, *one) for one in zip(streams, files, (len(one.numbers) for one in sums), strict=True)]
        votes = [np.zeros(one.shape[1]) for one in seen]
        b = np.empty(learners)
        for number in range(learners):
            times = [one.times[number][one.numbers].astype(np.float64) for one in sums]
            drawn = [(some[number][often > 0], often[often > 0]) for some, often in zip(seen, times, strict=True)]
            threshold, sign = best_threshold(*drawn)
            w[number] *= sign
            b[number] = sign * threshold
            for vote, projected, often in zip(votes, seen, times, strict=True):
                vote += np.where(often == 0, np.sign(sign * projected[number] - b[number]), 0)
        del seen  # what is mapped is let go of before its file
    return Ensemble(dims, chosen, w, b, sigma, vote_error(*votes))


class _Sums:
    """Sums over one class: the numbers of its images, and for each learner means and scatter of its features."""

    def __init__(self, stream: Stream, images: int, learners: int, subspace: int, seed: int) -> None:
        self.subspaces: Sequence[np.ndarray] = []
        self.times = np.zeros((learners, images), np.uint8)
        self.dims = 0
        self._weight = np.zeros(learners)
        self._firsts, self._seconds = np.zeros((learners, subspace)), np.zeros((learners, subspace, subspace))
        numbers = []
        for some, features in stream():
            rows = features.astype(np.float64)
            if not np.isfinite(rows).all():
                raise InvalidSetting("some features are not finite", hint="extract them again from the images")
            if not self.dims:
                self._begin(rows, images, learners, subspace, seed)
            numbers.append(some)
            rows -= self._center
            for k, own in enumerate(self.subspaces):
                often = self.times[k, some].astype(np.float64)
                part = rows[:, own]
                weighted = part * np.sqrt(often)[:, None]
                self._weight[k] += often.sum()
                self._firsts[k] += often @ part
                self._seconds[k] += weighted.T @ weighted
        self.numbers = np.concatenate(numbers) if numbers else np.empty(0, np.int64)
        if len(self.numbers) and not self._weight.all():
            raise InvalidSetting("there are too few images to learn from", hint="give tables with more rows")

    def _begin(self, rows: np.ndarray, images: int, learners: int, subspace: int, seed: int) -> None:
        self.dims = rows.shape[1]
        self._center = rows.mean(axis=0)  # near it the sums keep their digits
        drawn = [drawing(self.dims, subspace, images, seed=seed, number=k) for k in range(learners)]
        self.subspaces = [chosen for chosen, _ in drawn]
        self.times[:] = np.minimum([times for _, times in drawn], 255)

    def of(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a learner's mean, float64 (d,), and covariance, (d, d)."""
        away = self._firsts[number] / self._weight[number]
        scatter = self._seconds[number] / self._weight[number] - np.outer(away, away)
        return away + self._center[self.subspaces[number]], scatter


def _projected(ensemble: Ensemble, stream: Stream, file: IO[bytes], count: int) -> np.ndarray:
    """Return float64 (L, count): the projections of all images, in the file."""
    found = np.memmap(file, np.float64, "w+", shape=(len(ensemble.b), count))
    at = 0
    for some, features in stream():
        found[:, at : at + len(some)] = ensemble.projections(features).T
        at += len(some)
    return found
