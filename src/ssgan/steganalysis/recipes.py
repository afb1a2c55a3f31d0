"""How each network is trained: its row of the table, after its paper where that works at small sizes, else after what did.

The published schedules are for hundreds of thousands of steps on an accelerator. The rows are for thousands of pairs of 64 x 64
images on a processor; `duration_images` counts images seen, covers and stegos together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ssgan.errors import InvalidSetting


@dataclass(frozen=True)
class Recipe:
    """Settings of one training. The learning rate falls to zero along a half cosine."""

    optimizer: str  # adam, adamax, sgd or adadelta
    learning_rate: float
    weight_decay: float = 0.0
    batch_pairs: int = 32
    duration_images: int = 400_000
    evaluate_images: int = 20_000  # the validation error is taken every so many images seen
    patience: int = 10  # so many evaluations without a better one end the training

    def with_(self, **changes: Any) -> Recipe:
        """The recipe with some settings changed; None leaves one as it is."""
        changed = replace(self, **{name: value for name, value in changes.items() if value is not None})
        for name in ("batch_pairs", "duration_images", "evaluate_images", "patience"):
            if getattr(changed, name) < 1:
                raise InvalidSetting(f"{name} must be at least 1, not {getattr(changed, name)}")
        return changed


# SRNet's own optimizer is Adamax at 1e-3 (IEEE TIFS 14(5), 2019), Ye-Net's AdaDelta at 0.4 (TIFS 12(11), 2017), SGAN's Adam at
# 5e-6 for S*, which is too slow for sets this small. The SGD of Xu-Net and GNCNN stays at chance for long; Adamax does not.
RECIPES: dict[str, Recipe] = {
    "gncnn": Recipe("adamax", 2e-3, 1e-4),
    "sgan-s": Recipe("adam", 2e-4),
    "sgan-star": Recipe("adam", 2e-4),
    "sgan-star-text": Recipe("adam", 2e-4),
    "xunet": Recipe("adamax", 2e-3, 1e-4),
    "yenet": Recipe("adadelta", 0.4, 5e-4, batch_pairs=16),
    "yedroudj": Recipe("sgd", 1e-2, 1e-4, batch_pairs=16),
    "srnet": Recipe("adamax", 1e-3, 2e-4, batch_pairs=16),
}
