"""The cleanse as a task: `python -m jobs.cleanse.run` with RUN_ID and PLAN_URI in the environment.

Exit code 0 means that the report was written, whatever it says about the data; anything else means that
there is no verdict.
"""

import os
import sys
from pathlib import Path

from jobs.cleanse.attempt import check_run, reported, workspace
from jobs.cleanse.log import Log
from jobs.cleanse.plan import Plan, PlanError, parse_plan
from jobs.cleanse.replay import expand
from jobs.cleanse.report import REPORTED, Outcome, build_report
from jobs.compiled import CompiledContract, load_compiled


def make_engine(name: str):
    """The engine of that name: `cleanse(plan, contract, store, work) -> Outcome`, imported when used."""
    if name == "duckdb":
        from jobs.cleanse.duckdb_engine import DuckdbEngine

        return DuckdbEngine()
    if name == "spark":
        from jobs.cleanse.spark_engine import SparkEngine

        return SparkEngine()
    raise PlanError(f"no such engine: {name}")


def run_plan(run_id: str, plan_uri: str, store, log: Log, engine=None) -> dict:
    """Carries out the plan at an s3:// address, and stores and returns the report.

    When it cannot, the report says only why and whether another attempt may get further; the error is raised.
    """
    document = store.read_json(plan_uri)
    if document.get("kind") == "forget":
        from jobs.forget.run import run_forget

        return run_forget(run_id, document, store, log)
    if document.get("kind") == "compact":
        # It reads what the cleanse wrote, by the same image and the same job.
        from jobs.compact.run import run_compaction

        return run_compaction(run_id, document, store, log)
    plan = parse_plan(document)
    check_run(plan, run_id, log)
    report = reported(plan, REPORTED, store, log, lambda: _report(plan, store, log, engine))
    log.info("cleanse reported", rows=report["rows"], reasons=report["reasons"], seconds=report["seconds"])
    return report


def _report(plan: Plan, store, log: Log, engine) -> dict:
    contract = load_compiled(plan.entity)
    if contract.version != plan.contract_version:
        raise PlanError(f"the plan wants contract {plan.contract_version}, this image has {contract.version}")
    log.info("cleanse started", entity=plan.entity, engine=plan.engine, inputs=len(plan.inputs))
    return build_report(plan, _cleanse(plan, contract, store, engine or make_engine(plan.engine)))


def _cleanse(plan: Plan, contract: CompiledContract, store, engine) -> Outcome:
    with workspace("cleanse") as work:
        return carry_out(plan, contract, store, engine, work)


def carry_out(plan: Plan, contract: CompiledContract, store, engine, work: Path) -> Outcome:
    """What the engine makes of the plan, with rows that were rejected before as rows of their files again."""
    if not any(item.rejected for item in plan.inputs):
        return _withheld(engine.cleanse(plan, contract, store, work), contract)
    replay = expand(plan, store, work)
    outcome = engine.cleanse(replay.plan, contract, store, work)
    replay.check(outcome.inputs)
    outcome.replayed = replay.objects
    return _withheld(outcome, contract)


def _withheld(outcome: Outcome, contract: CompiledContract) -> Outcome:
    """No sample of an unknown column beside classified ones: nobody has said what it holds."""
    if contract.classified:
        outcome.drift = [{**found, "sample": None} for found in outcome.drift]
    return outcome


def main() -> int:
    """Runs the plan of the environment; logs why when there is no verdict."""
    log = Log(sys.stdout)
    try:
        run_id, plan_uri = os.environ["RUN_ID"], os.environ["PLAN_URI"]
        log.bind(run_id=run_id, correlation_id=os.environ.get("CORRELATION_ID"))
        from jobs.cleanse.store import Store

        run_plan(run_id, plan_uri, Store(), log)
    except Exception as error:
        log.error("cleanse failed", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
