"""What the stage of an HTTP API does around a call: a bound on the body, throttling, the access log.

Sources, below https://docs.aws.amazon.com/apigateway/latest/developerguide/: http-api-throttling.html (token
buckets; settings of a route before those of the stage), http-api-logging.html and
http-api-logging-variables.html (format and variables), limits.html (payload of 10 MB).
"""

import contextvars
import json
import logging
import re
import threading
import time
from datetime import UTC, datetime

BODY_BYTES_MAX = 10 * 1024 * 1024
VARIABLE = re.compile(r"\$context\.([A-Za-z][\w.]*)")
TOO_LARGE = (413, {"Content-Type": "application/json"}, b'{"message":"Request Entity Too Large"}')
THROTTLED = (429, {"Content-Type": "application/json"}, b'{"message":"Too Many Requests"}')

logger = logging.getLogger("sluice.http_api")
# The `requestContext` that a function was told, so that the log says the same request id.
told: contextvars.ContextVar[dict | None] = contextvars.ContextVar("sluice_api_context", default=None)


class Buckets:
    """Token buckets by name: full at first, refilled at their rate."""

    def __init__(self) -> None:
        self._lock, self._left = threading.Lock(), {}

    def take(self, name: tuple, rate: float, burst: float, moment: float) -> bool:
        """Take one token of a bucket that holds `burst` and gets `rate` a second; False when it is empty."""
        with self._lock:
            left, before = self._left.get(name, (burst, moment))
            left = min(burst, left + (moment - before) * rate)
            self._left[name] = (left - 1 if left >= 1 else left, moment)
            return left >= 1


def apply(parts) -> None:
    """Wrap the execution of a request by an HTTP API."""
    from ministack.services import apigateway

    execute, buckets = apigateway.handle_execute, Buckets()

    async def handle_execute(api_id, stage, path, method, headers, body, query, raw_query_string=None):
        begun, token = time.monotonic(), told.set(None)
        try:
            settings = _stage(apigateway, api_id, stage)
            key = _route_key(apigateway, api_id, method, path)
            if len(body or b"") > BODY_BYTES_MAX:
                answer = TOO_LARGE
            elif key and _throttled(buckets, settings, (api_id, stage, key)):
                answer = THROTTLED
            else:
                answer = await execute(
                    api_id, stage, path, method, headers, body, query, raw_query_string=raw_query_string
                )
            answer = (answer[0], dict(answer[1]), answer[2])
            seconds = time.monotonic() - begun
            _log(settings, _values(api_id, stage, method, path, key, headers, answer, seconds))
            return answer
        finally:
            told.reset(token)

    apigateway.handle_execute = handle_execute


def _stage(apigateway, api_id: str, stage: str) -> dict:
    return apigateway.stages_for_api(api_id).get(stage) or {}


def _route_key(apigateway, api_id: str, method: str, path: str) -> str:
    from ministack.core.responses import request_scope

    scope = apigateway.find_api_scope(api_id)
    if scope is None:
        return ""
    with request_scope(*scope):
        route = apigateway._match_route(api_id, method, "/" + path.lstrip("/"))
    return (route or {}).get("routeKey", "")


def _throttled(buckets: Buckets, stage: dict, name: tuple) -> bool:
    own = (stage.get("routeSettings") or {}).get(name[2]) or {}
    settings = {**_lowered(stage.get("defaultRouteSettings") or {}), **_lowered(own)}
    rate, burst = settings.get("throttlingratelimit"), settings.get("throttlingburstlimit")
    if rate is None and burst is None:
        return False
    given = [float(value) for value in (rate, burst) if value is not None]
    return not buckets.take(name, given[0], given[-1], time.monotonic())


def _lowered(settings: dict) -> dict:
    """Templates write members with capitals, the API without."""
    return {name.lower(): value for name, value in settings.items()}


def _values(api_id, stage, method, path, key, headers, answer, seconds: float) -> dict[str, str]:
    context, moment = told.get() or {}, datetime.now(UTC)
    return {
        "apiId": api_id,
        "stage": stage,
        "httpMethod": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "routeKey": key or "-",
        "status": str(answer[0]),
        "requestId": context.get("requestId", "-"),
        "identity.sourceIp": "127.0.0.1",
        "identity.userAgent": headers.get("user-agent", "-"),
        "responseLength": str(len(answer[2] or b"")),
        "responseLatency": str(round(seconds * 1000)),
        "integrationLatency": str(round(seconds * 1000)) if context else "-",
        "requestTime": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": str(int(moment.timestamp())),
    }


def _log(stage: dict, values: dict[str, str]) -> None:
    """Write the access log as the stage's format says it: what the format names is what a log would hold."""
    settings = stage.get("accessLogSettings") or {}
    group, text = settings.get("destinationArn", ""), settings.get("format", "")
    if not (group and text):
        return
    from ministack.core.responses import request_scope
    from ministack.services import cloudwatch_logs

    _, _, _, region, account, _, name, *_ = [*group.split(":"), "", ""]
    # A value stands inside a JSON text here, so its quotes are escaped as the service does it.
    line = VARIABLE.sub(lambda found: json.dumps(values.get(found[1], "-"))[1:-1], text)
    moment = int(time.time() * 1000)
    with request_scope(account, region):
        kept = cloudwatch_logs._log_groups.get(name)
        if kept is None:
            logger.error("the access log group %s does not exist", name)
            return
        if (found := kept["streams"].get("access")) is None:
            cloudwatch_logs._create_log_stream({"logGroupName": name, "logStreamName": "access"})
            found = kept["streams"]["access"]
        event = {"timestamp": moment, "message": line, "ingestionTime": moment}
        cloudwatch_logs._append_log_events(found, [event])
