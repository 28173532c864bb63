"""A lane's builds, one after the other, each in an empty directory: the state travels through S3 alone."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest
from lake import Lake, price, trade

MONDAY = "2026-01-05 10:00:00+00"
TUESDAY = "2026-01-06 10:00:00+00"
LONG_AGO = "2025-12-01 10:00:00+00"


class Story:
    """One lane's life; the tests below read what each build left behind."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        days = ("2026-01-01", "2026-01-02", "2026-01-05")
        closes = [price("A", day, close) for day, close in zip(days, ("9", "10", "11"), strict=True)]
        closes += [price("B", day, close) for day, close in zip(days, ("5", "5", "4"), strict=True)]
        lake.commit("market_data", "m1", closes, MONDAY)
        bought = trade("t1", "x", "A", "BUY", "10", "9.5", "2026-01-02 15:00:00+00")
        lake.commit("transactions", "t1", [bought], MONDAY)
        self.first = lake.build(selectors=["source:lake.market_data+"])

        lake.commit("market_data", "m2", [price("A", "2026-01-02", "12")], TUESDAY)
        lake.commit("market_data", "m3", [price("A", "2026-01-05", "99")], LONG_AGO)
        lake.commit("market_data", "m4", [price("A", "2026-01-06", "13")], LONG_AGO)
        sold = trade("t2", "x", "A", "SELL", "4", "13", "2026-01-06 15:00:00+00")
        lake.commit("transactions", "t2", [sold], TUESDAY)
        self.second = lake.build(selectors=["source:lake.market_data+"], silver=lake.new_runs("market_data"))
        self.third = lake.build(selectors=["source:lake.transactions+"])


def summary(lake: Lake, task) -> dict[date, dict]:
    return {row["summary_date"]: row for row in lake.gold(task, "daily_portfolio_summary")}


def without_edition(lake: Lake, task, dataset: str) -> list[dict]:
    rows = [{name: row[name] for name in row if name != "_edition"} for row in lake.gold(task, dataset)]
    return sorted(rows, key=str)


def test_each_domain_has_a_score_and_each_source_its_newest_row(story):
    scores = {one["domain"]: one["tests"] for one in story.first.report["scores"]}
    assert set(scores) == {"finance", "risk"}
    assert all(tests["error"]["passed"] > 10 for tests in scores.values())
    assert all(tests["error"]["failed"] == 0 for tests in scores.values())
    loaded = {one["table"]: one["at"] for one in story.first.report["loaded"]}
    assert loaded == {table: "2026-01-05T10:00:00+00:00" for table in ("market_data", "transactions")}


def test_a_first_build_builds_the_whole_lane_whatever_was_asked(story):
    assert story.first.exit_code == 0
    assert story.first.event("scope")["reason"] == "first build"
    assert {model["model"] for model in story.first.report["models"]} >= {
        "stg_market_data",
        "stg_transactions",
    }
    assert summary(story.lake, story.first)[date(2026, 1, 2)]["market_value"] == Decimal(100)


def test_datasets_are_stored_by_the_months_in_which_they_are_exported(story):
    log = story.lake.text(story.first, "dbt.log")
    for column in ("summary_date", "as_of_date"):
        assert f"order by date_trunc('month', {column})" in log


def test_a_task_takes_the_image_s_parse_state_and_never_parses(story):
    assert all(task.event("manifest_loaded")["parsed"] is False for task in (story.first, story.second))
    log = story.lake.text(story.second, "dbt.log")
    assert "partial parsing" not in log.lower()


def test_a_late_correction_of_an_old_day_arrives(story):
    rows = summary(story.lake, story.second)
    assert rows[date(2026, 1, 2)]["market_value"] == Decimal(120)


def test_an_older_version_that_arrives_late_does_not_win(story):
    assert summary(story.lake, story.second)[date(2026, 1, 5)]["market_value"] == Decimal(110)


def test_a_run_with_an_older_clock_is_merged_all_the_same(story):
    assert summary(story.lake, story.second)[date(2026, 1, 6)]["market_value"] == Decimal(130)


def test_a_second_build_reads_only_what_is_new(story):
    assert story.second.report["silver_rows"] == {"market_data": 3, "transactions": 0}
    assert story.second.event("scope")["whole_lane"] is False


def test_a_source_that_a_plan_does_not_list_waits_for_the_next_build(story):
    assert "stg_transactions" not in {model["model"] for model in story.second.report["models"]}
    assert story.third.report["silver_rows"] == {"market_data": 0, "transactions": 1}
    row = summary(story.lake, story.third)[date(2026, 1, 6)]
    assert (row["market_value"], row["cost_basis"], row["realized_pnl"]) == (78, 57, 14)


def test_every_dataset_of_the_lane_is_in_every_edition_with_its_rows(story):
    for task in (story.first, story.second, story.third):
        named = {found["dataset"]: found for found in task.report["datasets"]}
        assert set(named) == {"daily_portfolio_summary", "var_calculations"}
        for dataset, described in named.items():
            rows = story.lake.gold(task, dataset)
            assert len(rows) == described["rows"] == sum(file["rows"] for file in described["files"])
            assert {row["_edition"] for row in rows} == {task.plan["edition"]}
            assert [column["name"] for column in described["columns"]] == list(rows[0])


