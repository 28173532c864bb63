"""Kills Lambda's worker processes: in the middle of an invocation, or whichever there is.

An invocation that is killed looks to its caller as on AWS: an error of type Unhandled, after which
asynchronous events are tried again and a queue's messages come back when they are visible again.
"""

import contextlib
import threading
import time

from local.faults.chaos import Chaos

TYPICAL_SECONDS_FIRST = 0.1
NEWEST_WEIGHT = 0.2
KILL_POLL_SECONDS = 0.005
REAP_SECONDS = 5.0

_typical: dict[str, float] = {}


def apply(chaos: Chaos) -> None:
    """Wrap the one call that hands an event to a worker, and start the thread that kills any worker."""
    from ministack.core import lambda_runtime

    invoke = lambda_runtime.Worker.invoke

    def invoke_or_die(worker, event, request_id, **more) -> dict:
        if chaos.strikes("handlerKilled"):
            return _Killed(chaos, worker, request_id).run(lambda: invoke(worker, event, request_id, **more))
        begun = time.monotonic()
        answer = invoke(worker, event, request_id, **more)
        took, before = time.monotonic() - begun, _typical.get(worker.func_name, TYPICAL_SECONDS_FIRST)
        _typical[worker.func_name] = before + NEWEST_WEIGHT * (took - before)
        return answer

    lambda_runtime.Worker.invoke = invoke_or_die
    threading.Thread(target=_kill_any, args=(chaos, lambda_runtime), daemon=True, name="chaos").start()


class _Killed:
    """One invocation that does not live: killed within its usual length, or before its answer is heard."""

    def __init__(self, chaos: Chaos, worker, request_id: str) -> None:
        self._chaos, self._worker, self._request_id = chaos, worker, request_id
        self._over, self._struck = threading.Event(), threading.Event()
        usual = _typical.get(worker.func_name, TYPICAL_SECONDS_FIRST)
        self._after = chaos.between("handlerKilled", 0, usual)

    def run(self, invoke) -> dict:
        killer = threading.Thread(target=self._kill, daemon=True, name="chaos-handler")
        killer.start()
        begun = time.monotonic()
        try:
            answer = invoke()
        except Exception as problem:  # The process went while it started: to Lambda the same end.
            answer = {"log": str(problem)}
        self._over.set()
        killer.join()
        if not self._struck.is_set():
            kill(self._worker)
        self._chaos.note(
            "handlerKilled",
            function=self._worker.func_name,
            requestId=self._request_id,
            afterMilliseconds=round((time.monotonic() - begun) * 1000),
            # All was done, and only the answer is lost: the hardest case for a handler that comes again.
            answered=not self._struck.is_set(),
        )
        words = f"RequestId: {self._request_id} Error: Runtime exited with error: signal: killed"
        log = answer.get("log", "")
        return {"status": "error", "error": words, "cold_start": answer.get("cold_start", False), "log": log}

    def _kill(self) -> None:
        self._over.wait(self._after)
        while not self._over.is_set():
            if kill(self._worker):
                self._struck.set()
                return
            self._over.wait(KILL_POLL_SECONDS)


def kill(worker) -> bool:
    """SIGKILL to a worker's process; False where it has none. The next invocation starts a new one."""
    process = worker._proc
    if process is None or process.poll() is not None:
        return False
    process.kill()
    with contextlib.suppress(Exception):
        process.wait(REAP_SECONDS)
    return True


def _kill_any(chaos: Chaos, lambda_runtime) -> None:
    """Every now and then, any worker process: idle ones start cold again, others die as above."""
    pause = threading.Event()
    while True:
        mean = chaos.faults.workerEverySeconds
        pause.wait(chaos.between("workerEverySeconds", 0, 2 * mean) if mean > 0 else 1.0)
        with lambda_runtime._lock:
            workers = [worker for entries in lambda_runtime._workers.values() for worker in entries]
        if mean <= 0 or not workers:
            continue
        number = int(chaos.between("workerEverySeconds", 0, len(workers) - 1e-9))
        busy = workers[number].in_use
        if kill(workers[number]):
            chaos.note("workerEverySeconds", function=workers[number].func_name, busy=busy)
