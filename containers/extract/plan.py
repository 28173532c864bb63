"""What one extraction has to do: the plan object, parsed at the border and trusted inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from jobs.task.plan import BUCKET, IDENTITY, URI, PlanError, head, text, text_or_none

ENGINES = ("rest", "mongodb", "postgres")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")


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
    about = head(raw, "extract")
    return ExtractPlan(
        **about,
        source=text(raw, "source", NAME),
        extract=_extract(raw.get("extract")),
        state_uri=text_or_none(raw, "state_uri", URI),
        next_state_uri=text_or_none(raw, "next_state_uri", URI),
        window=_window(raw.get("window")),
        created_at=_moment(raw.get("created_at")),
        bronze_bucket=text(raw, "bronze_bucket", BUCKET),
        report_uri=text(raw, "report_uri", URI),
        files_run_id=text_or_none(raw, "files_run_id", IDENTITY) or about["run_id"],
    )


def _extract(raw: Any) -> dict:
    if not isinstance(raw, dict) or raw.get("engine") not in ENGINES:
        raise PlanError(f"extract must name one of the engines {', '.join(ENGINES)}")
    entities = raw.get("entities")
    if not isinstance(entities, list) or not entities:
        raise PlanError("extract.entities must list entities")
    names = [text(entity, "entity", NAME) for entity in entities]
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
