"""A MongoDB of its own on 127.0.0.1 with the executions of a trading system.

`python -m samples.servers.mongodb`

It takes `mongod` from the PATH, else FerretDB 1.x, which speaks MongoDB's protocol and keeps its data in
SQLite: as `npm run ferretdb` builds it, or from the PATH. It keeps everything in a folder that goes when it
ends, prints one JSON line {"url", "documents"}, and serves until SIGTERM or the end of its input.
"""

import argparse
import gzip
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymongo
from bson import Decimal128, json_util

from samples.servers import process

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "samples" / "systems" / "ledger-db" / "transactions.ndjson.gz"
DATABASE, COLLECTION = "trading", "transactions"
# What `npm run ferretdb` builds, with locked versions.
OWN_BUILD = ROOT / ".sluice" / "bin" / "ferretdb"
MISSING = "there is no MongoDB here: put mongod on the PATH, or build a stand-in by `npm run ferretdb`"


def command(folder: Path, port: int) -> list[str]:
    """How to start a server on a port of 127.0.0.1. Raises NoServer when there is none on this machine."""
    if server := shutil.which("mongod"):
        return [server, "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1"]
    if OWN_BUILD.exists():
        return [str(OWN_BUILD), str(folder), f"127.0.0.1:{port}"]
    server = shutil.which("ferretdb")
    if server is None:
        raise process.NoServer(MISSING)
    listening = [f"--listen-addr=127.0.0.1:{port}", "--debug-addr=-", "--telemetry=disable"]
    return [server, "--handler=sqlite", f"--sqlite-url=file:{folder}/", f"--state-dir={folder}", *listening]


@contextmanager
def serving(port: int = 0) -> Iterator[str]:
    """The connection string of an empty server that lives as long as this block."""
    port = port or process.free_port()
    with tempfile.TemporaryDirectory(prefix="sluice-mongodb-") as name:
        folder = Path(name)
        # FerretDB sorts in memory: a million documents need some GB of it, and Go takes twice that if it may.
        running = process.start(command(folder, port), folder, env=os.environ | {"GOMEMLIMIT": "6GiB"})
        try:
            process.wait_until(lambda: process.listens(port), running, "MongoDB")
            yield f"mongodb://127.0.0.1:{port}/"
        finally:
            process.stop(running)


def load(url: str, rows: Path = ROWS) -> int:
    """Fills the collection with the documents of a file of extended JSON; answers their number."""
    documents = [json_util.loads(line) for line in gzip.decompress(rows.read_bytes()).decode().splitlines()]
    with pymongo.MongoClient(url) as client:
        if any(name.startswith("ferretdb") for name in client.admin.command("buildInfo")):
            # FerretDB 1.x drops the connection at a Decimal128: there, amounts are their digits as text.
            documents = [{name: _storable(value) for name, value in one.items()} for one in documents]
        client[DATABASE][COLLECTION].insert_many(documents)
    return len(documents)


def _storable(value: object) -> object:
    return str(value) if isinstance(value, Decimal128) else value


def main() -> int:
    """Serves until told to stop; 3 when there is no MongoDB on this machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    return process.serve(serving(options.port), lambda url: {"documents": load(url)})


if __name__ == "__main__":
    sys.exit(main())
