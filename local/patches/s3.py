"""S3 as its callers know it: version ids in events, and 403 instead of 404 for who may not list the bucket.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (shape of the event),
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (403 without
s3:ListBucket), the same on HeadObject and for the source of a CopyObject;
https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html (version ids).
"""

import contextvars
import json
import secrets
import string
from urllib.parse import unquote

from local.patches.authorization import caller_may

ID_LETTERS, ID_CHARACTERS = string.ascii_letters + string.digits + "._", 32

_version: contextvars.ContextVar[str] = contextvars.ContextVar("sluice_s3_version", default="")


def apply(parts) -> None:
    """Wrap the event builder, the bus behind it, and the answers about objects that are not there."""
    from ministack.services import eventbridge, s3

    s3.new_uuid = opaque_id
    fire, dispatch, handle = s3._fire_s3_event, eventbridge._dispatch_event, s3.handle_request

    def fire_event(*arguments, version_id=None, **named) -> None:
        token = _version.set(version_id or "")
        try:
            fire(*arguments, version_id=version_id, **named)
        finally:
            _version.reset(token)

    def dispatch_event(event, view=None) -> None:
        if event.get("Source") == "aws.s3":
            event = {**event, "Detail": _completed(event["Detail"])}
        dispatch(event, view)

    async def handle_request(method, path, headers, body, query_params, **more):
        answer = await handle(method, path, headers, body, query_params, **more)
        if answer[0] == 404:
            bucket = _asked_bucket(method, path, headers)
            if bucket and s3._bucket_owner_account(bucket) and not _may_list(bucket):
                return _denied(bucket, headers)
        return answer

    s3._fire_s3_event, eventbridge._dispatch_event, s3.handle_request = (
        fire_event,
        dispatch_event,
        handle_request,
    )


def opaque_id() -> str:
    """A version id as S3 makes them: opaque and URL-ready, no UUID."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(ID_CHARACTERS))


def _completed(text: str) -> str:
    detail = json.loads(text)
    detail.pop("event-version", None)
    if _version.get():
        detail["object"]["version-id"] = _version.get()
    return json.dumps(detail)


def _asked_bucket(method: str, path: str, headers: dict) -> str:
    """The bucket of the object that a request wanted to read, or "" for any other request."""
    source = headers.get("x-amz-copy-source", "")
    asked = unquote(source).lstrip("/") if method == "PUT" and source else path.lstrip("/")
    bucket, _, key = asked.partition("/")
    return bucket if key and (method in ("GET", "HEAD") or source) else ""


def _may_list(bucket: str) -> bool:
    return caller_may("s3:ListBucket", f"arn:aws:s3:::{bucket}")


def _denied(bucket: str, headers: dict):
    from ministack.core.iam_actions import access_denied_response
    from ministack.core.iam_evaluator import caller_arn

    arn = f"arn:aws:s3:::{bucket}"
    return access_denied_response("s3", "s3:ListBucket", caller_arn(), "", resource_arn=arn, headers=headers)
