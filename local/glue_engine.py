"""Runs Glue jobs as real Spark: the run's script in an empty folder, with the job role's credentials."""

import re
import shutil
import threading
import time
from pathlib import Path

import boto3

from local import credentials, glue_runtime, spark_jars
from local.ecs_logs import TaskLog
from local.faults.chaos import Chaos
from local.faults.jobs import endanger_run
from local.glue_run import JobRun
from local.guardian import Guardian
from local.processes import ChildProcess
from local.settings import Settings

STOP_GRACE_SECONDS = 5.0
SLOT_POLL_SECONDS = 0.05
# Arguments that steer Glue itself; the script gets them too, as on AWS, and takes what it knows.
FILES_ARGUMENT, SCRIPT_ARGUMENT = "--extra-py-files", "--scriptLocation"


class GlueEngine:
    """Takes the place of what MiniStack does behind StartJobRun and BatchStopJobRun."""

    def __init__(
        self, settings: Settings, guardian: Guardian, slots: threading.Semaphore, chaos: Chaos
    ) -> None:
        self._settings, self._guardian, self._slots = settings, guardian, slots
        self._chaos = chaos
        self._runs: dict[str, JobRun] = {}
        self._children: dict[str, ChildProcess] = {}

    def launch(self, run: JobRun) -> None:
        """Start a run's life in a thread of its own and return at once."""
        self._runs[run.run_id] = run
        threading.Thread(target=self._live, args=(run,), daemon=True, name=f"glue-{run.run_id[:11]}").start()

    def stop(self, run_id: str) -> bool:
        """BatchStopJobRun for one run; False when there is nothing to stop."""
        run = self._runs.get(run_id)
        if run is None or not run.stopping():
            return False
        if child := self._children.get(run_id):
            child.stop(STOP_GRACE_SECONDS)
        return True

    def stop_all(self) -> None:
        """End every run (the emulator itself is stopping)."""
        for run_id in list(self._runs):
            self.stop(run_id)
        for child in list(self._children.values()):
            child.wait(STOP_GRACE_SECONDS * 2)

    def _live(self, run: JobRun) -> None:
        folder = self._settings.tasks_dir / run.run_id
        link = ""
        try:
            while not self._slots.acquire(timeout=SLOT_POLL_SECONDS):
                if run.stop_given.is_set():
                    run.end("STOPPED")
                    return
            try:
                link, environment = self._environment(run, folder)
                state, message = self._run(run, folder, self._command(run, folder), environment)
            finally:
                self._slots.release()
            # A slow cluster for benchmarks: the run stays RUNNING although Spark is over.
            run.stop_given.wait(max(0.0, run.running_since + self._settings.pad_seconds - time.monotonic()))
            if run.stop_given.is_set():
                run.end("STOPPED")
            else:
                run.end(state, message)
        except Exception as error:
            run.end("FAILED", f"{type(error).__name__}: {error}")
        finally:
            credentials.revoke(link)
            self._runs.pop(run.run_id, None)
            self._children.pop(run.run_id, None)
            shutil.rmtree(folder, ignore_errors=True)

    def _run(
        self, run: JobRun, folder: Path, command: list[str], environment: dict[str, str]
    ) -> tuple[str, str]:
        if not run.running():
            return "STOPPED", ""
        log_file = self._settings.logs_dir / "tasks" / f"glue-{run.job['Name']}-{run.run_id}.log"
        log = TaskLog(_LOGGED, run.run_id, run.account, run.region)
        child = ChildProcess(self._guardian, command, environment, folder / "work", log_file, log.line)
        self._children[run.run_id] = child
        if run.stop_given.is_set():
            child.stop(STOP_GRACE_SECONDS)
        out_of_danger = endanger_run(self._chaos, run, child)
        code = child.wait(run.record["Timeout"] * self._settings.glue_minute_seconds)
        out_of_danger()
        if code is None:
            child.stop(STOP_GRACE_SECONDS)
            child.wait()
            return "TIMEOUT", ""
        log.flush()
        if code == 0:
            return "SUCCEEDED", ""
        return "FAILED", child.killed_because or _error_of(child.last_lines, code)

    def _command(self, run: JobRun, folder: Path) -> list[str]:
        arguments = {**run.job.get("DefaultArguments", {}), **run.record["Arguments"]}
        script = arguments.get(SCRIPT_ARGUMENT) or run.job["Command"]["ScriptLocation"]
        extra = [uri for uri in arguments.get(FILES_ARGUMENT, "").split(",") if uri]
        place = self._download([script, *extra], run, folder / "code")
        told = {
            "--JOB_NAME": run.job["Name"],
            "--JOB_RUN_ID": run.run_id,
            "--JOB_ID": run.job["Name"],
            **arguments,
        }
        return [
            str(spark_jars.spark_home() / "bin" / "spark-submit"),
            *(
                word
                for name, value in glue_runtime.configuration(self._settings, folder, run.region).items()
                for word in ("--conf", f"{name}={value}")
            ),
            *(["--py-files", ",".join(str(path) for path in place[1:])] if extra else []),
            str(place[0]),
            *(word for pair in told.items() for word in pair),
        ]

    def _download(self, uris: list[str], run: JobRun, folder: Path) -> list[Path]:
        """Fetch the job's code with the job's own role: a missing right shows here as on AWS."""
        session = credentials.new_session(run.job["Role"], run.run_id)
        client = boto3.client(
            "s3",
            endpoint_url=self._settings.endpoint,
            region_name=run.region,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["Token"],
        )
        found = []
        for number, uri in enumerate(uris):
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            target = folder / str(number) / key.rsplit("/", 1)[-1]
            target.parent.mkdir(parents=True)
            client.download_file(bucket, key, str(target))
            found.append(target)
        return found

    def _environment(self, run: JobRun, folder: Path) -> tuple[str, dict[str, str]]:
        spark_jars.java_version()
        for name in ("work", "tmp", "home"):
            (folder / name).mkdir(parents=True)
        link, variables = credentials.grant(run.job["Role"], run.run_id, self._settings.endpoint)
        return link, {**glue_runtime.environment(self._settings, folder, run.region), **variables}


_LOGGED = {
    "name": "output",
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/aws-glue/jobs/output", "awslogs-create-group": "true"},
    },
}


def _error_of(lines: list[str], code: int) -> str:
    """The last line that names an exception, as Glue shows it; else the exit code."""
    named = [line for line in lines if re.match(r"^[\w.]*(Error|Exception|Exit|Interrupt)\b", line)]
    return named[-1] if named else f"SystemExit: {code}"
