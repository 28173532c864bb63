"""Processes that stand for containers and Spark jobs: own session, own log, ended as a group."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from local.guardian import Guardian, kill_group

# The words that ECS gives as the container's reason, beside exit code 137.
OUT_OF_MEMORY_REASON = "OutOfMemoryError: Container killed due to memory usage"


class ChildProcess:
    """One running child: its output goes line by line to a log file and to a listener."""

    def __init__(
        self,
        guardian: Guardian,
        arguments: list[str],
        environment: dict[str, str],
        folder: Path,
        log_file: Path,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        self._guardian = guardian
        self._popen = subprocess.Popen(
            arguments,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        guardian.watch(self._popen.pid)
        self.last_lines: list[str] = []
        self.killed_because = ""
        self._reader = threading.Thread(target=self._read, args=(log_file, on_line), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def wait(self, timeout_seconds: float | None = None) -> int | None:
        """The exit code as a container reports it (128 + signal when killed), or None in time."""
        try:
            code = self._popen.wait(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            return None
        # Whatever the main process left behind ends with it, as in a container.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._guardian.forget(self._popen.pid)
        self._reader.join(timeout=5)
        return code if code >= 0 else 128 - code

    def stop(self, grace_seconds: float) -> None:
        """SIGTERM now, SIGKILL to the whole group when it still runs after the grace."""
        with contextlib.suppress(ProcessLookupError):
            self._popen.terminate()
        timer = threading.Timer(grace_seconds, self._kill_if_running)
        timer.daemon = True
        timer.start()

    def kill(self, reason: str = "") -> bool:
        """SIGKILL to the whole group, with the reason for its record; False when it was over already."""
        if self._popen.poll() is not None:
            return False
        self.killed_because = reason
        kill_group(self._popen.pid)
        return True

    def _kill_if_running(self) -> None:
        if self._popen.poll() is None:
            kill_group(self._popen.pid)

    def _read(self, log_file: Path, on_line: Callable[[str], None] | None) -> None:
        with open(log_file, "ab", buffering=0) as log:
            for raw in self._popen.stdout:
                log.write(raw)
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                self.last_lines = [*self.last_lines[-39:], line]
                if on_line:
                    on_line(line)
