"""HTTP APIs: they invoke only what permits it, answer 500 when it fails, and send no member without a value.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
(payload format 2.0: a field without a value is absent; the permission that the function must give),
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html.
"""

import json
import logging

from local.patches.authorization import service_may_invoke
from local.patches.http_api_stage import told

ABSENT_WITHOUT_VALUE = ("pathParameters", "queryStringParameters", "stageVariables")
PRINCIPAL = "apigateway.amazonaws.com"
# What a client sees of a function that API Gateway may not invoke, or that failed.
REFUSED = {
    "body": {
        "statusCode": 500,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"message": "Internal Server Error"}),
    }
}

logger = logging.getLogger("sluice.http_api")


def apply(parts) -> None:
    """Wrap the call that hands a request's event to the function."""
    from ministack.services import apigateway

    invoke = apigateway.run_reentrant

    async def as_on_aws(work, *arguments, **named):
        for place, argument in enumerate(arguments):
            if isinstance(argument, dict) and argument.get("version") == "2.0":
                told.set(argument["requestContext"])
                if not _permitted(arguments[place - 1], argument):
                    return REFUSED
                for name in ABSENT_WITHOUT_VALUE:
                    if argument.get(name, "") is None:
                        del argument[name]
        result = await invoke(work, *arguments, **named)
        failed = isinstance(result, dict) and result.get("error") and not result.get("throttle")
        return REFUSED if failed else result

    apigateway.run_reentrant = as_on_aws


def _permitted(function: dict, event: dict) -> bool:
    """The function's policy names the API's route as `<api>/<stage>/<METHOD>/<path>`."""
    arn, asked = (function.get("config") or function)["FunctionArn"], event["requestContext"]
    _, _, _, region, account, *_ = arn.split(":")
    method, _, path = asked["routeKey"].partition(" ")
    route = f"{method}{path}" if path else f"*/{method}"
    source = f"arn:aws:execute-api:{region}:{account}:{asked['apiId']}/{asked['stage']}/{route}"
    if service_may_invoke(PRINCIPAL, arn, source):
        return True
    logger.error("%s does not permit %s to invoke it for %s", arn, PRINCIPAL, source)
    return False
