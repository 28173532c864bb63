"""Counts the rows of silver, and names those that are there more than once.

`python tools/chaos/silver_rows.py <folder>` reads files named `entity=<entity>~...parquet` and prints
{"<entity>": {"files": N, "rows": N, "twice": ["<file>:<line>", ...]}}; at most five names an entity.
"""

import json
import sys
from pathlib import Path

import duckdb

NAMED_MAX = 5


def rows_of(files: list[Path]) -> dict:
    """One entity's figures; a row is known by the bronze file and the line that it came from."""
    paths = [str(file) for file in files]
    rows = duckdb.sql("SELECT count(*) FROM read_parquet($paths)", params={"paths": paths}).fetchone()[0]
    twice = duckdb.sql(
        "SELECT _source_file, _source_line FROM read_parquet($paths) "
        "GROUP BY ALL HAVING count(*) > 1 LIMIT $most",
        params={"paths": paths, "most": NAMED_MAX},
    ).fetchall()
    return {"files": len(files), "rows": rows, "twice": [f"{file}:{line}" for file, line in twice]}


def main() -> None:
    """Print the figures of every entity in the folder."""
    by_entity: dict[str, list[Path]] = {}
    for file in sorted(Path(sys.argv[1]).glob("entity=*~*.parquet")):
        by_entity.setdefault(file.name.split("~")[0].removeprefix("entity="), []).append(file)
    print(json.dumps({entity: rows_of(files) for entity, files in by_entity.items()}))


if __name__ == "__main__":
    main()
