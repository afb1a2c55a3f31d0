"""Define the settings of an extractor's training, as one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ssgan.errors import InvalidSetting
from ssgan.images.channels import MIX, check_channel


@dataclass(frozen=True)
class ExtractorConfig:
    """Everything that changes the result, the generator aside. The text beside a type is the help of the command line."""

    channel: Annotated[str, "What damages the pictures: mix, or a recipe such as jpeg75 or x2+jpeg80."] = MIX
    width: Annotated[int, "Maps of the first layer; later ones have up to four times as many."] = 48
    batch: Annotated[int, "Pictures in an update."] = 64
    duration_images: Annotated[int, "Length: damaged pictures shown."] = 250_000
    showings: Annotated[int, "How often a picture is shown, each time with other damage."] = 3
    learning_rate: Annotated[float, "Of Adam at the beginning; it falls to 0."] = 2e-3
    seed: Annotated[int, "The public seed of all that is random."] = 0

    def __post_init__(self) -> None:
        check_channel(self.channel, mix=True)
        for name in ("width", "batch", "duration_images", "showings"):
            if getattr(self, name) < 1:
                raise InvalidSetting(f"{name} is {getattr(self, name)}; it must be at least 1", hint="leave it out")
        if self.batch < 2:
            raise InvalidSetting("batch is 1; it must be at least 2", hint="leave it out")
        if not 0 < self.learning_rate < 1:
            raise InvalidSetting(f"learning_rate is {self.learning_rate}; it must lie between 0 and 1", hint="leave it out")
