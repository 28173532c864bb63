"""Writes the rejected rows of one attempt to quarantine, a file of JSON lines for each first reason."""

from jobs.cleanse.plan import Plan, landed_text
from jobs.cleanse.report import CountsDisagree
from jobs.cleanse.spark_sources import known_rows

SOURCES = "place INT, source_file STRING, source_version STRING, ingested_at STRING"
# Below the pending prefix, until the file of each reason is copied.
REJECTS_FOLDER = "_rejected/"
QUARANTINE_LINE = """TO_JSON(STRUCT(
  reason, SPLIT(reasons, ',') AS reasons, detail, source_file, source_version, line, ingested_at, raw
), MAP('ignoreNullFields', 'false'))"""


def write_quarantine(spark, store, plan: Plan, rejected, reasons: dict) -> list[dict]:
    """One file per reason, given the rows of each; written by the task that holds all rows of it."""
    from pyspark.sql import functions as F

    folder = f"{plan.pending_prefix}{REJECTS_FOLDER}"
    sources = [
        (place, item.key, item.version_id, landed_text(item)) for place, item in enumerate(plan.inputs)
    ]
    rows = rejected.join(F.broadcast(known_rows(spark, sources, SOURCES)), "place")
    tasks = min(len(reasons), spark.sparkContext.defaultParallelism)
    ordered = rows.repartition(tasks, "reason").sortWithinPartitions(
        "reason", "place", F.asc_nulls_last("line")
    )
    texts = ordered.selectExpr("reason", f"{QUARANTINE_LINE} AS value")
    texts.write.partitionBy("reason").text(store.uri(plan.silver_bucket, folder))
    return [_keep(store, plan, reason, rows, folder) for reason, rows in sorted(reasons.items())]


def _keep(store, plan: Plan, reason: str, rows: int, folder: str) -> dict:
    """Copies the one file of a reason to quarantine."""
    written = store.objects(plan.silver_bucket, f"{folder}reason={reason}/")
    if len(written) != 1:
        raise CountsDisagree(f"{len(written)} files hold the rows rejected for {reason}, one was written")
    key = f"entity={plan.entity}/reason={reason}/{plan.quarantine_prefix_tail}rejected.ndjson"
    store.copy(plan.silver_bucket, written[0]["key"], plan.quarantine_bucket, key)
    return {"reason": reason, "key": key, "rows": rows, "bytes": written[0]["bytes"]}
