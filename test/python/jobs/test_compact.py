"""A compaction changes no value, and what is not the same never takes the place of what was."""

import io

import duckdb
import pytest
from folder_store import FolderStore

from jobs.cleanse.log import Log
from jobs.cleanse.plan import PlanError
from jobs.cleanse.run import run_plan
from jobs.compact import duckdb_engine
from jobs.compact.values import ValuesDiffer, check_same, columns_of, measure

PLAN_URI = "s3://artifacts/runs/r/attempt=1/plan.json"
REPORT_URI = "s3://artifacts/runs/r/attempt=1/report.json"
ROW = "SELECT 'S' || {i} AS symbol, DATE '2026-01-01' + {i} AS price_date, {i} * 1.25 AS open"
MORE = "{i} / 3.0::DOUBLE AS adjusted_close, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS _ingested_at"


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


class Lake:
    """Silver files of one day, and the run that makes them one."""

    def __init__(self, folder):
        self.folder, self.store = folder, FolderStore(folder)
        (folder / "silver" / "old").mkdir(parents=True)
        self.files: list[dict] = []

    def add(self, select: str) -> None:
        key = f"old/{len(self.files)}.parquet"
        duckdb.execute(f"COPY ({select}) TO '{self.folder / 'silver' / key}' (FORMAT parquet)")
        self.files.append({"key": key, "bytes": (self.folder / "silver" / key).stat().st_size})

    def compact(self, *groups: list[dict], **changes) -> dict:
        plan = {"version": 1, "kind": "compact", "run_id": "r", "attempt": 1, "entity": "market_data"}
        plan |= {"engine": "duckdb", "silver_bucket": "silver", "pending_prefix": "_pending/run=r/attempt=1/"}
        plan |= {"report_uri": REPORT_URI}
        plan["groups"] = [{"day": "2026/01/05", "files": files} for files in groups or [self.files]]
        self.store.write_json(PLAN_URI, plan | changes)
        return run_plan("r", PLAN_URI, self.store, Log(io.StringIO()))

    def rows(self, *keys: str) -> list[tuple]:
        listed = [str(self.folder / "silver" / key) for key in keys]
        query = "SELECT * FROM read_parquet(?, union_by_name = true, hive_partitioning = false) ORDER BY ALL"
        return duckdb.execute(query, [listed]).fetchall()


def small(i: int) -> str:
    return f"{ROW}, {MORE}".format(i=i)


def test_many_files_become_one_per_group_with_the_same_rows_doubles_included(lake):
    for number in [0, 1, 2, 3, 4, 4]:
        lake.add(small(number))
    report = lake.compact(lake.files[:2], lake.files[2:])
    keys = [item["key"] for item in report["files"]]
    assert [(item["rows"], item["files"]) for item in report["files"]] == [(2, 2), (4, 4)]
    assert lake.rows(*keys) == lake.rows(*[item["key"] for item in lake.files])
    assert all(key.startswith("_pending/run=r/attempt=1/") for key in keys)
    assert lake.store.read_json(REPORT_URI)["rows"] == 6


def test_files_from_before_a_column_keep_null_there(lake):
    lake.add(ROW.format(i=1))
    lake.add(small(2))
    report = lake.compact()
    old = [item["key"] for item in lake.files]
    assert lake.rows(report["files"][0]["key"]) == lake.rows(*old)
    assert None in lake.rows(report["files"][0]["key"])[0]


def test_a_file_that_is_not_there_fails_the_run_and_no_other_try_would_help(lake):
    lake.add(small(1))
    with pytest.raises(Exception, match="gone"):
        lake.compact([*lake.files, {"key": "old/gone.parquet", "bytes": 1}])
    assert lake.store.read_json(REPORT_URI)["failure"]["transient"] is False


def test_a_new_file_that_differs_is_not_stored(lake, monkeypatch):
    lake.add(small(1))
    lake.add(small(2))
    copy = duckdb_engine._copy_sql
    monkeypatch.setattr(duckdb_engine, "_copy_sql", lambda *args: copy(*args).replace(") TO", " LIMIT 1) TO"))
    with pytest.raises(ValuesDiffer, match="rows 2 became 1"):
        lake.compact()
    assert lake.store.keys("silver") == ["old/0.parquet", "old/1.parquet"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ("SELECT * FROM t WHERE a < 3", "rows"),
        ("SELECT * FROM t UNION ALL SELECT * FROM t WHERE a = 3", "rows"),
        ("SELECT a, CASE a WHEN 1 THEN 'y' WHEN 2 THEN 'x' ELSE b END AS b, c FROM t", "all values"),
        ("SELECT a, b, CASE WHEN a = 2 THEN NULL ELSE c END AS c FROM t", "c: count"),
        ("SELECT a, b, CASE WHEN a = 2 THEN c + 0.5 ELSE c END AS c FROM t", "c: sum"),
        ("SELECT CASE WHEN a = 3 THEN 9 ELSE a END AS a, b, c FROM t", "keys"),
    ],
)
def test_every_change_of_a_value_is_seen(changed, told):
    db = duckdb.connect()
    db.execute(
        "CREATE TABLE t AS FROM (VALUES (1, 'x', 1.5::DOUBLE), (2, 'y', 2.5), (3, 'z', 3.5)) v(a, b, c)"
    )
    columns = columns_of(db, "t")
    before = measure(db, "t", columns, ["a"])
    check_same(before, measure(db, "(SELECT * FROM t ORDER BY a DESC)", columns, ["a"]))
    with pytest.raises(ValuesDiffer, match=told):
        check_same(before, measure(db, f"({changed})", columns, ["a"]))


@pytest.mark.parametrize(
    "change", [{"groups": []}, {"pending_prefix": "entity=market_data/"}, {"engine": "polars"}]
)
def test_a_plan_that_breaks_its_format_is_refused(lake, change):
    lake.add(small(1))
    with pytest.raises(PlanError):
        lake.compact(**change)
