"""Compaction on Spark, for days that outgrow one machine: groups side by side, one task writes each file."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jobs.cleanse.plan import PlanError
from jobs.compact.plan import CompactPlan
from jobs.compact.values import ValuesDiffer, check_same

GROUPS_AT_ONCE = 8
INTEGERS = ("tinyint", "smallint", "int", "bigint")


class SparkCompactor:
    """Carries out a plan in the session of the job; `spark` is for tests."""

    def __init__(self, spark=None) -> None:
        self.spark = spark
        self.seconds: dict[str, float] = {}

    def compact(self, plan: CompactPlan, key: tuple[str, ...], store, work: Path) -> list[dict]:
        """The new file of each group, stored and validated. Raises ValuesDiffer, and then nothing counts."""
        from jobs.cleanse import spark_settings

        if store.objects(plan.silver_bucket, plan.pending_prefix):
            raise PlanError(f"something was written to {plan.pending_prefix} before: an attempt runs once")
        started = time.monotonic()
        self.spark = spark_settings.settle(self.spark or spark_settings.open_session())
        with ThreadPoolExecutor(GROUPS_AT_ONCE) as pool:
            numbers = range(len(plan.groups))
            files = list(pool.map(lambda number: self._one(plan, key, number, store), numbers))
        self.seconds["write"] = time.monotonic() - started
        return files

    def _one(self, plan: CompactPlan, key: tuple[str, ...], number: int, store) -> dict:
        group = plan.groups[number]
        old = self._read([store.uri(part.bucket, part.key) for part in group.parts])
        before = _measure(old, key)
        prefix = f"{plan.pending_prefix}{number:04d}/"
        target = store.uri(plan.silver_bucket, prefix)
        old.coalesce(1).write.parquet(target)
        written = [
            item for item in store.objects(plan.silver_bucket, prefix) if item["key"].endswith(".parquet")
        ]
        if len(written) != 1:
            raise ValuesDiffer(f"{len(written)} files were written below {prefix}, where one was asked for")
        check_same(before, _measure(self._read([store.uri(plan.silver_bucket, written[0]["key"])]), key))
        return {**written[0], "day": group.day, "rows": before["rows"], "files": len(group.parts)}

    def _read(self, uris: list[str]):
        """Older files may lack columns that came later: they are null there."""
        return self.spark.read.option("mergeSchema", "true").parquet(*uris)


def _measure(frame, key: tuple[str, ...]) -> dict[str, Any]:
    """What jobs.compact.values measures, in Spark's words."""
    from pyspark.sql import functions as f

    def hashed(names: list[str]):
        return f.sum(f.xxhash64(*[f.col(f"`{name}`") for name in names]).cast("decimal(38,0)"))

    asked = {"rows": f.count(f.lit(1)), "all values": hashed(frame.columns)}
    if held := [name for name in key if name in frame.columns]:
        asked["keys"] = hashed(held)
    for name, kind in frame.dtypes:
        column = f.col(f"`{name}`")
        asked |= {f"{name}: count": f.count(column), f"{name}: least": f.min(column)}
        asked[f"{name}: greatest"] = f.max(column)
        if kind in INTEGERS:
            asked[f"{name}: sum"] = f.sum(column.cast("decimal(38,0)"))
        elif kind in ("float", "double") or kind.startswith("decimal"):
            asked[f"{name}: sum"] = f.sum(column)
    found = frame.agg(*[term.alias(str(place)) for place, term in enumerate(asked.values())]).first()
    return dict(zip(asked, found, strict=True)) | {"columns": dict(frame.dtypes)}
