"""What a build of the households sees, from the delivered records alone, in plain Python without SQL.

A record that its contract rejects is none. Of a row the version with the newest updated_at holds; of one
moment the one that landed last, then the last line. A deleted row is gone, but its version stays the newest.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

Delivery = tuple[Path, str]
"""A folder with files `<table>-<n>.ndjson`, and when it landed (ISO 8601)."""
KEYS = {
    "households": "household_id",
    "users": "user_id",
    "household_members": "member_id",
    "pets": "pet_id",
    "tasks": "task_id",
    "activity_logs": "activity_id",
    "subscriptions": "subscription_id",
}
ALLOWED = {
    "role": {"owner", "adult", "child", "sitter"},
    "species": {"dog", "cat", "rabbit", "bird", "fish", "reptile", "other"},
    "acquisition_channel": {"organic", "referral", "paid_search", "paid_social", "partner"},
    "activity_type": {
        *("login", "task_created", "task_completed", "pet_added", "member_invited", "settings_changed"),
    },
    "plan": {"Free", "Premium", "Enterprise"},
}
STATUSES = {
    "tasks": {"open", "in_progress", "completed", "skipped"},
    "subscriptions": {"trial", "active", "past_due", "cancelled"},
}
CALENDAR = date(2020, 1, 1), date(2030, 12, 31)


def moment(text: str) -> datetime:
    """A UTC moment without its zone, as gold has it."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def versions(table: str, deliveries: Iterable[Delivery]) -> Iterator[tuple[tuple, dict]]:
    """Every record that its contract lets pass, with its rank among the versions of its row."""
    for folder, landed_at in deliveries:
        for line, text in enumerate(lines_of(folder, table), 1):
            record = json.loads(text)
            if _passes(table, record):
                parsed = {
                    name: moment(value) if name.endswith("_at") and value else value
                    for name, value in record.items()
                }
                parsed["landed_at"] = moment(landed_at)
                yield (parsed["updated_at"], parsed["landed_at"], line), parsed


def lines_of(folder: Path, table: str) -> Iterator[str]:
    """The lines of all files of a table, `<table>-<n>.ndjson`, in the order in which they were written."""
    for path in sorted(folder.glob(f"{table}-*.ndjson")):
        yield from path.read_text().splitlines()


def _passes(table: str, record: dict) -> bool:
    if any(name in record and record[name] not in values for name, values in ALLOWED.items()):
        return False
    if table in STATUSES and record["status"] not in STATUSES[table]:
        return False
    return table != "households" or record["invite_code"] is not None


def newest(table: str, deliveries: Iterable[Delivery]) -> dict[str, dict]:
    """The version that holds of each row, deleted ones too, by key."""
    held: dict[str, tuple] = {}
    for rank, record in versions(table, deliveries):
        key = record[KEYS[table]]
        if key not in held or rank >= held[key][0]:
            held[key] = rank, record
    return {key: record for key, (_, record) in held.items()}


class Seen:
    """The living rows of each table after all these deliveries, and the days that reports are about."""

    def __init__(self, deliveries: list[Delivery]) -> None:
        self.rows = {
            table: [row for row in newest(table, deliveries).values() if row["deleted_at"] is None]
            for table in KEYS
        }
        moments = [(row["created_at"], row) for table in ("households", "users") for row in self.rows[table]]
        moments += [(row["occurred_at"], row) for row in self.rows["activity_logs"]]
        believed = [at.date() for at, row in moments if at <= row["landed_at"] + timedelta(days=1)]
        first, last = max(min(believed), CALENDAR[0]), min(max(believed), CALENDAR[1])
        self.days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        # Each month with the newest of its days.
        self.months = {day.replace(day=1): day for day in self.days}


def household_history(builds: list[list[Delivery]]) -> list[dict]:
    """The versions of the households that these builds saw: a build sees the newest of what is new to it."""
    history: dict[str, list[dict]] = {}
    for deliveries in builds:
        for key, record in newest("households", deliveries).items():
            seen = history.setdefault(key, [])
            if not seen or record["updated_at"] > seen[-1]["updated_at"]:
                seen.append(record)
    rows = []
    for seen in history.values():
        for record, following in zip(seen, [*seen[1:], None], strict=True):
            if record["deleted_at"] is None:
                until = following["updated_at"] if following else None
                rows.append(record | {"effective_to": until})
    return rows
