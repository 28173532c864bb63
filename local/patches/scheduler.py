"""Schedules fire at their time in their zone, with their own role, what the template says.

Sources, below https://docs.aws.amazon.com/scheduler/latest/: APIReference/API_EventBridgeParameters.html, and
in UserGuide/ managing-schedule-context-attributes.html, setting-up.html (the role's trust),
cross-service-confused-deputy-prevention.html (the group is the source), configuring-schedule-dlq.html.
"""

import json
import logging
import uuid
from datetime import UTC, datetime

from local import schedules
from local.deliveries import deliver, send_to_queue
from local.patches.authorization import role_may, service_may_assume

ACTIONS = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
}
PRINCIPAL = "scheduler.amazonaws.com"
SWEEP_SECONDS = 1

logger = logging.getLogger("sluice.scheduler")
_judged: dict[tuple, datetime] = {}


def apply(parts) -> None:
    """Replace the sweep over schedules and take their deliveries out of the path that rules use."""
    from ministack.services import eventbridge, scheduler

    deliver_rule = eventbridge._invoke_target

    def invoke_target(target, event, rule, view=None) -> None:
        if event.get("Source") == "aws.scheduler" and "RoleArn" in target:
            event["Problem"] = _deliver_schedule(target, event, rule, eventbridge)
        else:
            deliver_rule(target, event, rule, view)

    eventbridge._invoke_target = invoke_target
    scheduler._tick_schedules = _sweep if parts.settings.schedules == "clock" else lambda: None
    scheduler._SCHEDULE_TICK_INTERVAL = SWEEP_SECONDS


def every() -> list[dict]:
    """Every schedule of every account and region."""
    from ministack.services import scheduler

    return [schedule for _key, schedule in list(scheduler._schedules._data.items())]


def told_time(moment: datetime) -> str:
    """A moment as Scheduler writes it into an input: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fire(schedule: dict, moment: datetime) -> str:
    """Deliver a schedule's target for one moment, at its time or by hand; returns what refused it."""
    from ministack.core.responses import request_scope
    from ministack.services import eventbridge

    _, _, _, region, account, *_ = schedule["Arn"].split(":")
    event = {
        "EventId": str(uuid.uuid4()),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": moment.timestamp(),
        "Resources": [schedule["Arn"]],
        "Account": account,
        "Region": region,
    }
    with request_scope(account, region):
        eventbridge._invoke_target(schedule["Target"], event, schedule)
    return event.get("Problem", "")


def _sweep() -> None:
    """Fire what became due since the last look; of several moments missed by one schedule only the newest."""
    from ministack.services import scheduler

    now = datetime.now(UTC)
    for key, schedule in list(scheduler._schedules._data.items()):
        known = (key, schedule["CreationDate"], schedule["ScheduleExpression"])
        since = _judged.get(known) or _first_look(schedule, now)
        _judged[known] = now
        try:
            due, last = schedules.due_after(schedule, since), None
            while due and due <= now:
                due, last = schedules.due_after(schedule, due), due
            if last and schedule.get("State") == "ENABLED":
                fire(schedule, last)
        except Exception:
            logger.exception("the schedule %s cannot be fired", schedule["Arn"])
            continue
        if due is None and schedule.get("ActionAfterCompletion") == "DELETE":
            scheduler._schedules._data.pop(key, None)


def _first_look(schedule: dict, now: datetime) -> datetime:
    """A new schedule is looked at from its creation on; one for a moment already over fires at once."""
    if schedule["ScheduleExpression"].startswith("at("):
        return datetime.fromtimestamp(0, UTC)
    return min(now, datetime.fromtimestamp(schedule["CreationDate"], UTC))


def _deliver_schedule(target: dict, event: dict, schedule: dict, eventbridge) -> str:
    arn, text = target["Arn"], _with_context(target.get("Input") or "{}", event, schedule)
    service, role = arn.split(":")[2], target["RoleArn"]
    named = target.get("EventBridgeParameters") or {}
    entry = (named["Source"], named["DetailType"]) if service == "events" else None
    group = schedule["Arn"].replace(":schedule/", ":schedule-group/").rsplit("/", 1)[0]
    if not service_may_assume(PRINCIPAL, role, group):
        return _keep(target, text, schedule, f"{PRINCIPAL} may not assume {role}")
    if service not in ACTIONS or not role_may(role, ACTIONS[service], arn, entry):
        return _keep(target, text, schedule, f"{role} may not call {ACTIONS.get(service, service)} on {arn}")
    if service == "events":
        told = {"Source": named["Source"], "DetailType": named["DetailType"], "Detail": text}
        place = {"Resources": [schedule["Arn"]], "EventBusName": arn.rsplit("/", 1)[-1]}
        eventbridge._dispatch_event({**event, **told, **place, "EventId": str(uuid.uuid4())})
    else:
        deliver(arn, text, {}, event["Account"], event["Region"])
    return ""


def _keep(target: dict, text: str, schedule: dict, problem: str) -> str:
    logger.error("schedule %s: %s", schedule["Arn"], problem)
    letters = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    told = {"ERROR_CODE": "AccessDenied", "ERROR_MESSAGE": problem, "TARGET_ARN": target["Arn"]}
    if letters and role_may(target["RoleArn"], "sqs:SendMessage", letters):
        send_to_queue(letters, text, {**told, "SCHEDULE_ARN": schedule["Arn"]})
    return problem


def _with_context(text: str, event: dict, schedule: dict) -> str:
    values = {
        "scheduled-time": told_time(datetime.fromtimestamp(event["Time"], UTC)),
        "schedule-arn": schedule["Arn"],
        "execution-id": event["EventId"],
        "attempt-number": "1",
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    json.loads(text)
    return text
