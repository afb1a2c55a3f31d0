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

    schema = schemathesis.openapi.from_dict(_description(site))
    answered: dict[tuple[str, str], set[int]] = {}
    for operation, mode in itertools.product(schema.get_all_operations(), GenerationMode):
        case = operation.ok().as_strategy(generation_mode=mode)

        @given(case)
        @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
        def ask(case: Any) -> None:
            response = case.call(base_url=site.address, headers=site.own, timeout=30)
            answered.setdefault((case.method, case.path), set()).add(response.status_code)
            assert response.status_code < 500, response.text

        with contextlib.suppress(Unsatisfiable):  # where nothing can be wrong, as in a request without parameters
            ask()
    assert {200, 202, 404, 422} <= set().union(*answered.values())
    assert [asked for asked, statuses in answered.items() if not statuses & {200, 202}] == []  # every one was taken once


def _description(site: Site) -> dict[str, Any]:
    """What the page says of itself, with what there is here for the names in its paths: else hardly one would be met."""
    from ssgan.web.app import create_app

    schema: dict[str, Any] = create_app(site.settings, site.queue).app.openapi()  # type: ignore[attr-defined]
    job = site.ask("generate", count="2", generator="artist")
    there: dict[str, dict[str, list[Any]]] = {
        "/jobs/{number}": {"number": [job["id"], "none"]},
        "/jobs/{number}/files/{name}": {"number": [job["id"]], "name": [*job["files"], "none.png"]},
        "/runs/{name}": {"name": ["first", "second", "plain"]},
        "/runs/{name}/events": {"name": ["second", "plain"]},  # those of the first do not end
        "/runs/{name}/samples/{number}": {"name": ["first"], "number": [0, 1]},
    }
    for path, names in there.items():
        for operation in schema["paths"][path].values():
            for parameter in operation["parameters"]:
                parameter["schema"]["enum"] = names[parameter["name"]]
    return schema
