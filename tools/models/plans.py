"""The plans of a trial's tasks, as a stage hands them to its containers."""

from __future__ import annotations

import json
from pathlib import Path

ZONES = ("bronze", "silver", "quarantine", "gold", "artifacts")


def bucket(zone: str) -> str:
    """The name of a zone's bucket; it is the same in every trial, since databases remember their files."""
    return f"sluice-trial-{zone}"


def cleanse_plan(tree: Path, entity: str, inputs: list[dict]) -> dict:
    """One cleanse of these landed files by the contract of a tree."""
    compiled = json.loads((tree / "contracts" / "compiled" / f"{entity}.json").read_text())
    run_id = f"cleanse-{entity}"
    return {
        **_head("cleanse", run_id),
        **{"entity": entity, "engine": "duckdb", "inputs": inputs},
        **{f"{zone}_bucket": bucket(zone) for zone in ("silver", "quarantine", "artifacts")},
        # Where it says that it is committed: nobody reads a trial's silver while it is written.
        "pending_prefix": f"entity={entity}/run={run_id}/",
        "quarantine_prefix_tail": f"run={run_id}/attempt=1/",
        "report_uri": f"{_artifacts(run_id)}report.json",
        "contract_version": compiled["version"],
    }


def build_plan(lane: dict, run_id: str, mode: str, silver: dict[str, list[dict]], **changes) -> dict:
    """One build of a lane of graph.json over this silver; without `changes` of all of it, from nothing."""
    return {
        **_head("build", run_id),
        **{"lane": lane["lane"], "domains": lane["domains"], "target": "duckdb", "mode": mode},
        **{"edition": f"{run_id}-1", "silver": silver, "database": {"uri": None}},
        "selectors": [f"+group:{domain}" for domain in lane["domains"]],
        "raw_uri": f"s3://{bucket('silver')}/raw",
        "database_out": f"s3://{bucket('artifacts')}/dbt/{run_id}.duckdb",
        "gold_bucket": bucket("gold"),
        "artifacts_prefix": _artifacts(run_id),
        **changes,
    }


def _head(kind: str, run_id: str) -> dict:
    about = {"version": 1, "kind": kind, "run_id": run_id, "attempt": 1, "correlation_id": run_id}
    return {**about, "stage": "dev"}


def _artifacts(run_id: str) -> str:
    return f"s3://{bucket('artifacts')}/runs/{run_id}/attempt=1/"
