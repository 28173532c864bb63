"""What a build costs beside the same dbt calls made bare; what its export costs tells test_export.py.

CPU seconds of whole processes, so that a busy machine tells the same.
"""

import json
import os
import subprocess
import sys

import duckdb
import pytest
from lake import COLUMNS, ROOT, Lake

from containers.dbt.plan import parse_plan
from containers.dbt.project import PROJECT, Project
from containers.dbt.scope import scope_of
from containers.dbt.selection import Selection

pytestmark = pytest.mark.full

CALLS_MAX = 1.15
SYMBOLS, DAYS, TRADES, ACCOUNTS = 150, 1000, 150_000, 60
CONTAINER = "import runpy; runpy.run_module('containers.dbt.run', run_name='__main__')"
ROWS = {
    "market_data": f"""
        select 'S' || s as symbol, date '2022-01-03' + d::int as price_date,
            (10 + (s * 7 + d * 13) % 90)::decimal(18,6) as open, open as high, open as low, open as close,
            open::double as adjusted_close, 1000::bigint as volume, 'USD' as currency
        from range({SYMBOLS}) as symbols(s), range({DAYS}) as days(d)""",
    "transactions": f"""
        select 'T' || t as transaction_id, 'A' || (t % {ACCOUNTS}) as account_id,
            'S' || (t % {SYMBOLS}) as symbol, 'BUY' as side, (1 + t % 5)::decimal(18,6) as quantity,
            20::decimal(18,6) as price,
            timestamptz '2022-01-03 15:00:00+00' + to_days((t * 7 % {DAYS})::int) as traded_at,
            'USD' as currency
        from range({TRADES}) as trades(t)""",
}


class Measured:
    """One first build of a lane by the container, and the same dbt calls on the same silver."""

    def __init__(self, lake: Lake, patch: pytest.MonkeyPatch) -> None:
        self.lake = lake
        for entity, query in ROWS.items():
            self.commit(entity, query)
        self.plan = lake.plan(run_id="measured")
        for name, value in self.environment().items():
            patch.setenv(name, value)
        self.database = lake.folder / "bare" / "lake.duckdb"
        self.database.parent.mkdir()
        self.report = self.container()
        self.bare_cpu_seconds = self.bare()

    def commit(self, entity: str, query: str) -> None:
        path, key = self.lake.folder / f"{entity}.parquet", f"entity={entity}/{entity}_r1-0.parquet"
        system = "'f' as _source_file, 1::bigint as _source_line, 'r1' as _run_id"
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            landed = "now()::timestamptz as _ingested_at"
            connection.execute(f"create table typed ({COLUMNS[entity]})")
            connection.execute(f"insert into typed {query}")
            connection.execute(f"copy (select *, {system}, {landed} from typed) to '{path}' (format parquet)")
        self.lake.s3.upload_file(str(path), self.lake.bucket("silver"), key)
        file = f"s3://{self.lake.bucket('silver')}/{key}"
        self.lake.silver[entity].append({"run_id": "r1", "files": [file]})

    def environment(self) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            **{"RUN_ID": "measured", "PLAN_URI": f"{self.plan['artifacts_prefix']}plan.json"},
            **{"AWS_ENDPOINT_URL": self.lake.endpoint, "AWS_REGION": "us-east-1"},
            **{"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test"},
            **{"AWS_SECRET_ACCESS_KEY": "test-secret", "PYTHONPATH": str(ROOT)},
        }

    def container(self) -> dict:
        prefix = self.plan["artifacts_prefix"].split("/", 3)[3]
        body = json.dumps(self.plan).encode()
        self.lake.s3.put_object(Bucket=self.lake.bucket("artifacts"), Key=f"{prefix}plan.json", Body=body)
        folder = self.lake.folder / "task"
        folder.mkdir()
        command = [sys.executable, "-c", CONTAINER]
        environment = {**self.environment(), "HOME": str(folder)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return self.lake.read_json(f"{prefix}report.json")

    def bare(self) -> float:
        """The prepared database is what the container had when it called dbt first."""
        from containers.dbt import database
        from containers.dbt.project import CONTRACTS
        from containers.dbt.silver import prepare_silver, runs_to_read

        parsed = parse_plan(self.plan)
        database.create_database(self.database)
        project = Project("duckdb", self.database.parent)
        with database.open_database(self.database) as connection:
            prepare_silver(connection, runs_to_read(parsed, {}, True), CONTRACTS, {})
        selection = Selection(project.manifest, parsed.domains)
        steps = scope_of(parsed, selection, {}, {}, "first build").steps
        tagged = ["--indirect-selection", "empty", "--exclude-resource-type", "unit_test"]
        calls = [
            {"nodes": [*s.nodes, *s.tests], "arguments": ["build", "--full-refresh", *tagged]} for s in steps
        ]
        for call in calls:
            call["arguments"] += ["--select", "tag:bare_step"]
        sources = ["source:lake.market_data", "source:lake.transactions"]
        freshness = ["source", "freshness", "--no-populate-cache", "--select", *sources]
        folder = self.database.parent
        given = {
            "parse_state": str(project.state_folder / "partial_parse.msgpack"),
            **{"database": str(self.database), "root": str(ROOT)},
            "steps": [{"nodes": [], "arguments": freshness}, *calls],
            "options": [
                *("--no-write-json", "--log-level", "none", "--log-level-file", "debug"),
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", "duckdb"),
                *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
            ],
        }
        path = folder / "steps.json"
        path.write_text(json.dumps(given))
        command = [sys.executable, str(ROOT / "test/python/dbt/bare_dbt.py"), str(path)]
        done = subprocess.run(command, env=self.environment(), cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])["cpu_seconds"]


@pytest.fixture(scope="module")
def measured(lake):
    """With the access that a task has, for what is prepared in this process."""
    with pytest.MonkeyPatch.context() as patch:
        yield Measured(lake, patch)


def test_a_build_costs_hardly_more_than_its_dbt_calls(measured):
    cpu = measured.report["cpu_seconds"]
    run = cpu["total"] - cpu["export"]
    ratio = run / measured.bare_cpu_seconds
    print(f"run {run:.2f} s, bare {measured.bare_cpu_seconds:.2f} s CPU: {ratio:.3f}; phases {cpu}")
    assert ratio <= CALLS_MAX
