"""Whatever fits the page's description of itself, and much that does not, is answered without a fault of the server."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest

from tests.web.site import Site

schemathesis = pytest.importorskip("schemathesis")


def test_nothing_that_is_sent_is_a_fault_of_the_server(site: Site) -> None:
    from hypothesis import HealthCheck, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis import GenerationMode

    from ssgan.web.app import create_app

    description = create_app(site.settings, site.queue).app.openapi()  # type: ignore[attr-defined]
    assert {"/{kind}", "/jobs/{number}", "/runs/{name}/events"} <= description["paths"].keys()
    schema = schemathesis.openapi.from_dict(description)
    answered: list[int] = []
    for operation, mode in itertools.product(schema.get_all_operations(), GenerationMode):
        case = operation.ok().as_strategy(generation_mode=mode)

        @given(case)
        @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
        def ask(case: Any) -> None:
            told = case.call(base_url=site.address, headers=site.own, timeout=30)
            answered.append(told.status_code)
            assert told.status_code < 500, told.text

        with contextlib.suppress(Unsatisfiable):  # where nothing can be wrong, as in a request without parameters
            ask()
    assert {200, 404, 422} <= set(answered)
