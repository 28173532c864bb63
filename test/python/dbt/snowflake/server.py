"""fakesnow as a server that has learned what a build asks of Snowflake and it does not know by itself.

`python server.py <port>`, in an environment of its own (`requirements.lock`): it needs another DuckDB. What
is taught here follows Snowflake's reference, by statements of DuckDB: cloning and swapping a schema (both at
once for all readers), temporary tables that have a schema, `typeof` of a variant, whose columns a merge
inserts, exact sums. A cloned view keeps its text, and with it the schema that its text names, as there.

`POST /duckdb` runs one statement of DuckDB: so a test loads tables and reads them, files of Parquet on disk.
"""

from __future__ import annotations

import re
import sys
import threading

import duckdb
import fakesnow.cursor
import fakesnow.server
import uvicorn
from fakesnow.cursor import FakeSnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from sqlglot import Expr, exp
from sqlglot.errors import ParseError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

NAME = r'((?:[\w$]+|"[^"]+")(?:\.(?:[\w$]+|"[^"]+"))?)'
CLONE = re.compile(rf"\s*create\s+(or\s+replace\s+)?schema\s+{NAME}\s+clone\s+{NAME}\s*;?\s*\Z", re.I)
SWAP = re.compile(rf"\s*alter\s+schema\s+{NAME}\s+swap\s+with\s+{NAME}\s*;?\s*\Z", re.I)
# Grants are forgotten, and sessions are of UTC. Each statement is a transaction of its own: fakesnow keeps
# what it knows of tables in a second database, and DuckDB writes to one only in a transaction.
IGNORED = re.compile(r"(\s|/\*.*?\*/|--[^\n]*\n)*(grant|begin|commit|rollback|alter session)\b", re.I | re.S)
# What Snowflake's TYPEOF says of a JSON value, by the word of DuckDB.
KINDS = {
    "OBJECT": "OBJECT",
    "ARRAY": "ARRAY",
    "VARCHAR": "VARCHAR",
    "BOOLEAN": "BOOLEAN",
    "NULL": "NULL_VALUE",
}
DONE = "select 'Statement executed successfully.' as status"

# DuckDB cannot drop a table and make one of its name in one transaction. So nobody reads meanwhile.
ONE_AT_A_TIME = threading.RLock()


def main(port: int) -> None:
    """Serves until it is ended."""
    _teach_expressions()
    _teach_statements()
    fakesnow.server.app.routes.append(Route("/duckdb", _duckdb, methods=["POST"]))
    uvicorn.run(fakesnow.server.app, host="127.0.0.1", port=port, log_level="warning")


def _teach_expressions() -> None:
    known = fakesnow.cursor.parse_one

    def parse_one(sql: str, *given, **named) -> Expr:
        return known(sql, *given, **named).transform(_lasting).transform(_typeof).transform(_qualified)

    fakesnow.cursor.parse_one = parse_one
    # A sum of decimals is exact on Snowflake; fakesnow adds numbers of any kind as doubles.
    fakesnow.cursor.transforms.numeric_agg_implicit_cast = lambda node: node


def _lasting(node: Expr) -> Expr:
    """A temporary table belongs to a schema on Snowflake; here it is a table, which dbt drops at its end."""
    if isinstance(node, exp.Create) and (properties := node.args.get("properties")):
        kept = [one for one in properties.expressions if not isinstance(one, exp.TemporaryProperty)]
        node.set("properties", exp.Properties(expressions=kept) if kept else None)
    return node


def _typeof(node: Expr) -> Expr:
    if not isinstance(node, exp.Typeof):
        return node
    kind = exp.Anonymous(this="json_type", expressions=[node.this])
    cases = [exp.If(this=exp.Literal.string(said), true=exp.Literal.string(KINDS[said])) for said in KINDS]
    return exp.Case(this=kind, ifs=cases, default=exp.Literal.string("DECIMAL"))


