"""The sources of one build, as views over exactly the silver files of the runs that it has to read."""

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

    runs: tuple[SilverRun, ...]
    files: int
    rows: int
    # How many of the runs no good build has read before.
    fresh: int


class FilesUnknown(RuntimeError):
    """The database holds runs whose files it does not know, so it cannot be built anew from this plan."""


def runs_to_read(
    plan: BuildPlan, built: dict[str, dict[str, SilverRun | None]], read_everything: bool
) -> dict[str, list[SilverRun]]:
    """By entity of the plan: its runs that are not merged yet, or with `read_everything` all that there are.

    Raises FilesUnknown when all are asked for and neither plan nor database knows the files of one.
    """
    reading = {}
    for entity, listed in sorted(plan.silver.items()):
        merged = built.get(entity, {})
        if not read_everything:
            reading[entity] = [run for run in listed if run.run_id not in merged]
            continue
        known = {**merged, **{run.run_id: run for run in listed}}
        lost = sorted(run_id for run_id, run in known.items() if run is None)
        if lost:
            raise FilesUnknown(
                "everything is to be built anew, but the database does not know the files of"
                f" {len(lost)} runs of {entity} ({', '.join(lost[:3])}): give a plan that lists every run"
            )
        reading[entity] = [run for run in known.values() if run is not None]
    return reading


def prepare_silver(
    connection: duckdb.DuckDBPyConnection,
    reading: dict[str, list[SilverRun]],
    contracts: Path,
    built: dict[str, dict[str, SilverRun | None]],
) -> dict[str, SilverInput]:
    """Makes lake_silver.<entity> over the files of the runs, and sluice.plan_runs, which lists the runs."""
    connection.execute(
        "create or replace table sluice.plan_runs (entity varchar, run_id varchar, is_new boolean)"
    )
    inputs = {}
    for entity, runs in reading.items():
        files = sorted({file for run in runs for file in run.files})
        # A file that compaction has made bears no run's name, and holds rows of other runs too.
        shared = any(run.run_id not in file for run in runs for file in run.files)
        _create_view(connection, entity, _columns(contracts, entity), files, shared)
        connection.execute(
            "insert into sluice.plan_runs select ?, unnest(?::varchar[]), true",
            [entity, [run.run_id for run in runs]],
        )
        rows = _note_arrival(connection, entity)
        fresh = sum(run.run_id not in built.get(entity, {}) for run in runs)
        inputs[entity] = SilverInput(tuple(runs), len(files), rows, fresh)
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
    connection: duckdb.DuckDBPyConnection,
    entity: str,
    columns: list[tuple[str, str]],
    files: list[str],
    shared: bool,
) -> None:
    """The empty typed half gives a source without files its columns, and old files the newer columns."""
    typed = ", ".join(f'cast(null as {DUCKDB_TYPES.get(kind, kind)}) as "{name}"' for name, kind in columns)
    query = f"select {typed} where false"
    if files:
        listed = ", ".join(f"'{file}'" for file in files)
        query += f" union all by name select * from read_parquet([{listed}], union_by_name = true,"
        query += " hive_partitioning = false)"
        if shared:
            query += f" where _run_id in (select run_id from sluice.plan_runs where entity = '{entity}')"
    connection.execute(f"create or replace view lake_silver.{entity} as {query}")
