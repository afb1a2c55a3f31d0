"""Answer by Table 2's evaluation whether generated covers are safer, against which detectors, and at what price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ssgan.evaluation.report import blind
from ssgan.evaluation.rows import Row, apart, of_kind, strongest

REAL = "real"
WITHOUT = ("real-", "plain")  # sources without secrecy in the loss
NONE = 0.0005  # what is printed as none
TOLD = 0.25  # P_E beside real covers below which covers stand out


@dataclass(frozen=True)
class Answer:
    """One embedder in one source, against the best of the detectors that were retrained on it.

    `side` is "safer", "no safer" or "no answer", compared with real covers and the same detector; "" for real covers
    themselves. `difference` is what P_E is larger by, with its interval.
    """

    row: Row
    side: str
    difference: float | None
    interval: tuple[float, float] | None

    @property
    def source(self) -> str:
        """The short name of the covers."""
        return self.row.covers


def answers(rows: Sequence[Row]) -> list[Answer]:
    """Return one answer for each source and embedder, real covers first."""
    found = [_answer(rows, row) for row in strongest(rows)]
    return sorted(found, key=lambda one: (one.row.first.embedder, one.side != "", one.source))


def _answer(rows: Sequence[Row], row: Row) -> Answer:
    if row.covers == REAL:
        return Answer(row, "", None, None)
    same = [r for r in of_kind(rows, "retrained") if r.covers == REAL and r.key[4:] == row.key[4:]]
    if blind(rows, row) or not same or blind(rows, same[0]):
        return Answer(row, "no answer", None, None)
    difference, interval = apart(row, same[0])
    return Answer(row, "safer" if interval[0] > 0 else "no safer", difference, interval)


def price(rows: Sequence[Row]) -> dict[str, float]:
    """Return source → the least P_E of a detector that tells its empty covers from real ones."""
    found: dict[str, float] = {}
    for row in of_kind(rows, "conspicuous"):
        found[row.covers] = min(row.figures["p_e"], found.get(row.covers, 1.0))
    return found


def in_words(rows: Sequence[Row]) -> list[str]:
    """Return sentences: whether covers are safer, whether secrecy is the reason, and its price."""
    found, sentences = answers(rows), []
    for embedder in dict.fromkeys(one.row.first.embedder for one in found):
        of = [one for one in found if one.row.first.embedder == embedder and one.side]
        sides = {side: [one.source for one in of if one.side == side] for side in ("safer", "no safer", "no answer")}
        real = [one.row for one in found if one.row.first.embedder == embedder and not one.side]
        begin = (
            f"{embedder}: in real covers the best detector, retrained, has an error of {real[0].figures['p_e']:.3f}. "
            if real
            else ""
        )
        clauses = [
            f"harder to find in {_listed(sides['safer'])}" if sides["safer"] else "",
            f"no harder to find in {_listed(sides['no safer'])}" if sides["no safer"] else "",
            f"no answer for {_listed(sides['no answer'])}, where the control fails" if sides["no answer"] else "",
        ]
        sentences.append(begin + _capital("; ".join(part for part in clauses if part)) + ".")
        easy = [name for name in sides["safer"] if name.startswith(WITHOUT)]
        if easy:
            sentences.append(
                f"Secrecy in the loss is not the only reason: {_listed(easy)} "
                f"{'is' if len(easy) == 1 else 'are'} safer without it."
            )
    seen = [name for name, error in price(rows).items() if error < TOLD]
    unseen = [name for name, error in price(rows).items() if error >= TOLD]
    if seen:
        worst = max(error for error in price(rows).values() if error < TOLD)
        sentences.append(
            f"The price: without a message in them, {_listed(seen)} can be told from real ones "
            + ("without an error" if worst < NONE else f"with an error of at most {worst:.3f}")
            + (f"; {_listed(unseen)} are harder to tell." if unseen else ".")
        )
    return sentences


def bought(rows: Sequence[Row], source: str, reference: str) -> list[str]:
    """Return a sentence for each embedder and detector: P_E in the covers of `source` less that in those of `reference`.

    It holds also where both lack an answer of their own: the same warden, trained alike, judged both.
    """
    sentences = []
    for row in of_kind(rows, "retrained"):
        same = [r for r in of_kind(rows, "retrained") if r.covers == reference and r.key[4:] == row.key[4:]]
        if row.covers != source or not same:
            continue
        difference, (low, high) = apart(row, same[0])
        side = "harder to find" if low > 0 else "easier to find" if high < 0 else "no significant difference"
        here, there = row.figures["p_e"], same[0].figures["p_e"]
        sentences.append(
            f"{row.first.embedder}, {row.first.detector}: P_E {here:.3f} in {source}, {there:.3f} in {reference}, "
            f"{difference:+.3f} ({low:+.3f} to {high:+.3f}): {side}."
        )
    return sentences


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
