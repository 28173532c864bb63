"""Runs ECS tasks as processes: the image's ENTRYPOINT in an empty folder that is deleted at the end."""

import shutil
import threading
import time

from local import credentials, images
from local.ecs_logs import LogGroupMissing, TaskLog
from local.ecs_task import TaskRecord
from local.execution_role import missing_right
from local.faults.chaos import Chaos
from local.faults.jobs import endanger_task
from local.guardian import Guardian
from local.memory import MemoryLimit
from local.processes import ChildProcess
from local.settings import Settings

STOP_TIMEOUT_SECONDS_DEFAULT = 30
LOADED_GUARD_SECONDS = 5.0
SLOT_POLL_SECONDS = 0.05


class EcsEngine:
    """Takes the place of the Docker client behind MiniStack's RunTask and StopTask."""

    def __init__(
        self, settings: Settings, guardian: Guardian, slots: threading.Semaphore, chaos: Chaos
    ) -> None:
        self._settings, self._guardian, self._slots = settings, guardian, slots
        self._chaos = chaos
        self._tasks: dict[str, TaskRecord] = {}
        self._children: dict[str, ChildProcess] = {}
        self._lock = threading.Lock()

    def launch(self, task: TaskRecord, overrides: list[dict]) -> None:
        """Start a task's life in a thread of its own and return at once."""
        self._tasks[task.record["taskArn"]] = task
        threading.Thread(
            target=self._live, args=(task, overrides), daemon=True, name=f"ecs-task-{task.task_id[:8]}"
        ).start()

    def stop(self, arn: str, reason: str) -> None:
        """StopTask: SIGTERM now, SIGKILL after the container's stopTimeout (30 s by default)."""
        task = self._tasks.get(arn)
        if task is None or not task.stopping("UserInitiated", reason):
            return
        with self._lock:
            task.stop_given.set()
            child = self._children.get(arn)
        grace = task.definition["containerDefinitions"][0].get("stopTimeout")
        if child:
            child.stop(STOP_TIMEOUT_SECONDS_DEFAULT if grace is None else grace)

    def stop_all(self, grace_seconds: float = 2.0) -> None:
        """End every task that still runs (the emulator itself is stopping)."""
        with self._lock:
            children = list(self._children.values())
            for task in self._tasks.values():
                task.stop_given.set()
        for child in children:
            child.stop(grace_seconds)
        for child in children:
            child.wait(grace_seconds + LOADED_GUARD_SECONDS)

    def _live(self, task: TaskRecord, overrides: list[dict]) -> None:
        try:
            task.enter("PROVISIONING")
            image, problem = self._prepare(task)
            if image is None:
                task.failed_to_start(problem)
                return
            code, reason = self._wait_and_run(task, image, overrides)
            # A slow cluster for benchmarks: the task stays RUNNING although its process is over.
            task.stop_given.wait(max(0.0, task.running_since + self._settings.pad_seconds - time.monotonic()))
            task.stopping("EssentialContainerExited", "Essential container in task exited")
            task.ended(code, reason)
        except Exception as error:
            if task.record["lastStatus"] != "STOPPED":
                task.failed_to_start(f"ResourceInitializationError: {error}")
            if not isinstance(error, LogGroupMissing):
                raise
        finally:
            self._tasks.pop(task.record["taskArn"], None)

    def _wait_and_run(
        self, task: TaskRecord, image: images.Image, overrides: list[dict]
    ) -> tuple[int | None, str]:
        """Wait for a free slot of the cluster; a task that is stopped while it waits never runs."""
        while not self._slots.acquire(timeout=SLOT_POLL_SECONDS):
            if task.stop_given.is_set():
                return None, ""
        try:
            return self._run_process(task, image, overrides)
        finally:
            self._slots.release()

    def _prepare(self, task: TaskRecord) -> tuple[images.Image | None, str]:
        task.enter("PENDING", pullStartedAt=task.record["createdAt"])
        container = task.definition["containerDefinitions"][0]
        denied = missing_right(task.execution_role, container, task.record["taskArn"])
        if denied:
            return None, denied
        image = images.find(container["image"], self._settings.images_dir)
        if image is None:
            return None, (
                f"CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                f"{container['image']}: not found"
            )
        task.record["containers"][0]["imageDigest"] = f"sha256:{image.digest}"
        return image, ""

    def _run_process(
        self, task: TaskRecord, image: images.Image, overrides: list[dict]
    ) -> tuple[int | None, str]:
        """The exit code, and the container's own reason where the machine killed it."""
        container = task.definition["containerDefinitions"][0]
        override = next((one for one in overrides if one.get("name") == container["name"]), {})
        folder = self._settings.tasks_dir / task.task_id
        (folder / "tmp").mkdir(parents=True)
        (folder / "work").mkdir()
        link, environment = self._environment(task, image, override)
        environment["TMPDIR"] = str(folder / "tmp")
        log_file = self._settings.logs_dir / "tasks" / f"{task.family}-{task.task_id}.log"
        try:
            log = TaskLog(container, task.task_id, task.account, task.region)
            command = images.command(image, override.get("command") or container.get("command"))
            with self._lock:
                if task.stop_given.is_set():
                    return None, ""
                child = ChildProcess(
                    self._guardian, command, environment, folder / "work", log_file, log.line
                )
                self._children[task.record["taskArn"]] = child
            task.running()
            out_of_danger = endanger_task(self._chaos, task, child)
            with MemoryLimit(child, int(task.record["memory"])):
                code = child.wait()
            out_of_danger()
            log.flush()
            return code, child.killed_because
        finally:
            self._children.pop(task.record["taskArn"], None)
            credentials.revoke(link)
            shutil.rmtree(folder, ignore_errors=True)

    def _environment(
        self, task: TaskRecord, image: images.Image, override: dict
    ) -> tuple[str, dict[str, str]]:
        container = task.definition["containerDefinitions"][0]
        link, variables = "", {}
        role = (task.record.get("overrides") or {}).get("taskRoleArn") or task.definition.get("taskRoleArn")
        if role:
            link, variables = credentials.grant(role, task.task_id, self._settings.endpoint)
        return link, {
            **images.process_environment(image),
            **{pair["name"]: pair["value"] for pair in container.get("environment", [])},
            **{pair["name"]: pair["value"] for pair in override.get("environment", [])},
            **variables,
            "AWS_REGION": task.region,
            "AWS_DEFAULT_REGION": task.region,
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self._settings.endpoint,
        }
