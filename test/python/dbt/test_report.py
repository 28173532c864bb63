"""A report says of an error whether another attempt may get further; failed tests are no error."""

import pytest
from test_plan import plan

from containers.dbt.plan import parse_plan
from containers.dbt.report import Findings, build_report

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
