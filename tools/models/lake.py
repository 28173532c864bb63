"""A lake for a trial: an S3 of its own, the sample files cleansed into silver, and the containers' own tasks.

Every task is the entry of a container, in an empty directory, with the plan that a stage would hand it. Which
commit's code it runs is the `tree` that it is given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3

from samples.raw_tables import load
from samples.servers.ministack import ACCESS, ministack
from tools.models.plans import ZONES, bucket, cleanse_plan

TASK_SECONDS_MAX = 900
BUILD, CLEANSE = "containers.dbt.run", "jobs.cleanse.run"
# The source that feeds an entity, and its files among the samples; an entity without any is an empty table.
SAMPLES = {
    "market_data": ("market-data", "market-data/*"),
    "transactions": ("trading", "trading/*"),
    "events": ("shop-events", "systems/shop-events/**/*.ndjson"),
    **{
        entity: ("petforce", f"systems/petforce/{entity}.ndjson.gz")
        for entity in ("households", "household_members", "users", "pets", "tasks", "activity_logs")
    },
    "subscriptions": ("petforce", "systems/petforce/subscriptions.ndjson.gz"),
}


class NotTried(Exception):
    """Why there is no verdict on a change, for a person."""


@dataclass(frozen=True)
class Task:
    """What a task left: its exit code, its report or None, its artifacts' prefix and its directory."""

    code: int
    report: dict | None
    artifacts: str
    directory: Path


class Lake:
    """The buckets of a trial. Silver is a dict of committed runs by entity, as a build's plan has it."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {"AWS_ENDPOINT_URL": endpoint, **ACCESS}
        self.s3 = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=ACCESS["AWS_REGION"],
            aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"],
        )
        for zone in ZONES:
            self.s3.create_bucket(Bucket=bucket(zone))

    def cleanse(self, tree: Path, entities: list[str]) -> dict[str, list[dict]]:
        """One committed run of each entity, from the samples of a tree and by its code."""
        return {entity: self._cleansed(tree, entity) for entity in entities}

    def _cleansed(self, tree: Path, entity: str) -> list[dict]:
        source, pattern = SAMPLES.get(entity, ("", ""))
        files = sorted((tree / "samples").glob(pattern)) if pattern else []
        if not files:
            return []
        plan = cleanse_plan(
            tree, entity, [self._land(path, f"source={source}/{path.relative_to(tree)}") for path in files]
        )
        task = self.run(tree, CLEANSE, plan)
        if task.code != 0 or task.report is None:
            raise NotTried(f"the samples of {entity} were not cleansed:\n{said(task)}")
        keys = [file["key"] for file in task.report["files"]]
        return [{"run_id": plan["run_id"], "files": [f"s3://{bucket('silver')}/{key}" for key in keys]}]

    def _land(self, path: Path, key: str) -> dict:
        self.s3.upload_file(str(path), bucket("bronze"), key)
        # Now: a build refuses data that is too old for a promise of its source.
        landed_at = datetime.now(UTC).isoformat()
        item = {"bucket": bucket("bronze"), "key": key, "version_id": None, "bytes": path.stat().st_size}
        return {**item, "landed_at": landed_at, "source": key.partition("/")[0].removeprefix("source=")}

    def load_raw(self, tree: Path) -> None:
        """The warehouse's RAW tables, of the samples of a tree."""
        load(bucket("silver"), tree / "samples" / "systems" / "raw", self.s3)

    def run(self, tree: Path, entry: str, plan: dict) -> Task:
        """Runs a container's entry from a tree to its end; the directory that it worked in stays."""
        artifacts = plan.get("artifacts_prefix") or plan["report_uri"].rpartition("/")[0] + "/"
        prefix = artifacts.split("/", 3)[3]
        self.s3.put_object(Bucket=bucket("artifacts"), Key=f"{prefix}plan.json", Body=json.dumps(plan))
        directory = Path(tempfile.mkdtemp(prefix=f"{plan['run_id']}-", dir=self.folder))
        told = {"RUN_ID": plan["run_id"], "PLAN_URI": f"{artifacts}plan.json"}
        code = self._process(tree, directory, [entry], told)
        report = self.read(f"{prefix}report.json")
        return Task(code, json.loads(report) if report else None, prefix, directory)

    def beside(self, tree: Path, module: str, task: Task, arguments: list[str]) -> Path:
        """Runs a module of a tree where a task has ended; answers dbt's folder of results there."""
        if self._process(tree, task.directory, [module, *arguments], {}) != 0:
            raise NotTried(f"{module} did not get to its end\n{said(task)}")
        return task.directory / "target"

    def _process(self, tree: Path, directory: Path, module: list[str], told: dict[str, str]) -> int:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            **{"HOME": str(directory), "PYTHONPATH": str(tree), **self.environment, **told},
        }
        with directory.with_suffix(".log").open("ab") as log:
            given = {"cwd": directory, "env": environment, "stdout": log, "stderr": log}
            command = [sys.executable, "-m", *module]
            return subprocess.run(command, timeout=TASK_SECONDS_MAX, **given).returncode

    def read(self, key: str) -> bytes | None:
        """An artifact's bytes, or None."""
        try:
            return self.s3.get_object(Bucket=bucket("artifacts"), Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None

    def put(self, path: Path, key: str) -> None:
        """Stores a file among the artifacts."""
        self.s3.upload_file(str(path), bucket("artifacts"), key)

    def save(self, zone: str, folder: Path) -> None:
        """Copies all objects of a zone into a folder."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket(zone))
        for key in [found["Key"] for page in pages for found in page.get("Contents", [])]:
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            self.s3.download_file(bucket(zone), key, str(path))

    def restore(self, zone: str, folder: Path) -> None:
        """Brings the objects of a saved zone back under their keys."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.s3.upload_file(str(path), bucket(zone), path.relative_to(folder).as_posix())


def said(task: Task) -> str:
    """The end of what a task printed."""
    return task.directory.with_suffix(".log").read_text(errors="replace")[-4_000:]


@contextmanager
def open_lake(make: Callable[[str, Path], Lake] = Lake) -> Iterator[Lake]:
    """An empty lake, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="sluice-trial-") as name:
        emulator = Path(name, "s3")
        emulator.mkdir()
        with ministack(emulator, "s3") as endpoint:
            yield make(endpoint, Path(name))
