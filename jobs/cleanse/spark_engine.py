"""The cleanse on Spark, for batches that outgrow one machine. Same plan in, same report out as the DuckDB
engine.
"""

import time
from pathlib import Path

from jobs.cleanse import spark_settings as settings
from jobs.cleanse.plan import Plan, PlanError
from jobs.cleanse.report import CountsDisagree, Outcome
from jobs.cleanse.spark_batch import Batch
from jobs.cleanse.spark_inputs import DIRECT_BYTES, LineReader
from jobs.cleanse.spark_results import Results
from jobs.compiled import CompiledContract

PARTITIONS = {"year", "month", "day"}


class SparkEngine:
    """Carries out a plan in a session; the sizes and `exact_only`, which leaves the cheap test out, are
    for tests.
    """

    def __init__(
        self, spark=None, split_bytes=settings.SPLIT_BYTES, direct_bytes=DIRECT_BYTES, exact_only=False
    ):
        self.spark, self.split_bytes, self.direct_bytes = spark, split_bytes, direct_bytes
        self.exact_only = exact_only

    def cleanse(self, plan: Plan, contract: CompiledContract, store, work: Path) -> Outcome:
        """Reads, judges and stores the whole batch; returns the counts and what was stored."""
        if plan.engine != "spark":
            raise PlanError(f"the plan is for the engine {plan.engine}, this is Spark")
        if taken := sorted(PARTITIONS & set(contract.columns)):
            raise PlanError(f"silver is partitioned by {', '.join(taken)}, which the contract has as columns")
        if store.objects(plan.silver_bucket, plan.pending_prefix):
            raise PlanError(f"something was written to {plan.pending_prefix} before: an attempt runs once")
        started = time.monotonic()
        spark = settings.settle(self.spark or settings.open_session(), self.split_bytes)
        total = sum(item.bytes for item in plan.inputs)
        settings.size_shuffle(spark, total, settings.SUSPECTS_TASK_BYTES)
        lines = LineReader(spark, store, contract, self.direct_bytes).read(plan, self.exact_only)
        read = time.monotonic()
        settings.size_shuffle(spark, total)
        batch = Batch(spark, store, plan, contract, lines)
        batch.write()
        judged = time.monotonic()
        results = Results(spark, store, plan, contract, lines, batch.rejected_again)
        outcome = results.outcome()
        self._check_versions(plan, lines, store)
        results.clear()
        batch.clear()
        done = time.monotonic()
        # Spark judges and writes silver in one pass, which cannot be told apart: those seconds stand under
        # `rules`.
        outcome.seconds = {"read": read - started, "rules": judged - read, "write": done - judged}
        outcome.seconds["total"] = done - started
        outcome.peak_memory_bytes = settings.peak_memory_bytes(spark)
        return outcome

    def _check_versions(self, plan: Plan, lines, store) -> None:
        """A key that was read where it lies must still hold the planned version, else it may have changed
        midway.
        """
        places = set(lines.direct.uris.values())
        items = [item for place, item in enumerate(plan.inputs) if place in places]
        changed = [item.key for item in items if not store.is_current(item)]
        if changed:
            raise CountsDisagree(f"overwritten while it was read, so try again: {', '.join(changed[:5])}")
