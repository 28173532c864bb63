"""A small process that outlives the emulator by a moment, and ends what the emulator could not.

The emulator holds the only write end of its standard input, and writes `+ <pid> <started>` or `- <pid>` for a
process, or `rm <folder>`. When the pipe closes, the emulator is gone, however it died: whatever is still on
the list is killed, and the folders are removed. It sits in a session of its own, so that a signal to the
emulator's process group does not reach it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading


def started_at(pid: int) -> str:
    """When a process started, by the kernel ("?" where it does not say): guards against reused ids."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "?"


def kill_group(pid: int) -> None:
    """Kill a process, and its group where it leads one; a process that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)


class Guardian:
    """The emulator's side: tells the guardian process which children live."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd="/",
        )

    def watch(self, pid: int) -> None:
        self._tell(f"+ {pid} {started_at(pid)}")

    def forget(self, pid: int) -> None:
        self._tell(f"- {pid}")

    def remove_at_end(self, folder: str) -> None:
        self._tell(f"rm {folder}")

    def close(self) -> None:
        """Close the pipe and wait until the guardian has cleaned up."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(timeout=10)

    def _tell(self, line: str) -> None:
        with self._lock, contextlib.suppress(BrokenPipeError, ValueError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


def main() -> None:
    """Read the list until the emulator is gone, then end what is left of it."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    living: dict[int, str] = {}
    folders: list[str] = []
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "+":
            pid, _, started = rest.partition(" ")
            living[int(pid)] = started
        elif word == "-":
            living.pop(int(rest), None)
        elif word == "rm":
            folders.append(rest)
    for pid, started in living.items():
        if started_at(pid) == started:
            kill_group(pid)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
