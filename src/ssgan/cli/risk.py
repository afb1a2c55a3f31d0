"""Print the risk of a stego that `ssgan hide` has written, by the bundled detectors: the cover beside it, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssgan.cli.screen import Screen, counted

if TYPE_CHECKING:
    from ssgan.detection.verdicts import Risk
    from ssgan.messages.hide import Hidden
    from ssgan.messages.plan import HideTask

_SAME = 0.02  # of the probability: what differs by less does not differ


def show_risk(screen: Screen, task: HideTask, hidden: Hidden) -> None:
    """Score cover and stego, and print the answer on the sender's screen only; nothing where no detector answers."""
    from ssgan.detection.verdicts import risk, risk_of_jpeg
    from ssgan.messages.container import OVERHEAD

    picture, scheme, payload = task.picture, hidden.scheme, hidden.payload
    if picture.coefficients is not None and hidden.coefficients is not None:
        errors = None if picture.precover is None else picture.precover.errors
        found = risk_of_jpeg(picture.coefficients, hidden.coefficients, scheme=scheme, payload=payload, errors=errors)
    else:
        found = risk(hidden.cover, hidden.stego, scheme=scheme, payload=payload)
    if found.probabilities is None:
        return
    safer = None if found.safer_payload is None else int(found.safer_payload * task.units / 8) - OVERHEAD
    screen.result(
        "risk",
        f"risk: {_text(found, None if safer is None or safer < 0 else safer, task.unit)}",
        out=str(task.out),
        verdict=found.stego.verdict,
        probability=found.stego.probability,
        cover_probability=found.cover.probability,
        answered=list(found.stego.answered),
        fired=list(found.alarms),
        cover_fired=list(found.cover.alarms),
        safer_payload=found.safer_payload,
        safer_bytes=safer,
    )


def _text(found: Risk, safer: int | None, unit: str) -> str:
    assert found.probabilities is not None
    before, after = found.probabilities
    said = f"{100 * before:.0f} of 100 before, {100 * after:.0f} after"
    if not found.alarms:
        return f"{said}: no difference here" if abs(after - before) < _SAME else f"{said}: a difference, and no alarm"
    alarm = f"{said}: found by {' and '.join(found.alarms)}"
    if set(found.cover.alarms) >= set(found.alarms):
        return f"{alarm}, but so is the cover itself: take another cover"
    if safer is None:
        return f"{alarm}, and so it would be with less in it: take another cover or scheme"
    return f"{alarm}; with {counted(safer, 'byte')} fewer would find it ({found.safer_payload:.3f} bits per {unit})"
