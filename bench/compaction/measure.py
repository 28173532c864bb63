"""One measurement in a process of its own, so that its peak memory and CPU time are its own."""

import os
from pathlib import Path

from bench.measured import Disk, command_line

PLAIN_COPY = "COPY (SELECT * FROM read_parquet('{folder}/*.parquet')) TO '{target}' (FORMAT parquet)"


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


if __name__ == "__main__":
    command_line(__doc__, {"copy": measure_copy, "job": measure_job})
