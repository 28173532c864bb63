"""Alarms on the depth of queues fire, and each change of an alarm's state is an event on the default bus.

Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
(one value a minute), https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
(shape of the event), https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html.
"""

import json
import logging
import threading
import time
import uuid

from local import events
from local.settings import ACCOUNT_ID

DEPTH = "ApproximateNumberOfMessagesVisible"
NAMESPACE = "AWS/SQS"
COMPARISONS = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}

logger = logging.getLogger("sluice.alarms")


def apply(parts) -> None:
    """Measure every queue once a minute, judge the alarms on depth by it, and announce changes."""
    from ministack.services import cloudwatch

    note, judge = cloudwatch._record_history, cloudwatch._evaluate_alarm

    def record_history(name, old_state, new_state, reason, *more, **named) -> None:
        note(name, old_state, new_state, reason, *more, **named)
        alarm = cloudwatch._alarms.get(name)
        if alarm:
            _announce(alarm, old_state, new_state, reason)

    def evaluate_alarm(alarm) -> None:
        if not _on_depth(alarm):  # Those are judged here, by their own queue and their own minutes.
            judge(alarm)

    cloudwatch._record_history, cloudwatch._evaluate_alarm = record_history, evaluate_alarm
    threading.Thread(target=_every_minute, args=(parts.settings,), daemon=True, name="alarms").start()


def _every_minute(settings) -> None:
    from ministack.core.responses import request_scope

    pause = threading.Event()
    depths: dict[str, list[float]] = {}
    while True:
        pause.wait(settings.alarm_minute_seconds)
        try:
            with request_scope(ACCOUNT_ID, settings.region):
                _look(depths)
        except Exception:
            logger.exception("the alarms cannot be judged")


def _look(depths: dict[str, list[float]]) -> None:
    from ministack.services import cloudwatch, sqs

    moment = time.time()
    for queue in list(sqs._queues.values()):
        messages = list(queue["messages"])
        visible = sum(message["visible_at"] <= moment for message in messages)
        depths.setdefault(queue["name"], []).append(float(visible))
        cloudwatch.record_metric(NAMESPACE, DEPTH, visible, "Count", {"QueueName": queue["name"]})
    for alarm in list(cloudwatch._alarms.values()):
        if _on_depth(alarm):
            _judge(alarm, depths)


def _on_depth(alarm: dict) -> bool:
    return alarm.get("Namespace") == NAMESPACE and alarm.get("MetricName") == DEPTH


def _judge(alarm: dict, depths: dict[str, list[float]]) -> None:
    """The newest periods decide: all of them breach for ALARM, as without DatapointsToAlarm."""
    from ministack.services import cloudwatch

    names = {one["Name"]: one["Value"] for one in alarm.get("Dimensions", [])}
    periods = alarm.get("EvaluationPeriods", 1)
    newest = depths.get(names.get("QueueName", ""), [])[-periods:]
    compare = COMPARISONS.get(alarm.get("ComparisonOperator", ""))
    if compare is None or (len(newest) < periods and alarm.get("TreatMissingData") != "notBreaching"):
        return
    threshold = float(alarm.get("Threshold", 0))
    breaching = len(newest) == periods and all(compare(value, threshold) for value in newest)
    state, before = ("ALARM" if breaching else "OK"), alarm["StateValue"]
    if state == before:
        return
    reason = f"Threshold Crossed: {len(newest)} datapoint{newest} was {'' if breaching else 'not '}"
    reason += f"{alarm['ComparisonOperator']} the threshold ({threshold})."
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _announce(alarm: dict, before: str, state: str, reason: str) -> None:
    from ministack.core.responses import get_account_id, get_region

    moment = events.now().replace("Z", "+0000")
    metric = {
        "metric": {
            "namespace": alarm.get("Namespace", ""),
            "name": alarm.get("MetricName", ""),
            "dimensions": {one["Name"]: one["Value"] for one in alarm.get("Dimensions", [])},
        },
        "period": alarm.get("Period", 60),
        "stat": alarm.get("Statistic") or alarm.get("ExtendedStatistic", ""),
    }
    detail = {
        "alarmName": alarm["AlarmName"],
        "configuration": {
            "description": alarm.get("AlarmDescription", ""),
            "metrics": [{"id": str(uuid.uuid4()), "metricStat": metric, "returnData": True}],
        },
        "previousState": {"value": before, "timestamp": moment},
        "state": {
            "value": state,
            "reason": reason,
            "reasonData": json.dumps({"version": "1.0"}),
            "timestamp": moment,
        },
    }
    account, region = get_account_id(), get_region()
    arn = alarm.get("AlarmArn") or f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm['AlarmName']}"
    events.put("aws.cloudwatch", "CloudWatch Alarm State Change", detail, [arn], account, region)
