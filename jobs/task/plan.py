"""What all plans of tasks have in common: a head, and texts that hold nothing but what their name allows."""

from __future__ import annotations

import re
from typing import Any

IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,199}\Z")
# As a door takes it from a caller: it may begin with any of its characters.
CORRELATION = re.compile(r"[A-Za-z0-9_.:+-]{1,200}\Z")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,62}\Z")
# Whatever can end a quoted text in SQL stays out of the names that DuckDB is told to read and write.
URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,62}/[A-Za-z0-9_.:=+/@-]{1,1024}\Z")


class PlanError(ValueError):
    """The plan breaks its own format; a later attempt with the same plan would break it too."""


def head(raw: Any, kind: str) -> dict[str, Any]:
    """`run_id`, `attempt` and `correlation_id` of a plan of version 1 and this kind. Raises PlanError."""
    if not isinstance(raw, dict) or raw.get("version") != 1 or raw.get("kind") != kind:
        raise PlanError(f"the plan is not of version 1 and kind {kind}")
    attempt = raw.get("attempt")
    if not isinstance(attempt, int) or attempt < 1:
        raise PlanError("attempt must be a whole number from 1 on")
    run_id, correlation_id = text(raw, "run_id", IDENTITY), text(raw, "correlation_id", CORRELATION)
    return {"run_id": run_id, "attempt": attempt, "correlation_id": correlation_id}


def text(raw: dict, name: str, pattern: re.Pattern[str]) -> str:
    """The text under a name, when it matches as a whole. Raises PlanError, which shows its start."""
    value = raw.get(name)
    if not isinstance(value, str) or not pattern.match(value):
        told = repr(str(value)[:80])
        raise PlanError(f"{name} has characters or a length that the plan does not allow: {told}")
    return value


def text_or_none(raw: dict, name: str, pattern: re.Pattern[str]) -> str | None:
    """The same for a text that may be absent, null or empty."""
    return text(raw, name, pattern) if raw.get(name) else None
