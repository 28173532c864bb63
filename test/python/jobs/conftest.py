"""The job's S3 is a real one: MiniStack on a free port of 127.0.0.1, started when first needed."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import pytest
from cleanse_lake import BUCKETS, Lake
from folder_store import FolderStore

from jobs.cleanse.store import Store

START_SECONDS = 30
ROOT = Path(__file__).resolve().parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "MiniStack ended while it started"
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            process_pause()
    raise AssertionError(f"MiniStack did not answer within {START_SECONDS} s")


def process_pause() -> None:
    """Lets the other process run between two polls."""
    time.sleep(0.05)


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory):
    """The address of a running MiniStack; it is ended by its own process id."""
    port = free_port()
    state = tmp_path_factory.mktemp("ministack")
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": "s3", "LOG_LEVEL": "WARNING"}
    settings |= {"TMPDIR": str(state), "S3_DATA_DIR": str(state / "s3"), "AWS_ACCESS_KEY_ID": "test"}
    with (state / "log").open("wb") as log:
        command = [sys.executable, "-m", "ministack"]
        process = subprocess.Popen(command, env=os.environ | settings, stdout=log, stderr=log, cwd=state)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def s3_environment(s3_endpoint):
    """The variables that an AWS SDK needs to reach the endpoint."""
    return {
        **{"AWS_ENDPOINT_URL": s3_endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"},
        **{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
    }


@pytest.fixture(scope="session")
def s3_store(s3_environment):
    """The job's own store on the endpoint, with what tests need to look at it; its buckets are there."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_environment.items():
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
def task(s3_environment, s3_store, tmp_path_factory):
    """Runs the entry point in an empty directory, with nothing but what a task is told."""

    directory = tmp_path_factory.mktemp("task")

    def run(run_id: str, plan_uri: str, **changes) -> tuple[int, list[dict]]:
        told = {"RUN_ID": run_id, "PLAN_URI": plan_uri, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        command = [sys.executable, "-m", "jobs.cleanse.run"]
        env = told | s3_environment | changes
        done = subprocess.run(command, env=env, cwd=directory, capture_output=True, timeout=60)
        assert list(directory.iterdir()) == [], "the task leaves nothing behind"
        assert done.stderr == b""
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    return run
