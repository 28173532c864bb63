"""A database follows its silver to the files into which compaction has moved it."""

import duckdb
import pytest

from containers.dbt import database
from containers.dbt.compacted import follow, moved_run
from containers.dbt.plan import MovedDay, MovedFile, SilverRun
from containers.dbt.project import CONTRACTS
from containers.dbt.silver import prepare_silver

FOLDER = "s3://silver/entity=market_data/year=2026/month=03/day={day}/market_data_{name}.parquet"


def file(day: str, name: str) -> str:
    return FOLDER.format(day=day, name=name)


NEW = file("02", "c1-0")
MOVED = MovedDay("2026/03/02", 3, (MovedFile(NEW, 1, 2), MovedFile(file("02", "r3-0"), 3, 3)))


@pytest.mark.parametrize(
    ("run", "files"),
    [
        (SilverRun("r1", (file("02", "r1-0"), file("02", "r1-1")), 1), (NEW,)),
        (SilverRun("r2", (file("01", "r2-0"), file("02", "r2-1")), 2), (file("01", "r2-0"), NEW)),
        (SilverRun("r3", (file("02", "r3-0"),), 3), (file("02", "r3-0"),)),
        (SilverRun("r4", (file("02", "r4-0"),), 4), (file("02", "r4-0"),)),
        # From before runs had numbers, which is before the first compaction.
        (SilverRun("r0", (file("02", "r0-0"),)), (NEW, file("02", "r3-0"))),
    ],
)
def test_a_run_lies_where_the_snapshots_of_its_days_say(run, files):
    after = moved_run(run, [MOVED])
    assert after.files == files
    assert moved_run(after, [MOVED]) == after


def test_the_database_remembers_it(tmp_path):
    with database.open_database(tmp_path / "lake.duckdb", with_s3=False) as connection:
        runs = [SilverRun("r1", (file("02", "r1-0"),), 1), SilverRun("r4", (file("02", "r4-0"),), 4)]
        database.record_build(connection, "p", {"market_data": runs})
        follow(connection, database.built_runs(connection), {"market_data": (MOVED,)})
        known = database.built_runs(connection)["market_data"]
        assert known["r1"] == SilverRun("r1", (NEW,), 1)
        assert known["r4"] == runs[1]


def test_a_build_reads_the_rows_of_its_runs_only_from_a_file_that_holds_others(tmp_path):
    path = tmp_path / "c1-0.parquet"
    reading = {"market_data": [SilverRun("r2", (str(path),), 2)]}
    rows = "('r1', 'A'), ('r2', 'B')"
    columns = "r AS _run_id, s AS symbol, TIMESTAMPTZ '2026-03-02 00:00:00+00' AS _ingested_at"
    duckdb.execute(f"COPY (SELECT {columns} FROM (VALUES {rows}) v(r, s)) TO '{path}' (FORMAT parquet)")
    with database.open_database(tmp_path / "lake.duckdb", with_s3=False) as connection:
        inputs = prepare_silver(connection, reading, CONTRACTS, {})
        assert inputs["market_data"].rows == 1
        assert connection.execute("SELECT symbol FROM lake_silver.market_data").fetchall() == [("B",)]
