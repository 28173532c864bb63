"""JSON lines on standard output; each carries the ids that the run was given, and none holds a secret."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

_context: dict[str, Any] = {}
_scrubs: list[Callable[[str], str]] = []


def set_context(**ids: str | int) -> None:
    """Adds ids, such as run_id and correlation_id, to every later line."""
    _context.update(ids)


def scrub_with(scrub: Callable[[str], str]) -> None:
    """Passes every later line through this function before it is written."""
    _scrubs.append(scrub)


def log(event: str, level: str = "info", **fields: Any) -> None:
    """Writes one line; values that JSON does not know become text."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = json.dumps({"time": moment, "level": level, "event": event, **_context, **fields}, default=str)
    for scrub in _scrubs:
        line = scrub(line)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
