"""Hide a message in the best of several fresh covers, and reveal it again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ssgan import images
from ssgan.bulk.hide_in_generated import GENERATOR, NAME, suspicion
from ssgan.detection.verdicts import Verdict, judge
from ssgan.errors import NothingFound
from ssgan.evaluation.predictability import easy_share
from ssgan.gan.covers.generators import Card, find_generator, open_generator
from ssgan.gan.covers.sample import prepared, sample, secret_latents
from ssgan.images import Images, Picture
from ssgan.messages.files import Stego, make_best, reveal_files
from ssgan.messages.hide import Hidden
from ssgan.messages.keys import Passphrase
from ssgan.messages.plan import Settings, picture_task
from ssgan.messages.words import fresh_passphrase

STEGO = "stego.png"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A stego with the answers of the bundled detectors."""

    hidden: Hidden
    verdict: Verdict
    easy_share: float
    content: bytes = field(repr=False)  # of the stego's file

    @property
    def rank(self) -> tuple[int, float, float]:
        """The rank by the detectors, smaller is better; where none applies, by the places of the changes."""
        return (*suspicion(self.verdict), self.easy_share)


@dataclass(frozen=True, eq=False)
class HiddenMessage:
    """The hidden message, the revealed one, and the outcome of a wrong passphrase."""

    message: str
    passphrase: str
    wrong: str
    refused: str
    revealed: str
    tries: list[Candidate]
    best: int

    @property
    def chosen(self) -> Candidate:
        """The stego to send."""
        return self.tries[self.best]


def covers(count: int) -> tuple[Images, Card]:
    """Return covers uint8 (N, 3, 64, 64) from secret latents, and their generator."""
    generator, card = open_generator(find_generator(Path(GENERATOR)))
    return sample(prepared(generator), secret_latents(card.config, count)), card


def say(message: str, candidates: Images) -> HiddenMessage:
    """Hide the message in each candidate, keep the least suspicious stego, and reveal it.

    Raises DoesNotFit for a message that is too long.
    """
    words, wrong = fresh_passphrase(), fresh_passphrase()
    key, settings = Passphrase(words), Settings(allow_flat=True)
    pictures = [Picture(cover, None, "PNG") for cover in candidates.numpy()]
    tasks = [picture_task(NAME, picture, message.encode(), Path(STEGO), settings) for picture in pictures]
    tries: list[Candidate] = []

    def rank(stegos: Sequence[Stego]) -> list[tuple[int, float, float]]:
        verdicts = judge(images.to_images(np.stack([stego.hidden.stego for stego in stegos])))
        for stego, verdict in zip(stegos, verdicts, strict=True):
            tries.append(Candidate(stego.hidden, verdict, easy_share(stego.hidden.cover, stego.hidden.stego), stego.content))
        return [one.rank for one in tries]

    best, _ = make_best(tasks, key, settings, rank)
    content = tries[best].content
    revealed = reveal_files([io.BytesIO(content)], key).decode()
    return HiddenMessage(message, words, wrong, _refused(content, wrong), revealed, tries, best)


def _refused(stego: bytes, wrong: str) -> str:
    """Return the answer to a wrong passphrase."""
    try:
        return reveal_files([io.BytesIO(stego)], Passphrase(wrong)).decode()
    except NothingFound as error:
        return str(error)
