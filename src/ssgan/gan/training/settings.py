"""Define the settings of a training as one frozen record, and the presets: rows of a table, with what to expect of each.

Each point that the paper leaves open is a field here; docs/paper.md says which reading was chosen and why.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Literal, TypeAlias

from ssgan.errors import InvalidSetting, spelled, unknown

# The generator's loss against the detector, see `ssgan.gan.training.ssgan`.
Secrecy: TypeAlias = Literal["saturating", "non-saturating", "both", "confusion"]


CHANGEABLE = ("batch",)  # what may be another when a run is resumed, by explicit word


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that changes the result. Learning rates and counts are per step, lengths in images shown to the critic.

    The text beside a type is the help of the command line.
    """

    preset: str = "paper"
    # The three nets.
    backbone: Annotated[str, "Generator and critic: dcgan, dcgan-even, dcgan4, resnet, r3gan."] = "dcgan"
    objective: Annotated[str, "What they want of each other: log, wgan, wgan-gp, hinge, relativistic."] = "wgan"
    detector: Annotated[str, "The network that plays the warden, see `ssgan list detectors`; '' for a plain GAN."] = "gncnn"
    image_size: Annotated[int, "Side of the images, in pixels."] = 64
    channels: Annotated[int, "1 gray, 3 color."] = 3
    colors: Annotated[
        Literal["rgb", "luma"],
        "How the generator makes colors: each channel by itself, or luma with chroma that varies slowly.",
    ] = "rgb"
    latent: Annotated[int, "Numbers that an image is made from."] = 100
    latent_law: Annotated[Literal["uniform", "normal"], "Their law: uniform in -1...1, or normal."] = "uniform"
    width: Annotated[int, "Maps of the layers at full size; the deeper ones have multiples of it."] = 64
    start: Annotated[str, "A generator to begin from: weights that fit are taken over, the others are new."] = ""
    # The game: min over G, max over D and S of alpha realism + (1 - alpha) secrecy.
    embedder: Annotated[str, "How the detector's stegos are made, such as lsb@0.4/plain, hill@0.4."] = "lsb@0.4/plain"
    alpha: Annotated[float, "Share of realism in what the generator wants; the rest is secrecy."] = 0.9
    alpha_mode: Annotated[
        Literal["plain", "balanced", "bounded"],
        "Whether the two gradients are weighed as they come, brought to one norm first, or bounded at each image besides.",
    ] = "plain"
    gated: Annotated[bool, "Hear the detector only as far as its answers are right."] = False
    roughness: Annotated[
        float,
        "Do not hear it while the median residual of covers is more than this many times that of real images; 0: always.",
    ] = 0.0
    secrecy: Annotated[Secrecy, "What the generator wants of the detector; docs/paper.md has the formulas."] = "saturating"
    shown: Annotated[Literal["generated", "real", "both"], "The covers that the detector learns from."] = "generated"
    warmup_images: Annotated[
        int, "Before so many, the generator does not hear the detector, which learns in the second half of them."
    ] = 0
    # The three updates.
    critic_steps: Annotated[int, "Updates of the critic in a step."] = 1
    penalty_every: Annotated[int, "Apply the critic's penalty in one update out of this many, multiplied by as many."] = 1
    detector_steps: Annotated[int, "Updates of the detector in a step."] = 1
    generator_steps: Annotated[int, "Updates of the generator in a step; with 0 it stays as it is, and the others learn."] = 2
    optimizer: Annotated[Literal["rmsprop", "adam"], "Of generator and critic, and of the detector if it has none."] = "rmsprop"
    detector_optimizer: Annotated[
        Literal["", "rmsprop", "adam", "adamax"], "Of the detector; '' for that of the others, with their momentum."
    ] = ""
    learning_rate: Annotated[float, "Of generator and critic."] = 2e-4
    detector_learning_rate: Annotated[float, "Of the detector."] = 2e-4
    momentum: Annotated[float, "Adam's beta_1, or RMSProp's momentum."] = 0.0
    smoothing: Annotated[float, "Adam's beta_2, or RMSProp's alpha."] = 0.99
    clip: Annotated[float, "Bound of the critic's weights, where the objective clips."] = 0.01
    # The loop.
    batch: Annotated[int, "Images in an update; several processes share them out."] = 64
    duration_images: Annotated[int, "Length: real images shown to the critic."] = 1_400_000
    ema_images: Annotated[int, "Half-life of the averaged generator, 0 for none."] = 0
    flips: Annotated[bool, "Mirror real images, each by chance."] = False
    train_share: Annotated[float, "Share of the people, or else pictures, to learn from; the rest is never shown."] = 0.95
    precision: Annotated[Literal["float32", "bf16"], "Of the layers; the weights are float32."] = "float32"
    seed: Annotated[int, "The public seed of all that is random."] = 0

    def __post_init__(self) -> None:
        if not 0 < self.alpha <= 1:
            raise InvalidSetting(f"alpha is {self.alpha}; it must lie above 0 and at most at 1", hint="take the paper's, 0.9")
        for name in (
            "image_size",
            "latent",
            "width",
            "critic_steps",
            "penalty_every",
            "batch",
            "duration_images",
        ):
            if getattr(self, name) < 1:
                raise InvalidSetting(
                    f"{name} is {getattr(self, name)}; it must be at least 1", hint="take the preset's, or a number from 1 on"
                )
        for name in ("warmup_images", "ema_images", "detector_steps", "generator_steps", "roughness"):
            if getattr(self, name) < 0:
                raise InvalidSetting(
                    f"{name} is {getattr(self, name)}; it must be at least 0", hint="take the preset's, or 0 for none"
                )
        for name in ("learning_rate", "detector_learning_rate", "clip"):
            if not getattr(self, name) > 0:
                raise InvalidSetting(f"{name} is {getattr(self, name)}; it must be above 0", hint="take the preset's")
        if not (0 <= self.momentum < 1 and 0 < self.smoothing < 1):
            raise InvalidSetting(
                f"momentum is {self.momentum} and smoothing {self.smoothing}; both must lie in 0...1, smoothing within",
                hint="take the paper's, 0.5 and 0.99",
            )
        if not 0 < self.train_share <= 1:
            raise InvalidSetting(
                f"train_share is {self.train_share}; it must lie above 0 and at most at 1", hint="give a number such as 0.95"
            )
        if self.channels not in (1, 3):
            raise InvalidSetting(f"channels is {self.channels}; it must be 1 or 3", hint="give 1 for gray, 3 for color")

    @property
    def uses_detector(self) -> bool:
        """Whether the detector takes part in the game."""
        return bool(self.detector) and self.detector_steps > 0


