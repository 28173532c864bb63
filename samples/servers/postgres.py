"""A PostgreSQL of its own on 127.0.0.1 with the application's tables: `python -m samples.servers.postgres`.

It takes the programs of Debian's package postgresql or those on the PATH, keeps everything in a folder that
goes when it ends, prints one JSON line {"url", "tables"}, and serves until SIGTERM or the end of its input.
"""

import argparse
import gzip
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pg8000.native

from samples.servers import process

DEBIAN = Path("/usr/lib/postgresql")
ROWS = Path(__file__).resolve().parents[1] / "systems" / "petforce"
USER, DATABASE = "petforce", "petforce"
INSERT_ROWS_MAX = 200
MISSING = (
    "there is no PostgreSQL here: `apt-get install postgresql`, `brew install postgresql`, or put initdb and"
    " postgres on the PATH"
)


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs. Raises NoServer when there is none."""
    found = shutil.which(name)
    newest = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: _version(path.parts[-3]))
    if newest:
        return str(newest[-1])
    if found is None:
        raise process.NoServer(MISSING)
    return found


def _version(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


@contextmanager
def serving(port: int = 0) -> Iterator[str]:
    """The connection string of an empty database that lives as long as this block."""
    initdb, server, user = program("initdb"), program("postgres"), process.plain_user()
    port = port or process.free_port()
    with tempfile.TemporaryDirectory(prefix="sluice-postgres-") as name:
        folder, password = Path(name), secrets.token_urlsafe(18)
        (folder / "password").write_text(password)
        if user:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        _initialise(initdb, folder, user)
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        running = process.start([server, "-D", str(folder / "data"), *options], folder, user)
        try:
            process.wait_until(lambda: _answers(port, password), running, "PostgreSQL")
            yield f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"
        finally:
            # Fast shutdown: sessions that are open end at once.
            process.stop(running, signal.SIGINT)


def _initialise(initdb: str, folder: Path, user: str | None) -> None:
    command = [initdb, "-D", str(folder / "data"), "-U", USER, "--auth", "scram-sha-256", "-E", "UTF8"]
    command += ["--pwfile", str(folder / "password"), "--locale", "C", "--no-sync"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, user=user, timeout=60, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()[-500:]}")
    (folder / "password").unlink()


def _answers(port: int, password: str) -> bool:
    try:
        connection = connect(f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres")
    except (pg8000.native.InterfaceError, pg8000.native.DatabaseError):
        return False
    try:
        if not connection.run("SELECT 1 FROM pg_database WHERE datname = :name", name=DATABASE):
            connection.run(f"CREATE DATABASE {DATABASE}")
        return True
    finally:
        connection.close()


def connect(url: str) -> pg8000.native.Connection:
    """A connection to a postgresql:// address."""
    account, _, place = url.removeprefix("postgresql://").partition("@")
    (user, _, password), (address, _, database) = account.partition(":"), place.partition("/")
    host, _, port = address.partition(":")
    return pg8000.native.Connection(user, host=host, port=int(port), database=database, password=password)


def load(url: str, folder: Path = ROWS) -> dict[str, int]:
    """Makes the tables of `schema.sql` and fills each from `<table>.ndjson.gz`; answers rows by table."""
    connection = connect(url)
    try:
        for statement in (folder / "schema.sql").read_text().split(";\n"):
            if statement.strip():
                connection.run(statement)
        files = sorted(folder.glob("*.ndjson.gz"))
        return {path.name.split(".")[0]: _fill(connection, path) for path in files}
    finally:
        connection.close()


def _fill(connection: pg8000.native.Connection, path: Path) -> int:
    table = path.name.split(".")[0]
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    for start in range(0, len(lines), INSERT_ROWS_MAX):
        batch = "[" + ",".join(lines[start : start + INSERT_ROWS_MAX]) + "]"
        connection.run(
            f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, :rows)",
            rows=batch,
        )
    return len(lines)


def main() -> int:
    """Serves until told to stop; 3 when there is no PostgreSQL on this machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--empty", action="store_true", help="no tables")
    options = parser.parse_args()
    return process.serve(serving(options.port), lambda url: {"tables": {} if options.empty else load(url)})


if __name__ == "__main__":
    os.environ.pop("PGPASSWORD", None)
    sys.exit(main())
