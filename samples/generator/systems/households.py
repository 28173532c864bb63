"""The rows of the household application's database, and its tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ..dirt import Reject
from ..draw import Draw
from .planted import Place, Row, dirtied

SEED = 20_260_304
FIRST = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUSEHOLDS, USERS, PETS, TASKS, LOGS = 40, 90, 60, 180, 240
FOLDER = "petforce"
COUNTRIES = [("DE", "Europe/Berlin"), ("US", "America/Chicago"), ("GB", "Europe/London")]
TASK_TYPES = ["feeding", "walk", "grooming", "medication", "vet_visit", "training", "cleaning", "other"]
PLANS = [("Free", 0), ("Premium", 999), ("Enterprise", 4999)]
CHANNELS = ["organic", "referral", "paid_search", "paid_social", "partner"]
ACTIVITIES = ["task_created", "task_completed", "pet_added", "member_invited", "settings_changed"]
DIRT = [
    Reject("households", 17, "invite_code_missing", "invite_code", "  "),
    Reject("users", 30, "email_missing", "email", ""),
    Reject("users", 61, "acquisition_channel_not_allowed", "acquisition_channel", "television"),
    Reject("pets", 11, "species_not_allowed", "species", "dragon"),
    Reject("pets", 40, "weight_kg_out_of_range", "weight_kg", "-2.5"),
    Reject("tasks", 25, "status_not_allowed", "status", "done"),
    Reject("tasks", 120, "title_missing", "title", ""),
    Reject("activity_logs", 77, "activity_type_not_allowed", "activity_type", "looked_around"),
    Reject("subscriptions", 8, "price_cents_out_of_range", "price_cents", -999),
]
# What is no text: the type in PostgreSQL of a column, by its name or its ending.
TYPES = {"weight_kg": "numeric(9,3)", "birth_date": "date", "details": "jsonb", "price_cents": "bigint"}


def written(at: datetime | None) -> str | None:
    """A moment as text, with its offset."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def _lived(draw: Draw, made: datetime) -> Row:
    """The three moments of a row; one in twelve was deleted later."""
    changed = made + timedelta(hours=draw.below(400), seconds=draw.below(3_600))
    gone = changed if draw.chance(8) else None
    return {"created_at": written(made), "updated_at": written(changed), "deleted_at": written(gone)}


def _made(draw: Draw, days: int = 40) -> datetime:
    return FIRST + timedelta(days=draw.below(days), seconds=draw.below(50_000))


def _households(draw: Draw) -> list[Row]:
    rows = []
    for number in range(1, HOUSEHOLDS + 1):
        country, zone = draw.one_of(COUNTRIES)
        row = {"household_id": f"hh-{number:04}", "name": f" household {number} "}
        row |= {"invite_code": f"code{number:04}", "country_code": country, "time_zone": zone}
        rows.append(row | _lived(draw, _made(draw, 5)))
    return rows


def _users(draw: Draw) -> list[Row]:
    rows = []
    for number in range(1, USERS + 1):
        row = {"user_id": f"us-{number:04}", "email": f"user-{number:04}@example.com"}
        row |= {"display_name": f"user {number}", "phone": None, "country_code": draw.one_of(COUNTRIES)[0]}
        row |= {"acquisition_channel": draw.one_of(CHANNELS), "is_email_verified": draw.chance(80)}
        seen = _made(draw) if draw.chance(90) else None
        rows.append(row | {"last_login_at": written(seen)} | _lived(draw, _made(draw, 10)))
    return rows


def _household_members(draw: Draw) -> list[Row]:
    rows = []
    for number in range(1, USERS + 1):
        joined = _made(draw, 10)
        row = {"member_id": f"me-{number:04}", "household_id": f"hh-{1 + (number - 1) % HOUSEHOLDS:04}"}
        row |= {"user_id": f"us-{number:04}", "joined_at": written(joined)}
        row["role"] = "owner" if number <= HOUSEHOLDS else draw.one_of(["adult", "child", "sitter"])
        rows.append(row | _lived(draw, joined))
    return rows