def _qualified(node: Expr) -> Expr:
    """What a merge inserts are columns of its source, whether it says so or not."""
    if isinstance(node, exp.Merge):
        source = node.args["using"].alias_or_name
        for insert in node.find_all(exp.Insert):
            for column in insert.expression.find_all(exp.Column) if insert.expression else ():
                if not column.table:
                    column.set("table", exp.to_identifier(source))
    return node


def _teach_statements() -> None:
    known = FakeSnowflakeCursor.execute

    def execute(cursor: FakeSnowflakeCursor, command: str, *given, **named):
        try:
            return taught(cursor, command, *given, **named)
        except (duckdb.Error, ParseError) as error:
            # The server would say 500, which a driver takes for a passing trouble and asks again for minutes.
            raise ProgrammingError(msg=str(error), errno=9999, sqlstate="99999") from error

    def taught(cursor: FakeSnowflakeCursor, command: str, *given, **named):
        if found := CLONE.match(command):
            replace, copy, source = found.groups()
            with ONE_AT_A_TIME:
                _clone(cursor, _name(cursor, source), _name(cursor, copy), bool(replace))
        elif found := SWAP.match(command):
            with ONE_AT_A_TIME:
                _swap(cursor, *(_name(cursor, name) for name in found.groups()))
        elif not IGNORED.match(command):
            with ONE_AT_A_TIME:
                return known(cursor, command, *given, **named)
        return known(cursor, DONE)

    FakeSnowflakeCursor.execute = execute


def _name(cursor: FakeSnowflakeCursor, name: str) -> tuple[str, str]:
    parts = [part.strip('"') if part.startswith('"') else part.upper() for part in name.split(".")]
    return (cursor._conn.database, parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def _clone(cursor: FakeSnowflakeCursor, source: tuple, copy: tuple, replace: bool) -> None:
    connection = cursor._duck_conn
    if replace:
        connection.execute(f"drop schema if exists {_quoted(*copy)} cascade")
    connection.execute(f"create schema {_quoted(*copy)}")
    tables, views = _held(connection, source)
    for table in tables:
        connection.execute(f"create table {_quoted(*copy, table)} as from {_quoted(*source, table)}")
    for name, text in views:
        _view(connection, copy, name, text)


def _swap(cursor: FakeSnowflakeCursor, one: tuple, other: tuple) -> None:
    connection, aside = cursor._duck_conn, (one[0], "FAKESNOW_ASIDE")
    for source, copy in ((one, aside), (other, one), (aside, other)):
        _clone(cursor, source, copy, replace=True)
    connection.execute(f"drop schema {_quoted(*aside)} cascade")


def _held(connection, schema: tuple) -> tuple[list[str], list[tuple[str, str]]]:
    where = "where database_name = ? and schema_name = ? and not internal"
    tables = connection.execute(f"select table_name from duckdb_tables() {where}", schema).fetchall()
    views = connection.execute(f"select view_name, sql from duckdb_views() {where}", schema).fetchall()
    return [name for (name,) in tables], views


def _view(connection, schema: tuple, name: str, text: str) -> None:
    body = re.sub(r"\A.*?\bVIEW\b.*?\bAS\b", "", text, count=1, flags=re.I | re.S)
    connection.execute(f"create view {_quoted(*schema, name)} as {body}")


def _quoted(*names: str) -> str:
    return ".".join(f'"{name}"' for name in names)


async def _duckdb(request: Request) -> JSONResponse:
    statement = (await request.body()).decode()
    connection = fakesnow.server.shared_fs.duck_conn.cursor()
    try:
        rows = await run_in_threadpool(_alone, connection, statement)
    except Exception as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    return JSONResponse({"rows": [[str(value) for value in row] for row in rows]})


def _alone(connection, statement: str) -> list[tuple]:
    with ONE_AT_A_TIME:
        return connection.execute(statement).fetchall()


if __name__ == "__main__":
    main(int(sys.argv[1]))
