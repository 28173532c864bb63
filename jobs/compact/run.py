"""The compaction as a job: what the entry of the cleanse hands over when the plan is of that kind."""

import time

from jobs.cleanse.attempt import check_run, reported, workspace
from jobs.cleanse.log import Log
from jobs.cleanse.memory import peak_memory_bytes
from jobs.cleanse.plan import PlanError
from jobs.compact.plan import CompactPlan, parse_plan
from jobs.compiled import load_compiled


def run_compaction(run_id: str, document: dict, store, log: Log) -> dict:
    """Carries out a compaction plan, and stores and returns the report.

    When it cannot, the report says only why and whether another attempt may get further; the error is raised.
    """
    plan = parse_plan(document)
    check_run(plan, run_id, log)
    log.info("compaction started", entity=plan.entity, engine=plan.engine, groups=len(plan.groups))
    named = ("run_id", "attempt", "entity", "engine")
    report = reported(plan, named, store, log, lambda: carry_out(plan, store))
    log.info("compaction reported", rows=report["rows"], seconds=report["seconds"])
    return report


def carry_out(plan: CompactPlan, store) -> dict:
    """The files that the plan asks for, each validated, with counts and seconds."""
    started = time.monotonic()
    engine = _engine(plan.engine)
    with workspace("compact") as work:
        files = engine.compact(plan, load_compiled(plan.entity).key, store, work)
    seconds = {**engine.seconds, "total": time.monotonic() - started}
    return {
        "files": files,
        "rows": sum(item["rows"] for item in files),
        "bytes": {
            "in": sum(part.bytes for group in plan.groups for part in group.parts),
            "out": sum(item["bytes"] for item in files),
        },
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "peak_memory_bytes": peak_memory_bytes(),
    }


def _engine(name: str):
    """The engine of that name: `compact(plan, key, store, work) -> files`, imported when used."""
    if name == "duckdb":
        from jobs.compact.duckdb_engine import DuckdbCompactor

        return DuckdbCompactor()
    if name == "spark":
        from jobs.compact.spark_engine import SparkCompactor

        return SparkCompactor()
    raise PlanError(f"no such engine: {name}")
