"""MiniStack as a process of its own, on a free port of 127.0.0.1."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samples.servers import process

# What an SDK needs beside the address; MiniStack takes any key.
ACCESS = {
    **{"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"},
    **{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
}


@contextmanager
def ministack(folder: Path, services: str) -> Iterator[str]:
    """The address of a running one with these services, separated by commas; it ends with the block."""
    port = process.free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": services,
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


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_ministack/health", timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False
