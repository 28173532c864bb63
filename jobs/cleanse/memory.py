"""How much memory this task has, and how much it has used."""

import os
import resource
from pathlib import Path

# cgroup v2 first, as Fargate and current Docker have it, then v1.
CGROUP_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_bytes() -> int:
    """The memory of the task: the container's limit, or the machine's where there is none."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in CGROUP_FILES:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            return min(int(text), machine)
    return machine


def peak_memory_bytes() -> int:
    """The largest resident size of this process so far.

    From /proc where there is one: getrusage also counts what the parent held before it started this process.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024
