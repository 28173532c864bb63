"""A Snowflake of its own on 127.0.0.1: fakesnow (Apache-2.0), taught what it lacks (`snowflake/server.py`).

It and the container's packages are installed below the state folder, each in an environment of its own, by
hash: fakesnow needs another DuckDB than the project, and nothing else here needs a driver of Snowflake.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from samples.servers import process

ROOT = Path(__file__).resolve().parents[3]
STATE = ROOT / ".sluice" / "python"
OWN = Path(__file__).with_name("snowflake")
IMAGE_LOCK = ROOT / "containers" / "dbt" / "snowflake" / "requirements.lock"
INSTALL_SECONDS_MAX = 500
STATEMENT_SECONDS_MAX = 60


@dataclass(frozen=True)
class Snowflake:
    """A running server; `folder` is what its stage shows."""

    port: int
    folder: Path

    def duckdb(self, statement: str) -> list[list[str]]:
        """The rows of one statement of the DuckDB below, as texts. Raises RuntimeError when it is refused."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/duckdb", statement.encode())
        try:
            with urllib.request.urlopen(request, timeout=STATEMENT_SECONDS_MAX) as answer:
                return json.load(answer)["rows"]
        except urllib.error.HTTPError as refusal:
            raise RuntimeError(json.load(refusal)["error"]) from None

    def rows(self, table: str) -> list[dict]:
        """All rows of a table, columns in lower case."""
        path = self.folder / "rows.parquet"
        self.duckdb(f"copy (from {table}) to '{path}' (format parquet)")
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            cursor = connection.execute(f"from '{path}'")
            names = [column[0].lower() for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def python_of(lock: Path, state: Path = STATE) -> Path:
    """The interpreter of an environment with exactly the packages of a lock, made when it is not there."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    home = state / digest
    if not home.exists():
        state.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=state))
        try:
            _run(sys.executable, "-m", "venv", str(fresh))
            install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run(str(fresh / "bin" / "python"), *install, "--require-hashes", "-r", str(lock))
            fresh.rename(home)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return home / "bin" / "python"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False)
    if done.returncode:
        raise process.NoServer(f"no packages for Snowflake: {done.stderr[-1000:]}")


@contextmanager
def serving(folder: Path) -> Iterator[Snowflake]:
    """A server with nothing in it, ended with the block."""
    port = process.free_port()
    server = process.start(
        [str(python_of(OWN / "requirements.lock")), str(OWN / "server.py"), str(port)], folder
    )
    try:
        process.wait_until(lambda: process.listens(port), server, "fakesnow")
        yield Snowflake(port, folder)
    finally:
        process.stop(server)
