"""Runs the container's entry in a process of its own that has dbt imported already.

An import of dbt takes more time than most builds of a test. One server imports it once, and each task is a
fork of it: still a fresh process with its own directory and environment, as `python -m containers.dbt.run`
is.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from multiprocessing import forkserver
from pathlib import Path

ENTRY = "containers.dbt.run"
# What the entry imports once it has its plan; the entry itself is run anew by each task.
IMPORTED = [
    "test.python.dbt.named_main",
    "containers.dbt.build",
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "boto3",
    "duckdb",
]
IMPORTED += ["test.python.dbt.warm"]
KILLED = -9


def run_task(
    directory: Path, environment: dict, seconds: int, killed_at: str | None = None
) -> tuple[int, str, str]:
    """Exit code, output and error output of a task; one that lasts too long is killed and raises.

    With `killed_at` it is killed as soon as its output says that, as a machine takes a task away.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    outputs = [directory.with_name(f"{directory.name}.{name}") for name in ("out", "err")]
    process = context.Process(target=_task, args=(directory, environment, *outputs))
    process.start()
    if killed_at:
        _kill_at(process, outputs[0], killed_at, seconds)
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        raise TimeoutError(f"the task did not end within {seconds} s")
    return process.exitcode, outputs[0].read_text(), outputs[1].read_text()


def stop_server() -> None:
    """Ends the server of the tasks and waits for it: what they took of the cores counts as the tests'."""
    # The library has no public way: its server ends by itself, soon after this process.
    forkserver._forkserver._stop()


def _kill_at(process, out: Path, words: str, seconds: int) -> None:
    for _ in range(seconds * 100):
        if out.exists() and words in out.read_text():
            process.kill()
            return
        process.join(0.01)
        if not process.is_alive():
            return


def _task(directory: Path, environment: dict, out: Path, err: Path) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.argv = [ENTRY]
    runpy.run_module(ENTRY, run_name="__main__", alter_sys=True)
