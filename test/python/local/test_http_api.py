"""An HTTP API: who may be invoked, what its stage throttles and logs, and what no log holds."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest
from local_aws import LocalAws

from local import recorder
from local.patches.http_api_stage import Buckets
from local.redact import redacted

CODE = """
exports.handler = async (event) => {
  console.log("answered");
  return { statusCode: 200, body: JSON.stringify(event) };
};
"""
LEAKY = "exports.handler = async (event) => { console.log(event.rawPath); throw new Error(event.rawPath); };"
PLACE = "arn:aws:execute-api:us-east-1:000000000000"
FORMAT = (
    '{"id":"$context.requestId","route":"$context.routeKey","status":"$context.status","x":"$context.no"}'
)
JSON_BODY = {"Content-Type": "application/json"}


class Api:
    """An HTTP API with routes to one function."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, self.functions, self.gateway = aws, aws.client("lambda"), aws.client("apigatewayv2")
        self.role = aws.role("answers", {"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
        self.id = self.gateway.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
        self.target = self.function("answers", CODE)
        for route in ("GET /things/{id}", "POST /webhooks/{source}", "POST /webhooks/{source}/{key}"):
            self.route(route, self.target)
        self.gateway.create_stage(ApiId=self.id, StageName="$default", AutoDeploy=True)

    def function(self, name: str, code: str) -> str:
        """Make a function and its integration; returns what a route has as its target."""
        integration = self.gateway.create_integration(
            ApiId=self.id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=self.aws.function(name, code, self.role),
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        return f"integrations/{integration}"

    def route(self, key: str, target: str) -> None:
        self.gateway.create_route(ApiId=self.id, RouteKey=key, Target=target)

    def permit(self, name: str, source: str, function: str = "answers") -> None:
        self.functions.add_permission(
            FunctionName=function,
            StatementId=name,
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=source,
        )

    def call(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: dict | None = None
    ) -> tuple:
        url = f"{self.aws.endpoint}/_aws/execute-api/{self.id}/$default{path}"
        request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as problem:
            return problem.code, json.load(problem)

    def stage(self, **settings) -> None:
        self.gateway.update_stage(ApiId=self.id, StageName="$default", **settings)

    def lines(self, group: str) -> list[str]:
        found = self.aws.client("logs").filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in found]


@pytest.fixture(scope="module")
def api(aws) -> Api:
    return Api(aws)


def test_a_function_answers_only_the_api_and_route_that_it_permits(api):
    assert api.call("/things/1") == (500, {"message": "Internal Server Error"})
    api.permit("another-api", f"{PLACE}:0123456789/*")
    api.permit("another-route", f"{PLACE}:{api.id}/$default/POST/things/*")
    assert api.call("/things/1")[0] == 500
    api.permit("this-route", f"{PLACE}:{api.id}/*/GET/things/{{id}}")
    status, event = api.call("/things/1")
    assert status == 200
    assert event["pathParameters"] == {"id": "1"}
    assert "queryStringParameters" not in event
    api.permit("webhooks", f"{PLACE}:{api.id}/*/POST/webhooks/*")


def test_a_body_is_text_or_base64_by_its_type_and_has_a_bound(api):
    _, event = api.call("/webhooks/a/b", "POST", b'{"a": 1}', JSON_BODY)
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    assert event["pathParameters"] == {"source": "a", "key": "b"}
    _, event = api.call("/webhooks/a", "POST", b"\xff\x00", {"Content-Type": "application/octet-stream"})
    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)
    assert api.call("/webhooks/a", "POST", b"x" * (10 * 1024 * 1024 + 1), JSON_BODY)[0] == 413


def test_a_stage_throttles_each_route_by_its_own_bucket(api):
    api.stage(DefaultRouteSettings={"ThrottlingBurstLimit": 3, "ThrottlingRateLimit": 0.001})
    answers = [api.call("/webhooks/a", "POST", b"{}", JSON_BODY) for _ in range(5)]
    assert [status for status, _ in answers] == [200, 200, 200, 429, 429]
    assert answers[-1][1] == {"message": "Too Many Requests"}
    assert api.call("/things/1")[0] == 200
    api.stage(RouteSettings={"GET /things/{id}": {"ThrottlingBurstLimit": 1}})
    assert [api.call("/things/1")[0] for _ in range(2)] == [200, 429]
    api.stage(DefaultRouteSettings={}, RouteSettings={})
    assert api.call("/things/1")[0] == 200


def test_a_bucket_holds_its_burst_and_is_refilled_at_its_rate():
    buckets = Buckets()
    assert [buckets.take(("a",), 2, 3, 0.0) for _ in range(4)] == [True, True, True, False]
    assert [buckets.take(("a",), 2, 3, 0.5) for _ in range(2)] == [True, False]
    assert [buckets.take(("a",), 2, 3, 100.0) for _ in range(4)] == [True, True, True, False]
    assert buckets.take(("b",), 2, 3, 0.5)


def test_the_access_log_holds_what_the_format_names(api):
    api.aws.client("logs").create_log_group(logGroupName="/aws/http-api/x")
    group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/http-api/x"
    api.stage(AccessLogSettings={"DestinationArn": group, "Format": FORMAT})
    _, event = api.call("/things/2")
    api.call("/nothing/here")
    first, second = (json.loads(line) for line in api.lines("/aws/http-api/x")[-2:])
    told = event["requestContext"]["requestId"]
    assert first == {"id": told, "route": "GET /things/{id}", "status": "200", "x": "-"}
    assert (second["route"], second["status"]) == ("-", "404")


def test_no_log_of_the_emulator_holds_the_key_of_a_webhook_but_a_leak_of_a_function_is_found(api):
    key = "K3y-that-no-log-may-hold"
    api.route("POST /leaky/{proxy+}", api.function("leaks", LEAKY))
    api.permit("leaks", f"{PLACE}:{api.id}/*", "leaks")
    assert api.call(f"/webhooks/airbyte/{key}", "POST", b"{}", JSON_BODY)[0] == 200
    for path, method in ((f"/webhooks/airbyte/{key}", "GET"), (f"/webhooks/airbyte/{key}/more", "POST")):
        assert api.call(path, method)[0] >= 400
    assert api.call(f"/leaky/webhooks/airbyte/{key}", "POST", b"{}", JSON_BODY)[0] == 500
    told = json.dumps({"rawPath": f"/webhooks/airbyte/{key}"})
    assert "FunctionError" in api.functions.invoke(FunctionName="leaks", Payload=told)
    misdirected = f"{api.aws.endpoint}/webhooks/airbyte/{key}"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(misdirected, data=b"{}", method="POST"), timeout=10)
    files = subprocess.run(["grep", "-rl", key, str(api.aws.state)], capture_output=True, text=True)
    assert files.stdout == ""
    assert key not in json.dumps(recorder.fetch(api.aws.endpoint))
    trail = api.aws.client("cloudtrail").get_paginator("lookup_events").paginate()
    assert key not in json.dumps(list(trail), default=str)
    assert key not in "\n".join(api.lines("/aws/http-api/x") + api.lines("/aws/lambda/answers"))
    assert key in "\n".join(api.lines("/aws/lambda/leaks"))


def test_only_the_key_is_taken_out_of_a_text():
    assert redacted('"POST /webhooks/airbyte/a%20b?x=1"') == '"POST /webhooks/airbyte/***?x=1"'
    assert redacted("POST /webhooks/{source}") == "POST /webhooks/{source}"
