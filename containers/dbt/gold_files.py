"""The files of gold by month: what changed is written, the rest is copied from the edition before.

No file holds the name of its edition, which is in its key: so a file can stand in several editions. Why:
docs/decisions/0032-an-edition-is-copied-where-nothing-changed.md
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb

from containers.dbt.gold_months import Export, month_number, month_of, partition_name
from containers.dbt.gold_write import month_in, write_months
from jobs.task.storage import THREADS, Storage

# What is in a file beside its rows; another one makes every file anew.
FORMAT = "parquet zstd 1"
FILES_TABLE = """
create table if not exists sluice.gold_files (
    uri varchar, dataset varchar, layout varchar, partition varchar, digest varchar, etag varchar,
    rows bigint, bytes bigint
)
"""


@dataclass(frozen=True)
class GoldFile:
    """One file of an edition, in the order of the columns of sluice.gold_files."""

    uri: str
    dataset: str
    layout: str
    partition: str
    digest: str
    etag: str
    rows: int
    bytes: int


Kept = dict[str, list[GoldFile]]


def remembered(connection: duckdb.DuckDBPyConnection) -> list[GoldFile]:
    """The files of the edition that the lane's last good build exported."""
    connection.execute(FILES_TABLE)
    return [GoldFile(*row) for row in connection.execute("from sluice.gold_files").fetchall()]


def remember(connection: duckdb.DuckDBPyConnection, files: Iterable[GoldFile]) -> None:
    """Takes these files for those of the edition that is being built."""
    connection.execute(FILES_TABLE)
    rows = [astuple(file) for file in files]
    connection.execute("begin")
    connection.execute("delete from sluice.gold_files")
    if rows:
        # One statement with lists: a statement for each file costs as much as storing them all.
        columns = [list(column) for column in zip(*rows, strict=True)]
        connection.execute(f"insert into sluice.gold_files select {', '.join(['unnest(?)'] * 8)}", columns)
    connection.execute("commit")


class Exporter:
    """Exports datasets one after another, with at most THREADS calls of S3 at once."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        storage: Storage,
        folder: Path,
        pool: ThreadPoolExecutor,
        earlier: list[GoldFile],
    ) -> None:
        self.connection, self.storage, self.folder, self.pool = connection, storage, folder, pool
        self.earlier = earlier

    def export(self, export: Export) -> tuple[list[GoldFile], list[GoldFile]]:
        """The files that were copied and those that were written. Errors of DuckDB and S3 pass through."""
        columns = self.connection.execute(f"describe {export.relation}").fetchall()
        layout = f"{FORMAT} {duckdb.__version__} {[(name, kind) for name, kind, *_ in columns]}"
        digests = self._digests(export, [name for name, *_ in columns])
        kept: Kept = {}
        for file in self.earlier:
            known = (file.dataset, file.layout) == (export.home, layout)
            if known and digests.get(file.partition) == file.digest:
                kept.setdefault(file.partition, []).append(file)
        # A file that lacked rows is written again, and not copied for ever.
        whole = {name: files for name, files in kept.items() if _rows(files) == _counted(digests[name])}
        copied = self._copy(export, whole)
        changed = digests.keys() - {file.partition for file in copied}
        return copied, self._write(export, layout, {name: digests[name] for name in changed}, bool(copied))

    def _digests(self, export: Export, columns: list[str]) -> dict[str, str]:
        """Of each partition its rows and the sum of their hashes, which tells the same in any order.

        The outer hash keeps values that two rows have exchanged from adding up to the same.
        """
        names = ", ".join(f'"{name}"' for name in columns)
        found = self.connection.execute(
            f"select {month_of(export)} as month, count(*), sum(hash(hash({names})))"
            f" from {export.relation} group by month"
        ).fetchall()
        return {partition_name(month): f"{rows}:{total}" for month, rows, total in found}

    def _copy(self, export: Export, kept: Kept) -> list[GoldFile]:
        """Partitions of which every file could be copied: retention may have come first, then none is."""

        def copied(file: GoldFile) -> GoldFile | None:
            uri = f"{export.location}{file.partition}/{file.uri.rpartition('/')[2]}"
            etag = self.storage.copy(file.uri, uri, file.etag)
            return GoldFile(**{**vars(file), "uri": uri, "etag": etag}) if etag else None

        answers = self.pool.map(copied, [file for files in kept.values() for file in files])
        found: dict[str, list[GoldFile]] = {}
        for file in filter(None, answers):
            found.setdefault(file.partition, []).append(file)
        whole = [name for name, files in kept.items() if len(found.get(name, ())) == len(files)]
        return [file for name in whole for file in found[name]]

    def _write(self, export: Export, layout: str, digests: dict[str, str], some: bool) -> list[GoldFile]:
        """Writes these months to disk, and stores each file with one call: DuckDB makes three of it."""
        if not digests:
            return []
        stored: list[Future[GoldFile]] = []

        def uploaded(stats: dict) -> GoldFile:
            path = Path(stats["filename"])
            partition = partition_name(month_in(path))
            uri = f"{export.location}{partition}/{path.name}"
            etag = self.storage.put(path, uri)
            path.unlink()
            known = (uri, export.home, layout, partition, digests[partition], etag)
            return GoldFile(*known, stats["count"], stats["file_size_bytes"])

        months = sorted(map(month_number, digests))
        write_months(
            self.connection,
            export,
            months,
            not some,
            self.folder / export.dataset,
            lambda stats: stored.append(self.pool.submit(uploaded, stats)),
        )
        return [future.result() for future in stored]


def exporting() -> ThreadPoolExecutor:
    """The threads of an export."""
    return ThreadPoolExecutor(THREADS)


def _rows(files: list[GoldFile]) -> int:
    return sum(file.rows for file in files)


def _counted(digest: str) -> int:
    return int(digest.partition(":")[0])
