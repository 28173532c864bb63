"""The export of an edition: every dataset of the lane's domains, counted against its mart."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode

from containers.dbt.gold_files import Exporter, exporting, remember, remembered
from containers.dbt.gold_months import Export
from containers.dbt.graph import dataset_columns, dataset_models
from containers.dbt.plan import BuildPlan
from containers.dbt.project import Project
from containers.dbt.state import STORAGE_ERRORS
from containers.dbt.timing import stopwatch
from jobs.failures import shortened
from jobs.task.log import log
from jobs.task.storage import Storage, split_uri


class ExportError(RuntimeError):
    """The files of an edition do not hold what the mart holds, so the edition must not be published."""


def edition_location(plan: BuildPlan, model: ModelNode) -> str:
    """The folder of one dataset of this edition, with a slash at its end."""
    path = f"domain={model.group}/dataset={model.name}/version={model.version}/edition={plan.edition}/"
    return f"s3://{plan.gold_bucket}/{path}"


def export_edition(
    connection: duckdb.DuckDBPyConnection, storage: Storage, project: Project, plan: BuildPlan
) -> None:
    """Brings every dataset into the edition's folders. Raises ExportError when DuckDB or S3 cannot."""
    connection.execute("set preserve_insertion_order = false")
    files, cpu_seconds = [], {}
    timed = stopwatch({}, cpu_seconds)
    try:
        with TemporaryDirectory(dir=project.working_directory) as folder, exporting() as pool:
            exporter = Exporter(connection, storage, Path(folder), pool, remembered(connection))
            for model in dataset_models(project.manifest, plan.domains):
                with timed(model.unique_id):
                    copied, written = exporter.export(_export(plan, model))
                files += [*copied, *written]
                counts = {"copied": len(copied), "written": len(written)}
                log("exported", dataset=model.name, **counts, cpu_seconds=cpu_seconds[model.unique_id])
    except (duckdb.Error, *STORAGE_ERRORS) as error:
        raise ExportError(f"the export did not finish: {shortened(str(error))}") from error
    remember(connection, files)


def _export(plan: BuildPlan, model: ModelNode) -> Export:
    location = edition_location(plan, model)
    home = location.rpartition("edition=")[0]
    return Export(model.name, model.relation_name, model.config.meta["partition_date"], location, home)


def reconcile_edition(connection: duckdb.DuckDBPyConnection, project: Project, plan: BuildPlan) -> list[dict]:
    """The datasets of the report. Raises ExportError when a dataset's files and its mart differ in rows."""
    datasets = []
    for model in dataset_models(project.manifest, plan.domains):
        rows_written = connection.execute(
            # Two schema versions of a dataset have one name, and a folder each.
            "select uri, rows, bytes from sluice.gold_files where starts_with(uri, ?) order by uri",
            [edition_location(plan, model)],
        ).fetchall()
        files = [{"key": split_uri(uri)[1], "rows": rows, "bytes": size} for uri, rows, size in rows_written]
        rows_in_mart = connection.execute(f"select count(*) from {model.relation_name}").fetchone()[0]
        rows_in_files = sum(file["rows"] for file in files)
        if rows_in_files != rows_in_mart:
            raise ExportError(
                f"{model.name}: {rows_in_files} rows were exported, the mart has {rows_in_mart}"
            )
        datasets.append(
            {
                "domain": model.group,
                "dataset": model.name,
                "version": int(model.version),
                "location": edition_location(plan, model),
                "columns": [{k: c[k] for k in ("name", "glue_type")} for c in dataset_columns(model)],
                "partitions": _partitions(files),
                "rows": rows_in_mart,
                "files": files,
            }
        )
    return datasets


def count_models(connection: duckdb.DuckDBPyConnection, manifest: Manifest, models: list[dict]) -> None:
    """Notes with each model of the report how many rows it has now, None for a view.

    To count a view is to compute it, over all of the history, however little is new.
    """
    nodes = {node.name: node for node in manifest.nodes.values()}
    for model in models:
        node = nodes[model["model"]]
        if node.config.materialized != "view":
            model["rows"] = connection.execute(f"select count(*) from {node.relation_name}").fetchone()[0]


def _partitions(files: list[dict]) -> list[dict]:
    """The range of each partition column over the files, empty for an empty dataset."""
    partitions = []
    for name in ("year", "month"):
        values = sorted(
            part.partition("=")[2]
            for file in files
            for part in file["key"].split("/")
            if part.startswith(f"{name}=")
        )
        if values:
            partitions.append({"name": name, "min": values[0], "max": values[-1]})
    return partitions
