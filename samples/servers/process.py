"""A server process that belongs to this one: started, waited for, and ended by its own id."""

import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20
POLL_SECONDS = 0.05


class NoServer(RuntimeError):
    """There is no such server on this machine; the message says how to get one."""


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def plain_user() -> str | None:
    """The user to run as: None is this one, and root, which databases refuse, becomes another."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return name
    raise NoServer("this is root, and there is neither a user postgres nor nobody to run a database as")


def start(
    command: list[str], folder: Path, user: str | None = None, env: dict[str, str] | None = None
) -> subprocess.Popen:
    """Starts a server in its folder, with all that it prints in `folder/log`; `env` instead of this one's."""
    with open(folder / "log", "ab") as log:
        as_user = {"user": user, "group": _group(user)}
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=env, **as_user)


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


def wait_until(
    answers: Callable[[], bool], process: subprocess.Popen, what: str, seconds: int = START_SECONDS_MAX
) -> None:
    """Waits until the server answers. Raises RuntimeError when it ends, or has not answered in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode}")
        if answers():
            return
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"{what} did not answer within {seconds} s")


def listens(port: int) -> bool:
    """Whether somebody takes connections on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process: subprocess.Popen, how: int = signal.SIGTERM) -> None:
    """Ends it and waits until it is gone."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(timeout=STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until_told() -> None:
    """Waits for SIGTERM, Ctrl-C or the end of standard input: whoever started this holds the other end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while sys.stdin.buffer.read(4_096):
            pass
    except KeyboardInterrupt:
        return


def serve(server: AbstractContextManager[str], told: Callable[[str], dict]) -> int:
    """Serves until told to stop, and prints the URL with what is told of it; 3 when there is no server."""
    try:
        with server as url:
            print(json.dumps({"url": url, **told(url)}), flush=True)
            until_told()
    except NoServer as missing:
        print(missing, file=sys.stderr)
        return 3
    return 0
