"""Compares a mart with its truth row by row, for marts whose values are whole or decimal."""

from collections.abc import Iterable
from decimal import Decimal

SHOWN_MAX = 10


def differences(
    rows: Iterable[dict], truth: Iterable[dict], key: tuple[str, ...], within: dict[str, str] | None = None
) -> list[str]:
    """What is missing, too much or another value, in words; `within` tells what rounding a column may have.

    Columns that the truth does not know are ignored.
    """
    expected = {tuple(row[name] for name in key): row for row in truth}
    found, said = {}, []
    for row in rows:
        name = tuple(row[column] for column in key)
        if name in found:
            said.append(f"{name}: stands there more than once")
        found[name] = row
    said += [f"{name}: missing" for name in expected.keys() - found.keys()]
    said += [f"{name}: should not exist" for name in found.keys() - expected.keys()]
    for name in expected.keys() & found.keys():
        for column, value in expected[name].items():
            if not _equal(found[name][column], value, (within or {}).get(column)):
                said.append(f"{name}: {column} is {found[name][column]!r}, should be {value!r}")
    return sorted(said)[:SHOWN_MAX]


def _equal(found, expected, within: str | None) -> bool:
    if found is None or expected is None or within is None:
        return found == expected
    return abs(Decimal(found) - Decimal(expected)) <= Decimal(within)
