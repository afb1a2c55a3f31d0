"""ssgan: secure steganography with generated covers.

Say something in an image, and read it:

    key = ssgan.fresh_key()                                # or ssgan.Passphrase("several words")
    hidden = ssgan.hide(image, "Meet me at nine", key)     # NumPy, Pillow, torch, or the path of a lossless file
    ssgan.reveal(hidden.stego, key)
    ssgan.hide_file("cover.png", "Meet me at nine", key, "stego.png")

Make covers, and simulate stegos:

    covers = ssgan.load_generator("faces64").sample(48, seed=1)
    stegos = ssgan.simulate(covers, "hill@0.4", seed=1)    # a scheme at a payload in bits per sample
    ssgan.costs(image, "hill"), ssgan.inspect(image, "hill@0.4"), ssgan.show(covers)

Look for stegos:

    ssgan.detect("suspect.png"), ssgan.estimate(image)
    detector = ssgan.Detector("spam/ridge").fit(covers, stegos)
    detector.predict_proba(images), detector.score(covers, stegos)
    ssgan.features(images, "srm")                          # for scikit-learn: ssgan.SRM(), ssgan.FLDEnsemble()

`help(ssgan.hide)` explains each argument and shows an example, and so does the help of the others. `dir(ssgan)` lists all
public names; they are handed on when they are first asked for: `import ssgan` imports neither torch nor numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssgan.embedding import provided
from ssgan.version import __version__ as __version__

if TYPE_CHECKING:
    from ssgan.detection.detector import Detector as Detector
    from ssgan.detection.estimate import estimate as estimate
    from ssgan.detection.estimators import CCJRM as CCJRM
    from ssgan.detection.estimators import CRM as CRM
    from ssgan.detection.estimators import CSPAM as CSPAM
    from ssgan.detection.estimators import DCTR as DCTR
    from ssgan.detection.estimators import GFR as GFR
    from ssgan.detection.estimators import JRM as JRM
    from ssgan.detection.estimators import PHARM as PHARM
    from ssgan.detection.estimators import SCRMQ1 as SCRMQ1
    from ssgan.detection.estimators import SPAM as SPAM
    from ssgan.detection.estimators import SRM as SRM
    from ssgan.detection.estimators import SRMQ1 as SRMQ1
    from ssgan.detection.estimators import FLDEnsemble as FLDEnsemble
    from ssgan.detection.estimators import MaxSRM as MaxSRM
    from ssgan.detection.estimators import RidgeClassifier as RidgeClassifier
    from ssgan.detection.estimators import RootCCJRM as RootCCJRM
    from ssgan.detection.extracted import features as features
    from ssgan.detection.pairs_dataset import PairsDataset as PairsDataset
    from ssgan.detection.question import Question as Question
    from ssgan.detection.train import train_detector as train_detector
    from ssgan.detection.verdicts.detect import detect as detect
    from ssgan.detection.verdicts.judge import judge as judge
    from ssgan.embedding.catalog import CODERS as CODERS
    from ssgan.embedding.catalog import COEFFICIENT_SCHEMES as COEFFICIENT_SCHEMES
    from ssgan.embedding.catalog import SCHEMES as SCHEMES
    from ssgan.embedding.coefficient_embedder import simulate_coefficients as simulate_coefficients
    from ssgan.embedding.costs import Costs as Costs
    from ssgan.embedding.embedder import Embedder as Embedder
    from ssgan.embedding.simulation import simulate as simulate
    from ssgan.errors import DoesNotFit as DoesNotFit
    from ssgan.errors import Incomplete as Incomplete
    from ssgan.errors import InvalidSetting as InvalidSetting
    from ssgan.errors import NotEnoughMemory as NotEnoughMemory
    from ssgan.errors import NothingFound as NothingFound
    from ssgan.errors import RefusedImage as RefusedImage
    from ssgan.errors import RefusedModel as RefusedModel
    from ssgan.errors import SomeItemsFailed as SomeItemsFailed
    from ssgan.errors import SsganError as SsganError
    from ssgan.errors import StorageFailed as StorageFailed
    from ssgan.errors import TrainingDiverged as TrainingDiverged
    from ssgan.evaluation.cost_map import CostMap as CostMap
    from ssgan.evaluation.cost_map import costs as costs
    from ssgan.evaluation.inspection import Inspection as Inspection
    from ssgan.evaluation.inspection import inspect as inspect
    from ssgan.evaluation.roc import Measures as Measures
    from ssgan.evaluation.roc import measures as measures
    from ssgan.evaluation.trial import Trial as Trial
    from ssgan.evaluation.trial import evaluate as evaluate
    from ssgan.gan.covers.by_name import CoverGenerator as CoverGenerator
    from ssgan.gan.covers.by_name import load_generator as load_generator
    from ssgan.gan.covers.by_name import sample as sample
    from ssgan.gan.training.loop import train as train
    from ssgan.images import Picture as Picture
    from ssgan.images import as_image as as_image
    from ssgan.images import as_images as as_images
    from ssgan.images import read as read
    from ssgan.images.accepted import write as write
    from ssgan.images.coefficient_files import encode_coefficients as encode_coefficients
    from ssgan.images.coefficient_files import read_coefficients as read_coefficients
    from ssgan.images.coefficients import Coefficients as Coefficients
    from ssgan.images.difference import Difference as Difference
    from ssgan.images.difference import difference as difference
    from ssgan.messages.container import capacity as capacity
    from ssgan.messages.files import hide_file as hide_file
    from ssgan.messages.files import hide_spread as hide_spread
    from ssgan.messages.files import reveal_files as reveal_files
    from ssgan.messages.hide import Hidden as Hidden
    from ssgan.messages.hide import hide as hide
    from ssgan.messages.keys import KeyFile as KeyFile
    from ssgan.messages.keys import Passphrase as Passphrase
    from ssgan.messages.keys import fresh_key as fresh_key
    from ssgan.messages.keys import parse_key_file as parse_key_file
    from ssgan.messages.ledger import Ledger as Ledger
    from ssgan.messages.reveal import reveal as reveal
    from ssgan.views.cards import show as show

# Public name → the module where it lives.
_HOMES = {
    "CODERS": "ssgan.embedding.catalog",
    "COEFFICIENT_SCHEMES": "ssgan.embedding.catalog",
    "Coefficients": "ssgan.images.coefficients",
    "CostMap": "ssgan.evaluation.cost_map",
    "Costs": "ssgan.embedding.costs",
    "CoverGenerator": "ssgan.gan.covers.by_name",
    "Detector": "ssgan.detection.detector",
    "Difference": "ssgan.images.difference",
    "DoesNotFit": "ssgan.errors",
    "Embedder": "ssgan.embedding.embedder",
    "Hidden": "ssgan.messages.hide",
    "Incomplete": "ssgan.errors",
    "Inspection": "ssgan.evaluation.inspection",
    "InvalidSetting": "ssgan.errors",
    "KeyFile": "ssgan.messages.keys",
    "Ledger": "ssgan.messages.ledger",
    "Measures": "ssgan.evaluation.roc",
    "NotEnoughMemory": "ssgan.errors",
    "NothingFound": "ssgan.errors",
    "PairsDataset": "ssgan.detection.pairs_dataset",
    "Passphrase": "ssgan.messages.keys",
    "Picture": "ssgan.images",
    "Question": "ssgan.detection.question",
    "RefusedImage": "ssgan.errors",
    "RefusedModel": "ssgan.errors",
    "SCHEMES": "ssgan.embedding.catalog",
    "SomeItemsFailed": "ssgan.errors",
    "SsganError": "ssgan.errors",
    "StorageFailed": "ssgan.errors",
    "TrainingDiverged": "ssgan.errors",
    "Trial": "ssgan.evaluation.trial",
    "as_image": "ssgan.images",
    "as_images": "ssgan.images",
    "capacity": "ssgan.messages.container",
    "costs": "ssgan.evaluation.cost_map",
    "detect": "ssgan.detection.verdicts.detect",
    "difference": "ssgan.images.difference",
    "encode_coefficients": "ssgan.images.coefficient_files",
    "estimate": "ssgan.detection.estimate",
    "evaluate": "ssgan.evaluation.trial",
    "features": "ssgan.detection.extracted",
    "fresh_key": "ssgan.messages.keys",
    "hide": "ssgan.messages.hide",
    "hide_file": "ssgan.messages.files",
    "hide_spread": "ssgan.messages.files",
    "inspect": "ssgan.evaluation.inspection",
    "judge": "ssgan.detection.verdicts.judge",
    "load_generator": "ssgan.gan.covers.by_name",
    "measures": "ssgan.evaluation.roc",
    "parse_key_file": "ssgan.messages.keys",
    "read": "ssgan.images",
    "read_coefficients": "ssgan.images.coefficient_files",
    "reveal": "ssgan.messages.reveal",
    "reveal_files": "ssgan.messages.files",
    "sample": "ssgan.gan.covers.by_name",
    "show": "ssgan.views.cards",
    "simulate": "ssgan.embedding.simulation",
    "simulate_coefficients": "ssgan.embedding.coefficient_embedder",
    "train": "ssgan.gan.training.loop",
    "train_detector": "ssgan.detection.train",
    "write": "ssgan.images.accepted",
}

# Estimators of scikit-learn, which is an extra: they are public where it is installed.
_ESTIMATORS = dict.fromkeys(
    (
        "CCJRM",
        "CRM",
        "CSPAM",
        "DCTR",
        "FLDEnsemble",
        "GFR",
        "JRM",
        "MaxSRM",
        "PHARM",
        "RidgeClassifier",
        "RootCCJRM",
        "SCRMQ1",
        "SPAM",
        "SRM",
        "SRMQ1",
    ),
    "ssgan.detection.estimators",
)


def _simulate_messages(*given: Any) -> Any:
    from ssgan.messages.simulated import simulate

    return simulate(*given)


def _simulate_jpeg_message(*given: Any) -> Any:
    from ssgan.messages.simulated import simulate_jpeg

    return simulate_jpeg(*given)


def _simulate_drawn(*given: Any) -> Any:
    from ssgan.messages.simulated import simulate_drawn

    return simulate_drawn(*given)


provided.simulate_messages = _simulate_messages
provided.simulate_jpeg_message = _simulate_jpeg_message
provided.simulate_drawn = _simulate_drawn

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - the keys are strings


def __getattr__(name: str) -> object:
    home = _HOMES.get(name) or _ESTIMATORS.get(name)
    if home is None:
        raise AttributeError(f"module 'ssgan' has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(home), name)
    except ModuleNotFoundError as error:
        if name not in _ESTIMATORS or not str(error.name).startswith("sklearn"):
            raise
        from ssgan.errors import InvalidSetting

        hint = "install it with pip install scikit-learn; ssgan.features and ssgan.Detector do without"
        raise InvalidSetting(f"{name} needs scikit-learn, which is not installed", hint=hint) from None


def __dir__() -> list[str]:
    from importlib.util import find_spec

    return [*__all__, *(_ESTIMATORS if find_spec("sklearn") else ())]
