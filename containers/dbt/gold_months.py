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


def month_number(partition: str) -> int:
    """The month of such a folder: what partition_name was given."""
    year, _, month = partition.partition("/")
    if NO_DATE in month:
        return 0
    return int(year.removeprefix("year=")) * 100 + int(month.removeprefix("month="))


def where_in(export: Export, months: Iterable[int]) -> str:
    """SQL for the rows of these months, given as 202601; by their range DuckDB skips parts of a table."""
    ordered = sorted(months)
    listed = f"{month_of(export)} in ({', '.join(map(str, ordered))})"
    if 0 in ordered:
        return listed
    begin, end = _first_day(ordered[0]), _first_day(ordered[-1] + (89 if ordered[-1] % 100 == 12 else 1))
    within = f"{export.date_column} >= {begin} and {export.date_column} < {end}"
    return within if len(ordered) == 1 else f"{within} and {listed}"


def _first_day(month: int) -> str:
    return f"date '{month // 100:04d}-{month % 100:02d}-01'"
