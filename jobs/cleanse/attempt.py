"""What every job of this image does with its plan: no other run's is taken, and a report is always left."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.cleanse.log import Log
from jobs.cleanse.plan import PlanError
from jobs.failures import failure_of


def check_run(plan, run_id: str, log: Log) -> None:
    """Names the run in all that is logged from here on. Raises PlanError for the plan of another run."""
    log.bind(run_id=plan.run_id, correlation_id=plan.correlation_id, attempt=plan.attempt)
    if plan.run_id != run_id:
        raise PlanError(f"the plan is of run {plan.run_id}, not of {run_id}")


def reported(plan, named: Iterable[str], store, log: Log, work: Callable[[], dict]) -> dict:
    """Stores and returns what `work` gives, with the attributes of the plan that are named.

    When it cannot, the report says only why and whether another attempt may get further; the error is raised.
    """
    head = {"version": 1, **{name: getattr(plan, name) for name in named}}
    try:
        report = {**head, **work()}
    except Exception as error:
        _report_failure(plan.report_uri, {**head, "failure": failure_of(error)}, store, log)
        raise
    store.write_json(plan.report_uri, report)
    return report


def _report_failure(uri: str, report: dict, store, log: Log) -> None:
    try:
        store.write_json(uri, report)
    except Exception as refusal:
        # What went wrong before is what matters; it is raised, and logged, by who called.
        log.info("no report of the failure", reason=str(refusal))


@contextmanager
def workspace(kind: str) -> Iterator[Path]:
    """An empty folder, below the task's own where it may write there; that of an image is read-only."""
    parent = os.getcwd() if os.access(os.getcwd(), os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=f"{kind}-", dir=parent) as work:
        yield Path(work)
