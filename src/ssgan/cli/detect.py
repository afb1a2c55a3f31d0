"""`ssgan detect`: what the detectors that come with the package say of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ssgan.cli.options import Force, Json, Quiet, Verbose
from ssgan.cli.screen import Screen, counted
from ssgan.errors import InvalidSetting, SomeItemsFailed, StorageFailed

if TYPE_CHECKING:
    from ssgan.detection.verdicts.files import Judged
    from ssgan.steganalysis.checks.file_facts import Fact

FOUND = 11  # the exit code of --fail-on-stego where a picture is called a stego


def detect(
    files: Annotated[list[Path], Parameter(help="Image files, folders, zip or tar archives.", consume_multiple=True)],
    /,
    *,
    sheet: Annotated[Path | None, Parameter(help="A PNG file: the pictures side by side, framed by verdict.")] = None,
    extract: Annotated[
        Path | None,
        Parameter(help="A folder for the bytes that are in files for certain: behind an end, in texts, in last bits."),
    ] = None,
    base_rate: Annotated[float, Parameter(help="The share of pictures that carry something, for the note on alarms.")] = 0.001,
    fail_on_stego: Annotated[bool, Parameter(help="End with exit code 11 where a picture is called a stego.")] = False,
    limit: Annotated[int | None, Parameter(help="Only so many images, the first ones.")] = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> int:
    """Check pictures for hidden messages, with the detectors of this package.

    First comes what is certain: bytes behind the end of a file, texts and comments in it, a name of another type, and last bits
    that begin with a text or a known kind of file, in 20 usual orders.

    stego: a detector finds embedding, at a threshold that calls 5 % of covers stego. cover: these detectors find nothing;
    others may. inconclusive: between the two. out of domain: the picture is not like those that a detector knows, or not
    suited: too small, saturated, a drawing. The probability is that of a stego where covers and stegos are equally
    many. LSB replacement is looked for by RS, sample pairs and weighted stego, and jsteg in JPEGs by the histogram; no training
    goes into these.

    For one embedder and covers like yours a detector of your own says far more: ssgan train-detector.
    """
    from ssgan.detection.verdicts import share_of_true_alarms
    from ssgan.detection.verdicts.files import judge_files
    from ssgan.images import written_format

    if limit is not None and limit < 1:
        raise InvalidSetting(f"--limit is {limit}; it must be at least 1", hint="leave it out to look at all")
    share_of_true_alarms(base_rate)  # before any work: a base rate that cannot be
    if sheet is not None:
        written_format(sheet)
        if sheet.exists() and not force:
            raise StorageFailed(f"{sheet} exists already and was left as it is", hint="choose another name, or give --force")
    screen, rows, tiles = Screen(json=json, quiet=quiet, verbose=verbose), [], []
    for number, judged in enumerate(judge_files(files, limit=limit), start=1):
        rows.append(judged)
        if sheet is not None:
            from ssgan.detection.verdicts.sheet import MOST, tile

            if number <= MOST:
                tiles.append(tile(judged))
        rows[-1] = _without_samples(judged)
    if not any(one.is_picture for one in rows):
        reason = f": {rows[0].error.rstrip('.')}" if rows else ""
        raise InvalidSetting(
            f"no image was found in what was given{reason}", hint="give image files, or a folder that holds some"
        )
    facts = [(one.name, fact) for one in rows for fact in one.facts]
    if facts:
        screen.table("fact", [_fact(name, fact, json=json) for name, fact in facts])
    if extract is not None:
        _extract(screen, facts, extract, force=force)
    screen.table("verdict", [_row(one, base_rate, json=json) for one in rows])
    if sheet is not None:
        from ssgan import images
        from ssgan.detection.verdicts.sheet import page

        images.write(sheet, page(tiles), overwrite=force)
        screen.result("sheet", f"{counted(len(tiles), 'picture')} on {sheet}", images=len(tiles), out=str(sheet))
    alarms = sum(one.verdict is not None and one.verdict.verdict == "stego" for one in rows)
    failed = sum(bool(one.error) for one in rows)
    if failed < len(rows):
        _note(screen, alarms, len(rows), base_rate)
    if alarms and fail_on_stego:
        return FOUND
    if failed:
        raise SomeItemsFailed(f"{failed} of {len(rows)} files could not be read", hint="see the table for the reasons")
    return 0


def _fact(name: str, fact: Fact, *, json: bool) -> dict[str, Any]:
    """Return a row on something certain."""
    if not json:
        return {"file": name, "certain": fact.sentence}
    return {"file": name, "kind": fact.kind, "fact": fact.sentence, "offset": fact.offset, "bytes": len(fact.content)}


def _extract(screen: Screen, facts: list[tuple[str, Fact]], folder: Path, *, force: bool) -> None:
    """Write the bytes of each fact to a file of their own, which nothing here opens."""
    from ssgan.storage.atomic import atomic_write
    from ssgan.storage.folders import make_folder

    make_folder(folder)
    for number, (name, fact) in enumerate(((name, fact) for name, fact in facts if fact.content), start=1):
        path = folder / f"{number:04d}-{fact.kind.replace(' ', '-')}.bin"
        with atomic_write(path, overwrite=force) as temporary:
            temporary.write_bytes(fact.content)
        text = f"{counted(len(fact.content), 'byte')} of {name} are in {path}"
        screen.result("extracted", text, file=name, kind=fact.kind, out=str(path), bytes=len(fact.content))


def _without_samples(judged: Judged) -> Judged:
    """Return the same without its pixels, to keep memory small."""
    from dataclasses import replace

    return replace(judged, samples=None)


def _row(one: Judged, base_rate: float, *, json: bool) -> dict[str, Any]:
    from ssgan.detection.verdicts import at_base_rate

    found = one.verdict
    if found is None:
        blank = None if json else "-"
        row: dict[str, Any] = {"file": one.name, "verdict": "not read", "probability": blank, "reason": one.error}
        return row | ({"reasons": [one.error], "estimates": {}, "answered": [], "fired": []} if json else {})
    if not json:
        probability = "-" if found.probability is None else f"{found.probability:.3f}"
        return {"file": one.name, "verdict": found.verdict, "probability": probability, "reason": found.reasons[0]}
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
    }


def _estimate(answer: object) -> dict[str, Any]:
    from ssgan.steganalysis.attacks.structural import Estimate, NotEnoughData

    if isinstance(answer, Estimate):
        deviation = None if answer.deviation != answer.deviation else round(answer.deviation, 4)
        return {"payload": round(answer.payload, 4), "deviation": deviation}
    assert isinstance(answer, NotEnoughData)
    return {"payload": None, "deviation": None, "reason": answer.reason}


def _note(screen: Screen, alarms: int, count: int, base_rate: float) -> None:
    """Return the meaning of an alarm where stegos are rare, and that of silence."""
    from ssgan.detection.verdicts import FALSE_ALARMS, share_of_true_alarms

    most = share_of_true_alarms(base_rate)
    text = (
        f"{alarms} of {counted(count, 'picture')} called stego; of covers up to {FALSE_ALARMS:.0%} are. Where one "
        f"picture in {1 / base_rate:,.0f} carries something, at most {most:.1%} of such alarms are true; and where "
        "none sounds, small payloads and other schemes may still be there."
    )
    screen.note("base_rate", text, alarms=alarms, pictures=count, base_rate=base_rate, true_alarms_at_most=round(most, 6))
