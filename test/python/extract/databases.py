"""A PostgreSQL and a MongoDB server of the tests' own, on free ports of 127.0.0.1."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pg8000.native
import pymongo
import pytest

ROOT = Path(__file__).resolve().parents[3]
FERRETDB = ROOT / ".sluice" / "bin" / "ferretdb"
START_SECONDS = 60
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_program(name: str) -> str | None:
    """A program of PostgreSQL: of the path, or of Debian's newest package."""
    places = os.pathsep.join([os.environ["PATH"], *map(str, reversed(DEBIAN))])
    return shutil.which(name, path=places)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The connection string of a new PostgreSQL. Skips the test where there is none to start."""
    initdb, server = find_program("initdb"), find_program("postgres")
    if not initdb or not server:
        pytest.skip("no PostgreSQL here: install it with `apt-get install postgresql`")
    # PostgreSQL refuses to run as root, and another user cannot look into pytest's folders.
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="sluice-postgres-"))
    if user:
        shutil.chown(folder, user)
    as_user = {"user": user, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        data = folder / "data"
        subprocess.run(
            [initdb, "-D", data, "-A", "trust", "-U", "sluice", "-E", "UTF8", "-N"], **as_user, check=True
        )
        port = free_port()
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = subprocess.Popen([server, "-D", data, *options], **as_user)
        try:
            url = f"postgresql://sluice:pass%2Fword-4711@127.0.0.1:{port}/postgres"
            wait_for(process, lambda: connect(port).close())
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def connect(port: int) -> pg8000.native.Connection:
    return pg8000.native.Connection("sluice", host="127.0.0.1", port=port, database="postgres", password="x")


@contextlib.contextmanager
def mongodb() -> Iterator[str]:
    """The connection string of a new FerretDB. Skips the test where it was not built."""
    if not FERRETDB.exists():
        pytest.skip("no MongoDB server here: build one with `npm run ferretdb`, which needs Go")
    with tempfile.TemporaryDirectory(prefix="sluice-ferretdb-") as folder:
        port = free_port()
        # FerretDB sorts in memory: a million documents need some GB of it.
        told = {"PATH": os.environ["PATH"], "GOMEMLIMIT": "6GiB"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([FERRETDB, folder, f"127.0.0.1:{port}"], env=told, **quiet)
        url = f"mongodb://127.0.0.1:{port}/"
        try:
            with pymongo.MongoClient(url, serverSelectionTimeoutMS=200) as client:
                wait_for(process, lambda: client.admin.command("ping"))
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_for(process: subprocess.Popen, ask) -> None:
    """Asks until the server answers."""
    end = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "the server ended while it started"
        try:
            ask()
            return
        except Exception:
            assert time.monotonic() < end, f"the server did not answer within {START_SECONDS} s"
            time.sleep(0.05)
