"""One measurement in a process of its own, so that its peak memory is its own."""

import time
from pathlib import Path

from bench.measured import Disk, command_line

# What a typed read and write of the same lines costs at least. It drops what it cannot read without a word.
PLAIN_COPY = """
COPY (
  SELECT * FROM read_json('{source}', format = 'newline_delimited', ignore_errors = true, columns = {{
    symbol: 'VARCHAR', price_date: 'DATE', open: 'DECIMAL(18,6)', high: 'DECIMAL(18,6)', low: 'DECIMAL(18,6)',
    close: 'DECIMAL(18,6)', adjusted_close: 'DOUBLE', volume: 'BIGINT', currency: 'VARCHAR'}})
) TO '{target}' (FORMAT parquet)"""


def measure_copy(source: Path, work: Path) -> dict:
    """Seconds of the plain typed COPY."""
    import duckdb

    db = duckdb.connect()
    target = work / "copy.parquet"
    started = time.monotonic()
    rows = db.execute(PLAIN_COPY.format(source=source, target=target)).fetchone()[0]
    return {"seconds": time.monotonic() - started, "rows": {"out": rows}, "bytes": target.stat().st_size}


def measure_cleanse(source: Path, work: Path) -> dict:
    """Seconds of the whole cleanse: scan, rules, duplicates, quarantine, Parquet."""
    from jobs.cleanse.duckdb_engine import DuckdbEngine
    from jobs.cleanse.plan import parse_plan
    from jobs.cleanse.report import build_report
    from jobs.compiled import load_compiled

    contract = load_compiled("market_data")
    item = {"bucket": "b", "key": source.name, "version_id": None, "bytes": source.stat().st_size}
    item |= {"landed_at": "2026-01-05T00:00:00Z", "source": "market-data"}
    plan = parse_plan(
        {
            **{"version": 1, "kind": "cleanse", "run_id": "bench", "attempt": 1, "entity": "market_data"},
            **{"engine": "duckdb", "inputs": [item], "silver_bucket": "s", "quarantine_bucket": "q"},
            **{
                "stage": "dev",
                "pending_prefix": "p/",
                "quarantine_prefix_tail": "t/",
                "report_uri": "s3://a/r",
            },
            "contract_version": contract.version,
        }
    )
    started = time.monotonic()
    outcome = DuckdbEngine().cleanse(plan, contract, Disk(source.parent, work), work)
    seconds = time.monotonic() - started
    report = build_report(plan, outcome)
    size = sum(item["bytes"] for item in report["files"])
    return {"seconds": seconds, "rows": report["rows"], "bytes": size, "parts": report["seconds"]}


if __name__ == "__main__":
    command_line(__doc__, {"copy": measure_copy, "cleanse": measure_cleanse})
