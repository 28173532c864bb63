"""The launcher: one ready line, clear refusals, and nothing left behind however it ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from local_aws import ROOT, poll, start, stop

from samples.servers.process import free_port

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="reads the process table of Linux"
)


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def children(pid: int) -> list[int]:
    """Every living descendant of a process."""
    direct = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and parent(entry.name) == pid
    ]
    return [one for child in direct for one in (child, *children(child))]


def parent(pid: str) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def with_worker(state: Path, *options: str):
    """A launcher that has a Lambda worker which never ends by itself."""
    aws = start(state, *options)
    role = aws.role("worker", {"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    aws.function("f", "setInterval(() => {}, 1000); exports.handler = async () => process.pid;", role)
    worker = json.loads(aws.client("lambda").invoke(FunctionName="f")["Payload"].read())
    assert alive(worker)
    return aws, worker


def refused(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "local", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


def test_it_says_ready_in_one_line_and_keeps_all_files_in_its_folder(tmp_path):
    aws, worker = with_worker(tmp_path / "state")
    assert aws.ready["ready"] is True
    assert aws.ready["endpoint"].startswith("http://127.0.0.1:")
    with urllib.request.urlopen(aws.endpoint + "/_ministack/health") as health:
        assert health.status == 200
    below = Path(f"/proc/{worker}/cwd").resolve()
    assert (tmp_path / "state") in below.parents
    family = [aws.process.pid, *children(aws.process.pid)]
    assert stop(aws.process) == 0
    assert aws.process.stdout.read() == ""
    poll(lambda: not any(alive(pid) for pid in family))
    assert not (tmp_path / "state" / "tasks").exists()
    assert not (tmp_path / "state" / "tmp").exists()


def test_only_the_loopback_is_bound(tmp_path):
    aws = start(tmp_path)
    port = f"{int(aws.endpoint.rsplit(':', 1)[-1]):04X}"
    listening = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()
        if f":{port} 00000000" in line
    ]
    assert listening == [f"0100007F:{port}"]
    stop(aws.process)


def test_a_hard_kill_leaves_no_process_and_no_task_folder(tmp_path):
    aws, worker = with_worker(tmp_path)
    family = children(aws.process.pid)
    assert worker in family
    aws.process.kill()
    aws.process.wait()
    poll(lambda: not any(alive(pid) for pid in family))
    poll(lambda: not (tmp_path / "tmp").exists())


def test_it_stops_when_its_parent_is_gone(tmp_path):
    command = ["-m", "local", "--with-parent", "--port", str(free_port()), "--state", str(tmp_path)]
    program = (
        f"import subprocess, sys; print(subprocess.Popen([sys.executable, *{command}]).pid, flush=True); "
    )
    program += "sys.stdin.read()"
    starter = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    launcher = int(starter.stdout.readline())
    starter.stdout.readline()
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    poll(lambda: not alive(launcher))


def test_a_taken_port_or_folder_is_refused_in_one_sentence(tmp_path):
    aws = start(tmp_path / "one")
    port = aws.endpoint.rsplit(":", 1)[-1]
    assert f"port {port} on 127.0.0.1 is taken" in refused("--port", port, "--state", str(tmp_path / "two"))
    assert "another local AWS already uses" in refused(
        "--port", str(free_port()), "--state", str(tmp_path / "one")
    )
    stop(aws.process)
