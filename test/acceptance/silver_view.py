"""Reads a view of silver as somebody with DuckDB does who knows only the catalog; prints its rows as JSON.

`python test/acceptance/silver_view.py <database> <view> <select list>`
"""

import base64
import json
import sys

import boto3
import duckdb

from containers.dbt.s3_access import load_s3

FOLDERS = "year=*/month=*/day=*/*.parquet"


def main(database: str, view: str, shown: str) -> None:
    """Print what the statement answers, a row as an object."""
    print(json.dumps(read_view(boto3.client("glue"), database, view, shown)))


def read_view(glue, database: str, view: str, shown: str) -> list[dict]:
    """The select list over the view, whose text is run as it stands over the table that it names."""
    entity = view.removesuffix("_rows")
    table, stored = (glue.get_table(DatabaseName=database, Name=name)["Table"] for name in (entity, view))
    text = stored["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    sql = json.loads(base64.b64decode(text))["originalSql"]
    files = f"{table['StorageDescriptor']['Location']}{FOLDERS}"
    with duckdb.connect() as connection:
        load_s3(connection)
        connection.execute(f'create schema "{database}"')
        connection.execute(
            f'create view "{database}"."{entity}" as'
            f" select * from read_parquet('{files}', hive_partitioning = true, union_by_name = true)"
        )
        cursor = connection.execute(f"select {shown} from ({sql})")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


if __name__ == "__main__":
    main(*sys.argv[1:])
