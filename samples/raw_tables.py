"""Puts the RAW tables of the samples where a sync of Airbyte leaves them.

`python -m samples.raw_tables <bucket>`

Each table becomes one Parquet file in its folder `raw/<table>/`. Prints one JSON object of rows by table.
"""

import json
import sys
import tempfile
from pathlib import Path

import boto3
import duckdb

ROWS = Path(__file__).resolve().parent / "systems" / "raw"


def write_parquet(connection: duckdb.DuckDBPyConnection, ndjson: Path, parquet: Path) -> int:
    """Writes records as a file of a sync, in which whole numbers have 64 bits; answers how many there are.

    DuckDB guesses 128 bits for some of them and would write those as doubles.
    """
    rows = f"from read_json('{ndjson}', format = 'newline_delimited')"
    guessed = connection.execute(f"describe {rows}").fetchall()
    narrowed = [f"cast({name} as bigint) as {name}" for name, kind, *_ in guessed if kind == "HUGEINT"]
    columns = f"* replace ({', '.join(narrowed)})" if narrowed else "*"
    written = connection.execute(f"copy (select {columns} {rows}) to '{parquet}' (format parquet)")
    return written.fetchone()[0]


def load(bucket: str, folder: Path = ROWS, s3=None) -> dict[str, int]:
    """Uploads every table and answers its rows; without a client it takes what boto3 finds."""
    s3, loaded = s3 or boto3.client("s3"), {}
    with tempfile.TemporaryDirectory(prefix="sluice-raw-") as name, duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for path in sorted(folder.glob("*.ndjson")):
            parquet = Path(name) / f"{path.stem}.parquet"
            count = write_parquet(connection, path, parquet)
            s3.upload_file(str(parquet), bucket, f"raw/{path.stem}/{path.stem}.parquet")
            loaded[path.stem] = count
    return loaded


if __name__ == "__main__":
    print(json.dumps(load(sys.argv[1])))
