"""One measurement in a process of its own, so that its peak memory and CPU time are its own."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from jobs.cleanse.memory import peak_memory_bytes

PLAIN_COPY = "COPY (SELECT * FROM read_parquet('{folder}/*.parquet')) TO '{target}' (FORMAT parquet)"


class Disk:
    """The store of the job without a network: files are linked in, and moved out."""

    def __init__(self, folder: Path, out: Path):
        self.folder, self.out = folder, out

    def fetch(self, item, target: Path) -> None:
        """See jobs.cleanse.store.Store."""
        os.link(self.folder / item.key, target)

    def upload(self, path: Path, bucket: str, key: str) -> dict:
        """See jobs.cleanse.store.Store."""
        os.link(path, self.out / key.replace("/", "_"))
        return {"key": key, "etag": "none", "bytes": path.stat().st_size}


def measure_copy(folder: Path, work: Path) -> dict:
    """DuckDB as it comes, without a setting."""
    import duckdb

    target = work / "copy.parquet"
    rows = duckdb.execute(PLAIN_COPY.format(folder=folder, target=target)).fetchone()[0]
    return {"rows": rows, "bytes": target.stat().st_size}


def measure_job(folder: Path, work: Path) -> dict:
    """The whole job: fetching, writing, reading both sides again to compare them, storing."""
    from jobs.compact.plan import parse_plan
    from jobs.compact.run import carry_out

    files = [{"key": path.name, "bytes": path.stat().st_size} for path in sorted(folder.glob("*.parquet"))]
    plan = {"version": 1, "kind": "compact", "run_id": "bench", "attempt": 1, "entity": "market_data"}
    plan |= {
        "engine": "duckdb",
        "silver_bucket": "s",
        "pending_prefix": "_pending/",
        "report_uri": "s3://a/r",
    }
    os.chdir(work)
    report = carry_out(
        parse_plan(plan | {"groups": [{"day": "2026/01/05", "files": files}]}), Disk(folder, work)
    )
    return {"rows": report["rows"], "bytes": report["bytes"]["out"], "parts": report["seconds"]}


def main() -> int:
    """Measures one way once and prints JSON; seconds are those of the process, its start included."""
    started = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["copy", "job"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path)
    given = parser.parse_args()
    ways = {"copy": measure_copy, "job": measure_job}
    result = ways[given.way](given.folder.resolve(), given.work.resolve())
    result |= {"seconds": time.monotonic() - started, "cpu_seconds": time.process_time()}
    print(json.dumps(result | {"peak_memory_bytes": peak_memory_bytes()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