def _pets(draw: Draw) -> list[Row]:
    rows = []
    for number in range(1, PETS + 1):
        kind = draw.one_of(["dog", "dog", "dog", "cat", "cat", "rabbit", "bird", "fish"])
        row = {"pet_id": f"pe-{number:04}", "household_id": f"hh-{1 + draw.below(HOUSEHOLDS):04}"}
        row |= {"name": f"pet {number}", "species": kind, "breed": None}
        row["birth_date"] = f"{2012 + draw.below(13)}-0{1 + draw.below(9)}-1{draw.below(9)}"
        row["weight_kg"] = f"{1 + draw.below(40)}.{draw.below(1000):03}"
        rows.append(row | _lived(draw, _made(draw, 10)))
    return rows


def _tasks(draw: Draw) -> list[Row]:
    rows = []
    for number in range(1, TASKS + 1):
        made, household = _made(draw), 1 + draw.below(HOUSEHOLDS)
        done = draw.chance(60)
        row = {"task_id": f"ta-{number:05}", "household_id": f"hh-{household:04}"}
        row |= {"pet_id": f"pe-{1 + draw.below(PETS):04}" if draw.chance(70) else None}
        row |= {"task_type": draw.one_of(TASK_TYPES), "title": f"task {number}"}
        row["status"] = "completed" if done else draw.one_of(["open", "in_progress", "skipped"])
        row |= {"assigned_user_id": f"us-{household:04}"}
        row |= {"completed_user_id": f"us-{household:04}" if done else None}
        row["due_at"] = written(made + timedelta(hours=8))
        row["completed_at"] = written(made + timedelta(hours=draw.below(12))) if done else None
        rows.append(row | _lived(draw, made))
    return rows


def _activity_logs(draw: Draw) -> list[Row]:
    rows = []
    for number in range(1, LOGS + 1):
        at, user = _made(draw), 1 + draw.below(USERS)
        login = draw.chance(40)
        row = {"activity_id": f"ac-{number:05}", "user_id": f"us-{user:04}"}
        row["household_id"] = None if login else f"hh-{1 + (user - 1) % HOUSEHOLDS:04}"
        row["activity_type"] = "login" if login else draw.one_of(ACTIVITIES)
        row |= {"occurred_at": written(at), "details": {"client": draw.one_of(["ios", "android", "web"])}}
        rows.append(row | {"created_at": written(at), "updated_at": written(at), "deleted_at": None})
    return rows


def _subscriptions(draw: Draw) -> list[Row]:
    rows = []
    for number in range(1, HOUSEHOLDS + 1):
        begun, (plan, cents) = _made(draw, 20), draw.one_of(PLANS)
        ended = begun + timedelta(days=20) if draw.chance(15) else None
        row = {"subscription_id": f"su-{number:04}", "household_id": f"hh-{number:04}"}
        row |= {"plan": plan, "status": "cancelled" if ended else "active", "price_cents": cents}
        row |= {"currency": "USD", "started_at": written(begun), "ended_at": written(ended)}
        rows.append(row | _lived(draw, begun))
    return rows


TABLES = {
    "households": ("household_id", _households),
    "household_members": ("member_id", _household_members),
    "users": ("user_id", _users),
    "pets": ("pet_id", _pets),
    "tasks": ("task_id", _tasks),
    "activity_logs": ("activity_id", _activity_logs),
    "subscriptions": ("subscription_id", _subscriptions),
}


def places() -> list[Place]:
    """One file per table."""
    made = []
    for number, (table, (key, rows)) in enumerate(TABLES.items()):
        dirt = [replace(one, stem=f"{FOLDER}/{one.stem}.ndjson.gz") for one in DIRT]
        made.append(dirtied(f"{FOLDER}/{table}.ndjson.gz", table, key, rows(Draw(SEED + number)), dirt))
    return made


def ddl(made: list[Place]) -> bytes:
    """The statements that make the tables, with the columns of the rows."""
    statements = []
    for place, (table, (key, _)) in zip(made, TABLES.items(), strict=True):
        columns = [f"    {name} {_type(name)}" for name in place.rows[0]]
        body = ",\n".join([*columns, f"    PRIMARY KEY ({key})"])
        index = f"CREATE INDEX {table}_updated_at ON {table} (updated_at);"
        statements.append(f"CREATE TABLE {table} (\n{body}\n);\n{index}\n")
    return "\n".join(statements).encode()


def _type(name: str) -> str:
    if name.endswith("_at"):
        return "timestamptz"
    return "boolean" if name.startswith("is_") else TYPES.get(name, "text")
