"""The family of errors is a contract: scripts read its exit codes, and each error can be caught as the root."""

from __future__ import annotations

import ast
import inspect
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssgan import errors
from ssgan.cli import app
from ssgan.cli.detect import FOUND
from ssgan.cli.streams import GONE
from ssgan.errors import DoesNotFit, Incomplete, InvalidSetting, SsganError

FAMILY = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, SsganError)]


def make(kind: type[SsganError]) -> SsganError:
    if kind is DoesNotFit:
        return DoesNotFit("too long", reachable=12.0, unit="bytes", hint="say less")
    if kind is Incomplete:
        return Incomplete("what happened", part=None, hint="what to do")
    return kind("what happened", hint="what to do")


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_every_error_is_caught_as_the_root_and_carries_its_hint(kind: type[SsganError]) -> None:
    with pytest.raises(SsganError) as caught:
        raise make(kind)
    assert caught.value.hint.startswith(("what to do", "say less"))
    assert str(caught.value) in {"what happened", "too long"}


def test_the_exit_codes_are_those_of_the_table_in_the_docstring() -> None:
    table = dict(re.findall(r"(\w+)\s{2,}(\d+)\s{3}", errors.__doc__ or ""))
    assert {name: int(code) for name, code in table.items()} == {kind.__name__: kind.exit_code for kind in FAMILY}


def test_no_two_kinds_share_an_exit_code_nor_take_success_usage_or_a_signal() -> None:
    codes = [kind.exit_code for kind in FAMILY]
    assert len(set(codes)) == len(codes)
    assert set(codes) <= set(range(1, 20))


def test_an_invalid_setting_is_a_value_error_for_callers_who_know_only_python() -> None:
    with pytest.raises(ValueError, match="payload"):
        raise InvalidSetting("payload must be positive")


def test_what_does_not_fit_says_how_much_would() -> None:
    error = make(DoesNotFit)
    assert isinstance(error, DoesNotFit)
    assert (error.reachable, error.unit) == (12.0, "bytes")


SOURCE = Path(errors.__file__).parent
RAISED = [
    (path, node)
    for path in sorted(SOURCE.rglob("*.py"))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {kind.__name__ for kind in FAMILY}
]


def test_every_kind_of_error_is_raised_somewhere() -> None:
    raised = {node.func.id for _, node in RAISED if isinstance(node.func, ast.Name)}
    assert raised == {kind.__name__ for kind in FAMILY}


def test_every_error_that_is_raised_says_what_to_do() -> None:
    silent = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path, node in RAISED
        if not any(
            word.arg == "hint" and not (isinstance(word.value, ast.Constant) and not word.value.value) for word in node.keywords
        )
    ]
    assert not silent, f"no hint in {', '.join(silent)}"


# Calls that make an error besides the family itself: its children in other rooms, refusals of the page, what diagnoses find.
MAKERS = {kind.__name__ for kind in FAMILY} | {"Damaged", "NoPath", "Finding", "Failure", "_Refused", "_PageError"}
MAKERS |= {"_Interrupted", "damaged", "unsupported", "_refused"}
THIRD_IS_HINT = {"Finding", "Failure", "_Refused", "_PageError"}
NAMES = {"Ray", "TensorBoard"}
TONE = re.compile(
    r"\b(there must be|there can be no|who|whoever|whom|nobody|somebody|anybody|stands|lies|goes on|will do)\b", re.I
)
NO_ADVICE = re.compile(r"(a|an|the|it|its|they|both|these|those|that|such|one|there|each|so|nothing|\d+)\b")


