"""The event history keeps management calls: none on data, none to the secret address of a webhook.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/cloudtrail.html (management calls only),
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html (calls on
data are kept by a trail that asks for them, and never by the event history).
"""

from local.redact import redacted

DYNAMODB_DATA = (
    "GetItem BatchGetItem PutItem UpdateItem DeleteItem BatchWriteItem Query Scan TransactGetItems"
)
# By the target header of their JSON protocols: what our functions call for each piece of work.
DATA_CALLS = frozenset(
    (
        *(f"DynamoDB_20120810.{call}" for call in (*DYNAMODB_DATA.split(), "TransactWriteItems")),
        "AWSEvents.PutEvents",
        *(f"AmazonSQS.{call}" for call in ("SendMessage", "ReceiveMessage", "DeleteMessage")),
    )
)


def apply(parts) -> None:
    """Wrap the function that records one request."""
    from ministack import app

    record = app._maybe_record_cloudtrail

    def management_calls(service, method, path, headers, *rest) -> None:
        if headers.get("x-amz-target") not in DATA_CALLS and redacted(path) == path:
            record(service, method, path, headers, *rest)

    app._maybe_record_cloudtrail = management_calls
