"""Loses, doubles and delays what EventBridge delivers, and sends the events of S3 twice.

EventBridge and S3 both promise "at least once" and no order
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-best-practices.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html); a lost one is rarer than here.
"""

import contextvars
import threading
import uuid
from collections.abc import Callable

from local.faults.chaos import Chaos


def apply(chaos: Chaos) -> None:
    """Wrap the delivery of one event to one target, and the sending of an event."""
    from ministack.services import eventbridge

    deliver, dispatch = eventbridge._invoke_target, eventbridge._dispatch_event

    def invoke_target(target, event, rule, view=None) -> None:
        told = {"event": event.get("DetailType"), "target": target.get("Arn", "").rsplit(":", 1)[-1]}
        if chaos.strikes("deliveryDropped"):
            chaos.note("deliveryDropped", **told)
            return
        if chaos.strikes("deliveryDelayed"):
            seconds = _later(chaos, "deliveryDelayed", lambda: deliver(target, event, rule, view))
            chaos.note("deliveryDelayed", **told, seconds=seconds)
            return
        deliver(target, event, rule, view)
        if chaos.strikes("deliveryDoubled"):
            chaos.note("deliveryDoubled", **told)
            deliver(target, event, rule, view)

    def dispatch_event(event, view=None) -> None:
        dispatch(event, view)
        if event.get("Source") == "aws.s3" and chaos.strikes("objectEventDoubled"):
            again = {**event, "EventId": str(uuid.uuid4())}
            seconds = _later(chaos, "objectEventDoubled", lambda: dispatch(again))
            chaos.note("objectEventDoubled", event=event.get("DetailType"), seconds=seconds)

    eventbridge._invoke_target, eventbridge._dispatch_event = invoke_target, dispatch_event


def _later(chaos: Chaos, fault: str, work: Callable[[], None]) -> float:
    """Do it after a while, for the same account and region; returns the seconds."""
    seconds = round(chaos.between(fault, 0, chaos.faults.delaySecondsMax), 1)
    timer = threading.Timer(seconds, contextvars.copy_context().run, (work,))
    timer.daemon = True
    timer.start()
    return seconds
