"""What services of the emulator put into queues, topics and functions by themselves."""

import hashlib
import json
import logging
import time
import uuid

logger = logging.getLogger("sluice.deliveries")


def deliver(target: str, body: str, attributes: dict[str, str], account: str, region: str) -> bool:
    """Put a text into a queue or topic from inside the emulator; False when the target does not exist."""
    from ministack.core.responses import request_scope
    from ministack.services import lambda_svc, sns

    with request_scope(account, region):
        service = target.split(":")[2]
        if service == "sqs":
            return send_to_queue(target, body, attributes)
        if service == "sns" and target in sns._topics:
            sns._fanout(target, str(uuid.uuid4()), body, "Lambda asynchronous failure", "", {})
            return True
        if service == "lambda":
            function, _config, _name = lambda_svc._get_func_record_for_ref(target)
            if function:
                lambda_svc.invoke_async_with_retry(function, json.loads(body))
                return True
    logger.error("the target %s does not exist", target)
    return False


def send_to_queue(arn: str, body: str, attributes: dict[str, str]) -> bool:
    """Append a message with string attributes to a queue; False when the queue does not exist."""
    from ministack.core.concurrency import esm_wake
    from ministack.services import sqs

    queue = sqs._queue_by_arn(arn)
    if queue is None:
        return False
    moment = time.time()
    message = {
        "id": str(uuid.uuid4()),
        "body": body,
        "md5_body": hashlib.md5(body.encode()).hexdigest(),
        "receipt_handle": None,
        "sent_at": moment,
        "visible_at": moment + sqs.queue_delay(queue),
        "receive_count": 0,
        "message_attributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
        },
        "sys": {"SenderId": "AIDAEXAMPLE", "SentTimestamp": str(int(moment * 1000))},
    }
    sqs._ensure_msg_fields(message)
    queue["messages"].append(message)
    esm_wake.set()
    return True
