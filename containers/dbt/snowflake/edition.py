"""An edition on Snowflake: a clone of the schema that people read, built and tested, then swapped with it.

A clone costs no copy, and holds what incremental models add to. The swap is one statement, so a reader sees
the old schema or the new one, each whole. A table in the schema names its edition; it is cloned and swapped
with the rest.

Two attempts at one lane can be alive at once, one of them forgotten. Each makes its clone first, then drops
every other; so at most one keeps its clone, and without one nobody swaps. Whoever finds that the schema was
swapped meanwhile stands on an old clone, and stops.

Sources: Snowflake's reference of CREATE SCHEMA ... CLONE (a clone has the grants of what is in the schema,
not those of the schema), ALTER SCHEMA ... SWAP WITH (contents, metadata and grants, as one operation).
"""

from __future__ import annotations

import re

from containers.dbt.snowflake.account import Run

MARK = "SLUICE_EDITION"
WORK = "__BUILD_"
READ_KINDS = ("TABLES", "VIEWS")


class Overtaken(Exception):
    """Another attempt at the lane was faster: this one stands on what was read before."""


class WarehouseEdition:
    """One edition of a lane, in the schema `live` for readers and in `work` while it is built."""

    def __init__(self, run: Run, database: str, lane: str, edition: str, readers: str | None = None) -> None:
        self._run, self._database, self._readers = run, database.upper(), readers
        self.edition = edition
        self.live = _word(lane)
        self.work = f"{self.live}{WORK}{_word(edition)}"

    def shown(self, schema: str | None = None) -> str | None:
        """The edition that readers see, or that another schema holds; None before the first."""
        schema = schema or self.live
        tables = f"{self._database}.information_schema.tables"
        found = self._run(
            f"select count(*) from {tables} where table_schema = '{schema}' and table_name = '{MARK}'"
        )
        return self._run(f"select edition from {self._named(schema)}.{MARK}")[0][0] if found[0][0] else None

    def begin(self) -> None:
        """Makes the clone to build on, and drops those of other attempts. Raises Overtaken."""
        self._run(f"create schema if not exists {self._named(self.live)}")
        self._run(f"create or replace schema {self._named(self.work)} clone {self._named(self.live)}")
        for stale in self._clones():
            if stale != self.work:
                self._run(f"drop schema if exists {self._named(stale)} cascade")
        if self.shown(self.work) != self.shown():
            raise Overtaken("another attempt has published while this one made its clone")

    def publish(self) -> None:
        """Shows what was built to everybody at once; what was shown before goes. The gate has passed."""
        work, live = self._named(self.work), self._named(self.live)
        self._run(f"create or replace table {work}.{MARK} as select '{self.edition}' as edition")
        if self._readers:
            # A clone has no grants of the schema's own, and a table that dbt makes anew has none at all.
            self._run(f"grant usage on schema {work} to role {self._readers}")
            for kind in READ_KINDS:
                self._run(f"grant select on all {kind} in schema {work} to role {self._readers}")
        self._run(f"alter schema {live} swap with {work}")
        self.abandon()

    def abandon(self) -> None:
        """Drops the clone: an unfinished one, or after the swap what was shown before. Repeatable."""
        self._run(f"drop schema if exists {self._named(self.work)} cascade")

    def _clones(self) -> list[str]:
        rows = self._run(
            f"select schema_name from {self._database}.information_schema.schemata"
            f" where startswith(schema_name, '{self.live}{WORK}')"
        )
        return [name for (name,) in rows]

    def _named(self, schema: str) -> str:
        return f"{self._database}.{schema}"


def _word(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII).upper()
