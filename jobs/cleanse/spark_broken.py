"""How many rows of a batch met which fate and broke which rules, as the Spark engine knows it."""

from collections import Counter
from dataclasses import dataclass, field

from jobs.cleanse.spark_sql import REJECTED

# Each row once for every rule that it broke, and once where it broke none.
BY_RULE = ["fate", "place", "line", "POSEXPLODE_OUTER(SPLIT(reasons, ',')) AS (turn, rule)"]


@dataclass
class OddCounts:
    """Rows by (fate, place); rejected rows by place and by first reason; by (place, broken rule) the rows and
    their first line.
    """

    fates: Counter = field(default_factory=Counter)
    rejected: Counter = field(default_factory=Counter)
    reasons: Counter = field(default_factory=Counter)
    broken: dict = field(default_factory=dict)

    def add(self, row) -> None:
        """Takes in the rows of one fate, place and rule; `firsts` of them name this rule first, or none."""
        self.fates[row.fate, row.place] += row.firsts
        if row.rule is None:
            return
        self.rejected[row.place] += row.firsts
        if row.firsts:
            self.reasons[row.rule] += row.firsts
        rows, line = self.broken.get((row.place, row.rule), (0, None))
        lines = [one for one in (line, row.line) if one is not None]
        self.broken[row.place, row.rule] = (rows + row.rows, min(lines, default=None))


def count_odd(odd, spooled) -> OddCounts:
    """Counts the rows that are not silver, by one query; those that reading refused, if any, have no fate."""
    rows = odd.selectExpr("fate", "place", "line", f"CASE WHEN fate = '{REJECTED}' THEN first END AS reasons")
    if spooled is not None:
        rows = rows.unionByName(spooled.selectExpr("'' AS fate", "place", "line", "reason AS reasons"))
    grouped = rows.selectExpr(*BY_RULE).groupBy("fate", "place", "rule")
    counts = OddCounts()
    for row in grouped.agg(*_aggregates()).collect():
        counts.add(row)
    return counts


def _aggregates() -> list:
    from pyspark.sql import functions as F

    texts = ("COUNT(*) AS rows", "COUNT_IF(COALESCE(turn, 0) = 0) AS firsts", "MIN(line) AS line")
    return [F.expr(text) for text in texts]


def look_at(rejected, wanted: list) -> dict:
    """Detail and text of rejected rows, by (input, line)."""
    named = [f"(place = {place} AND line <=> {line or 'NULL'})" for place, line in wanted]
    rows = rejected.where(" OR ".join(named)).collect()
    return {(row.place, row.line): (row.detail, row.raw) for row in rows}
