"""Answer for a file in three ways: found, and by what; nothing found, and by what; could not be examined, and why.

Certain facts come before statistics: a file with bytes behind its end is "found" whatever the detectors say. "Nothing found"
names what looked; others may find something. Probabilities stay with the verdict, for those who ask for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ssgan.detection.verdicts import jsteg_replacement, lsb_replacement
from ssgan.detection.verdicts.verdict import Verdict
from ssgan.steganalysis.checks.facts import Fact, FactKind

AnswerWord: TypeAlias = Literal["found", "nothing found", "could not be examined"]

NOT_READABLE = "not readable"
_FACTS: dict[FactKind, str] = {
    "type": "name of another type", "trailing": "bytes behind the end", "text": "text", "structure": "odd structure",
    "thumbnail": "another thumbnail", "last bits": "readable last bits", "tool": "trace of a tool",
}  # fmt: skip
_MANY = {
    "name of another type": "names of another type", "text": "texts", "odd structure": "odd structures",
    "another thumbnail": "other thumbnails", "trace of a tool": "traces of tools",
}  # fmt: skip
_ATTACKS = {
    lsb_replacement.ATTACKS.name: f"the attacks on {lsb_replacement.ATTACKS.target}",
    jsteg_replacement.ATTACKS.name: f"the attack on {jsteg_replacement.ATTACKS.target}",
}
STATISTICS = "statistics"
# What is no noun to count, as it is said behind a number of files.
_BEHIND_NUMBERS = {
    "bytes behind the end": "with bytes behind the end", "readable last bits": "with readable last bits",
    STATISTICS: "by statistics",
}  # fmt: skip


@dataclass(frozen=True)
class FileAnswer:
    """The answer for one file.

    word       one of three
    by         what found something, such as "bytes behind the end" or "detector photographs"; else what looked at it
    why        where it could not be examined: a few words to count by, such as "16-bit" or "not readable"
    sentences  whole sentences for people, the most telling first: at least one
    is_partly  whether only attacks that need no training looked, since no trained detector knows such a picture
    """

    word: AnswerWord
    by: tuple[str, ...]
    why: str
    sentences: tuple[str, ...]
    is_partly: bool = False

    @property
    def by_statistics(self) -> bool:
        """Whether a detector or an attack found something."""
        return self.word == "found" and any(one not in _FACTS.values() for one in self.by)


def answer_for(facts: Sequence[Fact], verdict: Verdict | None, *, error: str = "", obstacle: str = "") -> FileAnswer:
    """Return the answer for a file by its facts and its verdict, None with the `error` that kept it from being read.

    `obstacle` says in a word or two why nothing could look at it, where that is so.
    """
    facts = [fact for fact in facts if fact.is_finding]
    alarms = () if verdict is None else verdict.alarms
    if facts or alarms:
        by = tuple(dict.fromkeys([_FACTS[fact.kind] for fact in facts] + [_looker(name) for name in alarms]))
        said = [fact.sentence for fact in facts] + ([verdict.reasons[0]] if verdict is not None and alarms else [])
        return FileAnswer("found", by, "", tuple(said))
    if verdict is None:
        return FileAnswer("could not be examined", (), NOT_READABLE, (_sentence(error),))
    if not verdict.answered:
        return FileAnswer("could not be examined", (), obstacle, verdict.reasons)
    lookers = tuple(_looker(name) for name in verdict.answered)
    is_partly = all(name in _ATTACKS for name in verdict.answered)
    said = [f"Nothing found by {' and '.join(lookers)}."]
    if is_partly:
        said[0] = f"Nothing found by {' and '.join(lookers)}; no trained detector knows such a picture."
    return FileAnswer("nothing found", lookers, "", (*said, *verdict.reasons), is_partly)


def suspicion(answer: FileAnswer, probability: float | None) -> tuple[int, float]:
    """Return what to sort files by, the suspicious first: facts, alarms, what could not be examined, the rest."""
    if answer.word == "found":
        return (1 if answer.by_statistics and len(answer.by) == 1 else 0), -(probability or 0)
    return (2 if answer.word == "could not be examined" else 3), -(probability or 0)


def summary(answers: Sequence[FileAnswer]) -> str:
    """Return one line on all files, such as "64 files: 1 found (1 text), 16 nothing found, 5 not readable"."""
    words = Counter(NOT_READABLE if one.why == NOT_READABLE else one.word for one in answers)
    by = Counter(
        STATISTICS if name not in _FACTS.values() else name for one in answers if one.word == "found" for name in _kinds(one)
    )
    why = Counter(one.why for one in answers if one.word == "could not be examined" and one.why != NOT_READABLE)
    partly = sum(one.is_partly for one in answers)
    details = {
        "found": _listed(by),
        "nothing found": f" ({partly} looked at by attacks alone)" if partly else "",
        "could not be examined": _listed(why),
    }
    order = ("found", "nothing found", "could not be examined", NOT_READABLE)
    parts = [f"{words[word]} {word}{details.get(word, '')}" for word in order if words[word] or word == "found"]
    return f"{len(answers)} {'file' if len(answers) == 1 else 'files'}: {', '.join(parts)}."


def about_alarms(alarms: int, count: int, *, base_rate: float, false_alarms: float, most_true: float) -> str:
    """Return the sentences on what a flag by statistics means where few images carry something."""
    images = "image" if count == 1 else "images"
    return (
        f"{alarms} of {count} {images} flagged by statistics. Expect up to {false_alarms:.0%} false alarms: if 1 image in "
        f"{1 / base_rate:,.0f} hides something, at least {1 - most_true:.0%} of flags are wrong. "
        "An image that is not flagged may still hide a small message."
    )


def _kinds(answer: FileAnswer) -> set[str]:
    return {name if name in _FACTS.values() else STATISTICS for name in answer.by}


def _listed(counts: Counter[str]) -> str:
    parts = [f"{count} {_BEHIND_NUMBERS.get(name) or _noun(name, count)}" for name, count in counts.most_common()]
    return f" ({', '.join(parts)})" if parts else ""


def _noun(name: str, count: int) -> str:
    return name if count == 1 else _MANY.get(name, name)


def _looker(name: str) -> str:
    return _ATTACKS.get(name, f"the detector {name}")


def _sentence(error: str) -> str:
    return f"{error.rstrip('.')}."
