"""The family of errors is a contract: scripts read its exit codes, and each error can be caught as the root."""

from __future__ import annotations

import inspect
import re

import pytest

from ssgan import errors
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
