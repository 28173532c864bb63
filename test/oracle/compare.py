"""Compares gold with the truth: `python -m test.oracle.compare <raw folder> <dataset>=<rows file> ...`.

A rows file is JSON (an array, or an object with `rows`), NDJSON, Parquet, or a folder of Parquet files.
Columns that the truth does not know, such as `_edition`, are ignored. Exit code 0 when equal, 1 when not.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from .gold_files import read_gold
from .truth import compute

CENT_ROUNDED = Decimal("0.005")
"""What rounding to the cent may change, the half cent itself included."""
RETURN_TOLERANCE = 1e-9


def money(value: object) -> Decimal:
    """A number of any type as the decimal that it shows."""
    return Decimal(str(value))


def number(value: object) -> float | None:
    """A number of any type as a float; a CSV's empty text is no number, as None."""
    return None if value is None or value == "" else float(value)


def day(value: object) -> str:
    """A date, or a timestamp or text that begins with one, as YYYY-MM-DD."""
    return (value.isoformat() if isinstance(value, date) else str(value))[:10]


def share(value: object) -> str:
    """A confidence with two decimals, whatever type it comes in."""
    return f"{float(value):.2f}"


def close_money(gold: Decimal, truth: Decimal) -> bool:
    """Equal to the cent."""
    return abs(gold - truth) <= CENT_ROUNDED


def close_return(gold: float | None, truth: float | None) -> bool:
    """Equal to 1e-9, or both unknown."""
    if gold is None or truth is None:
        return gold is truth
    return abs(gold - truth) <= RETURN_TOLERANCE


@dataclass(frozen=True)
class Measure:
    """How one column is read and when two values of it are equal."""

    read: Callable
    equal: Callable[[object, object], bool]


MONEY = Measure(money, close_money)
RETURN = Measure(number, close_return)
COUNT = Measure(int, lambda gold, truth: gold == truth)
KEYS = {
    "daily_portfolio_summary": {"account_id": str, "summary_date": day},
    "var_calculations": {"as_of_date": day, "scope": str, "scope_id": str, "confidence": share},
}
MEASURES = {
    "daily_portfolio_summary": {
        "position_count": COUNT,
        "market_value": MONEY,
        "cost_basis": MONEY,
        "realized_pnl": MONEY,
        "unrealized_pnl": MONEY,
        "daily_return": RETURN,
    },
    "var_calculations": {"window_days": COUNT, "observations": COUNT, "value_at_risk": RETURN},
}


def by_key(dataset: str, rows: Iterable[dict]) -> tuple[dict[tuple, dict], list[tuple]]:
    """Rows by their key, and the keys that stand there more than once."""
    found: dict[tuple, dict] = {}
    counts: Counter = Counter()
    for row in rows:
        key = tuple(read(row[column]) for column, read in KEYS[dataset].items())
        found[key] = row
        counts[key] += 1
    return found, sorted(key for key, count in counts.items() if count > 1)


def difference(column: str, measure: Measure, gold: dict, truth: dict) -> str | None:
    """One column's difference in words, None when the values are equal."""
    if column not in gold:
        return f"{column} is not there"
    try:
        equal = measure.equal(measure.read(gold[column]), measure.read(truth[column]))
    except (TypeError, ValueError, InvalidOperation):
        equal = False
    return None if equal else f"{column} is {gold[column]}, should be {truth[column]}"


def compare(dataset: str, gold_rows: Iterable[dict], truth_rows: Iterable[dict]) -> list[str]:
    """All differences in words, none when gold equals the truth to the row, the cent and 1e-9 of a return."""
    gold, repeated = by_key(dataset, gold_rows)
    truth, _ = by_key(dataset, truth_rows)
    found = [f"{dataset} {' '.join(key)}: stands there more than once" for key in repeated]
    found += [f"{dataset} {' '.join(key)}: missing" for key in sorted(truth.keys() - gold.keys())]
    found += [f"{dataset} {' '.join(key)}: should not exist" for key in sorted(gold.keys() - truth.keys())]
    for key in sorted(gold.keys() & truth.keys()):
        for column, measure in MEASURES[dataset].items():
            wrong = difference(column, measure, gold[key], truth[key])
            if wrong:
                found.append(f"{dataset} {' '.join(key)}: {wrong}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; answers the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m test.oracle.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="raw files in <folder>/<source>/")
    parser.add_argument("gold", nargs="+", metavar="dataset=rows")
    parser.add_argument(
        "--show", type=int, default=20, help="at most so many differences (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    marts = compute(options.folder).marts
    found: list[str] = []
    for argument in options.gold:
        dataset, _, path = argument.partition("=")
        if dataset not in marts or not path:
            parser.error(f"{argument}: write one of {', '.join(marts)}, then =, then a file or folder")
        rows = read_gold(Path(path))
        wrong = compare(dataset, rows, marts[dataset])
        print(
            f"{dataset}: {len(rows)} rows in gold, {len(marts[dataset])} in truth, {len(wrong)} differences"
        )
        found += wrong
    for line in found[: options.show]:
        print(f"  {line}")
    if len(found) > options.show:
        print(f"  and {len(found) - options.show} more")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
