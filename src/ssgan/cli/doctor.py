"""`ssgan doctor`: is all as it should be on this machine?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from ssgan.cli.options import Json, Quiet, Verbose
from ssgan.cli.screen import Screen, counted
from ssgan.errors import SomeItemsFailed


def doctor(
    *,
    warm: Annotated[
        bool, Parameter(negative="--no-warm", help="Compile every loop that is not compiled yet, so that nothing waits later.")
    ] = True,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Check this installation.

    It looks at versions, folders and bundled weights, hides a message and reads it, and shows the time of each step. It also
    calls every compiled loop once, which takes a minute or two after an installation and seconds from then on. Where
    something is not as it should be, it says what to do, and the exit code is 9.
    """
    from ssgan.cli.doctor_checks import CheckResult, checks, examine
    from ssgan.cli.doctor_checks import warm as loops

    screen = Screen(json=json, quiet=quiet, verbose=verbose)

    def tell(finding: CheckResult) -> CheckResult:
        if not finding.well or not quiet or json:
            mark = "ok  " if finding.well else "FAIL"
            text = [f"{mark}  {finding.check}: {finding.found} ({finding.seconds:.1f} s)"]
            text += [f"      {finding.hint}"] if finding.hint else []
            screen.result("check", text, **asdict(finding))
        return finding

    found = [tell(finding) for finding in examine(checks())]
    if warm:
        found += [tell(finding) for finding in examine(loops())]
    bad = [finding for finding in found if not finding.well]
    if bad:
        raise SomeItemsFailed(f"{len(bad)} of {counted(len(found), 'check')} failed: {bad[0].check}", hint=bad[0].hint)
    seconds = sum(finding.seconds for finding in found)
    screen.result("doctor", f"all is well: {counted(len(found), 'check')}, {seconds:.1f} s", checks=len(found), seconds=seconds)
