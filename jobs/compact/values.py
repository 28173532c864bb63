"""What a set of rows is worth in any order: counted, summed and hashed on both sides of a rewrite."""

import math
import re
from collections.abc import Iterable
from typing import Any

# Beyond so many digits the sum of many values may not fit any more; the hashes still tell.
SUMMED_DIGITS = 28
INTEGER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)\Z")
FLOAT = re.compile(r"(FLOAT|DOUBLE)\Z")
DECIMAL = re.compile(r"DECIMAL\((\d+),")
# Sums of floating numbers depend on the order in which they are added.
FLOAT_TOLERANCE = 1e-9
TOLD_MAX = 10


class ValuesDiffer(Exception):
    """The new file does not hold what the old ones hold: it must not take their place."""


def columns_of(db, source: str) -> dict[str, str]:
    """The columns of a relation and their types, in order."""
    return {name: kind for name, kind, *_ in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}


def measure(db, source: str, columns: dict[str, str], key: Iterable[str]) -> dict[str, Any]:
    """Rows, a hash of all keys and of all rows, and per column its count, sum, least and greatest value.

    Hashes are added up, so that they say the same of the same rows in any order, and count doubles twice. The
    hash of whole rows also covers what has no sum, and which values stand together.
    """
    asked = {"rows": "COUNT(*)", "all values": f"SUM(HASH({_names(columns)}))"}
    held = [name for name in key if name in columns]
    if held:
        asked["keys"] = f"SUM(HASH({_names(held)}))"
    for name, kind in columns.items():
        asked |= {f"{name}: {what}": term for what, term in _of_column(_quoted(name), kind).items()}
    found = db.execute(f"SELECT {', '.join(asked.values())} FROM {source}").fetchone()
    return dict(zip(asked, found, strict=True))


def _of_column(column: str, kind: str) -> dict[str, str]:
    terms = {"count": f"COUNT({column})", "least": f"MIN({column})", "greatest": f"MAX({column})"}
    decimal = DECIMAL.match(kind)
    exact = INTEGER.match(kind) or (decimal and int(decimal.group(1)) <= SUMMED_DIGITS)
    return terms | {"sum": f"SUM({column})"} if exact or FLOAT.match(kind) else terms


def check_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raises ValuesDiffer, with the first differences, unless both measures say the same."""
    wrong = [what for what in before if not _alike(before[what], after.get(what))]
    wrong += [what for what in after if what not in before]
    if wrong:
        told = "; ".join(f"{what} {before.get(what)} became {after.get(what)}" for what in wrong[:TOLD_MAX])
        raise ValuesDiffer(f"the new file differs from the old ones in {len(wrong)} measures: {told}")


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or math.isclose(one, other, rel_tol=FLOAT_TOLERANCE, abs_tol=FLOAT_TOLERANCE)
    return one == other


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
