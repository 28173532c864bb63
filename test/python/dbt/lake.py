"""A lake for tests: silver files as the cleanse writes them, plans, and tasks run as the container runs."""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import boto3
import duckdb
from task import run_task

ROOT = Path(__file__).resolve().parents[3]
TASK_SECONDS = 180
MARKET_COLUMNS = (
    "symbol varchar, price_date date, open decimal(18,6), high decimal(18,6), low decimal(18,6),"
    " close decimal(18,6), adjusted_close double, volume bigint, currency varchar"
)
TRADE_COLUMNS = (
    "transaction_id varchar, account_id varchar, symbol varchar, side varchar, quantity decimal(18,6),"
    " price decimal(18,6), traded_at timestamptz, currency varchar"
)
COLUMNS = {"market_data": MARKET_COLUMNS, "transactions": TRADE_COLUMNS}


def price(symbol: str, day: str, close: str, adjusted: float | None = None) -> tuple:
    """A row of market_data."""
    return symbol, day, close, close, close, close, adjusted or float(close), 1000, "USD"


def trade(key: str, account: str, symbol: str, side: str, quantity: str, at_price: str, when: str) -> tuple:
    """A row of transactions."""
    return key, account, symbol, side, quantity, at_price, when, "USD"


@dataclass
class Task:
    """What a finished task left behind."""

    exit_code: int
    lines: list[dict]
    report: dict | None
    plan: dict

    def event(self, name: str) -> dict:
        return next(line for line in self.lines if line["event"] == name)


@dataclass
class ReadTask(Task):
    """A finished build of a server, with the rows that each dataset had there for readers at its end."""

    rows: dict[str, list[dict]]


