"""JSON lines on standard output; each carries the ids that the run was given."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

_context: dict[str, Any] = {}


def set_context(**ids: str) -> None:
    """Adds ids, such as run_id and correlation_id, to every later line."""
    _context.update(ids)


def log(event: str, level: str = "info", **fields: Any) -> None:
    """Writes one line; values that JSON does not know become text."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"time": moment, "level": level, "event": event, **_context, **fields}
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()
