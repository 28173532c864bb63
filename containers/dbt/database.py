"""The DuckDB file of a lane: it travels through S3 and remembers which silver runs it has merged."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

import duckdb

from containers.dbt.plan import SilverRun
from containers.dbt.s3_access import load_s3

# A small block keeps a young lane's file small; DuckDB's own default would give every column 256 KiB.
BLOCK_SIZE_BYTES = 16_384
# Fetching and storing more takes longer than a build should. What outgrows it fails, and a person divides
# the lane or moves it to a warehouse: docs/decisions/0039.
MAX_DATABASE_BYTES = 4 * 1024**3

STATE_TABLES = """
create schema if not exists lake_silver;
create schema if not exists sluice;
create table if not exists sluice.built_runs (
    entity varchar, run_id varchar, files varchar[], primary key (entity, run_id)
);
alter table sluice.built_runs add column if not exists files varchar[];
alter table sluice.built_runs add column if not exists number bigint;
create table if not exists sluice.project (fingerprint varchar);
create table if not exists sluice.built_from (node varchar primary key, edition varchar, inputs varchar);
drop table if exists sluice.raw_seen;
create table if not exists sluice.arrivals (entity varchar primary key, newest_ingested_at timestamptz);
"""


def create_database(path: Path) -> None:
    """Makes an empty database file."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as lake (block_size {BLOCK_SIZE_BYTES})")


@contextmanager
def open_database(path: Path, with_s3: bool = True):
    """A connection in UTC, closed at the end; dbt must not hold the file meanwhile."""
    connection = duckdb.connect(str(path))
    try:
        connection.execute("set TimeZone = 'UTC'")
        if with_s3:
            load_s3(connection)
        connection.execute(STATE_TABLES)
        yield connection
    finally:
        connection.close()


def built_runs(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, SilverRun | None]]:
    """The silver runs merged so far, by entity and id; None where an older image kept no files."""
    runs: dict[str, dict[str, SilverRun | None]] = {}
    remembered = connection.execute("select entity, run_id, files, number from sluice.built_runs").fetchall()
    for entity, run_id, files, number in remembered:
        run = None if files is None else SilverRun(run_id, tuple(files), number)
        runs.setdefault(entity, {})[run_id] = run
    return runs


def project_fingerprint(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The fingerprint of the project that built this database, None when nothing has built it yet."""
    row = connection.execute("select fingerprint from sluice.project").fetchone()
    return row[0] if row else None


def record_build(
    connection: duckdb.DuckDBPyConnection, fingerprint: str, runs: dict[str, Iterable[SilverRun]]
) -> None:
    """Remembers the project and adds runs, by entity, to those that the database holds."""
    connection.execute("begin")
    connection.execute("drop table if exists sluice.attempt")
    connection.execute("delete from sluice.project")
    connection.execute("insert into sluice.project values (?)", [fingerprint])
    for entity, added in runs.items():
        by_id = {run.run_id: run for run in added}
        ordered = [by_id[run_id] for run_id in sorted(by_id)]
        connection.execute(
            "insert or replace into sluice.built_runs (entity, run_id, files, number)"
            " select ?, unnest(?::varchar[]), unnest(?::varchar[][]), unnest(?::bigint[])",
            [
                entity,
                [run.run_id for run in ordered],
                [list(run.files) for run in ordered],
                [run.number for run in ordered],
            ],
        )
    connection.execute("commit")


def seal_database(path: Path) -> int:
    """Drops what belongs to one build only and writes everything into the file; answers its size in bytes.

    Raises OverflowError when the lane has outgrown this target.
    """
    with open_database(path, with_s3=False) as connection:
        connection.execute("drop schema lake_silver cascade")
        connection.execute("drop schema if exists raw cascade")
        connection.execute("drop table if exists sluice.plan_runs")
        connection.execute("checkpoint")
    size_bytes = path.stat().st_size
    if size_bytes > MAX_DATABASE_BYTES:
        raise OverflowError(f"the lane's database has {size_bytes} bytes, more than {MAX_DATABASE_BYTES}")
    return size_bytes
