"""A build that goes on where an earlier attempt of the same work failed: dbt's retry, from S3.

What failed, what was skipped, the models of failed tests, and all that is made from those is built again, on
the database that the attempt left; the rest is kept, with the results of its tests.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
from dbt.contracts.graph.manifest import Manifest

from containers.dbt.inputs import Inputs
from containers.dbt.plan import BuildPlan
from containers.dbt.project import Project

# dbt's words for a node that needs nothing more.
DONE = {"success", "pass", "warn", "no-op"}
BUILT = ("model", "seed", "snapshot")


class NoRetry(Exception):
    """The sentence why everything is built instead."""


@dataclass
class Retry:
    """What is left to do: models and tests by unique id; `kept` are dbt's result rows of everything else.

    `inputs` is from what the earlier attempt built its nodes: others may have loaded more rows since.
    """

    of: str
    models: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    kept: list[dict] = field(default_factory=list)
    kept_models: set[str] = field(default_factory=set)
    inputs: dict[str, Inputs] = field(default_factory=dict)


def work_of(plan: BuildPlan, fingerprint: str) -> str:
    """A digest of all that decides what a build reads and makes: attempts that share it may share results."""
    silver = {entity: [asdict(run) for run in runs] for entity, runs in sorted(plan.silver.items())}
    asked = [plan.mode, sorted(plan.selectors), plan.order, plan.force]
    work = [fingerprint, plan.lane, plan.database_uri, *asked, silver]
    return hashlib.sha256(json.dumps(work).encode()).hexdigest()


def note_work(connection: duckdb.DuckDBPyConnection, work: str, inputs: dict[str, Inputs]) -> None:
    """Writes into the database whose half-done work it holds, and from what, for an attempt that goes on."""
    connection.execute(
        "create or replace table sluice.attempt as select ? as work, ? as inputs", [work, json.dumps(inputs)]
    )


def check_work(connection: duckdb.DuckDBPyConnection, work: str) -> dict[str, Inputs]:
    """From what the earlier attempt built. Raises NoRetry unless it was one at the same work."""
    try:
        row = connection.execute("select work, inputs from sluice.attempt").fetchone()
    except (duckdb.CatalogException, duckdb.BinderException):
        row = None
    if row is None or row[0] != work:
        raise NoRetry("the earlier attempt had another state, other silver, selectors or another project")
    return json.loads(row[1])


def read_results(path: Path) -> list[dict]:
    """The rows of a run_results.json, the last one of each node. Raises NoRetry when it is none."""
    try:
        rows = json.loads(path.read_text())["results"]
        return list({row["unique_id"]: row for row in rows if row["status"]}.values())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoRetry(f"the run results of the earlier attempt are unreadable: {error!r}"[:300]) from error


def plan_retry(
    of: str, manifest: Manifest, results: list[dict], inputs: dict[str, Inputs] | None = None
) -> Retry:
    """Sorts the nodes of an earlier attempt into what is done again and what is kept."""
    manifest.build_parent_and_child_maps()
    known = {row["unique_id"]: row for row in results if row["unique_id"] in manifest.nodes}
    undone = [manifest.nodes[node] for node, row in known.items() if row["status"] not in DONE]
    first = {node.unique_id for node in undone if node.resource_type in BUILT}
    for test in (node for node in undone if node.resource_type == "test"):
        if known[test.unique_id]["status"] == "fail":
            first.update(_tested(manifest, test))
    retry = Retry(of, models=_descendants(manifest, first & known.keys(), known), inputs=inputs or {})
    retry.tests = {node.unique_id for node in undone if node.resource_type == "test"}
    for node, row in known.items():
        parents = set(manifest.nodes[node].depends_on_nodes)
        if node in retry.models or node in retry.tests:
            continue
        if manifest.nodes[node].resource_type in BUILT:
            retry.kept_models.add(node)
        elif parents & retry.models:
            # It passed, on rows that are made again; it comes along with its model.
            continue
        retry.kept.append(row)
    return retry


def _tested(manifest: Manifest, test) -> list[str]:
    """The model that a test is written for; all that it reads for one that stands by itself."""
    attached = getattr(test, "attached_node", None)
    chosen = [attached] if attached in manifest.nodes else test.depends_on_nodes
    return [node for node in chosen if node in manifest.nodes]


def _descendants(manifest: Manifest, first: set[str], within: dict) -> set[str]:
    """The nodes and all that are made from them, as far as the earlier attempt had them to build."""
    found, waiting = set(), sorted(first)
    while waiting:
        node = waiting.pop()
        if node in found:
            continue
        found.add(node)
        children = manifest.child_map.get(node, [])
        waiting += [c for c in children if c in within and manifest.nodes[c].resource_type in BUILT]
    return found


def retried(retry: Retry | None, project: Project) -> dict | None:
    """`retried` of the report: names of the models that were built again and of those that were kept."""
    if retry is None:
        return None
    name = {node.unique_id: node.name for node in project.manifest.nodes.values()}
    return {
        "of": retry.of,
        "built": sorted(name[node] for node in retry.models),
        "kept": sorted(name[node] for node in retry.kept_models),
    }
