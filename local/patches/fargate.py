"""What RunTask asks of Fargate: sizes that exist, capacity that the cluster has, a launch type that can be.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html (sizes),
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html (cpu, memory),
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html (capacityProviderStrategy).
"""

GIBIBYTE = 1024
# vCPU units -> memory in MiB: the smaller values by name, then ranges with their steps.
SIZES = {
    256: (512, 1024, 2048),
    512: range(1 * GIBIBYTE, 4 * GIBIBYTE + 1, GIBIBYTE),
    1024: range(2 * GIBIBYTE, 8 * GIBIBYTE + 1, GIBIBYTE),
    2048: range(4 * GIBIBYTE, 16 * GIBIBYTE + 1, GIBIBYTE),
    4096: range(8 * GIBIBYTE, 30 * GIBIBYTE + 1, GIBIBYTE),
    8192: range(16 * GIBIBYTE, 60 * GIBIBYTE + 1, 4 * GIBIBYTE),
    16384: range(32 * GIBIBYTE, 120 * GIBIBYTE + 1, 8 * GIBIBYTE),
}
PROVIDERS_MAX = 20
INVALID = "InvalidParameterException"


def apply(parts) -> None:
    """Refuse definitions for Fargate whose size does not exist, or that log without an execution role."""
    from ministack.core.responses import error_response_json
    from ministack.services import ecs

    register = ecs._ACTION_MAP["RegisterTaskDefinition"]

    def register_task_definition(data: dict):
        if "FARGATE" in (data.get("requiresCompatibilities") or []):
            problem = _definition_problem(data)
            if problem:
                return error_response_json("ClientException", problem, 400)
        return register(data)

    ecs._ACTION_MAP["RegisterTaskDefinition"] = register_task_definition


def _definition_problem(data: dict) -> str:
    if not _exists(data.get("cpu"), data.get("memory")):
        return "No Fargate configuration exists for given values."
    drivers = [one.get("logConfiguration", {}).get("logDriver") for one in data["containerDefinitions"]]
    if "awslogs" in drivers and not data.get("executionRoleArn"):
        return "Fargate requires task definition to have execution role ARN to support log driver awslogs."
    return ""


def problem(data: dict, cluster: dict, definition: dict) -> tuple[str, str] | None:
    """What RunTask refuses of capacity and size, as (error code, words)."""
    strategy = data.get("capacityProviderStrategy") or []
    if len(strategy) > PROVIDERS_MAX:
        return INVALID, f"A capacity provider strategy holds at most {PROVIDERS_MAX} capacity providers."
    for one in strategy:
        if one.get("capacityProvider") not in (cluster.get("capacityProviders") or []):
            return (
                INVALID,
                "The specified capacity provider strategy contains a capacity provider that is not "
                f"associated with the cluster: {one.get('capacityProvider')}",
            )
    if strategy and all(one.get("weight", 0) == 0 for one in strategy):
        return INVALID, "At least one capacity provider needs a weight greater than zero."
    if sum(one.get("base", 0) > 0 for one in strategy) > 1:
        return INVALID, "Only one capacity provider in a strategy can have a base."
    if not strategy and data.get("launchType", "EC2") == "EC2":
        return INVALID, "No Container Instances were found in your cluster."
    if "FARGATE" not in definition.get("requiresCompatibilities", []):
        return INVALID, "Task definition does not support launch_type FARGATE."
    if not _exists(*size(data.get("overrides") or {}, definition)):
        return INVALID, "No Fargate configuration exists for given values."
    return None


def size(overrides: dict, definition: dict) -> tuple[str, str]:
    """(cpu units, memory in MiB) of a task, as AWS writes them: the task-level overrides win."""
    return (
        overrides.get("cpu") or definition.get("cpu", "256"),
        overrides.get("memory") or definition.get("memory", "512"),
    )


def _exists(cpu: str | None, memory: str | None) -> bool:
    try:
        return int(memory or "") in SIZES.get(int(cpu or ""), ())
    except ValueError:
        return False
