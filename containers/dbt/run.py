"""The container's entry: `python -m containers.dbt.run` with RUN_ID and PLAN_URI in the environment.

Exit code 0 when the build passed, 1 when tests failed or dbt met an error (the report says which), 2 when
there is no verdict because something around dbt broke; where it can, that too leaves a report.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from containers.dbt.plan import ON_SNOWFLAKE, BuildPlan, parse_plan
from containers.dbt.state import fetch_state
from jobs.failures import failure_of
from jobs.task.log import log, set_context
from jobs.task.plan import PlanError
from jobs.task.storage import Storage

EXIT_PASSED, EXIT_NOT_PASSED, EXIT_NO_VERDICT = 0, 1, 2
SNOWFLAKE_SECRET = "SNOWFLAKE_SECRET"
STARTED = time.monotonic()
# Objects made between two collections: many, for a task ends before they fill its memory.
GC_OBJECTS = 100_000


def main() -> int:
    """Runs the plan in the present working directory, which must be empty and writable."""
    set_context(run_id=os.environ["RUN_ID"], correlation_id=os.environ.get("CORRELATION_ID", ""))
    storage = Storage()
    plan = parse_plan(storage.read_json(os.environ["PLAN_URI"]))
    if plan.run_id != os.environ["RUN_ID"]:
        raise PlanError(f"the plan is of run {plan.run_id}")
    if os.environ.get(SNOWFLAKE_SECRET) and {*plan.domains} <= ON_SNOWFLAKE:
        # A plan does not know where its deployment keeps the tables of these domains; the task does.
        plan = replace(plan, target="snowflake")
    set_context(correlation_id=plan.correlation_id, attempt=plan.attempt)
    log("build_started", lane=plan.lane, mode=plan.mode, target=plan.target, selectors=plan.selectors)
    try:
        report = _build(plan, storage)
    except Exception as failure:
        _report_crash(plan, storage, failure)
        raise
    report["seconds"]["total"] = round(time.monotonic() - STARTED, 3)
    report["cpu_seconds"]["total"] = round(time.process_time(), 3)
    storage.write_json(plan.artifacts_prefix + "report.json", report, default=str)
    log("build_finished", verdict=report["verdict"], error=report["error"], seconds=report["seconds"])
    return EXIT_PASSED if report["verdict"] in ("passed", "unchanged") else EXIT_NOT_PASSED


def _build(plan: BuildPlan, storage: Storage) -> dict:
    builder = _builder(plan)
    directory = Path.cwd()
    # dbt and its manifest stay to the end: looking through them for garbage took a fifth of a build.
    gc.disable()
    with ThreadPoolExecutor(1) as pool:
        # The state arrives while dbt is being imported, which is most of the start.
        fetched = pool.submit(fetch_state, plan, storage, directory / "lake.duckdb")
        make = builder()
        seconds = {"import": round(time.monotonic() - STARTED, 3)}
        build = make(plan, storage, directory, seconds)
        gc.freeze()
        gc.set_threshold(GC_OBJECTS)
        gc.enable()
        return build.run(fetched)


def _builder(plan: BuildPlan) -> Callable[[], Callable]:
    """What imports the build of this plan, while its state arrives. Raises PlanError where there is none."""
    if plan.target == "duckdb":
        return _on_duckdb
    if plan.target != "snowflake":
        raise PlanError(
            f"this image builds on duckdb and snowflake; {plan.target} is only compiled and tested"
        )
    if not os.environ.get(SNOWFLAKE_SECRET):
        raise PlanError(f"the target snowflake needs {SNOWFLAKE_SECRET}, the name of the account's secret")
    return _on_snowflake


def _on_duckdb() -> Callable:
    from containers.dbt.build import Build

    return Build


def _on_snowflake() -> Callable:
    from containers.dbt.snowflake.build import SnowflakeBuild

    return partial(SnowflakeBuild, secret=os.environ[SNOWFLAKE_SECRET])


def _report_crash(plan: BuildPlan, storage: Storage, failure: Exception) -> None:
    """Leaves what is known, for the person who is woken; the exit code says that it is no verdict."""
    from containers.dbt.report import Findings, build_report

    told = failure_of(failure)
    report = build_report(plan, Findings(), told["message"], {"failure": told})
    storage.write_json(plan.artifacts_prefix + "report.json", report, default=str)


if __name__ == "__main__":
    try:
        code = main()
    except Exception as failure:
        log("build_crashed", level="error", error=f"{type(failure).__name__}: {str(failure)[:2000]}")
        code = EXIT_NO_VERDICT
    sys.exit(code)
