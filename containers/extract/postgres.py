"""A PostgreSQL table, in the order of a column: first rows without a value in it, then what is new by it.

The server writes each row as JSON (`row_to_json`), so that numbers keep all digits and times their zone. One
read-only snapshot is walked with a server cursor: memory holds one page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pg8000.native import Connection

from containers.extract.boundary import Boundary
from containers.extract.dsn import connection_arguments
from containers.extract.errors import ExtractError
from containers.extract.pages import PAGE_BYTES_MAX, PAGE_ROWS, Page, Row
from containers.extract.plan import Window
from containers.extract.postgres_table import Table, read_table
from containers.extract.secret import Secret
from jobs.task.log import log

FETCH_ROWS = 500
# Each is how a value is spelled in JSON; a server's own defaults have no say in what bronze holds.
SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO'",
    "SET IntervalStyle = 'iso_8601'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 1",
    "SET standard_conforming_strings = on",
    "SET idle_in_transaction_session_timeout = 0",
)


class PostgresSource:
    """See Source. The secret is a connection string."""

    def __init__(self, _block: dict, secret: Secret) -> None:
        address = secret.url or secret.value
        if address is None:
            raise ExtractError("a PostgreSQL source needs a secret with its connection string")
        self.requests = 0
        self._connection = Connection(**connection_arguments(address))
        # A connection may wait long for its first row, while the server sorts.
        self._connection._usock.settimeout(None)
        for setting in SETTINGS:
            self._connection.run(setting)

    def boundary(self) -> Boundary:
        """PostgreSQL sorts, so the last row is the newest."""
        return Boundary(sorted_rows=True)

    def close(self) -> None:
        """See Source."""
        self._connection.close()

    def pages(
        self, entity: dict, starts: dict[str, Boundary], position: Any, window: Window | None
    ) -> Iterator[Page]:
        """See Source. `position` is {"phase", "cursor", "key"} of the last row that landed."""
        self._run("START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield from self._phases(entity, starts.get(""), position, window)
        self._run("ROLLBACK")

    def _phases(
        self, entity: dict, start: Boundary | None, position: Any, window: Window | None
    ) -> Iterator[Page]:
        table = read_table(self._connection, entity)
        if table.cursor is None:
            if window is not None:
                raise ExtractError(f"{entity['entity']} declares no cursor, so it cannot be asked for days")
            yield from self._walk(entity, table, "all", [], position)
            return
        if window is not None:
            yield from self._walk(entity, table, "newer", table.within(window), position)
            return
        if position is None or position["phase"] == "others":
            if table.cursor_nullable:
                yield from self._walk(entity, table, "others", [table.is_null()], position)
            position = None
        # Rows without a value were read already.
        newer = [f"NOT {table.is_null()}"]
        if start is not None and start.cursor is not None:
            newer = [table.since(start.cursor, entity.get("lookbackSeconds", 0))]
        yield from self._walk(entity, table, "newer", newer, position)

    def _walk(
        self, entity: dict, table: Table, phase: str, conditions: list[str], position: Any
    ) -> Iterator[Page]:
        has_cursor, count = phase == "newer", 0
        if position is not None:
            conditions = [*conditions, table.behind(position["cursor"], position["key"])]
        self._run(f"DECLARE walk NO SCROLL CURSOR FOR {table.select(conditions, has_cursor)}")
        for page in self._batches(entity.get("batchRows", PAGE_ROWS)):
            count += len(page)
            last = page[-1]
            place = {"phase": phase, "cursor": last[0], "key": list(last[1:-1])}
            yield Page([Row(_one_line(row[-1]), row[0]) for row in page], place)
        self._run("CLOSE walk")
        if phase == "others" and count:
            log("records_without_cursor", entity=entity["entity"], rows=count, field=table.cursor)

    def _batches(self, limit: int) -> Iterator[list]:
        """Rows of one page each: at most `limit`, and no fetch more once PAGE_BYTES_MAX is passed."""
        page: list = []
        size = 0
        while True:
            # Few rows at a time, since nobody knows how wide they are.
            fetched = self._run(f"FETCH {min(FETCH_ROWS, limit - len(page))} FROM walk")
            page += fetched
            size += sum(len(row[-1]) for row in fetched)
            if page and (not fetched or len(page) >= limit or size >= PAGE_BYTES_MAX):
                yield page
                page, size = [], 0
            if not fetched:
                return

    def _run(self, sql: str) -> list:
        self.requests += 1
        return self._connection.run(sql)


def _one_line(text: str) -> bytes:
    """A column of type json keeps the newlines between its tokens; inside a text JSON writes them as \\n."""
    return text.replace("\r", " ").replace("\n", " ").encode()
