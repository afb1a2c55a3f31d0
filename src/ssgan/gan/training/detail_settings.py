"""Define the settings of a detail network's training, as one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ssgan.errors import InvalidSetting


@dataclass(frozen=True)
class DetailConfig:
    """Everything that changes the result. The text beside a type is the help of the command line."""

    image_size: Annotated[int, "Side of the pictures, in pixels, an even number."] = 64
    channels: Annotated[int, "1 gray, 3 color."] = 3
    width: Annotated[int, "Maps of the hidden layers."] = 64
    noise: Annotated[float, "Deviation, in gray values, of the noise on the half-size picture: 1, 0.5 or 0.25."] = 1.0
    batch: Annotated[int, "Images in an update."] = 8
    duration_images: Annotated[int, "Length: photographs shown."] = 80_000
    learning_rate: Annotated[float, "Of Adam at the beginning; it falls to 0."] = 2e-3
    flips: Annotated[bool, "Mirror photographs, each by chance."] = True
    train_share: Annotated[float, "Share of the people, or else pictures, to learn from; the rest is never shown."] = 0.95
    seed: Annotated[int, "The public seed of all that is random."] = 0

    def __post_init__(self) -> None:
        if self.image_size % 2 or not 8 <= self.image_size <= 512:
            raise InvalidSetting(f"the side is {self.image_size}; it must be even, from 8 to 512", hint="give 64 or 128")
        if self.channels not in (1, 3):
            raise InvalidSetting(f"channels is {self.channels}; it must be 1 or 3", hint="give 1 for gray, 3 for color")
        if self.noise not in (1.0, 0.5, 0.25):
            raise InvalidSetting(f"noise is {self.noise}; it must be 1, 0.5 or 0.25", hint="leave it out for 1")
        for name in ("width", "batch", "duration_images"):
            if getattr(self, name) < 1:
                raise InvalidSetting(f"{name} is {getattr(self, name)}; it must be at least 1", hint="leave it out")
        if not 0 < self.learning_rate < 1 or not 0 < self.train_share < 1:
            raise InvalidSetting("learning_rate and train_share must lie between 0 and 1", hint="leave them out")
