"""The container as ECS starts it: from what its image holds, with an exit code and a report."""

import re
from pathlib import Path

import pytest
from extraction import ROOT
from servers import KEY

from containers.extract.plan import PlanError, parse_plan
from containers.extract.rate import Pace
from local.dockerfile import parse
from local.images import files_of, place_files

IMAGE = ROOT / "containers" / "extract"


@pytest.fixture
def block(extraction, rest) -> dict:
    entity = {"entity": "market_data", "path": "/prices", "params": {"symbol": "AAPL", "from": "2024-01-01"}}
    secret = extraction.secret({"value": KEY, "url": rest.url})
    key = {"place": "header", "name": "X-API-Key"}
    return {"engine": "rest", "url": rest.url, "secret": secret, "key": key, "entities": [entity]}


@pytest.fixture
def image(tmp_path) -> Path:
    """The directory /app of the image, made from its COPY lines."""
    place_files(files_of(parse((IMAGE / "Dockerfile").read_text()), ROOT), tmp_path / "image")
    return tmp_path / "image" / "app"


def test_a_task_runs_from_what_the_image_holds_and_tells_how_it_ended(extraction, block, image):
    good, bad = extraction.plan(block), extraction.plan(block | {"secret": "/no/such/secret"})
    broken = extraction.plan(block, created_at="soon")
    tasks = [extraction.task(plan, PYTHONPATH=str(image)) for plan in (good, bad, broken)]
    assert [extraction.finish(task) for task in tasks] == [0, 1, 2], extraction.logs
    assert extraction.report(good)["rows"] == 23
    told = extraction.report(bad)["failure"]
    assert (told["transient"], "ResourceNotFoundException" in told["message"]) == (False, True)
    with pytest.raises(extraction.s3.exceptions.NoSuchKey):
        extraction.report(broken)
    assert "created_at must be a time" in extraction.logs


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
    plan = extraction.plan(block)
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
