"""HTTP APIs: what AWS leaves out of the event, the emulator must not send as null.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
(payload format 2.0: a field without a value is absent).
"""

ABSENT_WITHOUT_VALUE = ("pathParameters", "queryStringParameters", "stageVariables")


def apply(parts) -> None:
    """Wrap the call that hands a request's event to the function."""
    from ministack.services import apigateway

    invoke = apigateway.run_reentrant

    async def without_nulls(work, *arguments, **named):
        for argument in arguments:
            if isinstance(argument, dict) and argument.get("version") == "2.0":
                for name in ABSENT_WITHOUT_VALUE:
                    if argument.get(name, "") is None:
                        del argument[name]
        return await invoke(work, *arguments, **named)

    apigateway.run_reentrant = without_nulls
