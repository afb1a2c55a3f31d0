"""Print what `ssgan detect` found: rows of the table for people, objects for programs, and what was used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ssgan.cli.screen import Screen

if TYPE_CHECKING:
    from ssgan.detection.verdicts.answer import FileAnswer
    from ssgan.detection.verdicts.files import Judged
    from ssgan.steganalysis.checks.facts import Fact


def answer_rows(one: Judged, answer: FileAnswer, *, verbose: bool) -> list[dict[str, Any]]:
    """Return the rows of a file in the table for people: one a finding, else one; with `verbose` one a sentence or a fact."""
    sentences = list(answer.sentences)
    if answer.word != "found" and not verbose:
        sentences = [" ".join(sentences) if answer.word == "could not be examined" and not one.error else sentences[0]]
    if verbose:
        reasons = one.verdict.reasons if one.verdict is not None else ()
        notes = [fact.sentence for fact in one.facts if not fact.is_finding]
        sentences = list(dict.fromkeys([*sentences, *notes, *reasons]))
    rows = [{"file": one.name, "answer": answer.word, "what": sentence} for sentence in sentences]
    if not verbose:
        return rows
    probability = one.verdict.probability if one.verdict is not None else None
    shown = "-" if probability is None else f"{probability:.3f}"
    return [{"file": row["file"], "answer": row["answer"], "probability": shown, "what": row["what"]} for row in rows]


def fact_row(name: str, fact: Fact) -> dict[str, Any]:
    """Return the object on something certain."""
    return {
        "file": name,
        "kind": fact.kind,
        "fact": fact.sentence,
        "offset": fact.offset,
        "bytes": len(fact.content),
        "finding": fact.is_finding,
    }


def verdict_row(one: Judged, answer: FileAnswer, base_rate: float) -> dict[str, Any]:
    """Return the object on a file: its answer and what it is, and the verdict of the detectors."""
    from ssgan.detection.verdicts import at_base_rate

    file = {
        "answer": answer.word,
        "by": list(answer.by),
        "why": answer.why,
        "sha256": one.sha256 or None,
        "bytes": one.size_bytes,
        "format": one.format or None,
    }
    found = one.verdict
    if found is None:
        none = {"file": one.name, "verdict": "not read", "probability": None, "reason": one.error}
        return none | {"reasons": [one.error], "estimates": {}, "answered": [], "fired": []} | file
    p = found.probability
    return {
        "file": one.name,
        "verdict": found.verdict,
        "probability": None if p is None else round(p, 6),
        "reason": found.reasons[0],
        "at_base_rate": None if p is None else round(at_base_rate(p, base_rate), 8),
        "reasons": list(found.reasons),
        "estimates": {name: _estimate(answer) for name, answer in found.estimates.items()},
        "answered": list(found.answered),
        "fired": list(found.alarms),
    } | file


def examination(begun: datetime) -> dict[str, Any]:
    """Return when it was done and by what, for a program that keeps it."""
    from ssgan.detection.verdicts.report import versions

    return {"begun": begun.isoformat(timespec="seconds"), "ended": datetime.now(UTC).isoformat(timespec="seconds")} | versions()


def base_rate_note(screen: Screen, alarms: int, count: int, base_rate: float) -> None:
    """Print what an alarm means where stegos are rare, and what silence means."""
    from ssgan.detection.verdicts import FALSE_ALARMS, share_of_true_alarms
    from ssgan.detection.verdicts.answer import about_alarms

    most = share_of_true_alarms(base_rate)
    text = about_alarms(alarms, count, base_rate=base_rate, false_alarms=FALSE_ALARMS, most_true=most)
    screen.note("base_rate", text, alarms=alarms, pictures=count, base_rate=base_rate, true_alarms_at_most=round(most, 6))


def _estimate(answer: object) -> dict[str, Any]:
    from ssgan.steganalysis.attacks.structural import Estimate, NotEnoughData

    if isinstance(answer, Estimate):
        deviation = None if answer.deviation != answer.deviation else round(answer.deviation, 4)
        return {"payload": round(answer.payload, 4), "deviation": deviation}
    assert isinstance(answer, NotEnoughData)
    return {"payload": None, "deviation": None, "reason": answer.reason}
