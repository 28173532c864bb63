"""A PostgreSQL table: what is new by a column, with every type as the server has it."""

import json
from uuid import uuid4

import pytest

from containers.extract.dsn import connection_arguments
from containers.extract.errors import ExtractError
from samples.servers.postgres import connect

ROWS = 25


@pytest.fixture
def database(postgres_url):
    """A connection to the server."""
    connection = connect(postgres_url)
    yield connection
    connection.close()


@pytest.fixture
def table(database):
    """A table of households with ROWS rows, two of them with each time."""
    name = f"h{uuid4().hex[:8]}"
    database.run(
        f"CREATE TABLE {name} (id bigint PRIMARY KEY, name text, "
        "updated_at timestamptz NOT NULL, deleted_at timestamptz)"
    )
    database.run(
        f"INSERT INTO {name} SELECT i, 'household ' || i, timestamptz '2024-01-01 00:00:00+00' "
        f"+ (i / 2) * interval '1 second' FROM generate_series(1, {ROWS}) i"
    )
    return name


@pytest.fixture
def block(extraction, postgres_url, table):
    """Makes the declared block of the table."""

    def make(**entity: object) -> dict:
        one = {"entity": "households", "table": table, "cursor": "updated_at", "batchRows": 10}
        secret = extraction.secret({"url": postgres_url})
        return {"engine": "postgres", "secret": secret, "entities": [one | entity]}

    return make


def ids(records: list[dict]) -> list[int]:
    return [record["id"] for record in records]


def test_all_rows_come_once_in_pages_and_then_only_what_is_new(extraction, database, table, block):
    declared = block()
    report = extraction.run(declared)
    assert report["ok"], report
    assert [one["rows"] for one in report["files"]] == [10, 10, 5]
    assert ids(extraction.records()) == list(range(1, ROWS + 1))
    assert report["cursors"] == {"households": "2024-01-01 00:00:12+00"}
    assert extraction.run(declared)["rows"] == 0
    database.run(f"UPDATE {table} SET deleted_at = now(), updated_at = '2024-01-02' WHERE id = 7")
    extraction.run(declared)
    (changed,) = extraction.records("run3")
    assert (changed["id"], changed["deleted_at"] is not None) == (7, True)


def test_rows_that_share_the_newest_time_and_come_later_are_not_lost(extraction, database, table, block):
    declared = block()
    extraction.run(declared)
    # One with a smaller key than the last row, one whose content changes without its time.
    database.run(f"INSERT INTO {table} VALUES (0, 'late', '2024-01-01 00:00:12+00')")
    database.run(f"UPDATE {table} SET name = 'changed' WHERE id = {ROWS}")
    report = extraction.run(declared)
    assert ids(extraction.records("run2")) == [0, ROWS]
    assert report["cursors"] == {"households": "2024-01-01 00:00:12+00"}
    assert extraction.run(declared)["rows"] == 0


def test_a_row_that_was_committed_late_is_found_by_looking_back(extraction, database, table, block):
    declared = block()
    extraction.run(declared)
    database.run(f"INSERT INTO {table} VALUES (90, 'late', '2024-01-01 00:00:11+00')")
    assert extraction.run(declared)["rows"] == 0
    declared["entities"][0]["lookbackSeconds"] = 1
    extraction.run(declared)
    assert 90 in ids(extraction.records("run3"))
    assert min(ids(extraction.records("run3"))) == 22, "no further back than declared"


def test_rows_without_a_time_come_with_every_run(extraction, database, table, block):
    database.run(f"ALTER TABLE {table} ALTER updated_at DROP NOT NULL")
    database.run(f"UPDATE {table} SET updated_at = NULL WHERE id IN (3, 4)")
    declared = block(batchRows=1)
    report = extraction.run(declared)
    assert sorted(ids(extraction.records())) == list(range(1, ROWS + 1))
    assert report["files"][0]["rows"] == 1
    extraction.run(declared)
    assert ids(extraction.records("run2")) == [3, 4]


def test_a_window_takes_its_days_only(extraction, database, table, block):
    database.run(f"INSERT INTO {table} VALUES (91, 'a', '2023-12-31 23:59:59.999999+00')")
    report = extraction.run(block(), window={"from": "2023-12-31", "to": "2024-01-01"})
    assert (ids(extraction.records()), report["state_uri"]) == ([91], None)


def test_a_table_without_a_cursor_comes_whole_each_time(extraction, table, block):
    declared = block(cursor=None)
    assert extraction.run(declared)["rows"] == ROWS
    assert extraction.run(declared)["rows"] == ROWS


