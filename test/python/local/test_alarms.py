"""An alarm on a queue's depth fires, is told on the default bus and to its topic, and goes back."""

import json

from local_aws import poll

MINUTE_SECONDS = "0.1"


def test_an_alarm_on_the_depth_of_one_queue_fires_and_recovers(launch):
    aws = launch("--alarm-minute-seconds", MINUTE_SECONDS)
    sqs, cloudwatch, sns = aws.client("sqs"), aws.client("cloudwatch"), aws.client("sns")
    drain = aws.tap("told", {"source": ["aws.cloudwatch"]})
    queue = sqs.create_queue(QueueName="dead")["QueueUrl"]
    other = sqs.create_queue(QueueName="busy")["QueueUrl"]
    people = sqs.create_queue(QueueName="people")["QueueUrl"]
    grant = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Statement": [{**grant, "Resource": "arn:aws:sqs:us-east-1:000000000000:people"}]})
    sqs.set_queue_attributes(QueueUrl=people, Attributes={"Policy": policy})
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:people")
    for name in ("dead", "quiet"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": name}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )
    sqs.send_message(QueueUrl=other, MessageBody="no concern of the alarms")

    def told(state: str) -> list[dict]:
        return [
            event["detail"]
            for event in drain()
            if event["detail"]["state"]["value"] == state and event["detail"]["alarmName"] == "dead"
        ]

    poll(lambda: told("OK"))
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    detail = poll(lambda: told("ALARM"))[0]
    assert detail["previousState"]["value"] == "OK"
    assert detail["configuration"]["metrics"][0]["metricStat"]["metric"] == {
        "namespace": "AWS/SQS",
        "name": "ApproximateNumberOfMessagesVisible",
        "dimensions": {"QueueName": "dead"},
    }
    message = poll(lambda: sqs.receive_message(QueueUrl=people).get("Messages"))[0]
    assert json.loads(json.loads(message["Body"])["Message"])["NewStateValue"] == "ALARM"
    sqs.purge_queue(QueueUrl=queue)
    poll(lambda: len(told("OK")) == 2)
    states = {one["AlarmName"]: one["StateValue"] for one in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert states == {"dead": "OK", "quiet": "OK"}
