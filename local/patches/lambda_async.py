"""Lambda's asynchronous invocation: its waits, its bound, where a lost event goes, and who may send it there.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html (two more
attempts, after one minute and two; throttled events wait 1 s to 5 minutes until they are too old),
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html (what a destination gets).
"""

import collections
import json
import logging
import threading
import time
import uuid

from local import events
from local.deliveries import deliver
from local.patches.authorization import role_may

ERROR_WAITS_SECONDS = (60.0, 120.0)
THROTTLE_WAIT_SECONDS_MIN, THROTTLE_WAIT_SECONDS_MAX = 1.0, 300.0
EVENT_AGE_SECONDS_DEFAULT = 6 * 3600
# On a laptop, a worker process per waiting event would only make all of them late; AWS would start that many.
RUNNING_PER_FUNCTION_MAX = 4

logger = logging.getLogger("sluice.lambda_async")


class AsyncQueue:
    """The internal queue in front of each function: first in, first out, a few at a time."""

    def __init__(self, scale: float) -> None:
        self._scale, self._lock = scale, threading.Lock()
        self._waiting: dict[str, collections.deque] = collections.defaultdict(collections.deque)
        self._running: collections.Counter = collections.Counter()

    def submit(self, function: dict, event: object) -> None:
        """Take an event for a function and return at once."""
        name = (function.get("config") or function)["FunctionArn"]
        attempt = {
            "function": function,
            "event": event,
            "since": time.monotonic(),
            "errors": 0,
            "throttles": 0,
        }
        self._enqueue(name, attempt)

    def _enqueue(self, name: str, attempt: dict) -> None:
        with self._lock:
            self._waiting[name].append(attempt)
            start = self._running[name] < RUNNING_PER_FUNCTION_MAX
            if start:
                self._running[name] += 1
        if start:
            threading.Thread(target=self._work, args=(name,), daemon=True, name="lambda-async").start()

    def _work(self, name: str) -> None:
        while True:
            with self._lock:
                if not self._waiting[name]:
                    self._running[name] -= 1
                    return
                attempt = self._waiting[name].popleft()
            try:
                self._attempt(name, attempt)
            except Exception:
                logger.exception("asynchronous invocation of %s failed in the emulator", name)

    def _attempt(self, name: str, attempt: dict) -> None:
        from ministack.services import lambda_svc

        function = attempt["function"]
        settings = _invoke_settings(function)
        result = lambda_svc._execute_function_with_config_scope(function, attempt["event"])
        if not result.get("error"):
            return
        if result.get("throttle"):
            wait = min(THROTTLE_WAIT_SECONDS_MIN * 2 ** attempt["throttles"], THROTTLE_WAIT_SECONDS_MAX)
            attempt["throttles"] += 1
        else:
            attempt["errors"] += 1
            if attempt["errors"] > settings["MaximumRetryAttempts"]:
                _give_up(function, attempt, result, "RetriesExhausted", settings)
                return
            wait = ERROR_WAITS_SECONDS[attempt["errors"] - 1]
        age = time.monotonic() - attempt["since"]
        if age + wait * self._scale > settings["MaximumEventAgeInSeconds"]:
            _give_up(function, attempt, result, "EventAgeExceeded", settings)
            return
        timer = threading.Timer(wait * self._scale, self._enqueue, (name, attempt))
        timer.daemon = True
        timer.start()


def apply(parts) -> None:
    """Replace the emulator's retry loop; S3, EventBridge and Invoke with type Event come through here."""
    from ministack.services import lambda_svc

    queue = AsyncQueue(parts.settings.async_retry_scale)
    lambda_svc.invoke_async_with_retry = queue.submit


def _invoke_settings(function: dict) -> dict:
    configs = function.get("event_invoke_configs") or {}
    given = configs.get("$LATEST") or configs.get("") or function.get("event_invoke_config") or {}
    settings = {
        "MaximumRetryAttempts": given.get("MaximumRetryAttempts"),
        "MaximumEventAgeInSeconds": given.get("MaximumEventAgeInSeconds") or EVENT_AGE_SECONDS_DEFAULT,
        "OnFailure": ((given.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination", ""),
    }
    if settings["MaximumRetryAttempts"] is None:
        settings["MaximumRetryAttempts"] = len(ERROR_WAITS_SECONDS)
    return settings


def _give_up(function: dict, attempt: dict, result: dict, condition: str, settings: dict) -> None:
    config = function.get("config") or function
    request_id = str(uuid.uuid4())
    dead_letters = (config.get("DeadLetterConfig") or {}).get("TargetArn", "")
    if dead_letters:
        attributes = {
            "RequestID": request_id,
            "ErrorCode": "200",
            "ErrorMessage": str((result.get("body") or {}).get("errorMessage", ""))[:1024],
        }
        _send(config, dead_letters, attempt["event"], attributes)
    if settings["OnFailure"]:
        _send(
            config,
            settings["OnFailure"],
            {
                "version": "1.0",
                "timestamp": events.now(),
                "requestContext": {
                    "requestId": request_id,
                    "functionArn": f"{config['FunctionArn']}:$LATEST",
                    "condition": condition,
                    "approximateInvokeCount": attempt["errors"] + attempt["throttles"],
                },
                "requestPayload": attempt["event"],
                "responseContext": {
                    "statusCode": 200,
                    "executedVersion": "$LATEST",
                    "functionError": "Unhandled",
                },
                "responsePayload": result.get("body"),
            },
            {},
        )


def _send(config: dict, target: str, body: object, attributes: dict[str, str]) -> None:
    """Send with the function's own role, as Lambda does: without the right, the event is lost."""
    service = target.split(":")[2]
    action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}.get(
        service, ""
    )
    if not action or not role_may(config["Role"], action, target):
        logger.error(
            "%s lost an event: its role may not call %s on %s", config["FunctionName"], action, target
        )
        return
    account, region = config["FunctionArn"].split(":")[4], config["FunctionArn"].split(":")[3]
    deliver(target, json.dumps(body), attributes, account, region)
