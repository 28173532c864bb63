"""What others load: the RAW tables of the warehouse, as views over the Parquet files that stand for them.

On DuckDB a lane's database travels through S3 and only its own build may write it, so a loader cannot put
rows into it. It writes Parquet below `<raw_uri><table>/` instead, as Airbyte's S3 destination does, and each
build reads what lies there. On Snowflake the same dbt sources are the tables of the schema RAW.
"""

from __future__ import annotations

import duckdb
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import SourceDefinition

from containers.dbt.graph import dataset_models
from containers.dbt.plan import BuildPlan
from jobs.task.log import log
from jobs.task.plan import PlanError

RAW_SOURCE = "raw"


def raw_tables(manifest: Manifest, domains: tuple[str, ...]) -> list[SourceDefinition]:
    """The RAW tables from which the domains' datasets are made, by name."""
    found, waiting = set(), [model.unique_id for model in dataset_models(manifest, domains)]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += manifest.nodes[node].depends_on_nodes if node in manifest.nodes else []
    tables = [manifest.sources[node] for node in found if node in manifest.sources]
    return sorted(
        (table for table in tables if table.source_name == RAW_SOURCE), key=lambda table: table.name
    )


def prepare_raw(connection: duckdb.DuckDBPyConnection, manifest: Manifest, plan: BuildPlan) -> None:
    """Makes raw.<table> for the lane; a table without files has its columns and no row. Raises PlanError."""
    tables = raw_tables(manifest, plan.domains)
    if not tables:
        return
    if plan.raw_uri is None:
        raise PlanError("raw_uri must say where the RAW tables of this lane lie")
    connection.execute(f"create schema if not exists {RAW_SOURCE}")
    for table in tables:
        pattern = f"{plan.raw_uri}{table.identifier}/*.parquet"
        files = connection.execute("select count(*) from glob(?)", [pattern]).fetchone()[0]
        connection.execute(f"create or replace view {RAW_SOURCE}.{table.identifier} as {_query(table)}")
        if files:
            connection.execute(
                f"create or replace view {RAW_SOURCE}.{table.identifier} as {_query(table)} union all by name"
                f" select * from read_parquet('{pattern}', union_by_name = true, hive_partitioning = false)"
            )
        log("raw", table=table.identifier, files=files)


def _query(table: SourceDefinition) -> str:
    """The typed columns of the project and no row: loaders leave out columns that are empty everywhere."""
    columns = ", ".join(
        f'cast(null as {column.data_type}) as "{name}"' for name, column in table.columns.items()
    )
    return f"select {columns} where false"


RawState = dict[str, tuple[int, str | None]]


def read_raw(connection: duckdb.DuckDBPyConnection, manifest: Manifest, plan: BuildPlan) -> RawState:
    """Makes the lane's RAW tables and answers their state. Raises PlanError."""
    prepare_raw(connection, manifest, plan)
    return raw_state(connection, manifest, plan)


def raw_state(connection: duckdb.DuckDBPyConnection, manifest: Manifest, plan: BuildPlan) -> RawState:
    """By RAW table of the lane its number of rows and when the newest was loaded, as the database says it."""
    state = {}
    for table in raw_tables(manifest, plan.domains):
        columns = [column for column in plan.refresh_columns if column in table.columns]
        newest = f"greatest({', '.join(f'max({column})' for column in columns)})" if columns else "null"
        relation = f"{RAW_SOURCE}.{table.identifier}"
        state[table.identifier] = connection.execute(
            f"select count(*), ({newest})::varchar from {relation}"
        ).fetchone()
    return state
