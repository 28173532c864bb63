"""RunTask, StopTask and ListTasks as on Fargate, with tasks that really run.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html.
"""

import json
import re
import threading
import uuid
from collections import OrderedDict

from local.ecs_task import TaskRecord
from local.patches import fargate
from local.patches.authorization import may_pass_roles

OVERRIDES_CHARACTERS_MAX = 8192
TASKS_PER_CALL_MAX = 10
TOKEN_CHARACTERS_MAX = 64
TOKENS_KEPT_MAX = 10_000


class NoDocker:
    """Stands where MiniStack keeps its Docker client, so that it takes the path of tasks that really run."""

    class containers:
        @staticmethod
        def list(**_):
            return []


def apply(parts) -> None:
    """Put the process engine and AWS's refusals into MiniStack's ECS."""
    from ministack.services import ecs

    ecs._docker = NoDocker()
    ecs.new_uuid = lambda: uuid.uuid4().hex  # task ids on AWS have no hyphens

    def start(record, definition, overrides, _client, account, region) -> None:
        record["cpu"], record["memory"] = fargate.size(record.get("overrides") or {}, definition)
        task = TaskRecord(record, definition, account, region)
        if definition.get("networkMode") == "awsvpc":
            task.attach_network(record.get("_subnet") or "")
        parts.ecs.launch(task, overrides)

    ecs._run_task_worker = start
    ecs._ACTION_MAP["RunTask"] = _Tokens(_checked(ecs, ecs._run_task)).run_task
    ecs._ACTION_MAP["StopTask"] = lambda data: _stop_task(ecs, parts.ecs, data)
    ecs._ACTION_MAP["ListTasks"] = _checked_list(ecs, ecs._list_tasks)


def _checked(ecs, original):
    """RunTask that refuses what AWS refuses, before a task exists."""
    from ministack.core.responses import error_response_json

    def run_task(data: dict):
        problem = _problem(ecs, data)
        if problem:
            return error_response_json(problem[0], problem[1], 400)
        definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", "")))
        denied = may_pass_roles(_roles(definition, data), "ecs-tasks.amazonaws.com")
        if denied:
            return error_response_json("AccessDeniedException", denied, 400)
        return original({"group": f"family:{definition['family']}", **data})

    return run_task


def _problem(ecs, data: dict) -> tuple[str, str] | None:
    name = ecs._resolve_cluster_name(data.get("cluster", "default"))
    if name is None or name not in ecs._clusters:
        return "ClusterNotFoundException", "Cluster not found."
    definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", "")))
    if not definition or definition.get("status") == "INACTIVE":
        return "ClientException", "TaskDefinition is inactive" if definition else "TaskDefinition not found."
    overrides = data.get("overrides") or {}
    if len(json.dumps(overrides, separators=(",", ":"))) > OVERRIDES_CHARACTERS_MAX:
        return "InvalidParameterException", f"Overrides length must be at most {OVERRIDES_CHARACTERS_MAX}."
    known = {container["name"] for container in definition["containerDefinitions"]}
    for override in overrides.get("containerOverrides", []):
        if override.get("name") not in known:
            return (
                "InvalidParameterException",
                "Override for container named {} is not a container in the TaskDefinition.".format(
                    override.get("name")
                ),
            )
    if not 1 <= data.get("count", 1) <= TASKS_PER_CALL_MAX:
        return "InvalidParameterException", f"Count must be between 1 and {TASKS_PER_CALL_MAX}."
    network = (data.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    if definition.get("networkMode") == "awsvpc" and not network.get("subnets"):
        return (
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        )
    if len(data.get("startedBy", "")) > 128 or not re.fullmatch(r"[\w/.@:-]*", data.get("startedBy", "")):
        return (
            "InvalidParameterException",
            "startedBy must be at most 128 letters, digits, hyphens and underscores.",
        )
    return fargate.problem(data, ecs._clusters[name], definition)


def _roles(definition: dict, data: dict) -> list[str]:
    overrides = data.get("overrides") or {}
    return [
        role
        for role in (
            overrides.get("taskRoleArn") or definition.get("taskRoleArn"),
            overrides.get("executionRoleArn") or definition.get("executionRoleArn"),
        )
        if role
    ]


class _Tokens:
    """Idempotent RunTask: one token means one task, however often the request comes again."""

    def __init__(self, run_task) -> None:
        self._run_task, self._answers, self._lock = run_task, OrderedDict(), threading.Lock()

    def run_task(self, data: dict):
        """RunTask; a repeated token with another request is a ConflictException."""
        from ministack.core.responses import error_response_json, get_account_id, get_region

        token = data.get("clientToken")
        if not token:
            return self._run_task(data)
        if len(token) > TOKEN_CHARACTERS_MAX:
            return error_response_json(
                "InvalidParameterException", "clientToken is longer than 64 characters.", 400
            )
        request = json.dumps({**data, "clientToken": None}, sort_keys=True)
        key = (get_account_id(), get_region(), data.get("cluster", "default"), token)
        with self._lock:
            earlier = self._answers.get(key)
            if earlier is None:
                answer = self._run_task(data)
                if answer[0] == 200:
                    self._answers[key] = (
                        request,
                        [task["taskArn"] for task in json.loads(answer[2])["tasks"]],
                    )
                    while len(self._answers) > TOKENS_KEPT_MAX:
                        self._answers.popitem(last=False)
                return answer
        if earlier[0] != request:
            return error_response_json(
                "ConflictException", "The clientToken was already used with a different request.", 400
            )
        return _as_first_answer(earlier[1])


def _as_first_answer(arns: list[str]):
    from ministack.core.responses import json_response
    from ministack.services import ecs

    tasks = [ecs._sanitize(ecs._tasks[arn]) for arn in arns if arn in ecs._tasks]
    return json_response({"tasks": tasks, "failures": []})


def _stop_task(ecs, engine, data: dict):
    from ministack.core.responses import error_response_json, json_response

    name = ecs._resolve_cluster_name(data.get("cluster", "default"))
    if name is None or name not in ecs._clusters:
        return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
    record = ecs._resolve_task(data.get("task", ""), name)
    if not record:
        return error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
    engine.stop(record["taskArn"], data.get("reason", "Task stopped by user"))
    return json_response({"task": ecs._sanitize(record)})


def _checked_list(ecs, original):
    """ListTasks: unknown clusters are refused, and at most one of the filters may be given with startedBy."""
    from ministack.core.responses import error_response_json

    def list_tasks(data: dict):
        name = ecs._resolve_cluster_name(data.get("cluster", "default"))
        if name is None or name not in ecs._clusters:
            return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
        if data.get("startedBy") and (data.get("family") or data.get("serviceName")):
            return error_response_json(
                "InvalidParameterException", "startedBy cannot be combined with another filter.", 400
            )
        return original(data)

    return list_tasks