def literals(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression can be, with an @ for each value in them."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "@" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*literals(node.body), *literals(node.orelse))
    elif isinstance(node, ast.BoolOp | ast.Dict):
        yield from (text for value in node.values for text in literals(value))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        yield from (text for value in node.args for text in literals(value))
    elif isinstance(node, ast.BinOp):
        yield from (f"{left}{right}" for left in literals(node.left) for right in literals(node.right))


def written(tree: ast.Module) -> Iterator[tuple[int, bool, str]]:
    """Yield line, whether it is a hint, and text of every message and hint that is written in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            for place, value in enumerate(node.args if name in MAKERS else ()):
                for text in literals(value):
                    yield node.lineno, place == 2 and name in THIRD_IS_HINT, text
            for keyword in node.keywords:
                if keyword.arg == "hint":
                    yield from ((node.lineno, True, text) for text in literals(keyword.value))
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and re.search(r"hints?$", target.id, re.I) for target in node.targets
        ):
            yield from ((node.lineno, True, text) for text in literals(node.value))


def faults(text: str, *, is_hint: bool) -> list[str]:
    """Return the rules of the voice that a message or hint breaks."""
    first = re.match(r"[A-Za-z]+", text)
    broken = {
        "begins with a capital": first is not None and bool(re.match(r"[A-Z]([a-z]|$)", first[0])) and first[0] not in NAMES,
        "ends with a full stop": bool(re.search(r"(?<!\.)\.$", text)),
        "has two sentences": bool(re.search(r"[.!?] +[A-Z]", text)),
        "has words of another voice": bool(TONE.search(text)),
        "advises nothing": is_hint and bool(NO_ADVICE.match(text)),
    }
    return [fault for fault, is_broken in broken.items() if is_broken]


def test_messages_and_hints_have_one_voice() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {', '.join(wrong)}: {text}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line, is_hint, text in written(ast.parse(path.read_text(encoding="utf-8")))
        if (wrong := faults(text, is_hint=is_hint))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "is_hint", "count"),
    [
        ("workers is 0; it must be at least 1", False, 0),
        ("PNG keeps no alpha channel", False, 0),
        ("There must be at least 1 worker, not 0.", False, 3),
        ("the file is damaged. The first: a.png", False, 1),
        ("leave --workers out to use all cores", True, 0),
        ("such as 0.4", True, 1),
        ("the sender is whoever has the key", False, 1),
    ],
)
def test_the_voice_is_told_from_others(text: str, is_hint: bool, count: int) -> None:
    assert len(faults(text, is_hint=is_hint)) == count


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("to_json", [False, True], ids=["words", "json"])
def test_the_command_line_ends_with_the_code_of_each_and_prints_its_hint_and_no_traceback(
    kind: type[SsganError], to_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*, json: bool = False) -> None:
        raise make(kind)

    monkeypatch.setattr(app, "load", lambda name: fails)
    assert app.run(["list", *(["--json"] if to_json else [])]) == kind.exit_code
    printed = capsys.readouterr()
    assert not printed.out
    if to_json:
        message = json.loads(printed.err)
        assert (message["message_type"], message["exit_code"], message["hint"]) == ("error", kind.exit_code, make(kind).hint)
    else:
        assert printed.err == f"ssgan: error: {make(kind)}\nssgan: hint: {make(kind).hint}\n"


def test_the_exit_codes_are_those_that_the_help_tells(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    codes = {int(code) for code in re.findall(r"(\d+) [a-z]", printed[printed.index("Exit codes:") :].split("Commands")[0])}
    ended = {app.INTERRUPTED, GONE, 128 + signal.SIGTERM}
    assert codes == {0, FOUND} | ended | {kind.exit_code for kind in FAMILY}


@pytest.mark.parametrize(
    ("name", "hint"), [("hil", "did you mean hill?"), ("HILL", "did you mean hill?"), ("x", "choose from hill, wow")]
)
def test_unknown_name_gets_the_nearest_or_all(name: str, hint: str) -> None:
    error = errors.unknown("scheme", name, {"hill": 1, "wow": 2})
    assert (type(error), str(error), error.hint) == (InvalidSetting, f"there is no scheme '{name}'", hint)


def test_unknown_name_is_cut_and_an_empty_table_has_a_hint_too() -> None:
    error = errors.unknown("scheme", "x" * 10_000, ())
    assert len(str(error)) < 100
    assert error.hint


def test_an_unknown_name_is_refused_in_one_way() -> None:
    """No error of another place lists what a table has: `unknown` does, and finds the nearest."""
    by_hand = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path, node in RAISED
        if path.name != "errors.py"
        and re.match(r"f['\"](there is )?no ", ast.unparse(node.args[0]) if node.args else "", re.IGNORECASE)
        and any(word.arg == "hint" and "', '.join(" in ast.unparse(word.value) for word in node.keywords)
    ]
    assert not by_hand
