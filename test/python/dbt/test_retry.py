"""An attempt after a failed one builds only what failed and what is made from it, on the database it left."""

import json

import duckdb
import pytest
from lake import Lake, Task, price, trade

MONDAY = "2026-01-05 10:00:00+00"
MARTS = ("daily_portfolio_summary", "var_calculations")
DAYS = ("2026-01-01", "2026-01-02", "2026-01-05", "2026-01-06")
ALL = [
    *("daily_portfolio_summary", "int_daily_closes", "int_daily_positions", "int_enriched_trades"),
    *("int_trades_sequenced", "stg_market_data", "stg_transactions", "var_calculations"),
]


class Failed:
    """A lane whose newest prices fail a test, and the attempts at it: each reads what the one before left."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        closes = [price("A", day, close) for day, close in zip(DAYS, ("9", "10", "11", "9"), strict=True)]
        lake.commit("market_data", "m1", closes, MONDAY)
        bought = trade("t1", "x", "A", "BUY", "10", "9.5", "2026-01-02 15:00:00+00")
        lake.commit("transactions", "t1", [bought], MONDAY)
        self.good = lake.build()
        self.unexported = lake.build(run_id="build-0", gold_bucket="no-such-bucket", force=True)
        lake.commit("market_data", "m2", [price("A", "2026-01-06", "2000000")], MONDAY)
        sold = trade("t2", "x", "A", "SELL", "4", "11", "2026-01-05 15:00:00+00")
        lake.commit("transactions", "t2", [sold], MONDAY)
        self.first = lake.build(run_id="build-1", force=False)
        self.second = attempt(lake, self.first)
        self.waived = attempt(lake, self.second, keep=False, waive_tests=True)
        self.whole = lake.build(keep=False, waive_tests=True)


def attempt(lake: Lake, earlier: Task, **changes) -> Task:
    """One more attempt at the same run, which is told of the one before."""
    number = earlier.plan["attempt"] + 1
    run_id = earlier.plan["run_id"]
    artifacts = f"s3://{lake.bucket('artifacts')}"
    same = {name: earlier.plan[name] for name in ("silver", "database", "selectors", "force")}
    return lake.build(
        **{"run_id": run_id, "attempt": number, "edition": f"{run_id}-{number}"},
        **{"artifacts_prefix": f"{artifacts}/runs/{run_id}/attempt={number}/"},
        **{"database_out": f"{artifacts}/dbt/{run_id}-{number}.duckdb"},
        **{"retry_of": earlier.plan["artifacts_prefix"], **same, **changes},
    )


@pytest.fixture(scope="module")
def failed(lake) -> Failed:
    return Failed(lake)


def rows(lake: Lake, task: Task, dataset: str) -> list:
    found = [{k: v for k, v in row.items() if k != "_edition"} for row in lake.gold(task, dataset)]
    return sorted(found, key=str)


def models(task: Task) -> set[str]:
    return {model["model"] for model in task.report["models"]}


def failed_tests(task: Task) -> set[str]:
    return {found["test"] for found in task.report["failed_tests"]}


def test_a_failed_build_leaves_its_database_beside_its_results(failed):
    report = failed.first.report
    assert (failed.first.exit_code, report["verdict"], report["failure"]) == (1, "tests_failed", None)
    assert report["partial_database"] == failed.first.plan["artifacts_prefix"] + "partial.duckdb"
    assert "runs/build-1/attempt=1/partial.duckdb" in failed.lake.keys("artifacts")
    assert failed.good.report["partial_database"] is None


def test_the_next_attempt_builds_the_failed_test_s_model_and_what_is_made_from_it(failed):
    report = failed.second.report
    assert (report["verdict"], report["retried"]["of"]) == (
        "tests_failed",
        failed.first.plan["artifacts_prefix"],
    )
    assert "stg_transactions" in report["retried"]["kept"]
    assert "stg_market_data" in report["retried"]["built"]
    assert sorted(report["retried"]["kept"] + report["retried"]["built"]) == ALL
    # The staging layer has failed again, so that no later one was begun.
    assert models(failed.second) == {"stg_market_data"}
    assert failed_tests(failed.second) == failed_tests(failed.first) != set()


def test_results_that_are_kept_count_and_go_on_to_a_third_attempt(failed):
    assert failed.second.report["tests"] == failed.first.report["tests"]
    assert failed.waived.report["retried"]["of"] == failed.second.plan["artifacts_prefix"]
    assert sorted(failed.waived.report["retried"]["kept"]) == failed.second.report["retried"]["kept"]


def test_a_waiver_exports_gold_and_reports_the_tests_that_failed(failed):
    for task in (failed.waived, failed.whole):
        assert (task.exit_code, task.report["verdict"], task.report["failed_tests"]) == (0, "passed", [])
        assert {found["model"] for found in task.report["waived_tests"]} == {"stg_market_data"}
        assert task.report["tests"]["waived"] == len(task.report["waived_tests"])
    assert failed.waived.report["tests"] == failed.whole.report["tests"]
    assert failed.good.report["waived_tests"] == []


def test_a_retry_publishes_what_a_whole_build_does(failed):
    assert failed.whole.report["retried"] is None
    for dataset in MARTS:
        assert rows(failed.lake, failed.waived, dataset) == rows(failed.lake, failed.whole, dataset)
    day = max(rows(failed.lake, failed.waived, MARTS[0]), key=lambda row: row["summary_date"])
    assert day["market_value"] == 12_000_000


def test_after_a_failed_export_nothing_is_built_again(failed):
    report = failed.unexported.report
    assert (failed.unexported.exit_code, report["verdict"]) == (1, "error")
    assert report["failure"]["message"].startswith("the export did not finish")
    task = attempt(failed.lake, failed.unexported, keep=False)
    assert (task.exit_code, task.report["retried"]["kept"]) == (0, ALL)
    assert (task.report["retried"]["built"], models(task)) == ([], set())
    assert task.report["tests"] == failed.good.report["tests"]
    assert rows(failed.lake, task, MARTS[0]) == rows(failed.lake, failed.good, MARTS[0])


def test_a_model_that_failed_is_built_with_all_that_was_skipped(failed, tmp_path):
    lake, bucket = failed.lake, failed.lake.bucket("artifacts")
    undone = ("int_daily_positions", "daily_portfolio_summary", "var_calculations")
    partial, results = tmp_path / "partial.duckdb", tmp_path / "run_results.json"
    source = failed.unexported.plan["artifacts_prefix"].split("/", 3)[3]
    for path in (partial, results):
        lake.s3.download_file(bucket, source + path.name, str(path))
    found = json.loads(results.read_text())
    for row in found["results"]:
        if any(f"model.lake.{name}" in row["unique_id"] for name in undone):
            row["status"] = "error" if "int_daily_positions" in row["unique_id"] else "skipped"
    results.write_text(json.dumps(found))
    with duckdb.connect(str(partial)) as connection:
        for name in undone:
            connection.execute(f"drop table {name}")
    for path in (partial, results):
        lake.s3.upload_file(str(path), bucket, f"made/attempt=1/{path.name}")
    task = attempt(lake, failed.unexported, keep=False, retry_of=f"s3://{bucket}/made/attempt=1/")
    assert (task.exit_code, task.report["verdict"]) == (0, "passed")
    assert task.report["retried"]["built"] == sorted(undone)
    assert rows(lake, task, MARTS[0]) == rows(lake, failed.good, MARTS[0])


def test_without_the_earlier_database_everything_is_built_and_the_report_says_why(failed):
    bucket = failed.lake.bucket("artifacts")
    retry_of = f"s3://{bucket}/runs/nothing/attempt=1/"
    task = attempt(failed.lake, failed.unexported, keep=False, retry_of=retry_of)
    assert (task.exit_code, task.report["retried"]) == (0, None)
    assert task.report["not_retried"] == "the earlier attempt left no database or no run results"
    assert models(task) == set(ALL)


def test_a_database_that_cannot_be_opened_is_not_built_upon(failed):
    lake, bucket = failed.lake, failed.lake.bucket("artifacts")
    source = failed.unexported.plan["artifacts_prefix"].split("/", 3)[3]
    results = {"Bucket": bucket, "Key": f"{source}run_results.json"}
    lake.s3.copy_object(Bucket=bucket, Key="broken/run_results.json", CopySource=results)
    lake.s3.put_object(Bucket=bucket, Key="broken/partial.duckdb", Body=b"{}")
    task = attempt(lake, failed.unexported, keep=False, retry_of=f"s3://{bucket}/broken/")
    assert (task.exit_code, task.report["retried"], models(task)) == (0, None, set(ALL))
    assert "not a valid DuckDB database" in task.report["not_retried"]
