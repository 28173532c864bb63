"""A small lake to run the cleanse in: land files, run a plan, read what came out."""

import io
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from jobs.cleanse.log import Log
from jobs.cleanse.run import run_plan
from jobs.compiled import load_compiled

BUCKETS = {
    zone: f"sluice-test-{zone}-000000000000" for zone in ("bronze", "silver", "quarantine", "artifacts")
}
LANDED_AT = "2026-11-21T09:00:00.123Z"


@dataclass
class Result:
    """A report, the silver rows (as tuples by column name) and the quarantined rows of one run."""

    report: dict
    rows: list
    rejected: list

    def reasons(self) -> dict:
        """Rejected lines by (file name, line), with their reasons."""
        return {(row["source_file"].rsplit("/", 1)[-1], row["line"]): row["reasons"] for row in self.rejected}


class Lake:
    """Buckets in a store that has put, get and keys beside what the job uses."""

    def __init__(self, store):
        self.store = store
        self.runs = 0

    def land(self, name: str, body: bytes, landed_at: str = LANDED_AT, source: str = "market-data") -> dict:
        """Stores a file in bronze and returns it as an input of a plan."""
        key = f"source={source}/year=2026/month=11/day=21/hour=09/run_id=l1/{name}"
        version = self.store.put(BUCKETS["bronze"], key, body)
        item = {"bucket": BUCKETS["bronze"], "key": key, "version_id": version, "bytes": len(body)}
        return item | {"landed_at": landed_at, "source": source}

    def plan(self, inputs: list[dict], entity: str = "market_data", engine: str = "duckdb") -> dict:
        """A plan of the next run over these inputs."""
        self.runs += 1
        run_id = f"run{self.runs}"
        return {
            **{"version": 1, "kind": "cleanse", "run_id": run_id, "attempt": 1, "correlation_id": "c1"},
            **{"entity": entity, "engine": engine, "inputs": inputs},
            **{f"{zone}_bucket": BUCKETS[zone] for zone in ("silver", "quarantine", "artifacts")},
            "pending_prefix": f"_pending/run={run_id}/attempt=1/",
            "quarantine_prefix_tail": f"run={run_id}/attempt=1/",
            "report_uri": f"s3://{BUCKETS['artifacts']}/runs/{run_id}/attempt=1/report.json",
            "contract_version": load_compiled(entity).version,
            "stage": "dev",
        }

    def run(self, inputs: list[dict], entity: str = "market_data", engine=None, **changes) -> Result:
        """Carries the plan out as the task would, and reads everything back that the report names."""
        report = self.carry_out(inputs, entity, engine, **changes)
        return Result(report, self.silver_rows(report), self.quarantined(report))

    def carry_out(self, inputs: list[dict], entity: str, engine=None, **changes) -> dict:
        """The same, and answers the report alone: of millions of rows nobody wants a list."""
        plan = self.plan(inputs, entity) | changes
        uri = f"s3://{BUCKETS['artifacts']}/runs/{plan['run_id']}/attempt=1/plan.json"
        self.store.write_json(uri, plan)
        run_plan(plan["run_id"], uri, self.store, Log(io.StringIO()), engine)
        return self.store.read_json(plan["report_uri"])

    def silver_rows(self, report: dict) -> list[dict]:
        """The rows of all files of a report, as they are read back from Parquet."""
        rows = []
        with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
            for item in report["files"]:
                Path(file.name).write_bytes(self.store.get(BUCKETS["silver"], item["key"]))
                found = duckdb.sql(f"SET TimeZone='UTC'; SELECT * FROM read_parquet('{file.name}')")
                rows += [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
        return rows

    def quarantined(self, report: dict) -> list[dict]:
        """The rejected rows of all quarantine files of a report."""
        bodies = [self.store.get(BUCKETS["quarantine"], item["key"]) for item in report["quarantine"]]
        return [json.loads(line) for body in bodies for line in body.splitlines()]


def price(**changes) -> dict:
    """A good market_data row; a change to ... leaves the column out."""
    row = {
        **{
            "symbol": "AAPL",
            "price_date": "2026-01-05",
            "open": 10.5,
            "high": 11,
            "low": 10.25,
            "close": 10.75,
        },
        **{"adjusted_close": 10.123456789, "volume": 1000, "currency": "USD"},
    }
    return {name: value for name, value in (row | changes).items() if value is not ...}


def ndjson(*rows: dict) -> bytes:
    """Rows as JSON lines."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
