"""The pass over all lines of a batch: plain lines are cut and cast, others take the exact rules."""

from functools import reduce

from jobs.cleanse import spark_sql as sql
from jobs.cleanse.plan import Plan
from jobs.cleanse.spark_inputs import Lines
from jobs.cleanse.spark_sources import known_rows
from jobs.compiled import CompiledContract

# So many positions are sent to every task; above it, Spark sorts both sides instead.
BROADCAST_ROWS = 2_000_000


class Batch:
    """Writes every row of a batch to the folder of its fate, below the attempt's pending prefix."""

    def __init__(self, spark, store, plan: Plan, contract: CompiledContract, lines: Lines):
        self.spark, self.store, self.plan, self.contract, self.lines = spark, store, plan, contract, lines

    def write(self) -> None:
        """One job for all lines: those of the shape, those that miss it, and those that Python rewrote."""
        branches, direct = [], self.lines.direct
        if self.lines.shape:
            # First in the union: row ids count on it, since they hold the number of the task (spark_direct).
            branches.append(self._plain())
        if direct.uris:
            branches.append(self._exact(self.lines.suspects))
        if staged := [one.lines_key for one in self.lines.staged if one.lines_key]:
            uris = [self.store.uri(self.plan.silver_bucket, key) for key in staged]
            rows = self.spark.read.option("lineSep", "\n").text(uris)
            branches.append(self._exact(rows.selectExpr(*sql.staged_items())))
        if branches:
            self._write(reduce(lambda one, other: one.unionByName(other), branches))

    def _write(self, rows) -> None:
        rows = rows.selectExpr("*", sql.ALONE).selectExpr(*sql.ranked_items(self.contract))
        fates = self._with_sources(rows).selectExpr(*sql.fate_items(self.contract, self.plan))
        target = self.store.uri(self.plan.silver_bucket, self.plan.pending_prefix)
        fates.write.mode("append").partitionBy("year", "month", "day").parquet(target)

    def _plain(self):
        """Good and doubtful rows of the lines that have the shape.

        The reader is given no other line: one that it cannot read costs it as much as a hundred others.
        """
        lines = self._among(self.lines.suspects, self.lines.scan.missed, "left_anti")
        return _through(lines, sql.plain_layers(self.contract, self.lines.shape))

    def _among(self, positions, count: int, how: str):
        """The direct lines that are, or are not, among some positions."""
        from pyspark.sql import functions as F

        rows, positions = self.lines.direct.text(self.spark), positions.select("_pos")
        return rows.join(F.broadcast(positions) if count <= BROADCAST_ROWS else positions, "_pos", how)

    def _exact(self, lines):
        return _through(lines, sql.exact_layers(self.contract))

    def rejected_again(self, doubtful, count: int):
        """The fate, reasons and text of plain rows that broke a rule, given their positions."""
        found = self._exact(self._among(doubtful, count, "left_semi"))
        return found.selectExpr("_pos", "_odd.fate", "_odd.first", "_odd.second")

    def _with_sources(self, rows):
        from pyspark.sql import functions as F

        names = "place INT, key STRING, landed STRING, year STRING, month STRING, day STRING"
        sources = [
            (place, item.key, item.landed_at.isoformat(), *item.landed_at.strftime("%Y %m %d").split())
            for place, item in enumerate(self.plan.inputs)
        ]
        known = known_rows(self.spark, sources, names)
        known = known.selectExpr(
            "place", "key", "CAST(landed AS TIMESTAMP) AS ingested_at", "year", "month", "day"
        )
        return rows.withColumn("place", F.expr(sql.PLACE)).join(F.broadcast(known), "place")

    def clear(self) -> None:
        """Gives up what was kept for the job."""
        if self.lines.scan is not None:
            self.lines.scan.clear()


def _through(frame, layers: list[list[str]]):
    return reduce(lambda rows, layer: rows.selectExpr(*layer), layers, frame)
