"""The tests' AWS: one MiniStack on a free port of 127.0.0.1 for a session, started when first needed."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from samples.servers import process

SERVICES = "s3,secretsmanager,athena,glue,sts,ecr"


@pytest.fixture(scope="session")
def aws_endpoint(tmp_path_factory) -> Iterator[str]:
    """The address of a running MiniStack; it is ended by its own process id."""
    folder = tmp_path_factory.mktemp("ministack")
    port = process.free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": SERVICES,
        "LOG_LEVEL": "WARNING",
    }
    settings |= {"HOME": str(folder), "TMPDIR": str(folder), "S3_DATA_DIR": str(folder / "s3")}
    inherited = {name: value for name, value in os.environ.items() if name != "AWS_ENDPOINT_URL"}
    running = process.start([sys.executable, "-m", "ministack"], folder, env=inherited | settings)
    try:
        process.wait_until(lambda: _answers(url), running, "MiniStack")
        yield url
    finally:
        process.stop(running)


@pytest.fixture(scope="session")
def aws_environment(aws_endpoint) -> dict[str, str]:
    """The variables with which an AWS SDK reaches the endpoint."""
    return {
        **{"AWS_ENDPOINT_URL": aws_endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"},
        **{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
    }


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_ministack/health", timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False
