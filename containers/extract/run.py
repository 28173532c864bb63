"""The container's entry: RUN_ID and PLAN_URI in the environment.

Exit code 0 when the report says ok, 1 when the report says what failed, 2 when there is no report.
"""

from __future__ import annotations

import os
import time
from typing import Any

from containers.extract.bronze import Folder
from containers.extract.entity import EntityExtraction, Extracted
from containers.extract.errors import failure
from containers.extract.pages import Source
from containers.extract.plan import ExtractPlan, parse_plan
from containers.extract.secret import Secret, read_secret, scrubber
from containers.extract.storage import Storage
from jobs.task.log import log, scrub_with, set_context
from jobs.task.plan import PlanError

EXIT_OK, EXIT_FAILED, EXIT_NO_REPORT = 0, 1, 2


def main() -> int:
    """Runs the plan of the environment; never raises, since a traceback could show a secret."""
    scrubs: list = []
    try:
        set_context(run_id=os.environ["RUN_ID"])
        return run_plan(os.environ["RUN_ID"], os.environ["PLAN_URI"], Storage(), scrubs)
    except Exception as error:
        message = failure(error)["message"]
        for scrub in scrubs:
            message = scrub(message)
        log("extraction_crashed", level="error", error=message)
        return EXIT_NO_REPORT


def run_plan(run_id: str, plan_uri: str, storage: Storage, scrubs: list) -> int:
    """Carries out the plan at an s3:// address, stores the report; what scrubs secrets goes into `scrubs`."""
    begun = time.monotonic()
    plan = parse_plan(storage.read_json(plan_uri))
    if plan.run_id != run_id:
        raise PlanError(f"the plan is of run {plan.run_id}")
    set_context(correlation_id=plan.correlation_id, attempt=plan.attempt, source=plan.source)
    log("extraction_started", engine=plan.extract["engine"], entities=[e["entity"] for e in plan.entities])
    done: list[Extracted] = []
    report: dict[str, Any] = {"run_id": plan.run_id, "attempt": plan.attempt, "ok": False}
    report |= {"requests": 0, "state_uri": None}
    try:
        secret = read_secret(plan.extract.get("secret"))
        scrubs.append(scrubber(secret))
        scrub_with(scrubs[-1])
        _extract(plan, secret, storage, done, report)
        report["ok"] = True
    except Exception as error:
        told = failure(error)
        for scrub in scrubs:
            told["message"] = scrub(told["message"])
        report["failure"] = told
    report |= _figures(done) | {"seconds": round(time.monotonic() - begun, 3)}
    storage.write_json(plan.report_uri, report)
    level = "info" if report["ok"] else "error"
    told = {name: report.get(name) for name in ("ok", "rows", "requests", "seconds", "failure")}
    log("extraction_finished", level=level, objects=len(report["files"]), **told)
    return EXIT_OK if report["ok"] else EXIT_FAILED


def make_source(plan: ExtractPlan, secret: Secret) -> Source:
    """The engine that the plan names, imported when used."""
    if plan.extract["engine"] == "rest":
        from containers.extract.rest import RestSource

        return RestSource(plan.extract, secret, is_window=plan.window is not None)
    if plan.extract["engine"] == "mongodb":
        from containers.extract.mongo import MongoSource

        return MongoSource(plan.extract, secret)
    from containers.extract.postgres import PostgresSource

    return PostgresSource(plan.extract, secret)


def _extract(
    plan: ExtractPlan, secret: Secret, storage: Storage, done: list[Extracted], report: dict
) -> None:
    """Extracts each entity in its order; `done` and `report` hold what was done when one fails."""
    document = storage.read_json(plan.state_uri) if plan.state_uri else {}
    source = make_source(plan, secret)
    try:
        for entity in plan.entities:
            folder = Folder(storage, plan, entity["entity"])
            one = EntityExtraction(plan, entity, source, folder, document)
            done.append(one.result)
            one.run()
            log("entity_extracted", entity=entity["entity"], rows=one.result.rows)
    finally:
        report["requests"] = source.requests
        source.close()
    if plan.window is None and plan.next_state_uri:
        storage.write_json(plan.next_state_uri, document)
        report["state_uri"] = plan.next_state_uri


def _figures(done: list[Extracted]) -> dict:
    files = [
        {"entity": one.entity, "key": landed.key, "rows": landed.rows, "bytes": landed.bytes}
        for one in done
        for landed in one.landed
    ]
    cursors = {one.entity: _newest(one) for one in done if one.parts}
    return {"rows": sum(one.rows for one in done), "files": files, "cursors": cursors}


def _newest(one: Extracted) -> Any:
    """An entity's cursor as the report tells it: one value, or one per part."""
    values = {part: state["cursor"] for part, state in one.parts.items()}
    return values[""] if set(values) == {""} else values
