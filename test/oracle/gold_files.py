"""Reads gold rows from files. Only the reading of Parquet borrows an engine; nothing is computed in it."""

import json
from pathlib import Path


def read_parquet(pattern: str) -> list[dict]:
    """The rows of the Parquet files that a glob names, without the columns that their paths spell."""
    import duckdb

    with duckdb.connect() as connection:
        cursor = connection.execute("select * from read_parquet(?, hive_partitioning = false)", [pattern])
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def read_gold(path: Path) -> list[dict]:
    """The rows of a JSON, NDJSON or Parquet file, or of all Parquet files below a folder."""
    if path.is_dir():
        return read_parquet(f"{path}/**/*.parquet")
    if path.suffix == ".parquet":
        return read_parquet(str(path))
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".ndjson", ".jsonl"):
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    document = json.loads(text)
    return document["rows"] if isinstance(document, dict) else document
