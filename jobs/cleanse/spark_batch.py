"""The pass over all lines of a batch: plain lines by Spark's own JSON reader, doubtful ones by the exact
rules.
"""

from functools import reduce

from jobs.cleanse import spark_sql as sql
from jobs.cleanse.plan import Plan
from jobs.cleanse.report import CountsDisagree
from jobs.cleanse.spark_inputs import Lines
from jobs.cleanse.spark_shape import learn_shape
from jobs.compiled import CompiledContract

# So many positions are sent to every task; above it, Spark sorts both sides instead.
BROADCAST_ROWS = 2_000_000
# The lower bits of Spark's row ids number the rows of a partition.
ROW_MASK = (1 << 33) - 1


class Batch:
    """Writes every row of a batch to the folder of its fate, below the attempt's pending prefix."""

    def __init__(self, spark, store, plan: Plan, contract: CompiledContract, lines: Lines):
        self.spark, self.store, self.plan, self.contract, self.lines = spark, store, plan, contract, lines
        self.suspects = None

    def write(self, exact_only: bool) -> None:
        """One job for the lines that miss the shape, one for everything."""
        branches = []
        if self.lines.direct.uris:
            shape = None if exact_only else learn_shape(self.lines.direct.sample(), self.contract)
            if shape:
                self.suspects = self._text(f"NOT value RLIKE {sql.quoted(shape.pattern)}").cache()
                # First in the union: row ids count on it, since they hold the number of the task (see
                # _numbered).
                branches.append(self._plain(shape, self.suspects.count()))
            branches.append(self._exact(self.suspects if shape else self._text("TRUE")))
        if staged := [one.lines_key for one in self.lines.staged if one.lines_key]:
            uris = [self.store.uri(self.plan.silver_bucket, key) for key in staged]
            branches.append(self._exact(self._reader().text(uris).selectExpr(*sql.staged_items())))
        if branches:
            self._write(reduce(lambda one, other: one.unionByName(other), branches))

    def _write(self, rows) -> None:
        rows = rows.selectExpr("*", sql.ALONE).selectExpr(*sql.ranked_items(self.contract))
        fates = self._with_sources(rows).selectExpr(*sql.fate_items(self.contract, self.plan.run_id))
        target = self.store.uri(self.plan.silver_bucket, self.plan.pending_prefix)
        fates.write.mode("append").partitionBy("year", "month", "day").parquet(target)

    def _plain(self, shape, suspects: int):
        """Good and doubtful rows of the lines that have the shape.

        The reader is given no other line: one that it cannot read costs it as much as a hundred others.
        """
        lines = self._among(self._text("TRUE"), self.suspects, suspects, "left_anti")
        return _through(lines, sql.plain_layers(self.contract, shape))

    def _among(self, rows, positions, count: int, how: str):
        from pyspark.sql import functions as F

        positions = positions.select("_pos")
        return rows.join(F.broadcast(positions) if count <= BROADCAST_ROWS else positions, "_pos", how)

    def _exact(self, lines):
        return _through(lines, sql.exact_layers(self.contract))

    def rejected_again(self, doubtful, count: int):
        """The fate, reasons and text of plain rows that broke a rule, given their positions."""
        found = self._exact(self._among(self._text("TRUE"), doubtful, count, "left_semi"))
        return found.selectExpr("_pos", "_odd.fate", "_odd.first", "_odd.second")

    def _text(self, condition: str):
        lines = self._numbered(self._reader().text(list(self.lines.direct.uris)))
        return lines.where(condition).selectExpr("_pos", "value AS _raw")

    def _reader(self):
        return self.spark.read.option("lineSep", "\n")

    def _numbered(self, frame):
        """Adds `_pos` to rows of the direct files: what was counted before the piece, plus the row's number.

        A partition holds exactly one piece (spark_settings) and a line is exactly one row (spark_scan).
        """
        firsts = ", ".join(f"{at}L" for at in self._first_positions(frame))
        first = f"ELEMENT_AT(ARRAY({firsts}), SPARK_PARTITION_ID() + 1)"
        number = f"(MONOTONICALLY_INCREASING_ID() & {ROW_MASK}L)"
        return frame.selectExpr(f"{first} + {number} + 1 AS _pos", *[f"`{name}`" for name in frame.columns])

    def _first_positions(self, frame) -> list[int]:
        """The position before the first row of each task, by the piece that Spark's plan gives to it."""
        # Spark may spell an address in another way than it was given (file:/// for file:/).
        known = {(_place_of(uri), start): at for uri, start, at, _ in self.lines.direct.pieces}
        tasks = [task.files() for task in frame._jdf.queryExecution().toRdd().partitions()]
        planned = [
            (_place_of(piece.filePath().urlEncoded()), piece.start()) for task in tasks for piece in task
        ]
        if len(planned) != len(tasks) or sorted(planned) != sorted(known):
            raise CountsDisagree("Spark cut the files in other pieces than were counted: no line is known")
        return [known[piece] for piece in planned]

    def _with_sources(self, rows):
        from pyspark.sql import functions as F

        sources = [
            (place, item.key, item.landed_at.isoformat(), *item.landed_at.strftime("%Y %m %d").split())
            for place, item in enumerate(self.plan.inputs)
        ]
        names = "place INT, key STRING, landed STRING, year STRING, month STRING, day STRING"
        known = self.spark.createDataFrame(sources, names)
        known = known.selectExpr(
            "place", "key", "CAST(landed AS TIMESTAMP) AS ingested_at", "year", "month", "day"
        )
        return rows.withColumn("place", F.expr(sql.PLACE)).join(F.broadcast(known), "place")

    def clear(self) -> None:
        """Gives up what was kept for the job."""
        if self.suspects is not None:
            self.suspects.unpersist()


def _place_of(uri: str) -> str:
    return uri.split(":", 1)[1].lstrip("/")


def _through(frame, layers: list[list[str]]):
    return reduce(lambda rows, layer: rows.selectExpr(*layer), layers, frame)
