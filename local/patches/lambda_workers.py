"""What Lambda does around a handler: batches from queues, logs by right, workers that end with the emulator.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html (batching window; the
role must be able to read the queue), https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html.
"""

import logging
import subprocess
import threading
import time
import types

from local.patches.authorization import role_may
from local.settings import EMULATOR_VARIABLES

BATCH_WITHOUT_WINDOW_MAX = 10
READ_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")

logger = logging.getLogger("sluice.lambda_workers")


def apply(parts) -> None:
    """Wrap worker start, queue reading, the mapping's creation and the log writer."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc, sqs
    from ministack.services.cloudformation import provisioners

    write_logs = lambda_svc._emit_lambda_logs
    starter = types.ModuleType("subprocess")
    starter.__dict__.update(subprocess.__dict__)

    def start_worker(arguments, *, env: dict[str, str], **more) -> subprocess.Popen:
        worker = subprocess.Popen(arguments, env=_as_on_lambda(env), **more)
        parts.guardian.watch(worker.pid)
        return worker

    def logs_by_right(function, *arguments, **named) -> None:
        if _may_log(function.get("config") or function):
            write_logs(function, *arguments, **named)

    starter.Popen = start_worker
    lambda_runtime.subprocess = starter
    lambda_svc._emit_lambda_logs = logs_by_right
    # The wait of a failed batch is a wait between attempts like those of asynchronous events.
    scale = min(1.0, parts.settings.async_retry_scale)
    sqs._receive_messages_for_esm = lambda url, size: _receive_batch(sqs, lambda_svc, url, size, scale)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    handlers["create"] = _refusing_unreadable(handlers["create"], lambda_svc)


def _as_on_lambda(environment: dict[str, str]) -> dict[str, str]:
    """A worker's environment without the emulator's own settings, and with what Lambda itself sets."""
    name = environment.get("AWS_LAMBDA_FUNCTION_NAME", "")
    return {
        **{key: value for key, value in environment.items() if key not in EMULATOR_VARIABLES},
        "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
    }


def _may_log(config: dict) -> bool:
    from ministack.core.responses import request_scope
    from ministack.services import cloudwatch_logs

    _, _, _, region, account, *_ = config["FunctionArn"].split(":")
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
    with request_scope(account, region):
        needed = (
            LOG_ACTIONS if group in cloudwatch_logs._log_groups else ("logs:CreateLogGroup", *LOG_ACTIONS)
        )
    missing = [action for action in needed if not role_may(config["Role"], action, f"{arn}:log-stream:x")]
    if missing:
        logger.error("%s logs nothing: its role may not call %s on %s", config["FunctionName"], missing, arn)
    return not missing


def _receive_batch(sqs, lambda_svc, url: str, size: int, scale: float) -> list[dict]:
    """Up to `size` messages, held back until the mapping's batching window is over or the batch is full."""
    with sqs._queues_lock:
        queue = sqs._get_q(url)
        arn, moment = queue["attributes"]["QueueArn"], time.time()
        window = next(
            (
                mapping.get("MaximumBatchingWindowInSeconds", 0)
                for _, _, mapping in lambda_svc._iter_all_esms()
                if mapping.get("EventSourceArn") == arn
            ),
            0,
        )
        visible = [message for message in queue["messages"] if message["visible_at"] <= moment]
        if window and visible and len(visible) < size:
            left = (
                min(max(message["sent_at"], message["visible_at"]) for message in visible) + window - moment
            )
            if left > 0:
                timer = threading.Timer(left, lambda_svc._esm_wake.set)
                timer.daemon = True
                timer.start()
                return []
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        limit = size if window else min(size, BATCH_WITHOUT_WINDOW_MAX)
        seconds = int(queue["attributes"].get("VisibilityTimeout", "30"))
        return sqs._collect_msgs(queue, limit, max(1, round(seconds * scale)))


def _refusing_unreadable(create, lambda_svc):
    def checked(logical_id, properties, stack_name):
        source = properties.get("EventSourceArn", "")
        function, config, _name = lambda_svc._get_func_record_for_ref(properties.get("FunctionName", ""))
        if function and ":sqs:" in source:
            for action in READ_ACTIONS:
                if not role_may(config["Role"], action, source):
                    raise ValueError(
                        "The provided execution role does not have permissions to call "
                        f"{action.split(':')[1]} on SQS"
                    )
        return create(logical_id, properties, stack_name)

    return checked
