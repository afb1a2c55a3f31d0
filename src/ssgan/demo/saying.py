"""A message hidden in the best of several covers that nobody has seen, and revealed again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ssgan import images
from ssgan.errors import NothingFound
from ssgan.gan.generators import Card, find_generator, open_generator
from ssgan.gan.sample import prepared, sample, secret_latents
from ssgan.generated import GENERATOR, suspicion
from ssgan.images import Images
from ssgan.messages.hide import Hidden, hide
from ssgan.messages.keys import Passphrase
from ssgan.messages.reveal import reveal
from ssgan.messages.words import fresh_passphrase
from ssgan.predictability import easy_share
from ssgan.verdicts import Verdict, judge


@dataclass(frozen=True, eq=False)
class Try:
    """A stego with what the bundled detectors say of it."""

    hidden: Hidden
    verdict: Verdict
    easy_share: float

    @property
    def rank(self) -> tuple[int, float, float]:
        """Smaller is better: what the detectors say; where none may speak, where the changes lie decides."""
        return (*suspicion(self.verdict), self.easy_share)


@dataclass(frozen=True, eq=False)
class Said:
    """What was hidden, how it came back, and what a wrong passphrase gives."""

    message: str
    passphrase: str
    wrong: str
    refused: str
    revealed: str
    tries: list[Try]
    best: int

    @property
    def chosen(self) -> Try:
        """The one to send."""
        return self.tries[self.best]


def covers(count: int) -> tuple[Images, Card]:
    """Covers uint8 (N, 3, 64, 64) from latents of the operating system's, which are kept nowhere, and their generator."""
    generator, card = open_generator(find_generator(Path(GENERATOR)))
    return sample(prepared(generator), secret_latents(card.config, count)), card


def say(message: str, candidates: Images) -> Said:
    """Hide the message in each candidate, keep the stego that looks least like one, and reveal it.

    Raises DoesNotFit for a message that is too long.
    """
    words, wrong = fresh_passphrase(), fresh_passphrase()
    key = Passphrase(words)
    hidden = [hide(cover, message.encode(), key, allow_flat=True) for cover in candidates.numpy()]
    verdicts = judge(images.to_images(np.stack([one.stego for one in hidden])))
    tries = [Try(one, verdict, easy_share(one.cover, one.stego)) for one, verdict in zip(hidden, verdicts, strict=True)]
    best = min(range(len(tries)), key=lambda at: tries[at].rank)
    revealed = reveal(tries[best].hidden.stego, key).decode()
    return Said(message, words, wrong, _refused(tries[best].hidden.stego, wrong), revealed, tries, best)


def _refused(stego: np.ndarray, wrong: str) -> str:
    """What who tries other words is told."""
    try:
        return reveal(stego, Passphrase(wrong)).decode()
    except NothingFound as error:
        return str(error)