def test_gold_files_lie_below_their_edition_by_year_and_month(story):
    described = next(d for d in story.third.report["datasets"] if d["domain"] == "finance")
    folder = (
        f"domain=finance/dataset=daily_portfolio_summary/version=1/edition={story.third.plan['edition']}/"
    )
    assert [file["key"] for file in described["files"]] == [
        f"{folder}year=2026/month=01/daily_portfolio_summary_0.parquet"
    ]
    assert story.lake.keys("gold", folder) == [file["key"] for file in described["files"]]
    assert described["location"] == f"s3://{story.lake.bucket('gold')}/{folder}"


def test_all_artifacts_are_stored(story):
    prefix = f"runs/{story.third.plan['run_id']}/attempt=1/"
    names = {key.removeprefix(prefix) for key in story.lake.keys("artifacts", prefix)}
    assert names >= {
        "plan.json",
        "report.json",
        "run_results.json",
        "sources.json",
        "manifest.json",
        "dbt.log",
        "docs.html.gz",
    }


def test_every_log_line_carries_the_run_and_its_correlation_id(story):
    assert all(line["run_id"] == story.third.plan["run_id"] for line in story.third.lines)
    assert all(line["correlation_id"] == "corr-1" for line in story.third.lines)


def test_a_full_refresh_equals_what_the_increments_made(story):
    fresh = story.lake.build(mode="full_refresh", keep=False)
    assert fresh.report["silver_rows"] == {"market_data": 9, "transactions": 2}
    for dataset in ("daily_portfolio_summary", "var_calculations"):
        expected = without_edition(story.lake, story.third, dataset)
        assert without_edition(story.lake, fresh, dataset) == expected


def test_a_run_that_is_listed_again_is_skipped(story):
    task = story.lake.build(keep=False, silver=story.lake.silver)
    assert (task.exit_code, task.report["silver_rows"]) == (0, {"market_data": 0, "transactions": 0})


def test_new_runs_of_a_source_that_the_selectors_leave_out_are_an_error(story):
    story.lake.commit("transactions", "t9", [trade("t9", "x", "A", "BUY", "1", "9", MONDAY)], MONDAY)
    task = story.lake.build(selectors=["source:lake.market_data+"])
    story.lake.silver["transactions"].pop()
    assert (task.exit_code, task.report["verdict"], task.report["database"]) == (1, "error", None)
    assert "1 new runs of transactions" in task.report["error"]
    assert "leave out stg_transactions" in task.report["error"]


def test_a_database_of_another_project_is_rebuilt(story):
    bucket, key = story.lake.bucket("artifacts"), story.lake.database.split("/", 3)[3]
    path = story.lake.folder / "other.duckdb"
    story.lake.s3.download_file(bucket, key, str(path))
    with duckdb.connect(str(path)) as connection:
        connection.execute("update sluice.project set fingerprint = 'other'")
        connection.execute("update stg_market_data set close = 1")
    story.lake.s3.upload_file(str(path), bucket, "dbt/other.duckdb")
    task = story.lake.build(keep=False, database={"uri": f"s3://{bucket}/dbt/other.duckdb"})
    assert task.event("scope")["reason"] == "the project has changed since the last build"
    expected = without_edition(story.lake, story.third, "daily_portfolio_summary")
    assert without_edition(story.lake, task, "daily_portfolio_summary") == expected


def test_a_failing_test_exports_nothing_and_stores_no_state(story):
    dear = [price("C", "2026-01-05", "2000000"), price("C", "2026-01-06", "3000000")]
    story.lake.commit("market_data", "m9", dear, TUESDAY)
    before = story.lake.keys("gold")
    task = story.lake.build()
    story.lake.silver["market_data"].pop()
    assert (task.exit_code, task.report["verdict"]) == (1, "tests_failed")
    failed = [found for found in task.report["failed_tests"] if "stg_market_data_close_" in found["test"]]
    assert [(found["model"], found["failures"]) for found in failed] == [("stg_market_data", 2)]
    assert story.lake.keys("gold") == before
    assert (task.report["datasets"], task.report["database"]) == ([], None)
    assert task.plan["database_out"].split("/", 3)[3] not in story.lake.keys("artifacts")
    names = story.lake.keys("artifacts", f"runs/{task.plan['run_id']}/")
    assert any(name.endswith("/run_results.json") for name in names)


def test_a_source_without_any_file_is_an_empty_table(aws_endpoint, tmp_path):
    lake = Lake(aws_endpoint, tmp_path)
    days = [price("A", "2026-01-02", "10"), price("A", "2026-01-05", "9")]
    lake.commit("market_data", "m1", days, MONDAY)
    task = lake.build()
    assert (task.exit_code, task.report["verdict"]) == (0, "passed")
    rows = {found["dataset"]: found["rows"] for found in task.report["datasets"]}
    assert rows == {"daily_portfolio_summary": 0, "var_calculations": 2}


def test_a_silver_file_that_vanished_is_no_verdict_and_leaves_a_report(story):
    gone = [
        {"run_id": "m1", "files": [f"s3://{story.lake.bucket('silver')}/entity=market_data/gone.parquet"]}
    ]
    task = story.lake.build(silver={"market_data": gone, "transactions": []}, database={"uri": None})
    assert task.exit_code == 2
    assert task.report["verdict"] == "error"
    assert "gone.parquet" in task.report["error"]
    assert task.report["failure"] == {"transient": False, "message": task.report["error"]}


@pytest.mark.parametrize("changes", [{"domains": ["finance"]}, {"silver": {"market_data": []}}])
def test_a_plan_for_another_lane_is_no_verdict(story, changes):
    task = story.lake.build(**changes)
    assert (task.exit_code, task.report["verdict"]) == (2, "error")
    assert task.report["error"].startswith("PlanError")