def configure(preset: str, **changes: Any) -> TrainingConfig:
    """Return a preset with some fields changed; None leaves one unchanged. Raises InvalidSetting."""
    preset = spelled(preset, PRESETS)
    if preset not in PRESETS:
        raise unknown("preset", preset, PRESETS)
    known = {field.name for field in fields(TrainingConfig)}
    if missing := set(changes) - known:
        raise unknown("setting", min(missing), sorted(known))
    return replace(PRESETS[preset], **{name: value for name, value in changes.items() if value is not None})


_PAPER = TrainingConfig()
_NO_DETECTOR: dict[str, Any] = {"detector": "", "alpha": 1.0}
# Covers in which a message can be seen at all, and a detector that is heard as far as it sees one.
_TOGETHER: dict[str, Any] = {"colors": "luma", "alpha_mode": "bounded", "gated": True, "roughness": 1.5}
PRESETS: dict[str, TrainingConfig] = {
    # SSGAN as printed: 7 epochs of 200,000 images; the critic is trained least, so its loss says little of quality.
    "paper": _PAPER,
    # The same game with colors that go together and no checkerboard, so that the detector has something to read.
    "ssgan": replace(_PAPER, preset="ssgan", backbone="dcgan-even", **_TOGETHER),
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
        momentum=0.0, smoothing=0.99, secrecy="non-saturating", generator_steps=1, warmup_images=100_000,
        ema_images=20_000, flips=True, **_TOGETHER,
    ),
    # The same game and objective on the paper's backbone, without norms in the critic: a sixth of the arithmetic of `modern` at
    # half its width, a generator of 4.7 MB. Faces after 160,000 images, two minutes of a shared H200; it is the bundled one.
    "compact": replace(
        _PAPER, preset="compact", backbone="dcgan-even", objective="relativistic", latent=128, latent_law="normal", width=40,
        optimizer="adam", momentum=0.0, smoothing=0.99, penalty_every=4, secrecy="non-saturating", generator_steps=1,
        warmup_images=100_000, ema_images=20_000, flips=True, **_TOGETHER,
    ),
    # Faces within a quarter of an hour on two cores: the same game, narrow. They are faces after 20,000 images.
    "tiny": replace(
        _PAPER, preset="tiny", backbone="dcgan-even", objective="log", width=24, latent=64, latent_law="normal",
        optimizer="adam", learning_rate=4e-4, momentum=0.5, smoothing=0.99, secrecy="non-saturating", generator_steps=1,
        batch=32, duration_images=100_000, warmup_images=50_000, ema_images=5_000, flips=True, **_TOGETHER,
    ),
}  # fmt: skip
