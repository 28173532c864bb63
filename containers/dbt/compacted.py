"""What compaction did to silver since a database was built: its runs are read from other files now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import duckdb

from containers.dbt.plan import MovedDay, SilverRun

DAY = re.compile(r"/year=(\d{4})/month=(\d{2})/day=(\d{2})/")


def follow(
    connection: duckdb.DuckDBPyConnection,
    built: dict[str, dict[str, SilverRun | None]],
    moved: dict[str, tuple[MovedDay, ...]],
) -> dict[str, dict[str, SilverRun | None]]:
    """The runs of a database with the files that hold them now; the database remembers these."""
    changed = [
        (entity, after)
        for entity, days in moved.items()
        for run in built.get(entity, {}).values()
        if run is not None and (after := moved_run(run, days)) != run
    ]
    for entity, run in changed:
        built[entity][run.run_id] = run
        where = [list(run.files), entity, run.run_id]
        connection.execute("update sluice.built_runs set files = ? where entity = ? and run_id = ?", where)
    return built


def moved_run(run: SilverRun, days: Iterable[MovedDay]) -> SilverRun:
    """A run with the files of today. One without a number is older than the first compaction."""
    files = run.files
    for moved in days:
        own = [file for file in files if _day_of(file) == moved.day]
        if not own or (run.number or 0) > moved.up_to:
            continue
        now = [
            file.uri for file in moved.files if run.number is None or file.first <= run.number <= file.last
        ]
        files = tuple(dict.fromkeys([file for file in files if file not in own] + now))
    return replace(run, files=files)


def _day_of(uri: str) -> str | None:
    found = DAY.search(uri)
    return "/".join(found.groups()) if found else None
