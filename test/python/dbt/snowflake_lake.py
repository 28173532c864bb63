"""A test's lake as Snowflake has it: RAW is tables, silver is a stage, a build is the container's entry."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import boto3
from lake import ROOT, Lake, ReadTask, Task
from snowflake_server import IMAGE_LOCK, Snowflake, python_of

from containers.dbt.graph import dataset_models
from containers.dbt.project import load_manifest
from containers.dbt.warehouse import raw_tables

# The connector signs with the key, so it has to be one.
KEY_SCRIPT = """
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
print(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
"""
SQL_SCRIPT = """
import json, sys, snowflake.connector
about, statements = json.loads(sys.stdin.read())
with snowflake.connector.connect(**about) as session:
    for one in statements:
        rows = session.cursor().execute(one).fetchall()
print(rows)
"""


@dataclass
class SnowflakeLake(Lake):
    """A lake whose account is in Secrets Manager, and whose builds are tasks with the image's packages."""

    server: Snowflake = field(kw_only=True)
    parse_state: Path = field(kw_only=True)
    loaded: set[str] = field(default_factory=set)
    can_kill: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.manifest = load_manifest("duckdb", self.parse_state)[0]
        self.stage = self.server.folder / f"stage-{self.mark}"
        self.stage.mkdir()
        self.database_name = f"LAKE_{self.mark}".upper()
        self.secret = f"/sluice/snowflake-{self.mark}"
        key = _python(KEY_SCRIPT, self.task_seconds)
        account = {
            **{"account": "local", "user": "sluice", "private_key": key},
            **{"database": self.database_name, "readers": "ANALYSTS"},
            **{"host": "127.0.0.1", "port": self.server.port, "protocol": "http"},
        }
        manager = boto3.client("secretsmanager", **self._boto_settings())
        manager.create_secret(Name=self.secret, SecretString=json.dumps(account))
        self.sql("create schema raw", f"create stage raw.silver url = 'file://{self.stage}/'")

    def sql(self, *statements: str) -> str:
        """Runs statements as the account's owner does; answers what the last of them gave, as text."""
        about = {"account": "local", "user": "owner", "password": "none", "database": self.database_name}
        about |= {"schema": "PUBLIC", "host": "127.0.0.1", "port": self.server.port, "protocol": "http"}
        return _python(SQL_SCRIPT, self.task_seconds, json.dumps([about, statements]))

    def build(self, keep: bool = True, killed_at: str | None = None, **changes) -> ReadTask:
        """Runs the entry in an empty directory; a passed build becomes the state."""
        plan = self.plan(**changes)
        self._lay_raw(plan)
        self._stage(plan)
        task = self._run(plan)
        if keep and task.report and task.report["verdict"] == "passed":
            self.database = task.report["database"]["uri"]
            for entity, runs in plan["silver"].items():
                self.built[entity] = self.built.get(entity, 0) + len(runs)
        return ReadTask(**vars(task), rows=self._rows(plan))

    def _run(self, plan: dict) -> Task:
        prefix = plan["artifacts_prefix"].split("/", 3)[3]
        body = json.dumps(plan).encode()
        self.s3.put_object(Bucket=self.bucket("artifacts"), Key=f"{prefix}plan.json", Body=body)
        with tempfile.TemporaryDirectory(dir=self.folder) as empty:
            done = subprocess.run(
                [str(python_of(IMAGE_LOCK)), "-m", "containers.dbt.run"],
                **{"cwd": empty, "env": {**self.environment(plan), "HOME": empty}, "check": False},
                **{"capture_output": True, "text": True, "timeout": self.task_seconds},
            )
        assert "PRIVATE KEY" not in done.stdout + done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return Task(done.returncode, lines, self.read_json(f"{prefix}report.json"), plan)

    def environment(self, plan: dict) -> dict[str, str]:
        """The variables of a task, with the one that says where marketing and commerce are."""
        return {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            **{"RUN_ID": plan["run_id"], "PLAN_URI": f"{plan['artifacts_prefix']}plan.json"},
            **{"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": "us-east-1"},
            **{"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test"},
            **{"AWS_SECRET_ACCESS_KEY": "test-secret", "PYTHONPATH": str(ROOT)},
            **{"SNOWFLAKE_SECRET": self.secret},
        }

    def gold(self, task: ReadTask, dataset: str) -> list[dict]:
        """The rows of one dataset as readers saw them after a task."""
        return task.rows[dataset]

    def _lay_raw(self, plan: dict) -> None:
        """Loads into RAW what has landed since the last build, as a loader of the warehouse does."""
        for table in raw_tables(self.manifest, tuple(plan["domains"])):
            name = f"{self.database_name}.RAW.{table.identifier}"
            typed = ", ".join(f"{column} {about.data_type}" for column, about in table.columns.items())
            self.server.duckdb(f"create table if not exists {name} ({typed})")
            for key in set(self.keys("silver", f"raw/{table.identifier}/")) - self.loaded:
                path = self._fetched(key)
                known = [row[0] for row in self.server.duckdb(f"describe from '{path}'")]
                columns = ", ".join(column for column in known if column in table.columns)
                self.server.duckdb(f"insert into {name} by name select {columns} from '{path}'")
                self.loaded.add(key)

    def _stage(self, plan: dict) -> None:
        for runs in plan["silver"].values():
            for run in runs:
                for file in run["files"]:
                    self._fetched(file.split("/", 3)[3])

    def _fetched(self, key: str) -> Path:
        path = self.stage / key
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.s3.download_file(self.bucket("silver"), key, str(path))
        return path

    def _rows(self, plan: dict) -> dict[str, list[dict]]:
        schema = f"{self.database_name}.{plan['lane'].upper()}"
        where = f"database_name = '{self.database_name}' and schema_name = '{plan['lane'].upper()}'"
        found = self.server.duckdb(f"select table_name from duckdb_tables() where {where}")
        there = {name for (name,) in found}
        models = dataset_models(self.manifest, tuple(plan["domains"]))
        held = [model for model in models if model.alias.upper() in there]
        return {model.name: self.server.rows(f"{schema}.{model.alias}") for model in held}


def _python(script: str, seconds: int, given: str = "") -> str:
    """What a script prints that needs the packages of the image."""
    done = subprocess.run(
        [str(python_of(IMAGE_LOCK)), "-c", script],
        **{"input": given, "capture_output": True, "text": True, "timeout": seconds, "check": False},
    )
    assert done.returncode == 0, done.stderr[-1_000:]
    return done.stdout
