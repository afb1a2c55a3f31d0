"""`ssgan detect`: what the detectors that come with the package say of pictures."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.detect_output import answer_rows, base_rate_note, examination, fact_row, verdict_row
from ssgan.cli.options import Force, Json, Quiet
from ssgan.cli.screen import Screen, counted
from ssgan.errors import InvalidSetting, SomeItemsFailed, StorageFailed

if TYPE_CHECKING:
    from ssgan.steganalysis.checks.file_facts import Fact

FOUND = 11  # the exit code of --fail-on-stego where a picture is called a stego


def detect(
    files: Annotated[list[Path], Parameter(help="Image files, folders, zip or tar archives.", consume_multiple=True)],
    /,
    *,
    sheet: Annotated[Path | None, Parameter(help="A PNG file: the pictures side by side, framed by answer.")] = None,
    extract: Annotated[
        Path | None,
        Parameter(help="A folder for the bytes that are in files for certain: behind an end, in texts, in last bits."),
    ] = None,
    report: Annotated[
        Path | None, Parameter(help="An HTML file to hand in: answers, facts, hashes, versions, settings.")
    ] = None,
    base_rate: Annotated[float, Parameter(help="The share of pictures that carry something, for the note on alarms.")] = 0.001,
    fail_on_stego: Annotated[bool, Parameter(help="End with exit code 11 where a picture is called a stego.")] = False,
    fail_on_found: Annotated[bool, Parameter(help="End with exit code 11 where anything is found, facts included.")] = False,
    limit: Annotated[int | None, Parameter(help="Only so many images, the first ones.")] = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Annotated[
        bool, Parameter(name=("--verbose", "-v"), help="All facts, all reasons, and the probability behind each answer.")
    ] = False,
    json: Json = False,
) -> int:
    """Check pictures for hidden messages, with the detectors of this package.

    Each file gets one of three answers. found: by certain facts (bytes behind the end, a name of another type, a text, a chunk
    or a thumbnail that does not belong there, something to read in the last bits in one of 384 orders, the trace of a tool), or
    by statistics, at a threshold that flags 5 % of clean pictures. nothing found: what looked is named; others may find
    something. could not be examined: and why, such as 16 bits, a palette, too flat, not readable.

    --verbose and --json add the probability that statistics give, for as many clean pictures as others. Nothing that is found
    is ever opened or run; --extract only writes the bytes.

    For one embedder and covers like yours a detector of your own says far more: ssgan train-detector.
    """
    from ssgan.detection.verdicts import share_of_true_alarms
    from ssgan.detection.verdicts.answer import summary
    from ssgan.detection.verdicts.files import judge_files
    from ssgan.images import written_format

    if limit is not None and limit < 1:
        raise InvalidSetting(f"--limit is {limit}; it must be at least 1", hint="leave it out to look at all")
    share_of_true_alarms(base_rate)  # before any work: a base rate that cannot be
    if sheet is not None:
        written_format(sheet)
    for path in (sheet, report):
        if path is not None and path.exists() and not force:
            raise StorageFailed(f"{path} exists already and was left as it is", hint="choose another name, or give --force")
    screen, rows, tiles = Screen(json=json, quiet=quiet), [], []
    begun = datetime.now(UTC)
    for number, judged in enumerate(judge_files(files, limit=limit), start=1):
        if sheet is not None or report is not None:
            from ssgan.detection.verdicts.sheet import MOST, tile

            if number <= MOST:
                tiles.append(tile(judged))
        rows.append(replace(judged, samples=None))  # to keep memory small
    if not any(one.is_picture for one in rows):
        reason = f": {rows[0].error.rstrip('.')}" if rows else ""
        raise InvalidSetting(
            f"no image was found in what was given{reason}", hint="give image files, or a folder that holds some"
        )
    answers = [one.answer for one in rows]
    facts = [(one.name, fact) for one in rows for fact in one.facts]
    if json and facts:
        screen.table("fact", [fact_row(name, fact) for name, fact in facts])
    if extract is not None:
        _extract(screen, facts, extract, force=force)
    pairs = list(zip(rows, answers, strict=True))
    if json:
        screen.table("verdict", [verdict_row(one, answer, base_rate) for one, answer in pairs])
    else:
        pairs.sort(key=lambda pair: pair[0].suspicion)
        screen.table("verdict", [row for one, answer in pairs for row in answer_rows(one, answer, verbose=verbose)])
    if sheet is not None:
        from ssgan import images
        from ssgan.detection.verdicts.sheet import page

        order = sorted(range(len(tiles)), key=lambda number: rows[number].suspicion)
        images.write(sheet, page([tiles[number] for number in order]), overwrite=force)
        screen.result("sheet", f"{counted(len(tiles), 'picture')} on {sheet}", images=len(tiles), out=str(sheet))
    if report is not None:
        from ssgan.detection.verdicts.report import write_report

        settings = {"files": [str(path) for path in files], "limit": limit, "base_rate": base_rate}
        write_report(report, rows, tiles, settings=settings, begun=begun, overwrite=force)
        screen.result("report", f"the report is {report}", out=str(report))
    failed = sum(bool(one.error) for one in rows)
    counts = Counter(answer.word for answer in answers)
    text = summary(answers)
    screen.note("summary", text, files=len(rows), not_readable=failed, **examination(begun), **{
        word.replace(" ", "_"): counts[word] for word in ("found", "nothing found", "could not be examined")
    })  # fmt: skip
    alarms = sum(one.verdict is not None and one.verdict.verdict == "stego" for one in rows)
    if failed < len(rows):
        base_rate_note(screen, alarms, len(rows), base_rate)
    if (alarms and fail_on_stego) or (counts["found"] and fail_on_found):
        return FOUND
    if failed:
        raise SomeItemsFailed(f"{failed} of {len(rows)} files could not be read", hint="see the table for the reasons")
    return 0


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
