"""The resource that a call is authorized on, where the emulator takes another than AWS.

Sources, below https://docs.aws.amazon.com/service-authorization/latest/reference/:
list_amazonelasticcontainerservice.html (RunTask on the task definition, DescribeTasks and StopTask on the
task, each with ecs:cluster), list_amazonathena.html (an execution on its workgroup), list_awsglue.html; and
https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html (a table, its database and
the catalog).
"""

import contextvars
import json

_cluster: contextvars.ContextVar[str] = contextvars.ContextVar("sluice_ecs_cluster", default="")

JOB_ACTIONS = ("CreateJob", "UpdateJob", "DeleteJob", "GetJob")
DATABASE_ACTIONS = ("CreateDatabase", "UpdateDatabase", "DeleteDatabase", "GetDatabase")


def apply(parts) -> None:
    """Wrap the function that finds a request's resource."""
    from ministack.core import iam_actions

    find = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, headers, body, query_params, region, account_id):
        _cluster.set("")
        if service in _FINDERS:
            action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
            found = _FINDERS[service](action, _parsed(body), f"{region}:{account_id}")
            if found:
                return found
        return find(service, method, path, headers, body, query_params, region, account_id)

    iam_actions.extract_resource_arn = extract_resource_arn


def condition_keys(action: str) -> dict[str, str]:
    """The condition keys of the current request that the emulator does not know."""
    return {"ecs:cluster": _cluster.get()} if action.startswith("ecs:") and _cluster.get() else {}


def parents(action: str, resource: str) -> list[str]:
    """What else a call on a Glue table or database is authorized on."""
    if not action.startswith("glue:"):
        return []
    prefix, kind, rest = resource.rpartition(":")[0], *resource.rpartition(":")[2].partition("/")[::2]
    above = [f"{prefix}:database/{rest.split('/')[0]}"] if kind == "table" else []
    return [*above, f"{prefix}:catalog"] if kind in ("table", "database") else []


def _parsed(body: bytes) -> dict:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _glue(action: str, data: dict, place: str) -> str:
    name = data.get("JobName") or data.get("Name")
    if action in JOB_ACTIONS:
        return f"arn:aws:glue:{place}:job/{name}"
    if action in DATABASE_ACTIONS:
        return (
            f"arn:aws:glue:{place}:database/{data.get('Name') or data.get('DatabaseInput', {}).get('Name')}"
        )
    table = data.get("TableName") or data.get("TableInput", {}).get("Name") or data.get("Name")
    if data.get("DatabaseName"):
        return f"arn:aws:glue:{place}:table/{data['DatabaseName']}/{table or '*'}"
    return ""


def _athena(_action: str, data: dict, place: str) -> str:
    from ministack.services import athena

    execution = athena._executions.get(data.get("QueryExecutionId"))
    started = data.get("WorkGroup") or ("primary" if "QueryString" in data else "")
    group = execution["WorkGroup"] if execution else started
    return f"arn:aws:athena:{place}:workgroup/{group}" if group else ""


def _ecs(action: str, data: dict, place: str) -> str:
    from ministack.services import ecs

    cluster = (data.get("cluster") or "default").rsplit("/", 1)[-1]
    if action in ("RunTask", "DescribeTasks", "StopTask", "ListTasks"):
        _cluster.set(f"arn:aws:ecs:{place}:cluster/{cluster}")
    if action == "RunTask":
        definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", ""))) or {}
        return (
            definition.get("taskDefinitionArn")
            or f"arn:aws:ecs:{place}:task-definition/{data.get('taskDefinition')}"
        )
    if action in ("DescribeTasks", "StopTask"):
        task = data.get("task") or next(iter(data.get("tasks") or []), "*")
        return f"arn:aws:ecs:{place}:task/{cluster}/{task.rsplit('/', 1)[-1]}"
    if action == "ListTasks":
        return f"arn:aws:ecs:{place}:container-instance/{cluster}/*"
    return "*" if action == "DescribeTaskDefinition" else ""


_FINDERS = {"glue": _glue, "athena": _athena, "ecs": _ecs}
