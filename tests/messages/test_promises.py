"""Every promise of docs/security.md names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_promise_names_tests_that_there_are() -> None:
    promised = PAGE.split("## Promised")[1].split("## Not promised")[0]
    rows = [line for line in promised.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 12
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        for file, test in named:
            assert f"def {test}(" in (REPOSITORY / file).read_text(encoding="utf-8"), f"{file} has no {test}"


def test_every_command_of_the_figures_is_there() -> None:
    commands = re.findall(r"`python ((?:benchmarks|fuzz)/\w+\.py)", PAGE)
    assert len(commands) >= 5
    for path in commands:
        assert (REPOSITORY / path).is_file(), path


def test_every_known_attack_is_answered() -> None:
    assert [int(number) for number in re.findall(r"^\| A(\d+) ", PAGE, flags=re.MULTILINE)] == list(range(1, 15))
