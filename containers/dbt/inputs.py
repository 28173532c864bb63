"""What each model was built from, so that one whose inputs are the same is not built again.

A build that builds a model gives it the name of its edition; a model's inputs are these names of what it
reads, and for a source a word that changes with what is in it. They are kept in the lane's database, which is
only stored when all was good: so "built" always means "built by the last good build that had to".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from containers.dbt.graph import DATA_SOURCE
from containers.dbt.selection import Selection
from containers.dbt.warehouse import RAW_SOURCE, RawState

Inputs = dict[str, str]


@dataclass(frozen=True)
class Built:
    """By which edition a node was built last, and from what."""

    edition: str
    inputs: Inputs


@dataclass
class Choice:
    """What a build does with each selected node: builds it or leaves it, with the reason why."""

    builds: dict[str, str] = field(default_factory=dict)
    leaves: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Inputs] = field(default_factory=dict)


def choose(
    selection: Selection,
    selected: set[str],
    known: dict[str, Built],
    sources: Inputs,
    edition: str,
    regardless: dict[str, str],
) -> Choice:
    """Decides from parent to child; `regardless` are nodes that are built in any case, with the reason why.

    A node that is not selected stays as it is, however old: what is built reads it as it is.
    """
    choice = Choice()
    for node in selection.lane:
        if node not in selected:
            continue
        inputs = {
            parent: edition if parent in choice.builds else _version(parent, known, sources)
            for parent in selection.parents(node)
            if _counts(selection, parent)
        }
        why = regardless.get(node) or _why(selection, inputs, known.get(node))
        if why:
            choice.builds[node], choice.inputs[node] = why, inputs
        else:
            choice.leaves[node] = f"nothing that it reads has changed since edition {known[node].edition}"
    return choice


def _version(parent: str, known: dict[str, Built], sources: Inputs) -> str:
    return known[parent].edition if parent in known else sources.get(parent, "")


def _counts(selection: Selection, parent: str) -> bool:
    """The plan's own tables are in every build anew, and say nothing that their sources do not."""
    source = selection.manifest.sources.get(parent)
    return source is None or source.source_name in (DATA_SOURCE, RAW_SOURCE)


def awaits_silver(selection: Selection, node: str, before: Built | None, sources: Inputs) -> bool:
    """Whether a node that was built before reads silver that no good build has read."""
    read = [name for name in selection.parents(node) if name in selection.manifest.sources]
    silver = [name for name in read if selection.manifest.sources[name].source_name == DATA_SOURCE]
    return before is not None and any(before.inputs.get(name) != sources.get(name) for name in silver)


def _why(selection: Selection, inputs: Inputs, before: Built | None) -> str | None:
    if before is None:
        return "it was never built"
    changed = sorted(name for name in inputs.keys() | before.inputs.keys() if not _same(name, inputs, before))
    return _told(selection, changed[0], len(changed) - 1) if changed else None


def _same(name: str, inputs: Inputs, before: Built) -> bool:
    return inputs.get(name) == before.inputs.get(name)


def _told(selection: Selection, changed: str, others: int) -> str:
    source = selection.manifest.sources.get(changed)
    more = f" and {others} more" if others else ""
    if source:
        return f"new {'silver' if source.source_name == DATA_SOURCE else 'rows'} of {source.name}{more}"
    node = selection.manifest.nodes.get(changed)
    return f"{node.name if node else changed} was built{more}"


def source_versions(selection: Selection, silver: dict[str, Iterable[str]], raw: RawState) -> Inputs:
    """By source a word for what is in it: from its silver runs by id, or from rows and newest load of RAW."""
    versions = {}
    for unique_id, source in selection.manifest.sources.items():
        if source.source_name == DATA_SOURCE and source.name in silver:
            run_ids = sorted(silver[source.name])
            digest = hashlib.sha256("\n".join(run_ids).encode()).hexdigest()[:16]
            versions[unique_id] = f"{len(run_ids)} runs {digest}"
        if source.source_name == RAW_SOURCE and source.identifier in raw:
            count, newest = raw[source.identifier]
            versions[unique_id] = f"{count} rows {newest}"
    return versions


def known_inputs(connection: duckdb.DuckDBPyConnection) -> dict[str, Built]:
    """What the database says of the nodes that it holds, by unique id."""
    rows = connection.execute("select node, edition, inputs from sluice.built_from").fetchall()
    return {node: Built(edition, json.loads(inputs)) for node, edition, inputs in rows}


def note_inputs(connection: duckdb.DuckDBPyConnection, edition: str, inputs: dict[str, Inputs]) -> None:
    """Remembers what this build has built, from what."""
    for node, found in inputs.items():
        row = [node, edition, json.dumps(found, sort_keys=True)]
        connection.execute("insert or replace into sluice.built_from values (?, ?, ?)", row)
