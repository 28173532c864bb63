"""Schedules deliver with their own role, what the template says, with the scheduled time in it.

Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html,
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EventBridgeParameters.html.
"""

import json
import logging
import uuid
from datetime import UTC, datetime

from local.deliveries import deliver, send_to_queue
from local.patches.authorization import role_may

ACTIONS = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
}

logger = logging.getLogger("sluice.scheduler")


def apply(parts) -> None:
    """Take deliveries of EventBridge Scheduler out of the path that rules use."""
    from ministack.services import eventbridge

    deliver_rule = eventbridge._invoke_target

    def invoke_target(target, event, rule, view=None) -> None:
        if event.get("Source") == "aws.scheduler" and "RoleArn" in target:
            _deliver_schedule(target, event, rule, eventbridge)
        else:
            deliver_rule(target, event, rule, view)

    eventbridge._invoke_target = invoke_target


def _deliver_schedule(target: dict, event: dict, schedule: dict, eventbridge) -> None:
    arn, text = target["Arn"], _with_context(target.get("Input") or "{}", event, schedule)
    service = arn.split(":")[2]
    if service not in ACTIONS or not role_may(target["RoleArn"], ACTIONS[service], arn):
        _keep(
            target,
            text,
            schedule,
            f"{target['RoleArn']} may not call {ACTIONS.get(service, service)} on {arn}",
        )
    elif service == "events":
        named = target["EventBridgeParameters"]
        told = {"Source": named["Source"], "DetailType": named["DetailType"], "Detail": text}
        place = {"Resources": [schedule["Arn"]], "EventBusName": arn.rsplit("/", 1)[-1]}
        eventbridge._dispatch_event({**event, **told, **place, "EventId": str(uuid.uuid4())})
    else:
        deliver(arn, text, {}, event["Account"], event["Region"])


def _keep(target: dict, text: str, schedule: dict, problem: str) -> None:
    logger.error("schedule %s: %s", schedule["Arn"], problem)
    letters = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    told = {"ERROR_CODE": "AccessDenied", "ERROR_MESSAGE": problem, "TARGET_ARN": target["Arn"]}
    if letters and role_may(target["RoleArn"], "sqs:SendMessage", letters):
        send_to_queue(letters, text, {**told, "SCHEDULE_ARN": schedule["Arn"]})


def _with_context(text: str, event: dict, schedule: dict) -> str:
    moment = datetime.fromtimestamp(event["Time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {
        "scheduled-time": moment,
        "schedule-arn": schedule["Arn"],
        "execution-id": event["EventId"],
        "attempt-number": "1",
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    json.loads(text)
    return text
