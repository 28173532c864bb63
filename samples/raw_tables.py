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


def load(bucket: str, folder: Path = ROWS) -> dict[str, int]:
    """Uploads every table and answers its rows; credentials and endpoint are those that boto3 finds."""
    s3, loaded = boto3.client("s3"), {}
    with tempfile.TemporaryDirectory(prefix="sluice-raw-") as name, duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for path in sorted(folder.glob("*.ndjson")):
            parquet = Path(name) / f"{path.stem}.parquet"
            rows = f"select * from read_json('{path}', format = 'newline_delimited')"
            (count,) = connection.execute(f"copy ({rows}) to '{parquet}' (format parquet)").fetchone()
            s3.upload_file(str(parquet), bucket, f"raw/{path.stem}/{path.stem}.parquet")
            loaded[path.stem] = count
    return loaded


if __name__ == "__main__":
    print(json.dumps(load(sys.argv[1])))
