"""Events that AWS services put on the default bus; clients may not, because the sources begin with aws."""

import json
import uuid
from datetime import UTC, datetime


def now() -> str:
    """The time as AWS writes it in task details: UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def put(source: str, detail_type: str, detail: dict, resources: list[str], account: str, region: str) -> None:
    """Send one service event to the rules of the account's default bus."""
    from ministack.core.responses import request_scope
    from ministack.services import eventbridge

    with request_scope(account, region):
        eventbridge._dispatch_event(
            {
                "EventId": str(uuid.uuid4()),
                "Source": source,
                "DetailType": detail_type,
                "Detail": json.dumps(detail),
                "EventBusName": "default",
                "Time": now()[:19] + "Z",
                "Resources": resources,
                "Account": account,
                "Region": region,
            }
        )
