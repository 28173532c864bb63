"""Rules deliver only where they may, invoke functions asynchronously, and keep what they cannot deliver.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html (dead letters and their
attributes; a missing permission is not retried), https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html.
"""

import json
import logging

from local.deliveries import send_to_queue
from local.patches.authorization import service_may_invoke

logger = logging.getLogger("sluice.eventbridge")


class Undeliverable(Exception):
    """The target refuses the rule or does not exist: for the rule's dead-letter queue, without a retry."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def apply(parts) -> None:
    """Wrap the delivery to a target."""
    from ministack.services import eventbridge

    deliver = eventbridge._invoke_target

    def invoke_target(target, event, rule, view=None) -> None:
        arn = target.get("Arn", "")
        try:
            _refuse(arn, rule)
        except Undeliverable as problem:
            _keep(target, event, rule, problem, eventbridge)
            return
        deliver(target, event, rule, view)

    eventbridge._invoke_target = invoke_target
    eventbridge._dispatch_to_lambda = _to_lambda


def _refuse(arn: str, rule: dict) -> None:
    service = (arn.split(":") + [""] * 6)[2]
    if service == "lambda":
        _refuse_function(arn, rule)
    elif service == "sqs":
        _refuse_queue(arn, rule)


def _refuse_function(arn: str, rule: dict) -> None:
    from ministack.services import lambda_svc

    function, _config, _name = lambda_svc._get_func_record_for_ref(arn)
    if not function:
        raise Undeliverable("RESOURCE_NOT_FOUND", f"Function not found: {arn}")
    if not service_may_invoke("events.amazonaws.com", arn, rule["Arn"]):
        raise Undeliverable(
            "NO_PERMISSIONS",
            f"User: events.amazonaws.com is not authorized to perform: "
            f"lambda:InvokeFunction on resource: {arn}",
        )


def _refuse_queue(arn: str, rule: dict) -> None:
    from ministack.services import sqs

    if sqs._queue_by_arn(arn) is None:
        raise Undeliverable("RESOURCE_NOT_FOUND", f"The specified queue does not exist: {arn}")
    if not sqs.queue_policy_allows(arn, "events.amazonaws.com", rule["Arn"], arn.split(":")[4]):
        raise Undeliverable(
            "NO_PERMISSIONS",
            f"User: events.amazonaws.com is not authorized to perform: sqs:SendMessage on resource: {arn}",
        )


def _keep(target: dict, event: dict, rule: dict, problem: Undeliverable, eventbridge) -> None:
    queue = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    body = json.dumps(eventbridge._pattern_event_view(event).event_with_detail())
    attributes = {
        "RULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": problem.code,
        "ERROR_MESSAGE": str(problem),
    }
    from ministack.services import sqs

    allowed = queue and sqs.queue_policy_allows(
        queue, "events.amazonaws.com", rule["Arn"], rule["Arn"].split(":")[4]
    )
    if not (allowed and send_to_queue(queue, body, attributes)):
        logger.error("rule %s dropped an event for %s: %s", rule["Arn"], target["Arn"], problem)


def _to_lambda(arn: str, payload: str) -> None:
    from ministack.services import lambda_svc

    function, config, _name = lambda_svc._get_func_record_for_ref(arn)
    lambda_svc.invoke_async_with_retry(
        lambda_svc._execution_record_for_config(function, config), json.loads(payload)
    )
