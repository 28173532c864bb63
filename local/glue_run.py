"""The record of one Glue job run: its states, and the one event that tells of its end.

Source: https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html:
`Glue Job State Change` comes for SUCCEEDED, FAILED, TIMEOUT and STOPPED, and carries no arguments.
"""

import secrets
import threading
import time

from local import events

UNFINISHED = ("STARTING", "RUNNING", "STOPPING", "WAITING")
ENDS = {
    "SUCCEEDED": ("INFO", "Job run succeeded"),
    "FAILED": ("ERROR", "Job run failed"),
    "TIMEOUT": ("WARN", "Job run timed out"),
    "STOPPED": ("INFO", "Job run stopped"),
}
MESSAGE_CHARACTERS_MAX = 4000


def new_run(job: dict, request: dict) -> dict:
    """The JobRun that StartJobRun makes of a job and a request, in state STARTING."""
    return {
        "Id": f"jr_{secrets.token_hex(32)}",
        "Attempt": 0,
        "JobName": job["Name"],
        "StartedOn": time.time(),
        "LastModifiedOn": time.time(),
        "JobRunState": "STARTING",
        "Arguments": dict(request.get("Arguments") or {}),
        "PredecessorRuns": [],
        "AllocatedCapacity": job.get("NumberOfWorkers") or 2,
        "ExecutionTime": 0,
        "Timeout": request.get("Timeout") or job.get("Timeout") or 2880,
        "WorkerType": request.get("WorkerType") or job.get("WorkerType"),
        "NumberOfWorkers": request.get("NumberOfWorkers") or job.get("NumberOfWorkers"),
        "LogGroupName": "/aws-glue/jobs",
        "GlueVersion": job.get("GlueVersion"),
    }


class JobRun:
    """One run in flight."""

    def __init__(self, record: dict, job: dict, account: str, region: str) -> None:
        self.record, self.job, self.account, self.region = record, job, account, region
        self.stop_given = threading.Event()
        self.running_since = 0.0
        self._lock = threading.Lock()

    @property
    def run_id(self) -> str:
        return self.record["Id"]

    def running(self) -> bool:
        """STARTING to RUNNING; False when the run was stopped meanwhile."""
        self.running_since = time.monotonic()
        return self._enter("RUNNING", ("STARTING",))

    def stopping(self) -> bool:
        """BatchStopJobRun's first step; False when the run is over or stops already."""
        if not self._enter("STOPPING", ("STARTING", "RUNNING")):
            return False
        self.stop_given.set()
        return True

    def end(self, state: str, message: str = "") -> None:
        """The last state, then its event."""
        severity, words = ENDS[state]
        if message:
            self.record["ErrorMessage"] = message[:MESSAGE_CHARACTERS_MAX]
        self.record["CompletedOn"] = time.time()
        started = self.running_since or time.monotonic()
        self.record["ExecutionTime"] = int(time.monotonic() - started)
        if not self._enter(state, UNFINISHED):
            return
        detail = {
            "jobName": self.job["Name"],
            "severity": severity,
            "state": state,
            "jobRunId": self.run_id,
            "message": message[:MESSAGE_CHARACTERS_MAX] or words,
        }
        events.put("aws.glue", "Glue Job State Change", detail, [], self.account, self.region)

    def _enter(self, state: str, allowed: tuple[str, ...]) -> bool:
        with self._lock:
            if self.record["JobRunState"] not in allowed:
                return False
            self.record["JobRunState"] = state
            self.record["LastModifiedOn"] = time.time()
            return True
