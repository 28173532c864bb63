"""What PostgreSQL's catalog says of a table, and the SELECT that reads it in the order of cursor and key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pg8000.native import Connection, identifier, literal

from containers.extract.errors import ExtractError
from containers.extract.plan import Window

# Types whose values grow in an order that both sides agree on, as pg_type spells them.
TIMES = ("timestamp with time zone", "timestamp without time zone", "date")
CURSOR_TYPES = (*TIMES, "bigint", "integer", "smallint", "uuid", "text", "character varying", "numeric")
# The row's name in the statement: no column may have it, or it would stand for that column.
ROW = '"~row"'
COLUMNS = """
SELECT a.attname, pg_catalog.format_type(a.atttypid, NULL), a.attnotnull, t.table_name
FROM (SELECT to_regclass(:name) AS id, to_regclass(:name)::text AS table_name) t
JOIN pg_catalog.pg_attribute a ON a.attrelid = t.id AND a.attnum > 0 AND NOT a.attisdropped"""
KEY = """
SELECT a.attname FROM pg_catalog.pg_index i
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k (attnum, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = to_regclass(:name) AND i.indisprimary ORDER BY k.place"""


@dataclass(frozen=True)
class Table:
    """A table: its name as SQL, its cursor column if any, its key columns, and their types."""

    name: str
    cursor: str | None
    cursor_nullable: bool
    key: tuple[str, ...]
    types: dict[str, str]

    def select(self, conditions: list[str], has_cursor: bool) -> str:
        """The rows as JSON that the server itself writes, with cursor and key as text beside it."""
        columns = [_column(self.cursor) + "::text" if has_cursor and self.cursor else "NULL::text"]
        columns += [f"{_column(name)}::text" for name in self.key]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = [_column(name) for name in self.key]
        if has_cursor and self.cursor:
            order.insert(0, _column(self.cursor))
        select = f"SELECT {', '.join(columns)}, row_to_json({ROW})::text FROM {self.name} {ROW}"
        return f"{select}{where} ORDER BY {', '.join(order)}"

    def is_null(self) -> str:
        """The condition of rows that have no cursor value."""
        return f"{_column(self.cursor or '')} IS NULL"

    def since(self, value: str, lookback_seconds: int) -> str:
        """The condition of rows at and after a cursor value."""
        bound = self._value(self.cursor or "", value)
        if lookback_seconds:
            if self.types[self.cursor or ""] not in TIMES:
                raise ExtractError(f"{self.name}: lookbackSeconds needs a cursor that is a time")
            bound = f"{bound} - INTERVAL '{int(lookback_seconds)} seconds'"
        return f"{_column(self.cursor or '')} >= {bound}"

    def within(self, window: Window) -> list[str]:
        """The conditions of rows of a window."""
        if self.types[self.cursor or ""] not in TIMES:
            raise ExtractError(f"{self.name}: the cursor is no time, so it cannot be asked for days")
        column = _column(self.cursor or "")
        first, until = window.first.isoformat(), window.until.isoformat()
        return [
            f"{column} >= {self._value(self.cursor or '', first)}",
            f"{column} < {self._value(self.cursor or '', until)}",
        ]

    def behind(self, cursor: str | None, key: list[str]) -> str:
        """The condition of rows after one row, in the order of `select`."""
        names = [*([self.cursor] if cursor is not None and self.cursor else []), *self.key]
        values = [*([cursor] if cursor is not None else []), *key]
        left = ", ".join(_column(name) for name in names)
        right = ", ".join(self._value(name, value) for name, value in zip(names, values, strict=True))
        return f"ROW({left}) > ROW({right})"

    def _value(self, name: str, value: str) -> str:
        return f"CAST({literal(value)} AS {self.types[name]})"


def read_table(connection: Connection, entity: dict) -> Table:
    """What the catalog says. Raises ExtractError where the declared block does not fit it."""
    declared, cursor = entity["table"], entity.get("cursor")
    columns = connection.run(COLUMNS, name=declared)
    if not columns:
        raise ExtractError(f"there is no table {declared}, or the user may not see it")
    types = {name: kind for name, kind, _, _ in columns}
    filled = {name for name, _, required, _ in columns if required}
    if empty := [name for name in entity.get("key", ()) if name in types and name not in filled]:
        raise ExtractError(f"{declared}: the key column {empty[0]} may be NULL, so it cannot order rows")
    key = tuple(entity.get("key") or [row[0] for row in connection.run(KEY, name=declared)])
    if not key:
        raise ExtractError(f"{declared} has no primary key: declare `key`, columns that tell its rows apart")
    for name in [*key, *([cursor] if cursor else [])]:
        if name not in types:
            raise ExtractError(f"{declared} has no column {name}")
    if cursor and types[cursor] not in CURSOR_TYPES:
        raise ExtractError(f"the cursor {cursor} of {declared} is {types[cursor]}, which cannot be followed")
    return Table(str(columns[0][3]), cursor, cursor not in filled, key, types)


def _column(name: str) -> Any:
    return f"{ROW}.{identifier(name)}"
