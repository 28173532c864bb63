"""What ECS tells the container and what it answers: plan, exit code, report, lock, pace."""

import re

import pytest
from extraction import ROOT
from servers import KEY

from containers.extract.plan import parse_plan
from containers.extract.rate import Pace
from containers.extract.run import main
from jobs.task.plan import PlanError

IMAGE = ROOT / "containers" / "extract"


@pytest.fixture
def block(extraction, rest) -> dict:
    entity = {"entity": "market_data", "path": "/prices", "params": {"symbol": "AAPL", "from": "2024-01-01"}}
    secret = extraction.secret({"value": KEY, "url": rest.url})
    key = {"place": "header", "name": "X-API-Key"}
    return {"engine": "rest", "url": rest.url, "secret": secret, "key": key, "entities": [entity]}


def test_the_exit_code_says_whether_there_is_a_good_report(extraction, block, monkeypatch, capsys):
    good, bad = extraction.plan(block), extraction.plan(block | {"secret": "/no/such/secret"})
    broken = extraction.plan(block, created_at="soon")
    codes = []
    for plan in (good, bad, broken):
        monkeypatch.setenv("RUN_ID", plan["run_id"])
        monkeypatch.setenv("PLAN_URI", plan["plan_uri"])
        codes.append(main())
    assert codes == [0, 1, 2]
    assert extraction.report(good)["rows"] == 23
    report = extraction.report(bad)
    assert (report["state_uri"], report["rows"], report["files"]) == (None, 0, [])
    told = report["failure"]
    assert told["transient"] is False
    assert "no secret /no/such/secret that" in told["message"]
    assert "ResourceNotFoundException" in told["message"]
    with pytest.raises(extraction.s3.exceptions.NoSuchKey):
        extraction.report(broken)
    assert "created_at must be a time" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "version 1"),
        ({"attempt": 0}, "attempt"),
        ({"run_id": "a b"}, "run_id"),
        ({"source": "../x"}, "source"),
        ({"extract": {"engine": "ftp"}}, "engines"),
        ({"extract": {"engine": "rest", "entities": []}}, "entities"),
        ({"extract": {"engine": "rest", "entities": [{"entity": "a"}, {"entity": "a"}]}}, "twice"),
        ({"window": {"from": "2024-01-02", "to": "2024-01-02"}}, "after"),
        ({"window": {"from": "yesterday"}}, "YYYY-MM-DD"),
        ({"report_uri": "https://x"}, "report_uri"),
    ],
)
def test_a_plan_that_breaks_its_format_is_refused_by_the_name_of_the_field(extraction, block, change, said):
    plan = extraction.plan(block, correlation_id="-from_a-door_")
    assert parse_plan(plan).files_run_id == plan["run_id"]
    with pytest.raises(PlanError, match=said):
        parse_plan(plan | change)


def test_every_locked_package_has_hashes_and_the_version_of_the_whole_project():
    lock, whole = (IMAGE / "requirements.lock").read_text(), (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"^(\S+==\S+)", lock, re.MULTILINE)
    assert {name.split("==")[0] for name in packages} >= {"boto3", "dlt", "pymongo", "pg8000"}
    blocks = re.split(r"^(?=\S+==)", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert [name for name in packages if not re.search(rf"^{re.escape(name)}\s", whole, re.MULTILINE)] == []


def test_requests_are_kept_apart_and_none_is_saved_up():
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(60, lambda: now[0], sleep)
    for _ in range(3):
        pace.wait()
    assert slept == [1, 1]
    now[0] += 10
    pace.wait()
    pace.wait()
    assert slept == [1, 1, 1]
