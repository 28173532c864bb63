"""What Scheduler refuses when a schedule is made, by its API or by a template, and what a template keeps.

Sources: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-scheduler-schedule.html.
"""

import json

from local import schedules
from local.patches.authorization import service_may_assume
from local.patches.scheduler import PRINCIPAL


def apply(parts) -> None:
    """Wrap the two writing operations, and let templates go through them."""
    from ministack.services import scheduler
    from ministack.services.cloudformation import provisioners

    for name in ("_create_schedule", "_update_schedule"):
        setattr(scheduler, name, _refusing(getattr(scheduler, name), scheduler))
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Scheduler::Schedule"]
    handlers["create"] = _created(provisioners, scheduler)
    handlers["update"] = _updated(provisioners, scheduler)


def _refusing(write, scheduler):
    def checked(name: str, body: dict):
        problem = _problem_of(body, scheduler)
        return scheduler._error(400, "ValidationException", problem) if problem else write(name, body)

    return checked


def _problem_of(body: dict, scheduler) -> str:
    target, zone = body.get("Target") or {}, body.get("ScheduleExpressionTimezone") or "UTC"
    if body.get("ScheduleExpression") and not schedules.valid_expression(body["ScheduleExpression"]):
        return f"Invalid Schedule Expression {body['ScheduleExpression']}."
    if not schedules.known_zone(zone):
        return f"Invalid Schedule Expression Timezone {zone}."
    if ":event-bus/" in target.get("Arn", ""):
        named = target.get("EventBridgeParameters") or {}
        if not (named.get("Source") and named.get("DetailType")):
            return "EventBridgeParameters with Source and DetailType are needed for an event bus."
    group = scheduler._group_arn(body.get("GroupName", "default"))
    if target.get("RoleArn") and not service_may_assume(PRINCIPAL, target["RoleArn"], group):
        return "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    return ""


def _created(provisioners, scheduler):
    def create(logical_id, properties, stack_name):
        name = properties.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=64)
        status, _headers, body = scheduler._create_schedule(name, dict(properties))
        if status >= 400:
            raise ValueError(json.loads(body).get("Message", "the schedule is refused"))
        return name, {"Arn": scheduler._schedule_arn(properties.get("GroupName", "default"), name)}

    return create


def _updated(provisioners, scheduler):
    def update(physical_id, old, new, stack_name):
        group = new.get("GroupName", "default")
        kept = f"{group}/{physical_id}" in scheduler._schedules
        if not kept or new.get("Name") not in (None, physical_id):
            return _created(provisioners, scheduler)(physical_id, new, stack_name)
        status, _headers, body = scheduler._update_schedule(physical_id, dict(new))
        if status >= 400:
            raise ValueError(json.loads(body).get("Message", "the schedule is refused"))
        return physical_id, {"Arn": scheduler._schedule_arn(group, physical_id)}

    return update
