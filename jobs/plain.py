"""The cheap first test of the DuckDB engine: one pattern per contract that proves a whole line harmless.

A line that matches is a flat JSON object of contract columns whose every value is read alike by DuckDB's
own JSON reader and by the exact rules: no escapes, no blanks at the ends of texts, no exponents, no more
digits than a double keeps exactly, no day that some month lacks. Such a line is parsed straight to types.
If a typed value then breaks a rule, or a required one is missing, the exact rules decide, so every reason
comes from one place. A line that does not match goes to the exact rules too: the test may doubt, it must
never err.
"""

import json

from jobs.contract import Column, Contract
from jobs.rules import allowed_sql, decimal_digits, in_range_sql

# A double holds this many decimal digits exactly; DuckDB reads bare JSON numbers through it.
EXACT_DIGITS = 15
# Not starting like a nested value, no escape, no control character, no blank at either end.
TEXT = r'"[^"\\\x00-\x20{\[]([^"\\\x00-\x1f]*[^"\\\x00-\x20])?"'
YEAR = "[1-9][0-9]{3}"
ANY_DAY = "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
SAFE_DAY = "(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?Z"
TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
    "json": "VARCHAR",
}


def plain_sql(contract: Contract) -> dict:
    """The members of a plain line, the types to read it with, and the check of its values over `c_<column>`.

    The pattern is None when a column's type admits none; then every line takes the exact rules.
    """
    return {
        "member": _member_pattern(contract),
        "structure": json.dumps({column.name: _duckdb_type(column) for column in contract.columns}),
        "check": " AND ".join(_check(column) for column in contract.columns),
    }


def _member_pattern(contract: Contract) -> str | None:
    values = {column.name: _value_pattern(column) for column in contract.columns}
    if None in values.values():
        return None
    return "|".join(f'"{name}": ?{value}' for name, value in values.items())


def _duckdb_type(column: Column) -> str:
    return TYPES.get(column.type, column.type.upper())


def _value_pattern(column: Column) -> str | None:
    if column.family == "json":
        return None
    if column.family == "string":
        return TEXT
    if column.family == "boolean":
        return f"(true|false{_absent(column)})"
    if column.family in ("date", "timestamp"):
        # Where the column is required, a day that does not exist becomes NULL and is noticed; elsewhere it
        # must not occur.
        day = ANY_DAY if column.required else SAFE_DAY
        time = f"[T ]{TIME}" if column.family == "timestamp" else ""
        return f'("{YEAR}-{day}{time}"{_absent(column)})'
    number = _number_pattern(column)
    return number and f'({number}|"{number}"{_absent(column)})'


def _absent(column: Column) -> str:
    if column.required:
        return ""
    return "|null" if column.family == "boolean" else '|null|""'


def _number_pattern(column: Column) -> str | None:
    # A minus only before a digit other than zero: JSON's -0 is an integer for one reader and a double for
    # the other.
    if column.family == "integer":
        return "(-?[1-9][0-9]{0,17}|0)"
    if column.family == "double":
        return f"(-?[1-9][0-9]{{0,{EXACT_DIGITS - 1}}}|0)([.][0-9]{{1,17}})?"
    whole, scale = decimal_digits(column)
    whole = min(whole, EXACT_DIGITS - scale)
    if whole < 1:
        return None
    return f"(-?[1-9][0-9]{{0,{whole - 1}}}|0)([.][0-9]{{1,{scale}}})?"


def _check(column: Column) -> str:
    value = f"c_{column.name}"
    rules = [in_range_sql(column)] if column.ranges else []
    rules += [allowed_sql(column)] if column.allowed else []
    if column.required:
        return " AND ".join([f"{value} IS NOT NULL", *rules])
    return f"({value} IS NULL OR ({' AND '.join(rules)}))" if rules else "TRUE"
