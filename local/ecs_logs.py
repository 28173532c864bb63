"""The awslogs driver: a task's output lines become events of its CloudWatch log stream."""

import threading
import time

BATCH_SECONDS = 0.2
BATCH_LINES = 500


class LogGroupMissing(RuntimeError):
    """The task definition names a log group that does not exist; on Fargate such a task does not start."""


class TaskLog:
    """Collects lines and writes them in batches; a container without awslogs writes nothing."""

    def __init__(self, container: dict, task_id: str, account: str, region: str) -> None:
        from ministack.core.responses import request_scope
        from ministack.services import ecs

        self._account, self._lock, self._lines = account, threading.Lock(), []
        self._flushed_at = time.monotonic()
        self._config = ecs._awslogs_config(container, task_id, task_id)
        if self._config:
            self._region = self._config["region"] or region
            with request_scope(account, self._region):
                if not ecs._ensure_awslogs_stream(self._config):
                    raise LogGroupMissing(
                        "failed to validate logger args: The specified log group does not exist: "
                        + self._config["group"]
                    )

    def line(self, text: str) -> None:
        """Take one line; a batch goes out when it is full or old enough."""
        with self._lock:
            self._lines.append({"timestamp": int(time.time() * 1000), "message": text})
            due = len(self._lines) >= BATCH_LINES or time.monotonic() - self._flushed_at > BATCH_SECONDS
        if due:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected."""
        from ministack.core.responses import request_scope
        from ministack.services import cloudwatch_logs

        with self._lock:
            batch, self._lines = self._lines, []
            self._flushed_at = time.monotonic()
        if batch and self._config:
            with request_scope(self._account, self._region):
                cloudwatch_logs._put_log_events(
                    {
                        "logGroupName": self._config["group"],
                        "logStreamName": self._config["stream"],
                        "logEvents": batch,
                    }
                )
