"""An HTTP API invokes a function only where the function's own policy permits it."""

import io
import json
import urllib.error
import urllib.request
import zipfile

import pytest
from local_aws import LocalAws

CODE = "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });"


class Api:
    """An HTTP API with one route to one function."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, self.functions, gateway = aws, aws.client("lambda"), aws.client("apigatewayv2")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("index.js", CODE)
        role = aws.role("answers", {"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
        self.function = self.functions.create_function(
            FunctionName="answers",
            Runtime="nodejs22.x",
            Handler="index.handler",
            Role=role,
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]
        self.id = gateway.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
        integration = gateway.create_integration(
            ApiId=self.id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=self.function,
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        target = f"integrations/{integration}"
        gateway.create_route(ApiId=self.id, RouteKey="GET /things/{id}", Target=target)
        gateway.create_stage(ApiId=self.id, StageName="$default", AutoDeploy=True)

    def permit(self, name: str, source: str) -> None:
        self.functions.add_permission(
            FunctionName="answers",
            StatementId=name,
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=source,
        )

    def get(self) -> tuple[int, dict]:
        url = f"{self.aws.endpoint}/_aws/execute-api/{self.id}/$default/things/1"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as problem:
            return problem.code, json.load(problem)


@pytest.fixture
def api(launch) -> Api:
    return Api(launch())


def test_a_function_answers_only_the_api_and_route_that_it_permits(api):
    assert api.get() == (500, {"message": "Internal Server Error"})
    place = "arn:aws:execute-api:us-east-1:000000000000"
    api.permit("another-api", f"{place}:0123456789/*")
    api.permit("another-route", f"{place}:{api.id}/$default/POST/things/*")
    assert api.get()[0] == 500
    api.permit("this-route", f"{place}:{api.id}/*/GET/things/{{id}}")
    status, event = api.get()
    assert status == 200
    assert event["pathParameters"] == {"id": "1"}
    assert "queryStringParameters" not in event
