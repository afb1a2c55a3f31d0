"""Print the risk of a stego that `ssgan hide` has written, by the bundled detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssgan.cli.screen import Screen, counted

if TYPE_CHECKING:
    from ssgan.detection.verdicts import Risk
    from ssgan.messages.hide import Hidden
    from ssgan.messages.plan import HideTask

_MORE = "a warden who trains on your source sees more"


def show_risk(screen: Screen, task: HideTask, hidden: Hidden) -> None:
    """Score by the detectors, and print the answer on the sender's screen only."""
    from ssgan.detection.verdicts import risk
    from ssgan.messages.container import OVERHEAD

    found = risk(hidden.cover, hidden.stego, scheme=hidden.scheme, payload=hidden.payload)
    safer = None if found.safer_payload is None else int(found.safer_payload * task.units / 8) - OVERHEAD
    text = _text(found, None if safer is None or safer < 0 else safer, task.unit)
    screen.result(
        "risk",
        f"risk: {text}",
        out=str(task.out),
        verdict=found.stego.verdict,
        probability=found.stego.probability,
        answered=list(found.stego.answered),
        fired=list(found.alarms),
        cover_fired=list(found.cover.alarms),
        safer_payload=found.safer_payload,
        safer_bytes=safer,
    )


def _text(found: Risk, safer: int | None, unit: str) -> str:
    from ssgan.detection.verdicts.lsb_replacement import ATTACKS

    answered, alarms = found.stego.answered, found.alarms
    if not answered:
        return "unknown; the bundled detectors know no pictures like this one"
    names = f"{' and '.join(answered)}, at 5 % false alarms"
    if not alarms and answered == (ATTACKS.name,):
        return f"not found by {names}, and no trained detector knows such a picture; {_MORE}"
    if not alarms:
        return f"not found by {names}; {_MORE}"
    said = f"found by {' and '.join(alarms)}, at 5 % false alarms"
    if set(found.cover.alarms) >= set(alarms):
        return f"{said}, but so is the cover itself: take another cover"
    if safer is None:
        return f"{said}, and so it would be with less in it: take another cover or scheme"
    return f"{said}; with {counted(safer, 'byte')} fewer would find it ({found.safer_payload:.3f} bits per {unit})"
