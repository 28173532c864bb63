"""Delays of messages: at most 15 minutes, and as long as a test wants to wait for them.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html.
"""

DELAY_SECONDS_MAX = 900


def apply(parts) -> None:
    """Wrap the sending of one message; a batch sends its entries one by one."""
    from ministack.services import sqs

    send, scale = sqs._act_send_message, parts.settings.delay_scale

    def send_message(data: dict, url: str) -> dict:
        delay = data.get("DelaySeconds")
        if delay is not None and not 0 <= int(delay) <= DELAY_SECONDS_MAX:
            raise sqs._Err(
                "InvalidParameterValue",
                f"Value {int(delay)} for parameter DelaySeconds is invalid. "
                f"Reason: DelaySeconds must be >= 0 and <= {DELAY_SECONDS_MAX}.",
            )
        answer = send(data, url)
        if scale != 1.0:
            _shorten(sqs, data.get("QueueUrl", url), answer["MessageId"], scale)
        return answer

    sqs._act_send_message = sqs._HANDLERS["SendMessage"] = send_message


def _shorten(sqs, url: str, message_id: str, scale: float) -> None:
    from ministack.core.concurrency import esm_wake

    with sqs._queues_lock:
        for message in reversed(sqs._get_q(url)["messages"]):
            if message["id"] == message_id:
                message["visible_at"] = (
                    message["sent_at"] + (message["visible_at"] - message["sent_at"]) * scale
                )
                break
    esm_wake.set()
