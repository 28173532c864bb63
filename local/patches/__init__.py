"""What makes the emulator as strict as AWS: small replacements of its functions, each with a test of its own.

Every patch names the AWS behaviour it restores; `docs/local-aws.md` lists them with their sources.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.guardian import Guardian
from local.settings import Settings

if TYPE_CHECKING:
    from local.ecs_engine import EcsEngine
    from local.glue_engine import GlueEngine


@dataclass(frozen=True)
class Parts:
    """What a patch may use: the launcher's settings and the engines."""

    settings: Settings
    guardian: Guardian
    ecs: "EcsEngine"
    glue: "GlueEngine"


def install(parts: Parts) -> None:
    """Apply every patch; call once, before the first request."""
    from local.patches import (
        alarms,
        answers,
        athena,
        authorization,
        cloudformation,
        cloudtrail,
        dynamodb,
        ecs,
        event_matching,
        eventbridge,
        fargate,
        firehose,
        glue,
        http_api,
        http_api_stage,
        lambda_async,
        lambda_workers,
        policies,
        resources,
        s3,
        scheduler,
        scheduler_requests,
        sqs,
    )

    # The order matters where one wraps what another replaced.
    first = (resources, policies, authorization, ecs, glue, s3)
    events = (event_matching, eventbridge, scheduler, scheduler_requests)
    functions = (lambda_async, lambda_workers, http_api, http_api_stage)
    rest = (athena, dynamodb, cloudformation, fargate, alarms, cloudtrail, sqs, firehose, answers)
    for module in (*first, *events, *functions, *rest):
        module.apply(parts)
