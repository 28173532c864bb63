"""Kills the processes of ECS tasks and Glue runs; their ends then look as AWS shows them.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html (SIGTERM first),
https://docs.aws.amazon.com/glue/latest/dg/error-logs-and-observability.html (how Glue words its errors).
"""

import threading
import time
from collections.abc import Callable

from local.ecs_task import TaskRecord
from local.faults.chaos import Chaos
from local.glue_run import JobRun
from local.processes import OUT_OF_MEMORY_REASON, ChildProcess

USUAL_SECONDS_FIRST = 2.0
NEWEST_WEIGHT = 0.3
SPOT_GRACE_SECONDS = 5.0
SPOT_PROVIDER = "FARGATE_SPOT"
JOB_OUT_OF_MEMORY = (
    "Error Category: OUT_OF_MEMORY_ERROR; Command failed with exit code 137: java.lang.OutOfMemoryError"
)
JOB_KILLED = "Error Category: UNCLASSIFIED_ERROR; Command failed with exit code 137"

_usual: dict[str, float] = {}


def endanger_task(chaos: Chaos, task: TaskRecord, child: ChildProcess) -> Callable[[], None]:
    """Let a fault strike the task's process within its usual length; returns what ends the danger."""
    kinds = ["out of memory", "killed"]
    if task.record.get("capacityProviderName") == SPOT_PROVIDER:
        kinds = ["spot", *kinds]

    def strike(kind: str) -> bool:
        if kind == "spot":
            if not task.stopping("SpotInterruption", "Your Spot Task was interrupted."):
                return False
            child.stop(SPOT_GRACE_SECONDS)
            return True
        return child.kill(OUT_OF_MEMORY_REASON if kind == "out of memory" else "")

    told = {"family": task.family, "job": task.task_id, "startedBy": task.record.get("startedBy", "")}
    return _endanger(chaos, "taskKilled", task.family, kinds, strike, told)


def endanger_run(chaos: Chaos, run: JobRun, child: ChildProcess) -> Callable[[], None]:
    """The same for a Glue run; the reason that it leaves is the run's error message."""

    def strike(kind: str) -> bool:
        return child.kill(JOB_OUT_OF_MEMORY if kind == "out of memory" else JOB_KILLED)

    told = {"family": run.job["Name"], "job": run.run_id}
    return _endanger(chaos, "jobKilled", run.job["Name"], ["out of memory", "killed"], strike, told)


def _endanger(chaos, fault, family, kinds, strike, told) -> Callable[[], None]:
    begun, over = time.monotonic(), threading.Event()
    usual = _usual.get(family, USUAL_SECONDS_FIRST)

    def out_of_danger() -> None:
        if not over.is_set():
            over.set()
            _usual[family] = usual + NEWEST_WEIGHT * (time.monotonic() - begun - usual)

    if chaos.strikes(fault):
        after, kind = chaos.between(fault, 0, usual), chaos.one_of(fault, kinds)

        def wait_and_strike() -> None:
            if not over.wait(after) and strike(kind):
                over.set()
                chaos.note(fault, kind=kind, **told, afterSeconds=round(after, 1))

        threading.Thread(target=wait_and_strike, daemon=True, name="chaos-job").start()
    return out_of_danger
