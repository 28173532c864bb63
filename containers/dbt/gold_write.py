"""How months of a mart become Parquet files on disk: read one after another, or the mart cut by DuckDB.

Datasets are stored by month (dbt_project/macros/stored_by_month.sql), so that few row groups of a table hold
a month, and DuckDB skips the others. Why: docs/decisions/0032-an-edition-is-copied-where-nothing-changed.md
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb

from containers.dbt.gold_months import Export, month_of, where_in

# A column that no model has: one whole number makes DuckDB's partitioned write cheaper than two texts.
MONTH = "_gold_month"
# The rows of a row group of a table: https://duckdb.org/docs/stable/internals/storage
ROW_GROUP = 122_880
# How often each row group is read when months are read one after another; beyond it, cutting costs less.
READS_MAX = 4
OPTIONS = "format parquet, compression zstd, return_stats true"
Finished = Callable[[dict], object]


def write_months(
    connection: duckdb.DuckDBPyConnection,
    export: Export,
    months: list[int],
    everything: bool,
    folder: Path,
    finished: Finished,
) -> None:
    """Writes these months, all of the mart if `everything`, each into a folder that month_in reads.

    Calls `finished` with DuckDB's statistics of each file when it is there, from any thread. Its errors pass
    through.
    """
    if reads_of_a_row_group(connection, export) <= READS_MAX:
        _one_by_one(connection, export, months, folder, finished)
    else:
        _cut(connection, export, "true" if everything else where_in(export, months), folder, finished)


def month_in(path: Path) -> int:
    """The month of a file that write_months wrote."""
    return int(path.parent.name.partition("=")[2])


def reads_of_a_row_group(connection: duckdb.DuckDBPyConnection, export: Export) -> float:
    """In how many months a row group of the mart lies on average, as its smallest and largest date tell."""
    column = export.date_column
    (months,) = connection.execute(
        "select avg(date_diff('month', first_date, last_date) + 1) from"
        f" (select min({column}) as first_date, max({column}) as last_date"
        f" from {export.relation} group by rowid // {ROW_GROUP})"
    ).fetchone()
    return months or 1


def _one_by_one(
    connection: duckdb.DuckDBPyConnection, export: Export, months: list[int], folder: Path, finished: Finished
) -> None:
    """A COPY for each month, on as many cursors as DuckDB had threads: a second thread of one COPY waits."""
    with _single_threaded(connection) as threads, ThreadPoolExecutor(threads) as writers:
        cursors = [_cursor(connection) for _ in range(threads)]

        def write(lane: int) -> None:
            for month in months[lane::threads]:
                path = folder / f"{MONTH}={month}" / f"{export.dataset}_0.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                query = f"select * from {export.relation} where {where_in(export, [month])}"
                _copy(cursors[lane], query, path, "", finished)

        list(writers.map(write, range(threads)))


def _cut(
    connection: duckdb.DuckDBPyConnection, export: Export, where: str, folder: Path, finished: Finished
) -> None:
    """One COPY, in which DuckDB sorts the rows into the months in memory."""
    query = f"select *, {month_of(export)} as {MONTH} from {export.relation} where {where}"
    options = f", partition_by ({MONTH}), filename_pattern '{export.dataset}_{{i}}', overwrite true"
    _copy(connection, query, folder, options, finished)


def _copy(
    cursor: duckdb.DuckDBPyConnection, query: str, path: Path, options: str, finished: Finished
) -> None:
    cursor.execute(f"copy ({query}) to '{path}' ({OPTIONS}{options})")
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        finished(dict(zip(names, row, strict=True)))


@contextmanager
def _single_threaded(connection: duckdb.DuckDBPyConnection):
    """Answers how many threads DuckDB had: the setting is the whole database's, with all its cursors."""
    (threads,) = connection.execute("select current_setting('threads')").fetchone()
    connection.execute("set threads = 1")
    try:
        yield threads
    finally:
        connection.execute(f"set threads = {threads}")


def _cursor(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another session, in the same time zone, which a cursor does not take over."""
    (zone,) = connection.execute("select current_setting('TimeZone')").fetchone()
    cursor = connection.cursor()
    cursor.execute(f"set TimeZone = '{zone}'")
    return cursor
