"""The task as a cold process: environment in, report and exit code out."""

import io
from types import SimpleNamespace

import pytest
from cleanse_lake import BUCKETS, ndjson, price

from jobs.cleanse.attempt import reported
from jobs.cleanse.log import Log
from jobs.cleanse.run import run_plan


def stored_plan(lake, inputs: list[dict], **changes) -> tuple[str, str, str]:
    plan = lake.plan(inputs)
    uri = f"s3://{BUCKETS['artifacts']}/runs/{plan['run_id']}/attempt=1/plan.json"
    lake.store.write_json(uri, plan | changes)
    return plan["run_id"], uri, plan["report_uri"]


def test_a_task_writes_its_report_and_ends_with_0_though_rows_are_bad(task, s3_lake):
    run_id, uri, report_uri = stored_plan(
        s3_lake, [s3_lake.land("a.ndjson", ndjson(price(), price(close="x")))]
    )
    code, log = task(run_id, uri)
    assert code == 0
    assert s3_lake.store.read_json(report_uri)["rows"] == {"in": 2, "out": 1, "duplicates": 0, "rejected": 1}
    assert [line["message"] for line in log] == ["cleanse started", "cleanse reported"]
    assert {(line["run_id"], line["correlation_id"], line["level"]) for line in log} == {
        (run_id, "c1", "INFO")
    }


def test_a_batch_without_any_readable_file_has_a_report_too(task, s3_lake):
    gone = s3_lake.land("a.ndjson", b"x") | {"key": "source=market-data/gone.ndjson", "version_id": None}
    run_id, uri, report_uri = stored_plan(s3_lake, [gone])
    assert task(run_id, uri)[0] == 0
    assert s3_lake.store.read_json(report_uri)["reasons"] == {"file_missing": 1}


def test_a_50_mb_line_and_a_50_mb_element_leave_the_memory_small(task, s3_lake):
    long = b'{"symbol":"' + b"x" * 50_000_000 + b'"}'
    inputs = [s3_lake.land("long.ndjson", long + b"\n"), s3_lake.land("long.json", b"[" + long + b"]")]
    run_id, uri, report_uri = stored_plan(s3_lake, inputs)
    assert task(run_id, uri)[0] == 0
    report = s3_lake.store.read_json(report_uri)
    assert report["reasons"] == {"line_too_long": 2}
    assert report["peak_memory_bytes"] < 300_000_000


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"engine": "polars"}, "no such engine"),
        ({"run_id": "another"}, "the plan is of run another"),
        ({"entity": "unknown"}, "unknown"),
        ({"kind": "build"}, "not a cleanse plan"),
    ],
)
def test_without_a_verdict_a_task_fails_and_says_why(task, s3_lake, change, reason):
    run_id, uri, _ = stored_plan(s3_lake, [s3_lake.land("a.ndjson", b"")], **change)
    code, log = task(run_id, uri)
    assert code == 1 and log[-1]["level"] == "ERROR" and log[-1]["run_id"]
    assert reason in log[-1]["reason"]


def test_a_refused_bucket_is_a_failure_and_not_a_missing_file(task, s3_lake):
    item = s3_lake.land("a.ndjson", b"") | {"bucket": "sluice-test-nowhere-000000000000"}
    run_id, uri, report_uri = stored_plan(s3_lake, [item])
    assert task(run_id, uri)[0] == 1
    failure = s3_lake.store.read_json(report_uri)["failure"]
    assert failure["transient"] is False and "NoSuchBucket" in failure["message"]


class Throttled:
    """An engine whose storage asks for less."""

    def cleanse(self, *_given):
        raise RuntimeError("An error occurred (SlowDown) when calling the GetObject operation")


def test_the_report_of_an_attempt_that_failed_says_whether_another_may_get_further(lake):
    plan = lake.plan([lake.land("a.ndjson", b"")])
    lake.store.write_json(f"s3://{BUCKETS['artifacts']}/plan.json", plan)
    with pytest.raises(RuntimeError, match="SlowDown"):
        run_plan(
            plan["run_id"],
            f"s3://{BUCKETS['artifacts']}/plan.json",
            lake.store,
            Log(io.StringIO()),
            Throttled(),
        )
    report = lake.store.read_json(plan["report_uri"])
    assert (report["run_id"], report["attempt"], report["failure"]["transient"]) == (plan["run_id"], 1, True)
    assert "rows" not in report


def test_the_first_error_is_raised_although_its_report_cannot_be_stored():
    class Full:
        def write_json(self, uri, report):
            raise OSError("no room")

    def broken() -> dict:
        raise ValueError("the data")

    plan = SimpleNamespace(run_id="r1", attempt=1, report_uri="s3://a/r.json")
    out = io.StringIO()
    with pytest.raises(ValueError, match="the data"):
        reported(plan, ("run_id",), Full(), Log(out), broken)
    assert "no room" in out.getvalue()
