"""The emulator's process: MiniStack, the engines, and the few paths of our own, on one port."""

import asyncio
import gc
import json
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from local import credentials, faults
from local.guardian import Guardian
from local.redact import redacted
from local.settings import LOOPBACK, Settings

KEEP_ALIVE_SECONDS = 75
PARENT_POLL_SECONDS = 0.5
OWN_BODY_BYTES_MAX = 10_000


def serve(settings: Settings, parent: int | None, chaos: faults.Chaos) -> None:
    """Serve until a signal or until the parent process is gone. The environment must be set already."""
    _log_to(settings.logs_dir / "emulator.log")
    _raise_file_limit()
    guardian = Guardian()
    guardian.remove_at_end(str(settings.tasks_dir))
    guardian.remove_at_end(str(settings.temporary_dir))
    # Imported here, because MiniStack reads its environment when it is imported.
    from local import patches
    from local.ecs_engine import EcsEngine
    from local.glue_engine import GlueEngine

    slots = threading.Semaphore(settings.max_parallel_tasks)
    ecs = EcsEngine(settings, guardian, slots, chaos)
    glue = GlueEngine(settings, guardian, slots, chaos)
    patches.install(patches.Parts(settings, guardian, ecs, glue))
    faults.install(chaos)
    _keep_what_is_loaded()
    try:
        asyncio.run(_serve(settings, parent, chaos))
    finally:
        ecs.stop_all()
        glue.stop_all()
        _stop_lambda_workers()
        guardian.close()


async def _serve(settings: Settings, parent: int | None, chaos: faults.Chaos) -> None:
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"{LOOPBACK}:{settings.port}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    # The services send their own Date, once, and no Server.
    config.include_date_header = config.include_server_header = False
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    if parent:
        threading.Thread(target=_watch_parent, args=(parent, loop, stop), daemon=True).start()
    announcing = asyncio.create_task(_announce(settings))
    await hypercorn_serve(_with_own_paths(chaos), config, shutdown_trigger=stop.wait)
    announcing.cancel()


def _watch_parent(parent: int, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    wait = threading.Event()
    while os.getppid() == parent:
        wait.wait(PARENT_POLL_SECONDS)
    loop.call_soon_threadsafe(stop.set)


async def _announce(settings: Settings) -> None:
    """Print the one line on standard output once the port answers."""
    while True:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, settings.port)
            writer.close()
            break
        except OSError:
            await asyncio.sleep(0.02)
    line = {
        "ready": True,
        "endpoint": settings.endpoint,
        "region": settings.region,
        "pid": os.getpid(),
        "state": str(settings.state_dir),
        "log": str(settings.logs_dir / "emulator.log"),
    }
    print(json.dumps(line), flush=True)


def _with_own_paths(chaos: faults.Chaos) -> Callable[..., Awaitable[None]]:
    """MiniStack's application, with the credentials links, recorded calls and faults in front of it."""
    from ministack.app import app

    from local import recorder, schedules

    async def application(scope, receive, send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(credentials.CREDENTIALS_PATH):
            given = dict(scope["headers"]).get(b"authorization", b"").decode()
            await _answer(send, *credentials.answer(path, given))
        elif scope["type"] == "http" and path == recorder.CALLS_PATH:
            await _answer(send, *recorder.answer(scope.get("query_string", b"").decode()))
        elif scope["type"] == "http" and path == faults.CHAOS_PATH:
            await _answer(send, *chaos.answer(scope["method"], await _body_of(receive)))
        elif scope["type"] == "http" and path.startswith(schedules.SCHEDULES_PATH):
            body = await _body_of(receive)
            await _answer(send, *await asyncio.to_thread(schedules.answer, scope["method"], path, body))
        else:
            await app(scope, receive, send)

    return application


async def _body_of(receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > OWN_BODY_BYTES_MAX:
            return body


async def _answer(send, status: int, body: dict) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def _stop_lambda_workers() -> None:
    module = sys.modules.get("ministack.core.lambda_runtime")
    if module:
        module.reset()


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def _log_to(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(file, mode="w")
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s [%(name)s] %(message)s"))
    # MiniStack calls basicConfig, which does nothing once the root logger has a handler.
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


def _keep_what_is_loaded() -> None:
    """Leave the emulator's modules out of every later collection, which would free none of them."""
    gc.collect()
    gc.freeze()


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
