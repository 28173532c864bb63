"""The marts of the households that describe things and count what they do, in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .petforce import CALENDAR, Delivery, Seen, household_history

CENT, MICRO = Decimal("0.01"), Decimal("0.000001")
MASK = "***"
COUNTRIES = {"DE": "Germany", "US": "United States", "GB": "United Kingdom"}
CATEGORIES = {
    **dict.fromkeys(("medication", "vet_visit"), "health"),
    **dict.fromkeys(("feeding", "grooming", "cleaning"), "care"),
    **dict.fromkeys(("walk", "training"), "exercise"),
}
HOLIDAYS = {(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)}
# Month, weekday (Monday 0) and which of them; -1 is the last.
WEEKDAY_HOLIDAYS = [(1, 0, 3), (2, 0, 3), (5, 0, -1), (9, 0, 1), (10, 0, 2), (11, 3, 4)]


def percent(part, whole) -> Decimal | None:
    """A share in per cent, two decimals, halves away from zero; None where the whole is nothing."""
    return (Decimal(100) * part / whole).quantize(CENT, ROUND_HALF_UP) if whole else None


def is_done(task: dict) -> bool:
    return task["status"] == "completed" and task["completed_at"] is not None


def days_by(rows: Iterable[dict], name: str) -> Counter:
    return Counter(row[name].date() for row in rows if row[name] is not None)


def dim_households(seen: Seen, builds: list[list[Delivery]]) -> list[dict]:
    counts = defaultdict(Counter)
    for row in seen.rows["household_members"]:
        counts[row["household_id"]]["member_count"] += 1
    for row in seen.rows["pets"]:
        counts[row["household_id"]].update(["pet_count", f"{row['species']}_count"])
    for row in seen.rows["tasks"]:
        counts[row["household_id"]].update(
            ["total_tasks", "completed_tasks"] if is_done(row) else ["total_tasks"]
        )
    names = ("member_count", "pet_count", "dog_count", "cat_count", "total_tasks", "completed_tasks")
    rows = []
    for version in household_history(builds):
        current = version["effective_to"] is None
        own = counts[version["household_id"]]
        rate = percent(own["completed_tasks"], own["total_tasks"])
        rows.append(
            {
                "household_id": version["household_id"],
                "household_name": MASK,
                "country_code": version["country_code"],
                "time_zone": version["time_zone"],
                "created_date": version["created_at"].date(),
                "effective_from": version["updated_at"],
                "effective_to": version["effective_to"],
                "is_current": current,
                **{name: own[name] if current else None for name in names},
                "task_completion_rate": rate if current else None,
            }
        )
    return rows


def dim_users(seen: Seen) -> list[dict]:
    logs, homes = defaultdict(list), defaultdict(set)
    for log in seen.rows["activity_logs"]:
        logs[log["user_id"]].append(log)
    for member in seen.rows["household_members"]:
        homes[member["user_id"]].add(member["household_id"])
    done = Counter(task["completed_user_id"] for task in seen.rows["tasks"] if is_done(task))
    rows = []
    for user in seen.rows["users"]:
        key, own = user["user_id"], logs[user["user_id"]]
        moments = sorted(log["occurred_at"] for log in own)
        rows.append(
            {
                "user_id": key,
                "email": MASK,
                "display_name": MASK,
                "phone": MASK if user["phone"] else None,
                "country_code": user["country_code"],
                "country_name": COUNTRIES.get(user["country_code"]),
                "acquisition_channel": user["acquisition_channel"],
                "is_email_verified": user["is_email_verified"],
                "registered_date": user["created_at"].date(),
                "household_count": len(homes[key]),
                "activity_count": len(own),
                "login_count": sum(log["activity_type"] == "login" for log in own),
                "active_day_count": len({at.date() for at in moments}),
                "completed_task_count": done[key],
                "first_active_at": moments[0] if moments else None,
                "last_active_at": moments[-1] if moments else None,
            }
        )
    return rows


def dim_pets(seen: Seen) -> list[dict]:
    return [
        {
            "pet_id": pet["pet_id"],
            "household_id": pet["household_id"],
            "pet_name": pet["name"].strip(),
            "species": pet["species"],
            "species_name": pet["species"].capitalize(),
            "animal_class": "fish" if pet["species"] == "fish" else "mammal",
            "birth_date": date.fromisoformat(pet["birth_date"]),
            "weight_kg": Decimal(pet["weight_kg"]),
            "added_date": pet["created_at"].date(),
        }
        for pet in seen.rows["pets"]
    ]


def dim_task_types(seen: Seen) -> list[dict]:
    groups = defaultdict(list)
    for task in seen.rows["tasks"]:
        groups[task["task_type"]].append(task)
    return [
        {
            "task_type": kind,
            "category": CATEGORIES.get(kind, "other"),
            "task_count": len(tasks),
            "completed_task_count": sum(map(is_done, tasks)),
            "completion_rate": percent(sum(map(is_done, tasks)), len(tasks)),
            "first_used_date": min(task["created_at"].date() for task in tasks),
        }
        for kind, tasks in groups.items()
    ]


def dim_date() -> list[dict]:
    first, last = CALENDAR
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    free = {day for day in days if (day.month, day.day) in HOLIDAYS and (day.month != 6 or day.year > 2020)}
    for year in range(first.year, last.year + 1):
        for month, weekday, place in WEEKDAY_HOLIDAYS:
            those = [d for d in days if (d.year, d.month, d.weekday()) == (year, month, weekday)]
            free.add(those[place - 1 if place > 0 else place])
    return [
        {
            "date_day": day,
            "year_start_date": date(day.year, 1, 1),
            "month_start_date": day.replace(day=1),
            "year_number": day.year,
            "quarter_number": (day.month + 2) // 3,
            "month_number": day.month,
            "day_of_month": day.day,
            "day_of_week": day.isoweekday(),
            "is_weekend": day.isoweekday() > 5,
            "is_holiday": day in free,
        }
        for day in days
    ]


def fct_task_completions(seen: Seen) -> list[dict]:
    names = ("task_id", "household_id", "pet_id", "task_type", "assigned_user_id", "completed_user_id")
    rows = []
    for task in filter(is_done, seen.rows["tasks"]):
        made, due, done = (task[name] for name in ("created_at", "due_at", "completed_at"))
        whole_minutes = done.replace(second=0) - made.replace(second=0)
        rows.append(
            {name: task[name] for name in (*names, "created_at", "due_at", "completed_at")}
            | {"completed_date": done.date(), "is_on_time": None if due is None else done <= due}
            | {"minutes_to_completion": int(whole_minutes.total_seconds()) // 60}
        )
    return rows


def fct_user_logins(seen: Seen) -> list[dict]:
    logins = defaultdict(list)
    for log in seen.rows["activity_logs"]:
        if log["activity_type"] == "login":
            logins[log["user_id"]].append((log["occurred_at"], log["activity_id"]))
    rows = []
    for user, own in logins.items():
        before = None
        for number, (at, key) in enumerate(sorted(own), 1):
            row = {"activity_id": key, "user_id": user, "logged_in_at": at, "login_date": at.date()}
            since = (at.date() - before).days if before else None
            rows.append(row | {"login_number": number, "days_since_previous_login": since})
            before = at.date()
    return rows