@dataclass
class Lake:
    """Buckets, committed runs, and the lane's last good state as the ledger would hold it."""

    endpoint: str
    folder: Path
    silver: dict[str, list[dict]] = field(default_factory=lambda: {"market_data": [], "transactions": []})
    built: dict[str, int] = field(default_factory=dict)
    database: str | None = None
    task_seconds: int = TASK_SECONDS
    # Whether a build can be killed in the middle.
    can_kill: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.mark = uuid.uuid4().hex[:8]
        self.s3 = boto3.client("s3", **self._boto_settings())
        for zone in ("silver", "gold", "artifacts"):
            self.s3.create_bucket(Bucket=self.bucket(zone))

    def _boto_settings(self) -> dict:
        return {
            "endpoint_url": self.endpoint,
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test-secret",
        }

    def bucket(self, zone: str) -> str:
        return f"sluice-test-{zone}-{self.mark}"

    def commit(self, entity: str, run_id: str, rows: list[tuple], ingested_at: str) -> None:
        """Adds a committed cleanse run with one file of these rows, all landed at one moment (UTC)."""
        key = f"entity={entity}/year=2026/month=01/day=05/{entity}_{run_id}-0.parquet"
        path = self.folder / "silver.parquet"
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            system = "_source_file varchar, _source_line bigint, _run_id varchar, _ingested_at timestamptz"
            connection.execute(f"create table rows_in ({COLUMNS[entity]}, {system})")
            for line, row in enumerate(rows, 1):
                values = [*row, f"source=x/{run_id}.csv", line, run_id, ingested_at]
                connection.execute(f"insert into rows_in values ({', '.join('?' * len(values))})", values)
            connection.execute(f"copy rows_in to '{path}' (format parquet)")
        self.s3.upload_file(str(path), self.bucket("silver"), key)
        self.silver[entity].append({"run_id": run_id, "files": [f"s3://{self.bucket('silver')}/{key}"]})

    def new_runs(self, *entities: str) -> dict[str, list[dict]]:
        """What was committed since the last good build, of these entities or of all."""
        return {
            entity: runs[self.built.get(entity, 0) :] if not entities or entity in entities else []
            for entity, runs in self.silver.items()
        }

    def plan(self, **changes) -> dict:
        """A build plan over everything committed since the last good build."""
        run_id = changes.pop("run_id", f"build-{uuid.uuid4().hex[:12]}")
        artifacts = f"s3://{self.bucket('artifacts')}"
        return {
            **{"version": 1, "kind": "build", "run_id": run_id, "attempt": 1, "correlation_id": "corr-1"},
            **{"lane": "finance+risk", "domains": ["finance", "risk"], "target": "duckdb"},
            "stage": "dev",
            **{"mode": "standard", "edition": f"{run_id}-1", "silver": self.new_runs()},
            "selectors": ["source:lake.market_data+", "source:lake.transactions+"],
            "database": {"uri": self.database},
            "database_out": f"{artifacts}/dbt/duckdb/finance+risk/{run_id}-1.duckdb",
            "gold_bucket": self.bucket("gold"),
            "artifacts_prefix": f"{artifacts}/runs/{run_id}/attempt=1/",
            **changes,
        }

    def build(self, keep: bool = True, killed_at: str | None = None, **changes) -> Task:
        """Runs the container's entry in an empty directory; a passed build becomes the state.

        With `killed_at` it is killed as soon as its log says that.
        """
        plan = self.plan(**changes)
        prefix = plan["artifacts_prefix"].split("/", 3)[3]
        body = json.dumps(plan).encode()
        self.s3.put_object(Bucket=self.bucket("artifacts"), Key=f"{prefix}plan.json", Body=body)
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            **{"RUN_ID": plan["run_id"], "PLAN_URI": f"{plan['artifacts_prefix']}plan.json"},
            **{"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": "us-east-1"},
            **{"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test"},
            **{"AWS_SECRET_ACCESS_KEY": "test-secret", "PYTHONPATH": str(ROOT)},
        }
        with tempfile.TemporaryDirectory(dir=self.folder) as empty:
            code, output, errors = run_task(
                Path(empty), {**environment, "HOME": empty}, self.task_seconds, killed_at
            )
        lines = [json.loads(line) for line in output.splitlines()]
        assert "test-secret" not in output + errors
        report = self.read_json(f"{prefix}report.json")
        if keep and report and report["verdict"] == "passed":
            self.database = report["database"]["uri"]
            for entity, runs in plan["silver"].items():
                self.built[entity] = self.built.get(entity, 0) + len(runs)
        return Task(code, lines, report, plan)

    def read_json(self, key: str) -> dict | None:
        """An artifact, None when there is none."""
        try:
            found = self.s3.get_object(Bucket=self.bucket("artifacts"), Key=key)
        except self.s3.exceptions.NoSuchKey:
            return None
        return json.loads(found["Body"].read())

    def text(self, task: Task, name: str) -> str:
        """The text of one artifact of a task."""
        key = task.plan["artifacts_prefix"].split("/", 3)[3] + name
        return self.s3.get_object(Bucket=self.bucket("artifacts"), Key=key)["Body"].read().decode()

    def keys(self, zone: str, prefix: str = "") -> list[str]:
        """All keys below a prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket(zone), Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def gold(self, task: Task, dataset: str, where: str = "true") -> list[dict]:
        """The rows of one dataset of a task's edition, read from exactly the files that its report lists.

        `where` is SQL for those that are wanted.
        """
        described = next(found for found in task.report["datasets"] if found["dataset"] == dataset)
        rows = []
        for file in described["files"]:
            path = self.folder / "gold.parquet"
            self.s3.download_file(self.bucket("gold"), file["key"], str(path))
            with duckdb.connect() as connection:
                # As a reader of the folder gets it: the key says which edition a file is of.
                edition = file["key"].partition("/edition=")[2].partition("/")[0]
                rows_in = f"select *, '{edition}' as _edition from '{path}' where {where}"
                cursor = connection.execute(rows_in)
                names = [column[0] for column in cursor.description]
                rows += [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return rows
