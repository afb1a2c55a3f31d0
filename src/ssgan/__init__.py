"""ssgan: secure steganography with generated covers.

The public names, handed on when they are first asked for: `import ssgan` imports neither torch nor numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssgan.version import __version__

if TYPE_CHECKING:
    from ssgan.detection.question import Question
    from ssgan.embedding.catalog import CODERS, SCHEMES
    from ssgan.embedding.costs import Costs
    from ssgan.embedding.embedder import Embedder
    from ssgan.errors import (
        DoesNotFit,
        Incomplete,
        InvalidSetting,
        NotEnoughMemory,
        NothingFound,
        RefusedImage,
        RefusedModel,
        SomeItemsFailed,
        SsganError,
        StorageFailed,
        TrainingDiverged,
    )
    from ssgan.evaluation.trial import Trial, evaluate
    from ssgan.images import as_image
    from ssgan.images.difference import Difference, difference
    from ssgan.messages.container import capacity
    from ssgan.messages.files import hide_file, hide_spread, reveal_files
    from ssgan.messages.hide import Hidden, hide
    from ssgan.messages.keys import KeyFile, Passphrase, fresh_key, parse_key_file
    from ssgan.messages.ledger import Ledger
    from ssgan.messages.reveal import reveal

# Public name → the module where it lives.
_HOMES = {
    "CODERS": "ssgan.embedding.catalog",
    "Costs": "ssgan.embedding.costs",
    "Difference": "ssgan.images.difference",
    "DoesNotFit": "ssgan.errors",
    "Embedder": "ssgan.embedding.embedder",
    "Hidden": "ssgan.messages.hide",
    "Incomplete": "ssgan.errors",
    "InvalidSetting": "ssgan.errors",
    "KeyFile": "ssgan.messages.keys",
    "Ledger": "ssgan.messages.ledger",
    "NotEnoughMemory": "ssgan.errors",
    "NothingFound": "ssgan.errors",
    "Passphrase": "ssgan.messages.keys",
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
    "capacity": "ssgan.messages.container",
    "difference": "ssgan.images.difference",
    "evaluate": "ssgan.evaluation.trial",
    "fresh_key": "ssgan.messages.keys",
    "hide": "ssgan.messages.hide",
    "hide_file": "ssgan.messages.files",
    "hide_spread": "ssgan.messages.files",
    "parse_key_file": "ssgan.messages.keys",
    "reveal": "ssgan.messages.reveal",
    "reveal_files": "ssgan.messages.files",
}

__all__ = [
    "CODERS",
    "SCHEMES",
    "Costs",
    "Difference",
    "DoesNotFit",
    "Embedder",
    "Hidden",
    "Incomplete",
    "InvalidSetting",
    "KeyFile",
    "Ledger",
    "NotEnoughMemory",
    "NothingFound",
    "Passphrase",
    "Question",
    "RefusedImage",
    "RefusedModel",
    "SomeItemsFailed",
    "SsganError",
    "StorageFailed",
    "TrainingDiverged",
    "Trial",
    "__version__",
    "as_image",
    "capacity",
    "difference",
    "evaluate",
    "fresh_key",
    "hide",
    "hide_file",
    "hide_spread",
    "parse_key_file",
    "reveal",
    "reveal_files",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ssgan' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
