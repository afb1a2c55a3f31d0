"""Train the ensemble of Fisher discriminants: many weak learners vote, each on a few features and a bootstrap sample.

J. Kodovský, J. Fridrich, V. Holub, "Ensemble classifiers for steganalysis of digital media", TIFS 7(2), 2012. Images that a
learner was not trained on judge it: this out-of-bag error decides how many learners there are (L) and how many features each
sees (d_sub). Beside the paper's vote there is a continuous score, the mean over learners of (w f - b) / sigma, with sigma the
standard deviation of w f within a class.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np

from ssgan.compute import seeds
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.steganalysis.classifiers import ensemble_loops as loops
from ssgan.steganalysis.classifiers.ridge import Ridge
from ssgan.storage import weights

KIND = "fld ensemble"
RIDGE = 1e-10  # added to the within-class scatter, as in the authors' code
FEWEST, MOST = 25, 500  # learners
AVERAGED, REMEMBERED, TUBE = 5, 50, 0.005  # Eq. (6) and (7): enough learners when the averaged error stays in a tube
FIRST_STEP = 200  # of the search for d_sub, or a quarter of the features
LEARNERS, SUBSPACE = 51, 600  # where a search for the sizes would take too long
TOLERANCE, LEAST_GAIN, LEAST_STEP = 0.02, 0.005, 0.05  # where the search for d_sub ends, as in the authors' code


@dataclass(frozen=True)
class EnsembleSettings:
    """The size of an ensemble: `learners` and `subspace` (features a learner sees); None lets the out-of-bag error decide."""

    learners: int | None = None
    subspace: int | None = None

    def __post_init__(self) -> None:
        if (self.learners is not None and self.learners < 1) or (self.subspace is not None and self.subspace < 1):
            raise InvalidSetting(f"{self} has no learner or no feature", hint="ask for one or more, or leave them out")


class Learner(NamedTuple):
    """A Fisher discriminant: an image with features f votes stego where w f > b; `sigma` is w f's spread within a class."""

    subspace: np.ndarray  # int64 (d,)
    w: np.ndarray  # float64 (d,)
    b: float
    sigma: float


@dataclass(frozen=True, eq=False)
class Ensemble:
    """L trained learners of d features each, out of `features`.

    `subspaces` int64 (L, d), `w` float64 (L, d), `b` and `sigma` float64 (L,); `error` is the out-of-bag error, 0...1, of the
    vote (nan where unknown).
    """

    features: int
    subspaces: np.ndarray
    w: np.ndarray
    b: np.ndarray
    sigma: np.ndarray
    error: float

    def projections(self, features: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Return float64 (N, L): w f - b of every learner, for features (N, D)."""
        rows = _matrix(features)
        if rows.shape[1] != self.features:
            raise InvalidSetting(
                f"the ensemble was trained on {self.features} features, not on {rows.shape[1]}",
                hint="extract the features that it was trained on",
            )
        out = np.empty((len(rows), len(self.b)))
        cuts = [len(rows) * i // threads for i in range(threads + 1)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda a, z: loops.project_rows(rows, self.subspaces, self.w, a, z, out), cuts, cuts[1:]))
        return out - self.b

    def votes(self, features: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Return int64 (N,), -L...L: learners that vote stego minus learners that vote cover."""
        return np.sign(self.projections(features, threads=threads)).sum(axis=1).astype(np.int64)

    def scores(self, features: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Return float64 (N,): the mean over learners of (w f - b) / sigma; above 0 rather stego."""
        return np.asarray((self.projections(features, threads=threads) / self.sigma).mean(axis=1))

    def as_linear(self) -> Ridge:
        """Return the same scores as one linear function of all features, which is smaller where learners are many."""
        w = np.zeros(self.features)
        for chosen, own, sigma in zip(self.subspaces, self.w, self.sigma, strict=True):
            np.add.at(w, chosen, own / sigma)
        count = len(self.b)
        return Ridge(w / count, -float((self.b / self.sigma).mean()), 0.0, self.error)

    def as_tensors(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return (tensors, manifest) for `ssgan.storage.weights.save`."""
        tensors = {"subspaces": self.subspaces, "w": self.w, "b": self.b, "sigma": self.sigma, "error": np.array(self.error)}
        return tensors, {"kind": KIND, "features": self.features}

    def save(self, folder: Path) -> None:
        """Write the ensemble into a folder, after `ssgan.storage.weights`."""
        weights.save(folder, *self.as_tensors())

    @classmethod
    def load(cls, folder: Path) -> Ensemble:
        """Return the ensemble in a folder. Raises RefusedModel."""
        tensors, manifest = weights.load(folder, finite=False)  # an error may be unknown
        return cls.from_tensors(tensors, manifest)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray], manifest: Mapping[str, Any]) -> Ensemble:
        """Return the ensemble made of what `ssgan.storage.weights.load` gives. Raises RefusedModel."""
        dims = manifest.get("features")
        if manifest.get("kind") != KIND or type(dims) is not int:
            raise RefusedModel("the folder holds another kind of model", hint=f"give the folder of a {KIND}")
        subspaces = weights.take(tensors, "subspaces", "int64", (None, None))
        learners = len(subspaces)
        w = weights.take(tensors, "w", "float64", subspaces.shape)
        b, sigma = (weights.take(tensors, name, "float64", (learners,)) for name in ("b", "sigma"))
        error = float(weights.take(tensors, "error", "float64", ()))
        numbers = np.isfinite(w).all() and np.isfinite(b).all() and np.isfinite(sigma).all() and (sigma > 0).all()
        if not numbers or not subspaces.size or subspaces.min() < 0 or subspaces.max() >= dims:
            raise RefusedModel("the ensemble points outside its features, or is not finite", hint="train it again")
        return cls(dims, subspaces, w, b, sigma, error)


