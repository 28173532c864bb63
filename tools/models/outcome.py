"""What became of each node that a change selects: built or not, its rows before and after, its tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from jobs.failures import shortened
from tools.models.changes import BUILT, CHECKS, Selected

GOOD = ("passed", "unchanged")
PASSED, FAILED = ("pass", "warn"), ("fail", "error", "runtime error")
WORDS = {"success": "yes", "error": "failed", "skipped": "skipped"}


@dataclass(frozen=True)
class Node:
    """One selected model, seed or snapshot. `built` is in words; rows are None where there is no table."""

    name: str
    kind: str
    why: tuple[str, ...]
    built: str
    rows_before: int | None
    rows_after: int | None
    passed: int
    failed: int


@dataclass(frozen=True)
class Lane:
    """What one lane's build of a change came to; `error` says why it has no verdict, or what stopped it."""

    lane: str
    verdict: str
    error: str | None = None
    seconds: float = 0.0
    nodes: tuple[Node, ...] = ()
    failures: tuple[str, ...] = ()
    tests_run: int = 0

    @property
    def is_good(self) -> bool:
        return self.verdict in GOOD


def known(manifest: dict) -> dict[str, dict]:
    """All of a manifest that has a result of its own, by id: dbt keeps unit tests apart."""
    return {**manifest["nodes"], **manifest["unit_tests"]}


def nodes_of(
    selected: list[Selected], nodes: dict, results: list[dict], before: dict, after: dict
) -> tuple[Node, ...]:
    """Joins what was selected with dbt's results and the rows of each table, by the nodes' ids."""
    status = {row["unique_id"]: row["status"] for row in results}
    tests = _by_model(nodes, results)
    return tuple(
        Node(
            *(one.name, one.kind, one.why, _built(nodes, one, status)),
            *(before.get(one.node), after.get(one.node) if status.get(one.node) == "success" else None),
            *(sum(word in kind for word in tests.get(one.node, ())) for kind in (PASSED, FAILED)),
        )
        for one in selected
        if one.kind in BUILT
    )


def _built(nodes: dict, one: Selected, status: dict[str, str]) -> str:
    if one.node in status:
        return WORDS.get(status[one.node], status[one.node])
    made = nodes[one.node].get("config", {}).get("materialized")
    return "part of what reads it" if made == "ephemeral" else "no"


def _by_model(nodes: dict, results: list[dict]) -> dict[str, list[str]]:
    """The outcomes of the tests of each node; one that reads several is of the node that declares it."""
    found: dict[str, list[str]] = {}
    for row in results:
        node = nodes.get(row["unique_id"], {})
        if node.get("resource_type") in CHECKS:
            parents = [node.get("attached_node"), *node["depends_on"]["nodes"]]
            owner = next((parent for parent in parents if parent), row["unique_id"])
            found.setdefault(owner, []).append(row["status"])
    return found


def failures_of(nodes: dict, results: list[dict]) -> tuple[str, ...]:
    """A sentence for each node or test that failed, in the words of dbt."""
    return tuple(
        f"`{nodes[row['unique_id']]['name']}`: {shortened(' '.join((row['message'] or '').split()))}"
        for row in results
        if row["status"] in FAILED
    )


def tests_run(nodes: dict, results: list[dict]) -> int:
    """How many tests had an outcome, good or bad."""
    ended = [row for row in results if row["status"] in PASSED + FAILED]
    return sum(nodes.get(row["unique_id"], {}).get("resource_type") in CHECKS for row in ended)


def rows_of(database: Path, nodes: dict, chosen: list[str]) -> dict[str, int]:
    """The rows of each node's table in a database; a node without one is left out."""
    if not database.exists():
        return {}
    found = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for node in chosen:
            about = nodes.get(node)
            if not about:
                continue
            try:
                query = f'select count(*) from "{about["schema"]}"."{about["alias"]}"'
                found[node] = connection.execute(query).fetchone()[0]
            except duckdb.Error:
                # A view over files that are gone, or a table that nobody has built.
                continue
    return found


def report(lanes: list[Lane], base: str) -> str:
    """The outcome in Markdown, which goes before why each node was selected."""
    if not lanes:
        return ""
    lines = [
        "### Builds",
        "",
        f"On the sample data, against `{base[:12]}`; what did not change is deferred.",
        "",
    ]
    lines += ["| lane | verdict | tests run | seconds |", "|---|---|---:|---:|"]
    lines += [f"| {one.lane} | **{one.verdict}** | {one.tests_run} | {one.seconds:.0f} |" for one in lanes]
    for lane in lanes:
        lines += _lane(lane)
    return "\n".join(lines) + "\n\n"


def _lane(lane: Lane) -> list[str]:
    lines = [""]
    if lane.nodes:
        lines += ["| node | why | built | rows before | rows after | tests passed | failed |"]
        lines += ["|---|---|---|---:|---:|---:|---:|"]
        lines += [
            f"| `{one.name}` | {'; '.join(one.why)} | {one.built} | {_rows(one.rows_before)} |"
            f" {_rows(one.rows_after)} | {one.passed} | {one.failed} |"
            for one in lane.nodes
        ]
    lines += [f"- {failure}" for failure in lane.failures]
    if lane.error and not lane.failures:
        lines += ["```", lane.error, "```"]
    return lines


def _rows(rows: int | None) -> str:
    return "–" if rows is None else str(rows)
