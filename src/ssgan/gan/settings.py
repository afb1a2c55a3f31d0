"""What decides a training, as one frozen record, and the presets: rows of a table, with what to expect of each.

Each point that the paper leaves open is a field here; docs/paper.md says which reading was chosen and why.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

from ssgan.errors import InvalidSetting

# What the generator wants of the detector, see `ssgan.gan.ssgan`.
Secrecy: TypeAlias = Literal["saturating", "non-saturating", "both", "confusion"]


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that changes what comes out. Learning rates and counts are per step, lengths in images shown to the critic."""

    preset: str = "paper"
    # The three nets.
    backbone: str = "dcgan"
    objective: str = "wgan"
    detector: str = "gncnn"  # a key of the networks, or "" for a plain GAN
    image_size: int = 64
    channels: int = 3
    latent: int = 100
    latent_law: Literal["uniform", "normal"] = "uniform"
    width: int = 64
    # The game: min over G, max over D and S of alpha realism + (1 - alpha) secrecy.
    embedder: str = "lsb@0.4/plain"
    alpha: float = 0.9
    alpha_mode: Literal["plain", "balanced"] = "plain"
    secrecy: Secrecy = "saturating"
    shown: Literal["generated", "real", "both"] = "generated"  # to the detector in training
    warmup_images: int = 0  # before the detector has a say
    # The three updates.
    critic_steps: int = 1
    detector_steps: int = 1
    generator_steps: int = 2
    optimizer: Literal["rmsprop", "adam"] = "rmsprop"
    learning_rate: float = 2e-4
    detector_learning_rate: float = 2e-4
    momentum: float = 0.0  # beta_1
    smoothing: float = 0.99  # beta_2
    clip: float = 0.01  # of the critic's weights, where the objective clips
    # The loop.
    batch: int = 64
    duration_images: int = 1_400_000
    ema_images: int = 0  # half-life of the averaged generator, 0 for none
    flips: bool = False
    precision: Literal["float32", "bf16"] = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.alpha <= 1:
            raise InvalidSetting(f"alpha is {self.alpha}; it lies above 0 and at most at 1", hint="the paper's is 0.9")
        for name in ("image_size", "latent", "width", "critic_steps", "generator_steps", "batch", "duration_images"):
            if getattr(self, name) < 1:
                raise InvalidSetting(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("warmup_images", "ema_images", "detector_steps"):
            if getattr(self, name) < 0:
                raise InvalidSetting(f"{name} must be at least 0, not {getattr(self, name)}")
        for name in ("learning_rate", "detector_learning_rate", "clip"):
            if not getattr(self, name) > 0:
                raise InvalidSetting(f"{name} must be above 0, not {getattr(self, name)}")
        if not (0 <= self.momentum < 1 and 0 < self.smoothing < 1):
            raise InvalidSetting("momentum lies in 0...1, smoothing between them", hint="the paper's are 0.5 and 0.99")
        if self.channels not in (1, 3):
            raise InvalidSetting(f"images have 1 channel or 3, not {self.channels}")

    @property
    def secret(self) -> bool:
        """Whether the detector has a part in the game."""
        return bool(self.detector) and self.detector_steps > 0


def configure(preset: str, **changes: Any) -> TrainingConfig:
    """A preset with some fields changed; None leaves one as it is. Raises InvalidSetting."""
    if preset not in PRESETS:
        raise InvalidSetting(f"there is no preset '{preset}'", hint=f"known: {', '.join(PRESETS)}")
    known = {field.name for field in fields(TrainingConfig)}
    if unknown := set(changes) - known:
        raise InvalidSetting(f"there is no setting '{min(unknown)}'", hint=f"known: {', '.join(sorted(known))}")
    return replace(PRESETS[preset], **{name: value for name, value in changes.items() if value is not None})


_PAPER = TrainingConfig()
_NO_DETECTOR: dict[str, Any] = {"detector": "", "alpha": 1.0}
PRESETS: dict[str, TrainingConfig] = {
    # SSGAN as printed: 7 epochs of 200,000 images; the critic is trained least, so its loss says little of quality.
    "paper": _PAPER,
    # The forerunner: log loss, Adam, the detector shaped like the critic, the generator's loss in the form of its code.
    "sgan": replace(
        _PAPER, preset="sgan", objective="log", detector="sgan-s", secrecy="non-saturating", alpha=0.5, optimizer="adam",
        momentum=0.5, smoothing=0.999,
    ),
    "dcgan": replace(
        _PAPER, preset="dcgan", objective="log", optimizer="adam", momentum=0.5, smoothing=0.999, generator_steps=1,
        **_NO_DETECTOR,
    ),
    # Arjovsky's: kernel 4, normal latents, RMSProp 5e-5, five critic steps.
    "wgan": replace(
        _PAPER, preset="wgan", backbone="dcgan4", latent_law="normal", learning_rate=5e-5, critic_steps=5, generator_steps=1,
        **_NO_DETECTOR,
    ),
    "wgan-gp": replace(
        _PAPER, preset="wgan-gp", backbone="resnet", objective="wgan-gp", latent=128, latent_law="normal", optimizer="adam",
        learning_rate=1e-4, momentum=0.0, smoothing=0.9, critic_steps=5, generator_steps=1, **_NO_DETECTOR,
    ),
    # SSGAN's game on the modern backbone: relativistic loss, R1 and R2, an averaged generator, alpha as the share it claims.
    "modern": replace(
        _PAPER, preset="modern", backbone="r3gan", objective="relativistic", latent=64, latent_law="normal", optimizer="adam",
        momentum=0.0, smoothing=0.99, alpha_mode="balanced", secrecy="non-saturating", generator_steps=1, warmup_images=100_000,
        ema_images=20_000, flips=True,
    ),
    # Minutes on two cores: the same game, narrow.
    "tiny": replace(
        _PAPER, preset="tiny", objective="log", width=16, latent=64, latent_law="normal", optimizer="adam", learning_rate=4e-4,
        momentum=0.5, smoothing=0.99, alpha_mode="balanced", secrecy="non-saturating", generator_steps=1, batch=32,
        duration_images=150_000, warmup_images=50_000, ema_images=5_000, flips=True,
    ),
}  # fmt: skip