def fit(
    covers: np.ndarray,
    stegos: np.ndarray,
    *,
    settings: EnsembleSettings = EnsembleSettings(),
    seed: int = 0,
    threads: int = 1,
    on_ensemble: Callable[[int, int, float], None] = lambda subspace, learners, error: None,
) -> Ensemble:
    """Return an ensemble trained on features (N, D) of covers and of their stegos, row by row.

    It depends on the seed but not on the number of threads. `on_ensemble(subspace, learners, error)` is called for each
    ensemble that the search for d_sub tries. Beside the features, one copy of them is held.
    """
    columns = _columns(covers, stegos)
    dims = len(columns)
    tried: dict[int, Ensemble] = {}

    def error(subspace: int) -> float:
        tried[subspace] = made = _grown(columns, subspace, settings.learners, seed=seed, threads=threads)
        on_ensemble(subspace, len(made.b), made.error)
        return made.error

    if settings.subspace is not None:
        if settings.subspace > dims:
            raise InvalidSetting(
                f"the subspace has {settings.subspace} features, more than the {dims} there are",
                hint="ask for a smaller subspace",
            )
        error(settings.subspace)
        return tried[settings.subspace]
    return tried[best_subspace(error, dims)]


def best_subspace(error: Callable[[int], float], dims: int) -> int:
    """Return the number of features with the smallest `error`, by the search of Algorithm 2: steps up, then halved steps.

    As in the authors' code, one step more is tried where the smallest is the last but one.
    """
    step = max(1, min(FIRST_STEP, dims // 4))
    errors: dict[int, float] = {}

    def look(*subspaces: int) -> None:
        errors.update({d: error(d) for d in subspaces if 1 <= d <= dims and d not in errors})

    look(step, 2 * step, 3 * step)
    while True:
        known = sorted(errors)
        best = min(known, key=lambda d: errors[d])
        if errors[best] == 0 or dims == 1:
            return best
        place, further = known.index(best), best + step
        beyond = further <= dims and all(abs(further - d) > step / 2 for d in known)
        worse = place == len(known) - 2 and errors[known[-1]] > max(errors[best], errors[known[-3]] if place else 0.0)
        if beyond and place >= len(known) - 2 and not worse:
            look(further)
            continue
        around = [errors[known[i]] for i in (place - 1, place + 1) if 0 <= i < len(known)]
        gain = float(np.mean(around)) - errors[best]
        settled = gain <= TOLERANCE * float(np.mean(around)) or gain < LEAST_GAIN or step < LEAST_STEP * best
        if step == 1 or (settled and place > 0):
            return best
        step //= 2
        look(best - step, best + step)


def discriminant(covers: np.ndarray, stegos: np.ndarray) -> Learner:
    """Return one Fisher discriminant on all features (N, D) and all images, with the threshold of the least training error."""
    columns = _columns(covers, stegos)
    everything = np.arange(len(covers))
    workspace = _Workspace(len(columns), len(covers))
    learner, _ = _learned(columns, np.arange(len(columns)), everything, np.ones(len(covers)), workspace)
    return learner


def from_learners(learners: Iterable[tuple[np.ndarray, np.ndarray, float]], *, features: int, first: int = 0) -> Ensemble:
    """Return an ensemble trained elsewhere: (subspace, w, b) of each learner, all of one length; `first` is the number of the
    first feature, 1 for MATLAB's. The learners' spread is unknown and taken for 1: their scales are alike, because each w is
    the scatter's inverse times the difference of the means. Raises RefusedModel.
    """
    parts = [(np.ravel(s), np.ravel(w), float(np.ravel(b)[0])) for s, w, b in learners]
    if not parts or len({len(part) for s, w, _ in parts for part in (s, w)}) != 1:
        raise RefusedModel("the learners are not all of one length", hint="give the whole published ensemble")
    tensors = {
        "subspaces": np.stack([s for s, _, _ in parts]).astype(np.int64) - first,
        "w": np.stack([w for _, w, _ in parts]).astype(np.float64),
        "b": np.array([b for _, _, b in parts]),
        "sigma": np.ones(len(parts)),
        "error": np.array(np.nan),
    }
    return Ensemble.from_tensors(tensors, {"kind": KIND, "features": features})


def _grown(columns: np.ndarray, subspace: int, learners: int | None, *, seed: int, threads: int) -> Ensemble:
    """Train learners of `subspace` features each, until there are enough."""
    dims, images = columns.shape[0], columns.shape[1] // 2
    votes, errors, made = np.zeros(2 * images), list[float](), list[Learner]()
    workspaces = SimpleQueue[_Workspace]()
    ahead = threads + (threads > 1)  # one more than are at work, so that none waits for the next

    def one(number: int) -> tuple[Learner, np.ndarray]:
        chosen, times = drawing(dims, subspace, images, seed=seed, number=number)
        drawn = np.flatnonzero(times)
        workspace = workspaces.get()
        try:
            learner, projected = _learned(columns, chosen, drawn, times[drawn].astype(np.float64), workspace)
        finally:
            workspaces.put(workspace)
        out_of_bag = np.tile(times == 0, 2)
        return learner, np.where(out_of_bag, np.sign(projected - learner.b), 0)

    for _ in range(threads):
        workspaces.put(_Workspace(subspace, images))
    with ThreadPoolExecutor(threads) as pool:
        # They are looked at in order, and those beyond the end are dropped, so that threads change nothing.
        coming = deque(pool.submit(one, number) for number in range(ahead))
        number = ahead
        while True:
            learner, vote = coming.popleft().result()
            votes += vote
            made.append(learner)
            errors.append(vote_error(*np.split(votes, 2)))
            if _enough(errors, learners):
                pool.shutdown(cancel_futures=True)
                subspaces, w, b, sigma = (np.array(part) for part in zip(*made, strict=True))
                return Ensemble(dims, subspaces, w, b, sigma, errors[-1])
            coming.append(pool.submit(one, number))
            number += 1


def drawing(dims: int, subspace: int, images: int, *, seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the draw of a learner: its features, int64 (subspace,), and the count of each image, int64 (images,)."""
    rng = seeds.generator(seed, "ensemble", str(subspace), str(number))
    chosen = np.sort(rng.choice(dims, subspace, replace=False, shuffle=False))
    return chosen, np.bincount(rng.integers(0, images, images), minlength=images)


def out_of_bag_scores(
    made: Ensemble, covers: np.ndarray, stegos: np.ndarray, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the pairs that `made` was fitted on, each by the learners that did not draw it.

    Float64 (n,) of covers and of stegos, without the pairs that every learner drew; `seed` is that of `fit`. They are what
    scores of new images are like, and so serve to calibrate them.
    """
    images, (learners, subspace) = len(covers), made.subspaces.shape
    drawn = [drawing(made.features, subspace, images, seed=seed, number=number)[1] for number in range(learners)]
    apart = np.stack(drawn, axis=1) == 0
    judged = apart.any(axis=1)
    parts = [np.where(apart, made.projections(part) / made.sigma, 0.0).sum(axis=1) for part in (covers, stegos)]
    first, second = (part[judged] / apart.sum(axis=1)[judged] for part in parts)
    return first, second


def _enough(errors: list[float], learners: int | None) -> bool:
    """Return whether an ensemble with these out-of-bag errors, learner by learner, is large enough."""
    if learners is not None:
        return len(errors) >= learners
    if len(errors) < FEWEST:
        return False
    averages = np.convolve(errors[-REMEMBERED:], np.full(AVERAGED, 1 / AVERAGED), mode="valid")  # Eq. (7)
    return bool(np.ptp(averages) < TUBE) or len(errors) >= MOST  # Eq. (6)


def vote_error(covers: np.ndarray, stegos: np.ndarray) -> float:
    """Return the fraction of covers and stegos that the votes get wrong; a tie counts half. Eq. (5)."""
    return float((1 + np.sign(covers).mean()) / 2 + (1 - np.sign(stegos).mean()) / 2) / 2


class _Workspace:
    """Memory for one learner at a time, allocated once, since allocating costs more than filling."""

    def __init__(self, subspace: int, images: int) -> None:
        self.centered = np.empty(subspace * 2 * images)
        self.scatter = np.empty((subspace, subspace))


def _learned(
    columns: np.ndarray, subspace: np.ndarray, drawn: np.ndarray, times: np.ndarray, workspace: _Workspace
) -> tuple[Learner, np.ndarray]:
    """Return a Fisher discriminant of some features and images, each as often as drawn, and w f of all images."""
    size = len(subspace), 2 * len(drawn)
    centered = workspace.centered[: size[0] * size[1]].reshape(size)
    means = np.empty((len(subspace), 2))
    loops.center(columns, subspace, drawn, times, centered, means)
    difference = means[:, 1] - means[:, 0]
    np.matmul(centered, centered.T, out=workspace.scatter)
    w = solved(workspace.scatter, difference)
    spread = max(float(w @ difference), 0.0) / 2  # w' S w / 2 with S w = difference
    projected = np.empty(columns.shape[1])
    loops.project(columns, subspace, w, projected)
    covers, stegos = (part[drawn] for part in np.split(projected, 2))
    threshold, sign = best_threshold((covers, times), (stegos, times))
    return Learner(subspace, sign * w, sign * threshold, float(np.sqrt(spread)) or 1.0), sign * projected


def solved(scatter: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Return the scatter's inverse times the difference of the means; its diagonal grows until the inverse exists."""
    diagonal = np.einsum("ii->i", scatter)
    diagonal += RIDGE
    more = np.finfo(np.float64).eps * max(float(diagonal.mean()), 1.0)
    while True:
        try:
            lower = np.linalg.cholesky(scatter)
            break
        except np.linalg.LinAlgError:
            diagonal += more
            more *= 5
    w = difference.copy()
    loops.solve(lower, w)
    return w


def best_threshold(covers: tuple[np.ndarray, np.ndarray], stegos: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """Return (threshold, sign): the threshold of the fewest errors, and whether stegos are above (+1) or below.

    Of covers and of stegos, the values w f (n,), and how often each of them counts, whole numbers (n,) in all their sum > 0.
    """
    values = np.concatenate((covers[0], stegos[0]))
    order = np.argsort(values, kind="stable")
    # How many more stegos than covers are at or below each value: the errors with stegos above are that and all covers. Each
    # counts as often as there are others, so that these are whole numbers, and both classes weigh the same.
    often = np.concatenate((-covers[1] * stegos[1].sum(), stegos[1] * covers[1].sum()))
    excess = often[order].cumsum()[:-1]
    low, high = int(excess.argmin()), int(excess.argmax())
    # Of two equally good the one that comes first, and at one place the upright one, as in the authors' code.
    upright = -excess[low] > excess[high] or (-excess[low] == excess[high] and low <= high)
    place = low if upright else high
    below, above = values[order[place : place + 2]]
    return float(below + above) / 2, 1.0 if upright else -1.0


def _matrix(features: np.ndarray) -> np.ndarray:
    """Return finite float32 or float64 (N, D), contiguous."""
    array = np.asarray(features)
    if array.ndim != 2:
        raise InvalidSetting(f"features are {array.shape}; expected (N, D)", hint="give a row for each image")
    array = np.ascontiguousarray(array, np.float32 if array.dtype == np.float32 else np.float64)
    if not np.isfinite(array).all():
        raise InvalidSetting("some features are not finite", hint="extract them again from the images")
    return array


def _columns(covers: np.ndarray, stegos: np.ndarray) -> np.ndarray:
    """Return (D, 2 N): a feature a row, of the covers and then of the stegos."""
    if np.shape(covers) != np.shape(stegos) or len(covers) < 2:
        raise InvalidSetting(
            f"covers and stegos are pairs, two or more: {np.shape(covers)} and {np.shape(stegos)} are not",
            hint="give pairs: the i-th stego comes from the i-th cover",
        )
    parts = [_matrix(part) for part in (covers, stegos)]
    images, dims = parts[0].shape
    columns = np.empty((dims, 2 * images), np.result_type(*parts))
    for i, part in enumerate(parts):
        columns[:, i * images : (i + 1) * images] = part.T
    return columns
