"""Writes plans, runs the container and reads what it left."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import boto3

from containers.extract.run import run_plan
from containers.extract.storage import Storage
from jobs.task.storage import split_uri

ROOT = Path(__file__).resolve().parents[3]
BRONZE, ARTIFACTS = "extract-bronze", "extract-artifacts"
BUCKETS = (BRONZE, ARTIFACTS)
CREATED_AT = "2024-02-01T06:30:00Z"
TASK_SECONDS = 120


class Extraction:
    """One source of its own: `run` plans a run after the last good one, and carries it out."""

    def __init__(self, aws: dict[str, str], folder: Path) -> None:
        self.aws, self.folder = aws, folder
        self.source = f"s{uuid4().hex[:12]}"
        self.s3 = boto3.client("s3")
        self.state_uri: str | None = None
        self.logs = ""
        self._runs = 0

    def secret(self, value: object) -> str:
        """Keeps a secret, text or JSON, and answers its name."""
        name = f"/{self.source}/secret"
        text = value if isinstance(value, str) else json.dumps(value)
        boto3.client("secretsmanager").create_secret(Name=name, SecretString=text)
        return name

    def secret_again(self, value: object) -> str:
        """Changes the secret that was kept, and answers its name."""
        name = f"/{self.source}/secret"
        boto3.client("secretsmanager").put_secret_value(SecretId=name, SecretString=json.dumps(value))
        return name

    def plan(self, block: dict, **changes: object) -> dict:
        """The plan of a new run, or of one that the changes name; it is stored as an object too."""
        self._runs += 1
        run_id = str(changes.get("run_id", f"run{self._runs}"))
        attempt = changes.get("attempt", 1)
        window = changes.get("window")
        prefix = f"s3://{ARTIFACTS}/runs/{self.source}-{run_id}/attempt={attempt}"
        plan = {
            **{"version": 1, "kind": "extract", "run_id": run_id, "attempt": attempt, "source": self.source},
            **{"correlation_id": f"corr-{run_id}", "extract": block, "state_uri": None, "window": window},
            "next_state_uri": f"s3://{ARTIFACTS}/extract/{self.source}/{run_id}-{attempt}.json",
            "created_at": CREATED_AT,
            "bronze_bucket": BRONZE,
            "report_uri": f"{prefix}/report.json",
        }
        if window is None:
            plan["state_uri"] = self.state_uri
        else:
            plan["next_state_uri"] = None
        plan |= changes
        self.put(f"{prefix}/plan.json", plan)
        plan["plan_uri"] = f"{prefix}/plan.json"
        return plan

    def run(self, block: dict, **changes: object) -> dict:
        """Runs in this process; answers the report. A good run's state is where the next one starts."""
        plan = self.plan(block, **changes)
        run_plan(plan["run_id"], plan["plan_uri"], Storage(self.s3), [])
        return self.report(plan)

    def report(self, plan: dict) -> dict:
        """The stored report of a plan; takes over its state when it is good."""
        report = self.get(plan["report_uri"])
        if report["ok"] and report["state_uri"]:
            self.state_uri = report["state_uri"]
        return report

    def task(self, plan: dict, program: str | None = None, **changes: str) -> subprocess.Popen:
        """Starts the container's process, or a program around it, with nothing but what a task is told."""
        work = self.folder / f"task{uuid4().hex[:6]}"
        work.mkdir()
        told = {"RUN_ID": plan["run_id"], "PLAN_URI": plan["plan_uri"], "PYTHONPATH": str(ROOT)}
        told |= {"PATH": os.environ["PATH"], "HOME": str(work), "RUNTIME__DLTHUB_TELEMETRY": "false"}
        return subprocess.Popen(
            [sys.executable, *(["-c", program] if program else ["-m", "containers.extract"])],
            **{"env": told | self.aws | changes, "cwd": work, "text": True},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT},
        )

    def kill(self, process: subprocess.Popen, run_id: str, objects: int, later_seconds: float) -> None:
        """Kills a task once so many objects of the run are there, unless it ends before."""
        end = time.monotonic() + TASK_SECONDS
        while process.poll() is None and len(self.keys(run_id)) < objects:
            assert time.monotonic() < end
            time.sleep(0.002)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(later_seconds)
        process.kill()

    def finish(self, process: subprocess.Popen, seconds: float = TASK_SECONDS) -> int:
        """Waits for a task; its output goes to `logs`."""
        output, _ = process.communicate(timeout=seconds)
        self.logs += output
        return process.returncode

    def put(self, uri: str, value: object) -> None:
        """Stores JSON."""
        bucket, key = split_uri(uri)
        self.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(value).encode())

    def get(self, uri: str) -> dict:
        """Reads JSON."""
        bucket, key = split_uri(uri)
        return json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def keys(self, run_id: str | None = None) -> list[str]:
        """The keys of this source in bronze, or those of one run, sorted."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=BRONZE, Prefix=f"source={self.source}/"
        )
        found = sorted(item["Key"] for page in pages for item in page.get("Contents", []))
        return [key for key in found if run_id is None or f"/run_id={run_id}/" in key]

    def lines(self, run_id: str | None = None) -> list[bytes]:
        """The lines of all objects of this source in bronze, in order of keys."""
        return [line for key in self.keys(run_id) for line in self.body(key).splitlines()]

    def records(self, run_id: str | None = None) -> list[dict]:
        """The lines, parsed."""
        return [json.loads(line) for line in self.lines(run_id)]

    def body(self, key: str, bucket: str = BRONZE) -> bytes:
        """The bytes of one object."""
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def metadata(self, key: str) -> dict:
        """The user metadata of one object."""
        return self.s3.head_object(Bucket=BRONZE, Key=key)["Metadata"]
