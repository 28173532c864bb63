"""The job's S3 is a real one: the buckets of its tests in the session's MiniStack."""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from cleanse_lake import BUCKETS, Lake
from folder_store import FolderStore

from jobs.cleanse.store import Store

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def s3_store(aws_environment):
    """The job's own store on the endpoint, with what tests need to look at it; its buckets are there."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws_environment.items():
            patch.setenv(name, value)
        boto3.setup_default_session()
        store = S3Store()
        for bucket in BUCKETS.values():
            store.s3.create_bucket(Bucket=bucket)
        versioning = {"Status": "Enabled"}
        store.s3.put_bucket_versioning(Bucket=BUCKETS["bronze"], VersioningConfiguration=versioning)
        yield store


class S3Store(Store):
    """The job's store, and the three calls that tests add."""

    def put(self, bucket: str, key: str, body: bytes) -> str | None:
        """Stores an object; returns its version."""
        return self.s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")

    def get(self, bucket: str, key: str) -> bytes:
        """The bytes of an object."""
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str) -> list[str]:
        """All keys of a bucket, sorted (tests stay below one page)."""
        return sorted(item["Key"] for item in self.s3.list_objects_v2(Bucket=bucket).get("Contents", []))


@pytest.fixture(scope="session")
def s3_lake(s3_store) -> Lake:
    """A lake on the S3 endpoint; run ids never repeat."""
    return Lake(s3_store)


@pytest.fixture
def lake(tmp_path) -> Lake:
    """A lake in a folder, for tests about rows."""
    return Lake(FolderStore(tmp_path / "lake"))


@pytest.fixture
def task(aws_environment, s3_store, tmp_path_factory):
    """Runs the entry point in an empty directory, with nothing but what a task is told."""

    directory = tmp_path_factory.mktemp("task")

    def run(run_id: str, plan_uri: str, **changes) -> tuple[int, list[dict]]:
        told = {"RUN_ID": run_id, "PLAN_URI": plan_uri, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        command = [sys.executable, "-m", "jobs.cleanse.run"]
        env = told | aws_environment | changes
        done = subprocess.run(command, env=env, cwd=directory, capture_output=True, timeout=60)
        assert list(directory.iterdir()) == [], "the task leaves nothing behind"
        assert done.stderr == b""
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    return run
