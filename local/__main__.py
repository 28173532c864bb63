"""Start the local AWS: `python -m local --port 4566 --state .sluice`."""

import argparse
import errno
import fcntl
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import IO

from local.faults.chaos import Chaos, Faults
from local.settings import LOOPBACK, Settings, emulator_environment

REFUSED_EXIT = 2


def main() -> None:
    """Parse, refuse clearly what cannot work, then serve until a signal."""
    settings, with_parent, faults = _parse(sys.argv[1:])
    parent = os.getppid() if with_parent else None
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    lock = _only_one(settings)
    _refuse_taken_port(settings.port)
    for folder in (settings.temporary_dir, settings.tasks_dir):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    (settings.state_dir / "home").mkdir(exist_ok=True)
    environment = emulator_environment(settings)
    os.environ.clear()
    os.environ.update(environment)

    from local.server import serve

    serve(settings, parent, Chaos(faults))
    lock.close()


def _parse(arguments: list[str]) -> tuple[Settings, bool, Faults]:
    parser = argparse.ArgumentParser(prog="python -m local", description="A local AWS on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument(
        "--state", type=Path, default=Path(".sluice"), help="everything is written below this folder"
    )
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument(
        "--pad-seconds",
        type=float,
        default=0.0,
        help="each task and Spark job stays RUNNING for at least this long (a slow cluster)",
    )
    parser.add_argument(
        "--max-parallel-tasks",
        type=int,
        default=2,
        help="ECS tasks and Glue runs at work at once; more wait as in a full cluster",
    )
    parser.add_argument(
        "--async-retry-scale",
        type=float,
        default=1.0,
        help="factor on Lambda's waits between attempts (AWS: 60 s and 120 s, or the queue's visibility)",
    )
    parser.add_argument(
        "--delay-scale",
        type=float,
        default=1.0,
        help="factor on the delays of SQS messages, for tests",
    )
    parser.add_argument(
        "--schedules",
        choices=["clock", "by-hand"],
        default="clock",
        help="whether EventBridge Scheduler fires by the clock, or only what `local.schedules fire` names",
    )
    parser.add_argument(
        "--buffer-seconds",
        type=float,
        help="how long Firehose gathers records, in place of each stream's own interval",
    )
    parser.add_argument("--spark-memory", default="2g", help="memory of a Glue run's Spark (2g)")
    parser.add_argument(
        "--alarm-minute-seconds",
        type=float,
        default=60.0,
        help="how often alarms on a queue's depth are judged (AWS: once a minute)",
    )
    parser.add_argument("--glue-minute-seconds", type=float, default=60.0, help=argparse.SUPPRESS)
    parser.add_argument("--chaos", default="", help="faults as JSON, see local/faults/chaos.py")
    parser.add_argument("--with-parent", action="store_true", help="stop when the starting process is gone")
    chosen = parser.parse_args(arguments)
    if not 1 <= chosen.port <= 65535:
        parser.error(f"--port must be between 1 and 65535, not {chosen.port}")
    if chosen.max_parallel_tasks < 1:
        parser.error("--max-parallel-tasks must be at least 1")
    try:
        faults = Faults.of(chosen.chaos)
    except ValueError as problem:
        parser.error(f"--chaos: {problem}")
    settings = Settings(
        port=chosen.port,
        state_dir=chosen.state.resolve(),
        region=chosen.region,
        pad_seconds=chosen.pad_seconds,
        max_parallel_tasks=chosen.max_parallel_tasks,
        async_retry_scale=chosen.async_retry_scale,
        delay_scale=chosen.delay_scale,
        schedules=chosen.schedules,
        buffer_seconds=chosen.buffer_seconds,
        spark_memory=chosen.spark_memory,
        glue_minute_seconds=chosen.glue_minute_seconds,
        alarm_minute_seconds=chosen.alarm_minute_seconds,
    )
    return settings, chosen.with_parent, faults


def _only_one(settings: Settings) -> IO[str]:
    """Hold the state folder for this process; a second launcher on it would delete the first one's tasks."""
    lock = open(settings.state_dir / "local.lock", "a+")  # noqa: SIM115 - held until the process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _refuse(
            f"another local AWS already uses the folder {settings.state_dir}: stop it, or start this one with"
            " another --state <folder> (`npm start` always uses that of its clone)."
        )
    return lock


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                _refuse(
                    f"port {port} on {LOOPBACK} is taken: stop what listens there, or name another --port."
                )
            _refuse(f"cannot listen on {LOOPBACK}:{port}: {error.strerror}.")


def _refuse(sentence: str) -> None:
    print(f"local AWS: {sentence}", file=sys.stderr)
    raise SystemExit(REFUSED_EXIT)


if __name__ == "__main__":
    main()
