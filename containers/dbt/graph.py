"""The lanes of the dbt project, computed from its manifest: `python -m containers.dbt.graph [--check]`.

A lane is a connected component of the model graph: domains that share a model or a source share a lane, so
that two builds never touch one relation. A domain is a dbt group; its datasets are its public models.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode

from containers.dbt.plan import BuildPlan
from containers.dbt.project import PROJECT, keep_parse_state, load_manifest
from containers.dbt.promises import promises
from jobs.task.plan import PlanError

GRAPH = PROJECT / "graph.json"
DATA_SOURCE = "lake"
EDITION_COLUMN = {
    "name": "_edition",
    "type": "varchar",
    "glue_type": "string",
    "description": "The edition that this row was published with; rows of two never belong together.",
}
# Tests that say by which columns a row is known, and where each names them; the first kind there is counts.
UNIQUE_TESTS = {"expect_compound_columns_to_be_unique": "column_list", "unique": "column_name"}
GLUE_TYPES = {"varchar": "string", "integer": "int", "timestamp(6)": "timestamp"}
GLUE_NATIVE = re.compile(r"(bigint|double|boolean|date|decimal\(\d+,\d+\))\Z")


def glue_type(sql_type: str) -> str:
    """The Glue name of a contract's SQL type. Raises ValueError for a type that gold does not use."""
    plain = sql_type.replace(" ", "").lower()
    if plain in GLUE_TYPES:
        return GLUE_TYPES[plain]
    if GLUE_NATIVE.match(plain):
        return plain
    raise ValueError(f"no Glue type is known for {sql_type}")


def dataset_models(manifest: Manifest, domains: tuple[str, ...] | None = None) -> list[ModelNode]:
    """The models that are published as gold, of the given domains or of all, by name."""
    models = [
        node
        for node in manifest.nodes.values()
        if isinstance(node, ModelNode) and node.group and node.access == "public"
    ]
    return sorted(
        (node for node in models if domains is None or node.group in domains), key=lambda node: node.name
    )


def dataset_columns(model: ModelNode) -> list[dict[str, str]]:
    """Name, SQL type, Glue type and description of each exported column, in the order of the contract."""
    columns = [
        {
            "name": column.name,
            "type": column.data_type,
            "glue_type": glue_type(column.data_type),
            "description": _one_line(column.description),
        }
        for column in model.columns.values()
    ]
    return [*columns, EDITION_COLUMN]


def lane_graph(manifest: Manifest) -> dict:
    """The content of graph.json: lanes with their domains, source entities and datasets, all sorted."""
    models = dataset_models(manifest)
    reach = {model.unique_id: _ancestors(manifest, model.unique_id) for model in models}
    lanes = []
    for members in _components(reach):
        chosen = [model for model in models if model.unique_id in members]
        domains = sorted({model.group for model in chosen})
        upstream = set().union(*(reach[member] for member in members))
        lanes.append(
            {
                "lane": "+".join(domains),
                "domains": domains,
                "sources": sorted(
                    manifest.sources[node].name for node in upstream if node in manifest.sources
                ),
                "datasets": [_dataset(manifest, model) for model in chosen],
                **promises(manifest, chosen),
            }
        )
    return {"lanes": sorted(lanes, key=lambda lane: lane["lane"])}


def check_lane(manifest: Manifest, plan: BuildPlan) -> None:
    """Raises PlanError when the planner and this image disagree on what a lane is."""
    for lane in lane_graph(manifest)["lanes"]:
        if lane["domains"] == sorted(plan.domains):
            if set(lane["sources"]) == set(plan.silver):
                return
            raise PlanError(f"silver must name {', '.join(lane['sources'])}")
    raise PlanError(f"{', '.join(plan.domains)} is no lane of this project")


def dataset_key(manifest: Manifest, model: ModelNode) -> list[str]:
    """The columns that a row of a dataset is known by: those that a test of its model holds unique."""
    found = {}
    for node in manifest.nodes.values():
        test = getattr(node, "test_metadata", None)
        if test and getattr(node, "attached_node", None) == model.unique_id and test.name in UNIQUE_TESTS:
            given = test.kwargs.get(UNIQUE_TESTS[test.name])
            found.setdefault(test.name, []).append([given] if isinstance(given, str) else list(given))
    # Several are unique each: the first by name is as good as any, and stays the same from build to build.
    return next((sorted(found[name])[0] for name in UNIQUE_TESTS if name in found), [])


def _dataset(manifest: Manifest, model: ModelNode) -> dict:
    return {
        "domain": model.group,
        "dataset": model.name,
        "version": int(model.version),
        "description": _one_line(model.description),
        "grain": model.config.meta["grain"],
        "key": dataset_key(manifest, model),
        "columns": dataset_columns(model),
    }


def _ancestors(manifest: Manifest, unique_id: str) -> set[str]:
    """The node and all that it is made from, but for the plan's own table: all read it, it joins nothing."""
    found, waiting = set(), [unique_id]
    while waiting:
        node = waiting.pop()
        if node in found:
            continue
        if node in manifest.sources:
            if manifest.sources[node].source_name == DATA_SOURCE:
                found.add(node)
            continue
        found.add(node)
        waiting.extend(manifest.nodes[node].depends_on_nodes)
    return found


def _components(reach: dict[str, set[str]]) -> list[set[str]]:
    """Models whose ancestors overlap, directly or through others, fall into one set."""
    components: list[tuple[set[str], set[str]]] = []
    for model, nodes in reach.items():
        touching = [component for component in components if component[1] & nodes]
        members = {model}.union(*(component[0] for component in touching))
        covered = nodes.union(*(component[1] for component in touching))
        components = [component for component in components if component not in touching]
        components.append((members, covered))
    return [members for members, _ in components]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def render(manifest: Manifest) -> str:
    """graph.json as it is committed."""
    return json.dumps(lane_graph(manifest), indent=2) + "\n"


def main(arguments: list[str] | None = None, path: Path = GRAPH) -> int:
    """Writes graph.json; with --check only compares, and answers 1 when the committed file is stale."""
    arguments = sys.argv[1:] if arguments is None else arguments
    kept = keep_parse_state("duckdb")
    manifest, _ = load_manifest("duckdb", kept)
    fresh = render(manifest)
    if "--check" in arguments:
        if path.read_text() == fresh:
            return 0
        print("dbt_project/graph.json is stale: run `python -m containers.dbt.graph`", file=sys.stderr)
        return 1
    path.write_text(fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main())
