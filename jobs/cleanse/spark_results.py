"""What one pass left behind: counts by input, rejected rows, unknown columns, and the silver files."""

from concurrent.futures import ThreadPoolExecutor

from jobs.cleanse.limits import DRIFT_SAMPLE_CHARACTERS, MAX_DRIFT_COLUMNS
from jobs.cleanse.plan import Plan
from jobs.cleanse.report import InputCount, Outcome
from jobs.cleanse.schema_change import schema_changes
from jobs.cleanse.spark_broken import OddCounts, count_odd, look_at
from jobs.cleanse.spark_inputs import Lines
from jobs.cleanse.spark_quarantine import REJECTS_FOLDER, write_quarantine
from jobs.cleanse.spark_sql import BLANK, DOUBTFUL, DRIFT, DUPLICATE, LINE, PLACE, REJECTED
from jobs.compiled import CompiledContract

SPOOL = "place INT, line BIGINT, reason STRING, detail STRING, raw STRING"
ODD = "_source_file STRING, _source_line BIGINT, _run_id STRING, year STRING"
FIRST_REASON = "SPLIT(first, ',')[0]"
NO_FATES = ["'' AS fate", "id AS _pos", "'' AS first", "'' AS second"]


class Results:
    """Reads the side folders of one attempt; everything in them is small beside the batch."""

    def __init__(self, spark, store, plan: Plan, contract: CompiledContract, lines: Lines, rejected_again):
        self.spark, self.store, self.plan, self.lines = spark, store, plan, lines
        self.contract = contract
        self.found = store.objects(plan.silver_bucket, plan.pending_prefix + "year=")
        self.odd = self._odd_rows(rejected_again).cache()
        self.spooled = self._spooled_rows()

    def _odd_rows(self, rejected_again):
        """Rows of the fates that are not silver: the fate, place, line and two texts (see
        spark_sql.fate_items).
        """
        odd = [item["key"] for item in self.found if "/year=_" in item["key"]]
        rows = self.spark.range(0).selectExpr(*NO_FATES)
        if odd:
            reader = self.spark.read.schema(ODD).option("basePath", self._uri(self.plan.pending_prefix))
            read = reader.parquet(*[self._uri(key) for key in odd])
            rows = read.selectExpr(
                "year AS fate", "_source_line AS _pos", "_source_file AS first", "_run_id AS second"
            )
        doubtful = rows.where(f"fate = '{DOUBTFUL}'").select("_pos")
        if any(f"/year={DOUBTFUL}/" in key for key in odd):
            # One that the exact rules find good keeps an empty fate: then the counts disagree, and the job
            # fails.
            again = rejected_again(doubtful, doubtful.count()).selectExpr("fate", "_pos", "first", "second")
            rows = rows.where(f"fate <> '{DOUBTFUL}'").union(again)
        return rows.selectExpr("fate", f"{PLACE} AS place", f"{LINE} AS line", "first", "second")

    def _spooled_rows(self):
        """Rows that reading refused, before any rule; None when there are none."""
        spools = [self._uri(staged.rejects_key) for staged in self.lines.staged if staged.rejects_key]
        return self.spark.read.schema(SPOOL).option("lineSep", "\n").json(spools) if spools else None

    def _rejected_rows(self):
        """Every rejected row: those that the rules refused, and those that reading did."""
        items = ["place", "line", f"{FIRST_REASON} AS reason", "first AS reasons"]
        judged = self.odd.where(f"fate = '{REJECTED}'").selectExpr(*items, "NULL AS detail", "second AS raw")
        if self.spooled is None:
            return judged
        spooled = self.spooled.selectExpr(*items[:2], "reason", "reason AS reasons", "detail", "raw")
        return judged.unionByName(spooled)

    def _uri(self, key: str) -> str:
        return self.store.uri(self.plan.silver_bucket, key)

    def outcome(self) -> Outcome:
        """The fate of every row, by input and by first reason; rows out are what is left of the rows read.

        Writes quarantine too, and names its files and those of silver.
        """
        counts = count_odd(self.odd, self.spooled)
        inputs = []
        for place, item in enumerate(self.plan.inputs):
            judged = counts.fates[REJECTED, place]
            count = InputCount(item.key, item.version_id, problem=self.lines.problems.get(place))
            count.rejected = counts.rejected[place]
            count.duplicates = counts.fates[DUPLICATE, place]
            readable = self.lines.rows[place] - counts.fates[BLANK, place]
            count.rows = readable - judged + count.rejected
            count.out = count.rows - count.rejected - count.duplicates
            inputs.append(count)
        # The count above keeps the odd rows, and what follows is many small jobs: none fills the cores.
        with ThreadPoolExecutor() as pool:
            changes = pool.submit(self._schema_changes, inputs, counts)
            drift, files = pool.submit(self._drift), pool.submit(self._silver_files)
            quarantine = pool.submit(self._quarantine, counts.reasons)
        outcome = Outcome(inputs=inputs, reasons=dict(counts.reasons), drift=drift.result())
        outcome.schema_changes, outcome.files = changes.result(), files.result()
        outcome.quarantine = quarantine.result()
        return outcome

    def _schema_changes(self, inputs: list, counts: OddCounts) -> list[dict]:
        if not counts.reasons:
            return []
        return schema_changes(self.plan, self.contract, inputs, counts.broken, self._look_at)

    def _look_at(self, wanted: list) -> dict:
        return look_at(self._rejected_rows(), wanted)

    def _quarantine(self, reasons: dict) -> list[dict]:
        if not reasons:
            return []
        return write_quarantine(self.spark, self.store, self.plan, self._rejected_rows(), reasons)

    def _drift(self) -> list[dict]:
        from pyspark.sql import functions as F

        if not any(f"/year={DRIFT}/" in item["key"] for item in self.found):
            return []
        place_line = F.struct("place", "line")
        drift = self.odd.where(f"fate = '{DRIFT}'").groupBy(F.col("first").alias("column"))
        counted = drift.agg(
            F.countDistinct(place_line).alias("rows"),
            F.min_by(F.struct("place", "second"), place_line).alias("sample"),
        )
        top = counted.orderBy(F.desc("rows"), "column").limit(MAX_DRIFT_COLUMNS).collect()
        return [
            {
                "column": row.column,
                "rows": row.rows,
                "first_file": self.plan.inputs[row.sample.place].key,
                "sample": row.sample.second and row.sample.second[:DRIFT_SAMPLE_CHARACTERS],
            }
            for row in top
        ]

    def _silver_files(self) -> list[dict]:
        """What finish-cleanse is to copy, with the row count that each file itself states."""
        stored = []
        for item in self.found:
            if "/year=_" in item["key"] or not item["key"].endswith(".parquet"):
                continue
            parts = dict(part.split("=", 1) for part in item["key"].split("/") if "=" in part)
            day = {name: parts[name] for name in ("year", "month", "day")}
            rows = self._rows_of(self._uri(item["key"]))
            stored.append(
                {"key": item["key"], "etag": item["etag"], "rows": rows, "bytes": item["bytes"]} | day
            )
        return stored

    def _rows_of(self, uri: str) -> int:
        """The rows of a Parquet file by its footer; a pass over the data would only count the same."""
        jvm = self.spark.sparkContext._jvm
        hadoop = self.spark.sparkContext._jsc.hadoopConfiguration()
        path = jvm.org.apache.hadoop.fs.Path(uri)
        file = jvm.org.apache.parquet.hadoop.util.HadoopInputFile.fromPath(path, hadoop)
        reader = jvm.org.apache.parquet.hadoop.ParquetFileReader.open(file)
        try:
            return reader.getRecordCount()
        finally:
            reader.close()

    def clear(self) -> None:
        """Removes what only this job needed; the pending prefix is left with the silver files."""
        self.odd.unpersist()
        prefix = self.plan.pending_prefix
        folders = [prefix + name for name in ("_staged/", REJECTS_FOLDER)]
        used = [
            item["key"] for folder in folders for item in self.store.objects(self.plan.silver_bucket, folder)
        ]
        used += [item["key"] for item in self.found if "/year=_" in item["key"]]
        self.store.delete(self.plan.silver_bucket, used)
