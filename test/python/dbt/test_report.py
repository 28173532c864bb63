"""A report says of an error whether another attempt may get further; failed tests are no error."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from test_plan import plan

from containers.dbt.plan import parse_plan
from containers.dbt.report import Findings, _collect_check, build_report

THROTTLED = "stg_market_data: Runtime Error HTTP Error: Request returned HTTP 503 for HTTP GET to 's3'"
WRONG = "stg_market_data: Runtime Error in model stg_market_data Binder Error: column x not found"


def report(errors: list[str], failed: list[dict] = (), error: str | None = None) -> dict:
    return build_report(parse_plan(plan()), Findings(errors=errors, failed=list(failed)), error, {})


@pytest.mark.parametrize(
    ("errors", "transient"), [([THROTTLED], True), ([WRONG], False), ([THROTTLED, WRONG], False)]
)
def test_one_lasting_error_makes_the_whole_failure_lasting(errors, transient):
    found = report(errors)
    assert (found["verdict"], found["error"]) == ("error", errors[0])
    assert found["failure"] == {"transient": transient, "message": errors[0]}


def test_what_stopped_the_build_comes_first():
    found = report([THROTTLED], error="the export did not finish")
    assert found["failure"] == {"transient": False, "message": "the export did not finish"}


def test_failed_tests_are_a_verdict_and_no_failure():
    found = report([], failed=[{"test": "t", "model": "m", "failures": 1, "message": ""}])
    assert (found["verdict"], found["error"], found["failure"]) == ("tests_failed", None, None)


@pytest.mark.parametrize(
    ("newest", "told"),
    [
        (datetime(2026, 3, 1, 5, tzinfo=UTC), {("raw", "ads"): "2026-03-01T05:00:00+00:00"}),
        # What dbt answers for a table without a row.
        (datetime(1, 1, 1, tzinfo=UTC), {}),
        (None, {}),
    ],
)
def test_an_empty_source_has_no_newest_row(newest, told):
    node = SimpleNamespace(source_name="raw", name="ads")
    findings = Findings()
    manifest = SimpleNamespace(nodes={}, sources={})
    node.depends_on_nodes = []
    _collect_check(findings, manifest, SimpleNamespace(node=node, max_loaded_at=newest), "source", "pass", "")
    assert findings.loaded == told
