"""A test's lake as Athena has it, on a Trino: silver and RAW are Hive tables, what dbt builds is Iceberg."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from lake import Lake, ReadTask
from test_targets import dbt

from containers.dbt.graph import dataset_models
from containers.dbt.project import CONTRACTS, load_manifest
from containers.dbt.warehouse import raw_tables
from samples.servers.trino import Trino

# Hive's names of types that Trino spells differently.
TRINO_TYPES = {"string": "varchar", "int": "integer"}
BUILD_SECONDS_MAX = 1_800
GOOD = ("success", "pass", "warn", "no-op")


class Folders:
    """The calls of an S3 client that fill a bucket, onto a folder for each."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        """Copies a file to a key."""
        shutil.copyfile(path, self._path(bucket, key))

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        """Writes an object."""
        self._path(Bucket, Key).write_bytes(Body)

    def _path(self, bucket: str, key: str) -> Path:
        path = self.root / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@dataclass
class TrinoLake(Lake):
    """A lake whose files lie where a Trino finds them and whose builds are dbt's on the target `trino`."""

    trino: Trino = field(kw_only=True)
    parse_state: Path = field(kw_only=True)
    builds: int = 0
    # What dbt has done on a server stays there, and its next build is no retry of the container's.
    can_kill: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self.mark = uuid.uuid4().hex[:8]
        self.s3 = Folders(self.trino.tables)
        self.manifest = load_manifest("duckdb", self.parse_state)[0]
        for schema in ("lake_silver", "lake_gold", "raw", "sluice"):
            self.trino.run(f"create schema if not exists {schema}")

    def build(self, keep: bool = True, **changes) -> ReadTask:
        """Builds and tests all models of the plan's domains; unit tests belong to the first build."""
        plan = self.plan(**changes)
        anew, first = plan["mode"] == "full_refresh", not self.builds
        self.builds += 1
        self._lay_tables(plan)
        self._list_runs(plan["silver"], anew)
        folder = self.folder / plan["run_id"]
        folder.mkdir()
        lane = ["--target", "trino", "--select", *(f"+group:{domain}" for domain in plan["domains"])]
        skipped = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure"]
        build = ["build", *skipped, *lane, *(["--full-refresh"] if anew else [])]
        # A unit test may say what its model's table holds, so that the table has to be there.
        unit_tests = [["test", "--resource-type", "unit_test", *lane]] if first else []
        settings = {"LAKE_TRINO_PORT": str(self.trino.port), "SLUICE_STAGE": plan["stage"]}
        done = dbt(folder, self.endpoint, build, *unit_tests, seconds=BUILD_SECONDS_MAX, **settings)
        wrong = _failures(folder / "target" / "run_results.json")
        # Whatever is built upon a failed build only takes time.
        assert wrong == [] and done.returncode == 0, (wrong, (done.stdout + done.stderr)[-2_000:])
        if keep:
            for entity, runs in plan["silver"].items():
                self.built[entity] = self.built.get(entity, 0) + len(runs)
        return ReadTask(0, [], {"verdict": "passed"}, plan, self._rows(plan["domains"]))

    def gold(self, task: ReadTask, dataset: str) -> list[dict]:
        """The rows of one dataset as they were after a task."""
        return task.rows[dataset]

    def _lay_tables(self, plan: dict) -> None:
        """Makes the source tables of a plan where they are not there yet; they show every file below them."""
        bucket = f"local:///{self.bucket('silver')}"
        for entity in plan["silver"]:
            columns = json.loads((CONTRACTS / f"{entity}.json").read_text())["silver_columns"]
            typed = {column["name"]: column["glue_type"] for column in columns}
            self._lay("lake_silver", entity, typed, f"{bucket}/entity={entity}")
        for table in raw_tables(self.manifest, tuple(plan["domains"])):
            typed = {name: column.data_type for name, column in table.columns.items()}
            self._lay("raw", table.identifier, typed, f"{bucket}/raw/{table.identifier}")

    def _lay(self, schema: str, table: str, types: dict[str, str], location: str) -> None:
        (self.trino.tables / location.removeprefix("local:///")).mkdir(parents=True, exist_ok=True)
        columns = ", ".join(f"{name} {TRINO_TYPES.get(kind, kind)}" for name, kind in types.items())
        self.trino.run(
            f"create table if not exists hive.{schema}.{table} ({columns})"
            f" with (format = 'PARQUET', external_location = '{location}')"
        )

    def _list_runs(self, new: dict[str, list[dict]], anew: bool) -> None:
        """sluice.plan_runs over all runs: here the sources show what earlier builds have merged too."""
        listed = [
            f"('{entity}', '{run['run_id']}', {str(anew or run in new[entity]).lower()})"
            for entity, runs in self.silver.items()
            for run in runs
        ]
        self.trino.run("drop table if exists sluice.plan_runs")
        self.trino.run("create table sluice.plan_runs (entity varchar, run_id varchar, is_new boolean)")
        if listed:
            self.trino.run(f"insert into sluice.plan_runs values {', '.join(listed)}")

    def _rows(self, domains: list[str]) -> dict[str, list[dict]]:
        found = {}
        for model in dataset_models(self.manifest, tuple(domains)):
            with self.trino.connect() as connection:
                cursor = connection.cursor().execute(f"select * from lake_gold.{model.alias}")
                names = [column.name for column in cursor.description]
                found[model.name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return found


def _failures(results: Path) -> list[str]:
    rows = json.loads(results.read_text())["results"] if results.exists() else []
    wrong = [row for row in rows if row["status"] not in (*GOOD, "skipped")]
    return [f"{row['unique_id']}: {row['status']}, {row['message']}" for row in wrong]
