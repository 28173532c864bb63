"""An S3 for a test module: MiniStack on a free loopback port, stopped by its own process."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from lake import Lake

from containers.dbt.project import keep_parse_state

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(endpoint: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"MiniStack ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise TimeoutError(f"MiniStack did not answer within {START_SECONDS} s")


@pytest.fixture(scope="session")
def parse_state() -> Path:
    """The state that an image brings along, made once for all tasks."""
    return keep_parse_state("duckdb")


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory) -> Iterator[str]:
    port = free_port()
    folder = tmp_path_factory.mktemp("ministack")
    environment = {**os.environ, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "HOME": str(folder)}
    environment.pop("AWS_ENDPOINT_URL", None)
    with open(folder / "log", "w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack.app"], env=environment, cwd=folder, stdout=output, stderr=output
        )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="module")
def lake(endpoint, parse_state, tmp_path_factory) -> Lake:
    """Buckets of its own for each test module."""
    return Lake(endpoint, tmp_path_factory.mktemp("lake"))
