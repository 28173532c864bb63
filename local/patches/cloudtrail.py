"""The trail keeps no call to the address of a webhook, whose last segment is secret; nor does AWS.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/cloudtrail.html (management calls only).
"""

from local.redact import redacted


def apply(parts) -> None:
    """Wrap the function that records one request."""
    from ministack import app

    record = app._maybe_record_cloudtrail

    def unless_secret(service, method, path, *rest) -> None:
        if redacted(path) == path:
            record(service, method, path, *rest)

    app._maybe_record_cloudtrail = unless_secret
