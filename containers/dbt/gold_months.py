"""The months by which a dataset of gold lies: as folders, and as SQL over the mart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# How DuckDB and Hive name the partition of rows without a date.
NO_DATE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Export:
    """One dataset of an edition: where it comes from, and its folder, with a slash at the end."""

    dataset: str
    relation: str
    date_column: str
    location: str
    # The folder of all its editions: two schema versions of one dataset have one each.
    home: str


def month_of(export: Export) -> str:
    """SQL for the month of a row, as 202601, and 0 where it has no date."""
    column = export.date_column
    return f"coalesce(year({column}) * 100 + month({column}), 0)"


def partition_name(month: int | str) -> str:
    """The folder of a month that is given as 202601; 0 stands for rows without a date."""
    if not int(month):
        return f"year={NO_DATE}/month={NO_DATE}"
    return f"year={int(month) // 100:04d}/month={int(month) % 100:02d}"


def where_in(export: Export, partitions: Iterable[str]) -> str:
    """SQL for the rows of these partitions; by their range DuckDB skips parts of a table."""
    dated = sorted(
        int(year.removeprefix("year=")) * 100 + int(month.removeprefix("month="))
        for year, _, month in (name.partition("/") for name in partitions)
        if NO_DATE not in month
    )
    without = any(NO_DATE in name for name in partitions)
    listed = f"{month_of(export)} in ({', '.join(map(str, [*dated, *([0] if without else [])]))})"
    if without:
        return listed
    begin, end = _first_day(dated[0]), _first_day(dated[-1] + (89 if dated[-1] % 100 == 12 else 1))
    return f"{export.date_column} >= {begin} and {export.date_column} < {end} and {listed}"


def _first_day(month: int) -> str:
    return f"date '{month // 100:04d}-{month % 100:02d}-01'"
