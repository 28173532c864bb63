"""What goes with every answer: what AWS sends, and nothing that only a browser asks for.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html and
https://fetch.spec.whatwg.org/#http-cors-protocol (`Access-Control-*` answers a request that has an `Origin`).
"""


def apply(parts) -> None:
    """Wrap the answer of every service; HTTP APIs have rules of their own."""
    from ministack import app

    dispatch = app._dispatch_service_request

    async def as_asked(method, path, headers, *rest):
        status, told, body = await dispatch(method, path, headers, *rest)
        if "origin" not in headers:
            told = {name: value for name, value in told.items() if not name.startswith("Access-Control-")}
        return status, told, body

    app._dispatch_service_request = as_asked
