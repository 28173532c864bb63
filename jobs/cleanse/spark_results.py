"""What one pass left behind: counts by input, rejected rows for quarantine, unknown columns, and the silver
files.
"""

import itertools
import json
import tempfile
from pathlib import Path

from jobs.cleanse.limits import DRIFT_SAMPLE_CHARACTERS, MAX_DRIFT_COLUMNS
from jobs.cleanse.plan import Plan, landed_text
from jobs.cleanse.report import InputCount, Outcome
from jobs.cleanse.spark_inputs import Lines
from jobs.cleanse.spark_sql import BLANK, DOUBTFUL, DRIFT, DUPLICATE, LINE, PLACE, REJECTED

SPOOL = "place INT, line BIGINT, reason STRING, detail STRING, raw STRING"
ODD = "_source_file STRING, _source_line BIGINT, _run_id STRING, year STRING"
NO_FATES = ["'' AS fate", "id AS _pos", "'' AS first", "'' AS second"]


class Results:
    """Reads the side folders of one attempt; everything in them is small beside the batch."""

    def __init__(self, spark, store, plan: Plan, lines: Lines, rejected_again):
        self.spark, self.store, self.plan, self.lines = spark, store, plan, lines
        self.found = store.objects(plan.silver_bucket, plan.pending_prefix + "year=")
        self.odd = self._odd_rows(rejected_again).cache()
        self.rejects = self._rejected_rows()

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

    def _rejected_rows(self):
        """Every rejected row: those that reading refused, and those that the rules did."""
        items = ["place", "line", "SPLIT(first, ',')[0] AS reason", "first AS reasons"]
        judged = self.odd.where(f"fate = '{REJECTED}'").selectExpr(*items, "NULL AS detail", "second AS raw")
        spools = [self._uri(staged.rejects_key) for staged in self.lines.staged if staged.rejects_key]
        if not spools:
            return judged
        spooled = self.spark.read.schema(SPOOL).option("lineSep", "\n").json(spools)
        return judged.unionByName(
            spooled.selectExpr(*items[:2], "reason", "reason AS reasons", "detail", "raw")
        )

    def _uri(self, key: str) -> str:
        return self.store.uri(self.plan.silver_bucket, key)

    def outcome(self) -> Outcome:
        """The fate of every row, by input and by first reason; rows out are what is left of the rows read."""
        fates = {
            (row.fate, row.place): row["count"] for row in self.odd.groupBy("fate", "place").count().collect()
        }
        rejected: dict = {}
        reasons: dict = {}
        for row in self.rejects.groupBy("place", "reason").count().collect():
            rejected[row.place] = rejected.get(row.place, 0) + row["count"]
            reasons[row.reason] = reasons.get(row.reason, 0) + row["count"]
        inputs = []
        for place, item in enumerate(self.plan.inputs):
            judged = fates.get((REJECTED, place), 0)
            count = InputCount(item.key, item.version_id, problem=self.lines.problems.get(place))
            count.rejected = rejected.get(place, 0)
            count.duplicates = fates.get((DUPLICATE, place), 0)
            readable = self.lines.rows[place] - fates.get((BLANK, place), 0)
            count.rows = readable - judged + count.rejected
            count.out = count.rows - count.rejected - count.duplicates
            inputs.append(count)
        return Outcome(inputs=inputs, reasons=reasons, drift=self._drift())

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

    def silver_files(self) -> list[dict]:
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
        used = [item["key"] for item in self.store.objects(self.plan.silver_bucket, prefix + "_staged/")]
        used += [item["key"] for item in self.found if "/year=_" in item["key"]]
        self.store.delete(self.plan.silver_bucket, used)

    def write_quarantine(self, reasons: dict) -> list[dict]:
        """One file of JSON lines per reason, written by the task that holds all rows of it."""
        if not reasons:
            return []
        tasks = min(len(reasons), self.spark.sparkContext.defaultParallelism)
        ordered = self.rejects.repartition(tasks, "reason").sortWithinPartitions(
            "reason", "place", self.rejects.line.asc_nulls_last()
        )
        write = _QuarantineWriter(self.plan, self.store.opener())
        return sorted(ordered.rdd.mapPartitions(write).collect(), key=lambda item: item["reason"])


class _QuarantineWriter:
    """Runs on executors: stores the sorted rejected rows of a partition, one object per reason."""

    def __init__(self, plan: Plan, opener):
        self.bucket, self.tail, self.entity = plan.quarantine_bucket, plan.quarantine_prefix_tail, plan.entity
        self.sources = [(item.key, item.version_id, landed_text(item)) for item in plan.inputs]
        self.opener = opener

    def __call__(self, rows):
        store = None
        for reason, group in itertools.groupby(rows, key=lambda row: row.reason):
            store = store or self.opener()
            with tempfile.TemporaryDirectory(prefix="cleanse-") as work:
                path, count = Path(work) / "rejected.ndjson", 0
                with path.open("w", encoding="utf-8") as out:
                    for row in group:
                        out.write(json.dumps(self._line(row), ensure_ascii=False) + "\n")
                        count += 1
                key = f"entity={self.entity}/reason={reason}/{self.tail}rejected.ndjson"
                size_bytes = store.upload(path, self.bucket, key)["bytes"]
            yield {"reason": reason, "key": key, "rows": count, "bytes": size_bytes}

    def _line(self, row) -> dict:
        file, version, landed = self.sources[row.place]
        found = {"reason": row.reason, "reasons": row.reasons.split(","), "detail": row.detail}
        found |= {"source_file": file, "source_version": version, "line": row.line, "ingested_at": landed}
        return found | {"raw": row.raw}
