"""What a task's execution role must allow before the task can start: its image and its log stream.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html.
"""

import re

from local.patches.authorization import role_may

PULL_ACTIONS = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
REPOSITORY = re.compile(r"^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^@:]+)")


def missing_right(role: str, container: dict, task_arn: str) -> str:
    """Why ECS cannot start the task, in its words; "" when the execution role allows all of it."""
    image = REPOSITORY.match(container["image"])
    if image and not role_may(role, "ecr:GetAuthorizationToken", "*"):
        return _unable("pull registry auth from Amazon ECR", role, "ecr:GetAuthorizationToken", "*")
    if image:
        arn = f"arn:aws:ecr:{image[2]}:{image[1]}:repository/{image[3]}"
        for action in PULL_ACTIONS:
            if not role_may(role, action, arn):
                return f"CannotPullContainerError: {_denied(role, action, arn)}"
    logs = container.get("logConfiguration") or {}
    if logs.get("logDriver") == "awslogs":
        _, _, _, region, account, *_ = task_arn.split(":")
        options = logs.get("options", {})
        place = f"{options.get('awslogs-region', region)}:{account}"
        arn = f"arn:aws:logs:{place}:log-group:{options.get('awslogs-group', '')}:log-stream:x"
        for action in LOG_ACTIONS:
            if not role_may(role, action, arn):
                return _unable("initialize logging driver", role, action, arn)
    return ""


def _unable(what: str, role: str, action: str, resource: str) -> str:
    return f"ResourceInitializationError: unable to {what}: {_denied(role, action, resource)}"


def _denied(role: str, action: str, resource: str) -> str:
    return f"AccessDeniedException: {role} is not authorized to perform: {action} on resource: {resource}"