TYPES = {
    "c_numeric": ("numeric", "'123456789012345678901234567890.123456789012345678900'"),
    "c_nan": ("numeric", "'NaN'"),
    "c_bigint": ("bigint", "9223372036854775807"),
    "c_double": ("double precision", "0.1::float8 + 0.2::float8"),
    "c_real": ("real", "1.5"),
    "c_boolean": ("boolean", "true"),
    "c_timestamptz": ("timestamptz", "'2024-03-31 03:30:00.123456+02'"),
    "c_timestamp": ("timestamp", "'2024-03-31 03:30:00.1'"),
    "c_date": ("date", "'2024-02-29'"),
    "c_interval": ("interval", "'1 day 2 hours'"),
    "c_text": ("text", "E'line one\\nline \"two\" \\u00e9'"),
    "c_json": ("json", 'E\'{\\n "b": 1.10,\\n "a": [1, 1]}\''),
    "c_jsonb": ("jsonb", '\'{"b": 1.10, "a": 12345678901234567890}\''),
    "c_bytea": ("bytea", "'\\x00ff10'"),
    "c_uuid": ("uuid", "'6b01c617-3fbc-20a0-a243-f2d000000001'"),
    "c_array": ("int[]", "'{1,NULL,3}'"),
    "c_null": ("text", "NULL"),
    "t": ("text", "'a column named as an alias could be'"),
}
LINE = (
    '{"id":1,"updated_at":"2024-01-01T00:00:00+00:00",'
    '"c_numeric":123456789012345678901234567890.123456789012345678900,"c_nan":"NaN",'
    '"c_bigint":9223372036854775807,"c_double":0.30000000000000004,"c_real":1.5,"c_boolean":true,'
    '"c_timestamptz":"2024-03-31T01:30:00.123456+00:00","c_timestamp":"2024-03-31T03:30:00.1",'
    '"c_date":"2024-02-29","c_interval":"P1DT2H","c_text":"line one\\nline \\"two\\" é",'
    '"c_json":{  "b": 1.10,  "a": [1, 1]},"c_jsonb":{"a": 12345678901234567890, "b": 1.10},'
    '"c_bytea":"\\\\x00ff10","c_uuid":"6b01c617-3fbc-20a0-a243-f2d000000001","c_array":[1,null,3],'
    '"c_null":null,"t":"a column named as an alias could be"}'
)


def test_every_type_keeps_its_value_to_the_last_digit(extraction, database, postgres_url, block):
    name = f"Types{uuid4().hex[:8]}"
    columns = ", ".join(f"{column} {kind}" for column, (kind, _) in TYPES.items())
    database.run("CREATE SCHEMA IF NOT EXISTS app")
    database.run(f"CREATE TABLE app.{name} (id int PRIMARY KEY, updated_at timestamptz, {columns})")
    values = ", ".join(value for _, value in TYPES.values())
    database.run(f"INSERT INTO app.{name} VALUES (1, '2024-01-01 00:00:00+00', {values})")
    report = extraction.run(block(table=f"app.{name}"))
    assert report["ok"], report
    (line,) = extraction.lines()
    assert line.decode() == LINE
    assert json.loads(line)["c_text"] == 'line one\nline "two" é'


@pytest.mark.parametrize(
    ("entity", "said"),
    [
        ({"table": "nowhere"}, "there is no table nowhere"),
        ({"cursor": "nothing"}, "has no column nothing"),
        ({"key": ["deleted_at"]}, "the key column deleted_at may be NULL"),
    ],
)
def test_a_block_that_does_not_fit_the_table_fails_with_a_sentence(extraction, block, entity, said):
    failure = extraction.run(block(**entity))["failure"]
    assert said in failure["message"]
    assert failure["transient"] is False


def test_a_server_that_is_away_may_be_back_later(extraction):
    secret = extraction.secret("postgresql://sluice:pass-4711@127.0.0.1:1/postgres")
    entity = {"entity": "households", "table": "t"}
    failure = extraction.run({"engine": "postgres", "secret": secret, "entities": [entity]})["failure"]
    assert failure["transient"] is True
    assert "pass-4711" not in failure["message"]


def test_a_database_elsewhere_is_asked_over_checked_tls_only():
    url = "postgresql://user:p%40ss@db.example.com/app"
    told = connection_arguments(url)
    assert (told["password"], told["database"], told["port"]) == ("p@ss", "app", 5432)
    assert told["ssl_context"].check_hostname
    assert not connection_arguments(f"{url}?sslmode=require")["ssl_context"].check_hostname
    with pytest.raises(ExtractError, match="TLS only"):
        connection_arguments(f"{url}?sslmode=disable")
