"""The export of an edition: every dataset of the lane's domains, counted against its mart."""

from __future__ import annotations

import json

import duckdb
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode

from containers.dbt.graph import dataset_columns, dataset_models
from containers.dbt.plan import BuildPlan
from containers.dbt.project import Project
from jobs.task.storage import split_uri


class ExportError(RuntimeError):
    """The files of an edition do not hold what the mart holds, so the edition must not be published."""


def edition_location(plan: BuildPlan, model: ModelNode) -> str:
    """The folder of one dataset of this edition, with a slash at its end."""
    path = f"domain={model.group}/dataset={model.name}/version={model.version}/edition={plan.edition}/"
    return f"s3://{plan.gold_bucket}/{path}"


def export_edition(project: Project, plan: BuildPlan) -> None:
    """Copies every dataset into the edition's folders. Raises ExportError when dbt cannot."""
    exports = [
        {
            "dataset": model.name,
            "relation": model.relation_name,
            "date_column": model.config.meta["partition_date"],
            "location": edition_location(plan, model).rstrip("/"),
            "edition": plan.edition,
        }
        for model in dataset_models(project.manifest, plan.domains)
    ]
    result = project.invoke("run-operation", "export_gold", "--args", json.dumps({"exports": exports}))
    if not result.success:
        raise ExportError(f"the export did not finish: {result.exception or 'see dbt.log'}")


def reconcile_edition(connection: duckdb.DuckDBPyConnection, project: Project, plan: BuildPlan) -> list[dict]:
    """The datasets of the report. Raises ExportError when a dataset's files and its mart differ in rows."""
    datasets = []
    for model in dataset_models(project.manifest, plan.domains):
        rows_written = connection.execute(
            # Two schema versions of a dataset have one name, and a folder each.
            "select uri, rows_written, bytes from sluice.exported_files"
            " where dataset = ? and starts_with(uri, ?) order by uri",
            [model.name, edition_location(plan, model)],
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
    """Notes with each model of the report how many rows it has now."""
    relations = {node.name: node.relation_name for node in manifest.nodes.values()}
    for model in models:
        query = f"select count(*) from {relations[model['model']]}"
        model["rows"] = connection.execute(query).fetchone()[0]


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
