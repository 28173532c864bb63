"""A line that is cut at its quotes gives the values that the exact rules find in it."""

import json
from functools import reduce

import pytest
from hard_batch import hard_contract

ROWS = [
    {
        **{"name": ["é, x", "y:null,", "{z", "b", None][n % 5], "id": f"k{n}", "whole": [n, None, 0][n % 3]},
        **{"amount": [n / 8, 12345678901, None][n % 3], "ratio": n / 7, "flag": [True, False, None][n % 3]},
        "trading_day": [f"2026-01-{n % 28 + 1:02d}", None][n % 2],
        **{"moment": [f"2026-01-05T10:11:{n:02d}.25Z", None, "2026-01-05 01:00:00+02:00"][n % 3]},
    }
    for n in range(60)
]
# How producers write the same rows: (blanks, members from the last on, numbers as texts).
WAYS = {"spaced": (None, False, False), "bare last": ((",", ":"), True, False), "texts": (None, False, True)}


def written(way: str) -> list[str]:
    """The rows as lines, as a producer writes them."""
    separators, reverse, texts = WAYS[way]
    lines = []
    for row in ROWS:
        if texts:
            row = row | {name: row[name] and str(row[name]) for name in ("whole", "amount", "ratio")}
        if reverse:
            row = {name: row[name] for name in ("id", "name", "flag", "amount", "moment", "ratio", "whole")}
        lines.append(json.dumps(row, separators=separators, ensure_ascii=False))
    return lines


@pytest.mark.parametrize("way", WAYS)
def test_a_cut_line_has_the_values_that_the_exact_rules_find(spark, tmp_path, way):
    from jobs.cleanse import spark_sql as sql
    from jobs.cleanse.spark_shape import learn_shape
    from jobs.cleanse.spark_sources import known_rows, quoted

    contract, lines = hard_contract(tmp_path), written(way)
    shape = learn_shape(lines, contract)
    rows = known_rows(spark, list(enumerate(lines)), "_pos BIGINT, _raw STRING")
    rows = rows.where(f"_raw RLIKE {quoted(shape.pattern)}")
    found = [
        reduce(lambda frame, layer: frame.selectExpr(*layer), layers, rows).orderBy("_pos").collect()
        for layers in (sql.plain_layers(contract, shape), sql.exact_layers(contract))
    ]
    assert found[0] == found[1]
    # Texts that begin like nested values, and what is written in the less common way, take the exact rules.
    assert len(lines) > len(found[0]) > len(lines) // 2
    assert all(row["_odd"] is None for row in found[0])
