"""The container's AWS is MiniStack on a free port of 127.0.0.1, ended by its own process id."""

import functools
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import boto3
import pytest
from databases import mongodb, postgres
from extraction import BUCKETS, Extraction
from servers import RestServer

START_SECONDS = 60


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
            time.sleep(0.05)
    raise AssertionError(f"MiniStack did not answer within {START_SECONDS} s")


@pytest.fixture(scope="session")
def aws(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The variables with which an AWS SDK reaches the endpoint; its buckets are there."""
    port = free_port()
    state = tmp_path_factory.mktemp("ministack")
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "HOME": str(state),
    }
    settings |= {"SERVICES": "s3,secretsmanager", "TMPDIR": str(state), "S3_DATA_DIR": str(state / "s3")}
    inherited = {name: value for name, value in os.environ.items() if name != "AWS_ENDPOINT_URL"}
    with (state / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=inherited | settings, stdout=log, stderr=log, cwd=state
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(url, process)
        told = {"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
        told |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        s3 = boto3.client("s3", endpoint_url=url, **credentials())
        for bucket in BUCKETS:
            s3.create_bucket(Bucket=bucket)
        yield told
    finally:
        process.terminate()
        process.wait(timeout=20)


def credentials() -> dict[str, str]:
    return {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}


@pytest.fixture(scope="session")
def clients(aws):
    """boto3.client for the endpoint, each client made once: that takes longer than most runs here."""
    session = boto3.Session(**credentials())

    @functools.cache
    def client(service: str):
        return session.client(service, endpoint_url=aws["AWS_ENDPOINT_URL"])

    return lambda service, **_: client(service)


@pytest.fixture
def extraction(aws, clients, tmp_path, monkeypatch) -> Extraction:
    """Runs extractions of a source of its own, in this process or as a task."""
    monkeypatch.setattr(boto3, "client", clients)
    return Extraction(aws, tmp_path)


@pytest.fixture
def rest() -> Iterator[RestServer]:
    """The REST server of daily prices, with a key."""
    with RestServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The connection string of a PostgreSQL for this test run."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def mongodb_url() -> Iterator[str]:
    """The connection string of a MongoDB server for this test run."""
    with mongodb() as url:
        yield url
