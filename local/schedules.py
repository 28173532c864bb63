"""When a schedule is due, and a way to fire one now: `python -m local.schedules [fire NAME]`.

`GET /_sluice/schedules` lists them with their next moment; `POST /_sluice/schedules/<name>/fire` delivers one
as its own firing would, for the moment in the body's `scheduledTime` (ISO 8601 with zone; now when absent).

Cron expressions are read on the clock of the schedule's zone: a time that a change of the clock leaves out is
skipped, one that it repeats comes once; rates count hours, whatever the clock does. Source:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html (time zones, daylight saving time).
"""

import argparse
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SCHEDULES_PATH = "/_sluice/schedules"
CLOCK_CHANGES_MAX = 400


def known_zone(name: str) -> bool:
    """Whether the tz database knows a zone of this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def due_after(schedule: dict, after: datetime) -> datetime | None:
    """The first moment later than `after` (both UTC) at which a schedule fires; None when it is over."""
    from ministack.services import eventbridge

    text = schedule["ScheduleExpression"]
    zone = ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    start, end = (_moment(schedule.get(name)) for name in ("StartDate", "EndDate"))
    once, seconds = _once(text, zone), eventbridge._parse_rate_seconds(text)
    fields = eventbridge._parse_cron_fields(text)
    if once:
        return once if once > after else None
    if start and start > after:
        after = start - timedelta(microseconds=1)
    if seconds:
        first = start or datetime.fromtimestamp(schedule["CreationDate"], UTC)
        found = first + timedelta(seconds=seconds * _rounds(first, after, seconds, bool(start)))
    else:
        found = _next_cron(fields, zone, after) if fields else None
    return found if found and not (end and found > end) else None


def valid_expression(text: str) -> bool:
    """Whether Scheduler would take the expression: `at(...)`, `rate(...)` or `cron(...)`."""
    from ministack.services import eventbridge

    return bool(
        _once(text, ZoneInfo("UTC"))
        or eventbridge._parse_rate_seconds(text)
        or eventbridge._parse_cron_fields(text)
    )


def _rounds(first: datetime, after: datetime, seconds: int, at_start: bool) -> int:
    """How many whole rates after `first` the next moment lies; the start itself counts when one was given."""
    least = 0 if at_start else 1
    return max(least, int((after - first).total_seconds() // seconds) + 1)


def _next_cron(fields, zone: ZoneInfo, after: datetime) -> datetime | None:
    from ministack.services import eventbridge

    wall = after.astimezone(zone).replace(tzinfo=UTC)
    for _ in range(CLOCK_CHANGES_MAX):
        wall = eventbridge._cron_next_fire(fields, wall)
        if wall is None:
            return None
        local = wall.replace(tzinfo=zone, fold=0)
        found = local.astimezone(UTC)
        exists = found.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None)
        if exists and found > after:
            return found
    return None


def _once(text: str, zone: ZoneInfo) -> datetime | None:
    if not (text.startswith("at(") and text.endswith(")")):
        return None
    try:
        return datetime.fromisoformat(text[3:-1].strip()).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def _moment(value) -> datetime | None:
    """StartDate and EndDate come as epoch seconds through the API and as ISO texts from a template."""
    if value in (None, ""):
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def answer(method: str, path: str, body: bytes) -> tuple[int, dict]:
    """(HTTP status, body) for the two paths of this module."""
    from local.patches import scheduler

    name = path.removeprefix(SCHEDULES_PATH).strip("/").removesuffix("/fire")
    if method == "GET" and path == SCHEDULES_PATH:
        return 200, {"schedules": [_shown(one) for one in scheduler.every()]}
    found = next((one for one in scheduler.every() if one["Name"] == name), None)
    if not (method == "POST" and path.endswith("/fire") and found):
        return 404, {"message": f"there is no schedule {name!r}; GET {SCHEDULES_PATH} lists them"}
    try:
        asked = json.loads(body or b"{}").get("scheduledTime")
        moment = _moment(asked) or datetime.now(UTC)
    except (ValueError, AttributeError):
        return 400, {"message": 'the body is {"scheduledTime": "<ISO 8601>"} or nothing'}
    problem = scheduler.fire(found, moment)
    told = {"name": name, "scheduledTime": scheduler.told_time(moment)}
    return (409, {**told, "message": problem}) if problem else (200, told)


def _shown(schedule: dict) -> dict:
    upcoming = due_after(schedule, datetime.now(UTC)) if schedule["State"] == "ENABLED" else None
    return {
        "name": schedule["Name"],
        "group": schedule["GroupName"],
        "expression": schedule["ScheduleExpression"],
        "timeZone": schedule["ScheduleExpressionTimezone"],
        "state": schedule["State"],
        "next": upcoming.isoformat() if upcoming else None,
        "input": schedule["Target"].get("Input", ""),
    }


def main() -> None:
    """List the schedules of a running local AWS, or fire one of them now."""
    parser = argparse.ArgumentParser(prog="python -m local.schedules")
    parser.add_argument("--endpoint", default="http://127.0.0.1:4566")
    parser.add_argument("what", nargs="?", choices=["list", "fire"], default="list")
    parser.add_argument("name", nargs="?", default="")
    chosen = parser.parse_args()
    url = chosen.endpoint + SCHEDULES_PATH
    request = urllib.request.Request(url)
    if chosen.what == "fire":
        request = urllib.request.Request(f"{url}/{chosen.name}/fire", data=b"", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            told = json.load(response)
    except urllib.error.HTTPError as problem:
        parser.exit(1, f"{json.load(problem)['message']}\n")
    for line in told.get("schedules", [told]):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
