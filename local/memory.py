"""The memory of a task as a limit: what a container's control group would do, by looking often.

An ECS task that takes more than its memory ends with exit code 137 and the reason OutOfMemoryError
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html).
"""

import os
import threading
from pathlib import Path

from local.processes import OUT_OF_MEMORY_REASON, ChildProcess

LOOK_SECONDS = 0.25
PROCESSES_MAX = 200
MEBIBYTE = 1024 * 1024
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class MemoryLimit:
    """While it is entered, a child whose processes hold more than `mebibytes` together is killed."""

    def __init__(self, child: ChildProcess, mebibytes: int) -> None:
        self._child, self._bytes_max = child, mebibytes * MEBIBYTE
        self._over = threading.Event()

    def __enter__(self) -> "MemoryLimit":
        threading.Thread(target=self._look, daemon=True, name="memory-limit").start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if resident_bytes(self._child.pid) > self._bytes_max:
                self._child.kill(OUT_OF_MEMORY_REASON)
                return


def resident_bytes(pid: int) -> int:
    """What a process and its descendants hold in memory; 0 where the kernel does not tell (no /proc)."""
    total, waiting, seen = 0, [pid], 0
    while waiting and seen < PROCESSES_MAX:
        one, seen = waiting.pop(), seen + 1
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE_BYTES
            for thread in os.listdir(f"/proc/{one}/task"):
                children = Path(f"/proc/{one}/task/{thread}/children").read_text()
                waiting.extend(int(child) for child in children.split())
        except (OSError, ValueError, IndexError):
            continue
    return total
