"""What one extraction has to do: the plan object, parsed at the border and trusted inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

ENGINES = ("rest", "mongodb", "postgres")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,199}\Z")
# A caller's own id, as a door takes it, may begin with any of its characters.
CORRELATION = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:+-]{0,199}\Z")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,62}\Z")
URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,62}/[A-Za-z0-9_.:=+/@-]{1,1024}\Z")


class PlanError(ValueError):
    """The plan breaks its own format; a later attempt with the same plan would break it too."""


@dataclass(frozen=True)
class Window:
    """Days of the source that are asked for: from `first` on, and before `until`."""

    first: date
    until: date


@dataclass(frozen=True)
class ExtractPlan:
    """One attempt of one extraction.

    `files_run_id` names the folder that is written: the run's own id, or that of the run it goes on from.
    `extract` is the block of the source file as it was declared; the engines read what they need of it.
    """

    run_id: str
    attempt: int
    correlation_id: str
    source: str
    extract: dict
    state_uri: str | None
    next_state_uri: str | None
    window: Window | None
    created_at: datetime
    bronze_bucket: str
    report_uri: str
    files_run_id: str

    @property
    def entities(self) -> list[dict]:
        """The declared entities, in their order."""
        return self.extract["entities"]


def parse_plan(raw: Any) -> ExtractPlan:
    """A checked plan. Raises PlanError with a sentence that names the field."""
    if not isinstance(raw, dict) or raw.get("version") != 1 or raw.get("kind") != "extract":
        raise PlanError("the plan is not an extract plan of version 1")
    attempt = raw.get("attempt")
    if not isinstance(attempt, int) or attempt < 1:
        raise PlanError("attempt must be a whole number from 1 on")
    run_id = _text(raw, "run_id", IDENTITY)
    return ExtractPlan(
        run_id=run_id,
        attempt=attempt,
        correlation_id=_text(raw, "correlation_id", CORRELATION),
        source=_text(raw, "source", NAME),
        extract=_extract(raw.get("extract")),
        state_uri=_text(raw, "state_uri", URI) if raw.get("state_uri") else None,
        next_state_uri=_text(raw, "next_state_uri", URI) if raw.get("next_state_uri") else None,
        window=_window(raw.get("window")),
        created_at=_moment(raw.get("created_at")),
        bronze_bucket=_text(raw, "bronze_bucket", BUCKET),
        report_uri=_text(raw, "report_uri", URI),
        files_run_id=_text(raw, "files_run_id", IDENTITY) if raw.get("files_run_id") else run_id,
    )


def _text(raw: dict, name: str, pattern: re.Pattern[str]) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not pattern.match(value):
        raise PlanError(
            f"{name} has characters or a length that the plan does not allow: {str(value)[:80]!r}"
        )
    return value


def _extract(raw: Any) -> dict:
    if not isinstance(raw, dict) or raw.get("engine") not in ENGINES:
        raise PlanError(f"extract must name one of the engines {', '.join(ENGINES)}")
    entities = raw.get("entities")
    if not isinstance(entities, list) or not entities:
        raise PlanError("extract.entities must list entities")
    names = [_text(entity, "entity", NAME) for entity in entities]
    if len(set(names)) != len(names):
        raise PlanError("extract.entities names an entity twice")
    return raw


def _window(raw: Any) -> Window | None:
    if raw is None:
        return None
    try:
        window = Window(date.fromisoformat(raw["from"]), date.fromisoformat(raw["to"]))
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError("window must have from and to as YYYY-MM-DD") from error
    if window.first >= window.until:
        raise PlanError("window.to must be after window.from")
    return window


def _moment(raw: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(raw)
    except (TypeError, ValueError) as error:
        raise PlanError("created_at must be a time in ISO 8601") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
