"""Compaction on Spark makes the same rows of the same files as on DuckDB, and sees the same differences."""

import duckdb
import pytest
from folder_lake import FolderLake

from jobs.cleanse.plan import PlanError
from jobs.compact import spark_engine
from jobs.compact.plan import parse_plan
from jobs.compact.spark_engine import SparkCompactor
from jobs.compact.values import ValuesDiffer

ROW = "SELECT 'S{i}' AS symbol, DATE '2026-01-01' + {i} AS price_date, {i} * 1.25 AS open"
LATER = ", {i} / 3.0::DOUBLE AS adjusted_close, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS _ingested_at"


@pytest.fixture
def silver(tmp_path):
    """A store with four files of a day, the first without two columns, and the plan to make them two."""
    store = FolderLake(tmp_path)
    files = []
    for number in range(4):
        key = f"old/{number}.parquet"
        (tmp_path / "silver" / "old").mkdir(parents=True, exist_ok=True)
        select = (ROW + (LATER if number else "")).format(i=number)
        duckdb.execute(f"COPY ({select}) TO '{tmp_path / 'silver' / key}' (FORMAT parquet)")
        files.append({"key": key, "bytes": 1})
    plan = {"version": 1, "kind": "compact", "run_id": "r", "attempt": 1, "entity": "market_data"}
    plan |= {"engine": "spark", "silver_bucket": "silver", "report_uri": "s3://a/r"}
    plan |= {"pending_prefix": "_pending/run=r/attempt=1/"}
    plan["groups"] = [{"day": "2026/01/05", "files": part} for part in (files[:2], files[2:])]
    return store, parse_plan(plan)


def rows(store, keys: list[str]) -> list[tuple]:
    paths = [str(store.folder / "silver" / key) for key in keys]
    query = "SELECT * FROM read_parquet(?, union_by_name = true, hive_partitioning = false) ORDER BY ALL"
    return duckdb.execute(query, [paths]).fetchall()


def test_one_file_a_group_with_the_same_rows(spark, silver, tmp_path):
    store, plan = silver
    files = SparkCompactor(spark).compact(plan, ("symbol", "price_date"), store, tmp_path)
    assert [(item["day"], item["rows"], item["files"]) for item in files] == [("2026/01/05", 2, 2)] * 2
    old = [part.key for group in plan.groups for part in group.parts]
    assert rows(store, [item["key"] for item in files]) == rows(store, old)
    with pytest.raises(PlanError, match="an attempt runs once"):
        SparkCompactor(spark).compact(plan, (), store, tmp_path)


def test_a_difference_stops_it(spark, silver, tmp_path, monkeypatch):
    store, plan = silver
    told = iter([{"rows": 2}, {"rows": 1}] * 2)
    monkeypatch.setattr(spark_engine, "_measure", lambda *_: next(told))
    monkeypatch.setattr(spark_engine, "GROUPS_AT_ONCE", 1)
    with pytest.raises(ValuesDiffer, match="rows 2 became 1"):
        SparkCompactor(spark).compact(plan, (), store, tmp_path)
