"""Offer feature sets and their classifiers as estimators of scikit-learn, for Pipeline, cross-validation and searches.

They call the extraction and the training of this package; scikit-learn is the extra `sklearn`, and this module alone imports
it. In cross-validation a cover and its stego belong in one fold: give the number of the pair as `groups` to a GroupKFold, with
covers first and then their stegos in the same order.

>>> import numpy, ssgan
>>> from sklearn.model_selection import GroupKFold, cross_val_score
>>> from sklearn.pipeline import make_pipeline
>>> covers = ssgan.sample("faces64", 60, seed=1).numpy()
>>> images = numpy.concatenate([covers, ssgan.simulate(covers, "lsb@1", seed=1)])
>>> labels, pairs = numpy.repeat([0, 1], 60), numpy.tile(numpy.arange(60), 2)
>>> judge = make_pipeline(ssgan.SPAM(), ssgan.RidgeClassifier())
>>> bool(cross_val_score(judge, images, labels, groups=pairs, cv=GroupKFold(3)).mean() > 0.6)
True
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from ssgan.compute import seeds
from ssgan.detection.extracted import features
from ssgan.errors import InvalidSetting
from ssgan.steganalysis.catalog import FEATURES
from ssgan.steganalysis.classifiers import ensemble, ridge
from ssgan.steganalysis.classifiers.ensemble import Ensemble, EnsembleSettings
from ssgan.steganalysis.classifiers.ridge import Ridge
from ssgan.steganalysis.detector import Calibration

# The words that check_estimator of scikit-learn expects.
TWO_CLASSES = "Only binary classification is supported. The type of the target is {}."
LEAST_SLOPE = 1e-9  # of a calibration, so that a probability above one half and a score above 0 mean the same
FEWEST_APART = 5  # images of a class, from which some are set apart to choose a penalty


class _FeatureExtractor(TransformerMixin, BaseEstimator):
    """A transformer of images to the features of one set; there is nothing to fit.

    Images are a NumPy array uint8 (N, C, H, W) or (N, H, W, C), or a list of what `ssgan.as_image` takes, all of one size; for
    sets of JPEGs, a list of paths or of Coefficients.
    """

    feature_set: ClassVar[str]

    def __init__(self, *, threads: int | None = None) -> None:
        self.threads = threads

    def fit(self, X: Any, y: Any = None) -> Any:
        """Return the transformer itself."""
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return float64 (N, D). Raises InvalidSetting and RefusedImage as `ssgan.features` does."""
        return np.atleast_2d(features(X, self.feature_set, embedder=getattr(self, "embedder", None), threads=self.threads))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the name of each feature."""
        return np.array(FEATURES[self.feature_set].names(), dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        """Return True: there is nothing to learn."""
        return True

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: images go in, and nothing is learned."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        tags.requires_fit, tags.no_validation = False, True
        return tags


class SPAM(_FeatureExtractor):
    """SPAM-686 of images: triples of neighboring differences (Pevny, Bas, Fridrich 2010)."""

    feature_set = "spam"


class CSPAM(_FeatureExtractor):
    """Calibrated SPAM of images."""

    feature_set = "cspam"


class SRM(_FeatureExtractor):
    """The spatial rich model of images, 34671 features (Fridrich, Kodovsky 2012)."""

    feature_set = "srm"


class SRMQ1(_FeatureExtractor):
    """The spatial rich model of images with one quantization step, 12753 features."""

    feature_set = "srmq1"


class CRM(_FeatureExtractor):
    """The color rich model of color images, 5404 features."""

    feature_set = "crm"


class SCRMQ1(_FeatureExtractor):
    """The spatio-color rich model of color images, 18157 features."""

    feature_set = "scrmq1"


class MaxSRM(_FeatureExtractor):
    """maxSRMd2 of images, 34671 features: the warden knows the `embedder`, such as "hill@0.4"."""

    feature_set = "maxsrmd2"

    def __init__(self, embedder: str = "hill@0.4", *, threads: int | None = None) -> None:
        super().__init__(threads=threads)
        self.embedder = embedder


class DCTR(_FeatureExtractor):
    """DCTR of JPEGs, 8000 features (Holub, Fridrich 2015)."""

    feature_set = "dctr"


class JRM(_FeatureExtractor):
    """The rich model of the coefficients of JPEGs, 11255 features."""

    feature_set = "jrm"


class CCJRM(_FeatureExtractor):
    """The Cartesian-calibrated rich model of the coefficients of JPEGs, 22510 features."""

    feature_set = "ccjrm"


class RootCCJRM(_FeatureExtractor):
    """The square roots of ccJRM of JPEGs, 22510 features: rare values count for a linear classifier."""

    feature_set = "rootccjrm"


class GFR(_FeatureExtractor):
    """Gabor filter residuals of JPEGs, 17000 features."""

    feature_set = "gfr"


class PHARM(_FeatureExtractor):
    """Phase-aware projections of JPEGs, 12600 features."""

    feature_set = "pharm"


class _StegoClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of features (N, D) in two classes; the greater label is that of stegos.

    After `fit`: `classes_`, `model_` (what was trained), `calibration_` (scores to probabilities), `n_features_in_`.
    """

    def fit(self, X: Any, y: Any) -> Any:
        """Learn from features (N, D) of covers and stegos with their labels (N,). Return the classifier itself."""
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        kind = type_of_target(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) > 2:
            raise InvalidSetting(TWO_CLASSES.format(kind), hint="give covers and stegos")
        if len(self.classes_) < 2:
            raise InvalidSetting("the labels are of 1 class; expected 2, covers and stegos", hint="give both")
        covers, stegos = (X[y == label] for label in self.classes_)
        self.model_, scores = self._learn(covers, stegos)
        # As many covers as stegos, mirrored: so a score of 0 is a probability of one half.
        found = Calibration.fit(np.concatenate([scores[0], -scores[1]]), np.concatenate([scores[1], -scores[0]]))
        self.calibration_ = Calibration(max(found.slope, LEAST_SLOPE), 0.0)
        return self

    def _learn(self, covers: NDArray[Any], stegos: NDArray[Any]) -> tuple[Ensemble | Ridge, tuple[Any, Any]]:
        """Return what was trained, and scores of covers and stegos that it was not trained on."""
        raise NotImplementedError

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return float64 (N,): the score of each image, above 0 for a stego."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return np.asarray(self.model_.scores(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the label of each image (N,)."""
        found = (self.decision_function(X) > 0).astype(int)
        return np.asarray(self.classes_[found])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return float64 (N, 2): the probabilities of the two labels where both are equally many."""
        scores = self.decision_function(X)
        of_stego = self.calibration_.probabilities(scores)
        return np.stack([1 - of_stego, of_stego], axis=1)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: two classes."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


class FLDEnsemble(_StegoClassifier):
    """The ensemble of Fisher discriminants (Kodovsky, Fridrich, Holub 2012) as a classifier of scikit-learn.

    learners, subspace  as in `EnsembleSettings`; None lets the out-of-bag error decide, as published
    random_state        a whole number, a NumPy Generator or RandomState, or None for another one in each fit
    n_jobs              threads; they change no result

    The first cover belongs to the first stego, and so on; what one class has more is left out. Probabilities are calibrated on
    out-of-bag scores. After `fit`, `model_.error` is the out-of-bag error.
    """

    def __init__(
        self, learners: int | None = None, subspace: int | None = None, *, random_state: Any = 0, n_jobs: int = 1
    ) -> None:
        self.learners, self.subspace = learners, subspace
        self.random_state, self.n_jobs = random_state, n_jobs

    def _learn(self, covers: NDArray[Any], stegos: NDArray[Any]) -> tuple[Ensemble | Ridge, tuple[Any, Any]]:
        pairs, seed = min(len(covers), len(stegos)), _seed(self.random_state)
        covers, stegos = covers[:pairs], stegos[:pairs]
        size = EnsembleSettings(self.learners, self.subspace)
        made = ensemble.fit(covers, stegos, settings=size, seed=seed, threads=self.n_jobs)
        scores = ensemble.out_of_bag_scores(made, covers, stegos, seed=seed)
        return made, scores if len(scores[0]) else (made.scores(covers), made.scores(stegos))


class RidgeClassifier(_StegoClassifier):
    """Ridge regression on the two classes as a classifier of scikit-learn, its penalty chosen by P_E on images set apart.

    penalty       in units of the mean eigenvalue of the features' scatter; None chooses one of `ridge.PENALTIES`
    validation    share of each class that is set apart: it chooses the penalty and calibrates the probabilities
    random_state  a whole number, a NumPy Generator or RandomState, or None for another one in each fit

    Where a class has fewer than five images, all of them choose the penalty. (scikit-learn's class of this name has no
    probabilities.)
    """

    def __init__(self, penalty: float | None = None, *, validation: float = 0.2, random_state: Any = 0) -> None:
        self.penalty, self.validation, self.random_state = penalty, validation, random_state

    def _learn(self, covers: NDArray[Any], stegos: NDArray[Any]) -> tuple[Ensemble | Ridge, tuple[Any, Any]]:
        if not 0 < self.validation < 1:
            raise InvalidSetting(f"validation is {self.validation}; it must lie between 0 and 1", hint="leave it out for 0.2")
        if self.penalty is not None and not 0 <= self.penalty < np.inf:
            raise InvalidSetting(f"penalty is {self.penalty}; it must be at least 0", hint="leave it out to have one chosen")
        seed, parts = _seed(self.random_state), []
        for images in (covers, stegos):  # one order where both are equally many, so that pairs stay together
            order = seeds.generator(seed, "validation", str(len(images))).permutation(len(images))
            apart = min(max(1, round(self.validation * len(images))), len(images) - 1)
            whole = len(images) < FEWEST_APART
            parts.append((images, images) if whole else (images[order[apart:]], images[order[:apart]]))
        penalties = ridge.PENALTIES if self.penalty is None else (self.penalty,)
        made = ridge.fit((parts[0][0], parts[1][0]), (parts[0][1], parts[1][1]), penalties=penalties)
        return made, (made.scores(parts[0][1]), made.scores(parts[1][1]))


def _seed(random_state: Any) -> int:
    """Return a seed of what scikit-learn calls a random state."""
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return int(check_random_state(random_state).randint(2**31 - 1))
    return seeds.as_seed(random_state)
