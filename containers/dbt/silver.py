"""The sources of one build, as views over exactly the silver files that its plan lists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from containers.dbt.plan import BuildPlan, SilverRun

# Silver's Glue types that DuckDB spells differently; the others have one name in both.
DUCKDB_TYPES = {"string": "varchar", "int": "integer", "timestamp": "timestamptz"}


@dataclass(frozen=True)
class SilverInput:
    """What one entity gives to one build. `rows` counts the rows of the files that are read."""

    new_runs: frozenset[str]
    files: int
    rows: int


def prepare_silver(
    connection: duckdb.DuckDBPyConnection,
    plan: BuildPlan,
    built: dict[str, set[str]],
    contracts: Path,
    read_everything: bool,
) -> dict[str, SilverInput]:
    """Makes lake_silver.<entity> and sluice.plan_runs; `read_everything` takes every listed run as new."""
    connection.execute(
        "create or replace table sluice.plan_runs (entity varchar, run_id varchar, is_new boolean)"
    )
    inputs = {}
    for entity, runs in sorted(plan.silver.items()):
        known = set() if read_everything else built.get(entity, set())
        new_runs = [run for run in runs if run.run_id not in known]
        files = sorted({file for run in new_runs for file in run.files})
        _create_view(connection, entity, _columns(contracts, entity), files)
        _list_runs(connection, entity, runs, {run.run_id for run in new_runs})
        rows = _note_arrival(connection, entity)
        inputs[entity] = SilverInput(frozenset(run.run_id for run in new_runs), len(files), rows)
    return inputs


def _note_arrival(connection: duckdb.DuckDBPyConnection, entity: str) -> int:
    """Keeps the newest landing time of all builds, which freshness asks for; answers the rows to read."""
    rows, newest = connection.execute(
        f"select count(*), max(_ingested_at)::varchar from lake_silver.{entity}"
    ).fetchone()
    connection.execute(
        "insert into sluice.arrivals values (?, ?::timestamptz) on conflict do update"
        " set newest_ingested_at = greatest(newest_ingested_at, excluded.newest_ingested_at)",
        [entity, newest],
    )
    return rows


def _columns(contracts: Path, entity: str) -> list[tuple[str, str]]:
    compiled = json.loads((contracts / f"{entity}.json").read_text())
    return [(column["name"], column["glue_type"]) for column in compiled["silver_columns"]]


def _create_view(
    connection: duckdb.DuckDBPyConnection, entity: str, columns: list[tuple[str, str]], files: list[str]
) -> None:
    """The empty typed half gives a source without files its columns, and old files the newer columns."""
    typed = ", ".join(f'cast(null as {DUCKDB_TYPES.get(kind, kind)}) as "{name}"' for name, kind in columns)
    query = f"select {typed} where false"
    if files:
        listed = ", ".join(f"'{file}'" for file in files)
        query += f" union all by name select * from read_parquet([{listed}], union_by_name = true,"
        query += " hive_partitioning = false)"
    connection.execute(f"create or replace view lake_silver.{entity} as {query}")


def _list_runs(
    connection: duckdb.DuckDBPyConnection, entity: str, runs: tuple[SilverRun, ...], new: set[str]
) -> None:
    rows = [(entity, run.run_id, run.run_id in new) for run in runs]
    if rows:
        connection.executemany("insert into sluice.plan_runs values (?, ?, ?)", rows)
