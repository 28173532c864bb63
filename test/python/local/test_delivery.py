"""Events reach functions as on AWS: rights, retries, dead letters, batches, logs, schedules."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from local_aws import LocalAws, poll

from local.__main__ import _parse
from local.patches import lambda_async

CODE = """
exports.handler = async (event) => {
  console.log("GOT " + JSON.stringify(event));
  const text = JSON.stringify(event);
  if (text.includes("please-fail")) throw new Error("boom");
  return { batchItemFailures: [] };
};
"""
ALLOW = {"Effect": "Allow", "Resource": "*"}
LOGS = {**ALLOW, "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]}
READS = {**ALLOW, "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]}
SENDS = {**ALLOW, "Action": "sqs:SendMessage"}


class Functions:
    """A local AWS whose Lambda retries come after 6 and 12 milliseconds."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, self.client, self.rules = aws, aws.client("lambda"), aws.client("events")
        self.dead = self.queue("dead")

    def function(self, name: str, *statements: dict) -> str:
        return self.aws.function(name, CODE, self.aws.role(name, *(statements or (LOGS,))))

    def queue(self, name: str) -> str:
        """Make a queue that events may send to; returns its URL."""
        sqs = self.aws.client("sqs")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        grant = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn(url),
        }
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [grant]})})
        return url

    def arn(self, url: str) -> str:
        return f"arn:aws:sqs:us-east-1:000000000000:{url.rsplit('/', 1)[-1]}"

    def rule(self, name: str, target: str, permit: bool = True) -> str:
        pattern = json.dumps({"source": ["test"], "detail-type": [name]})
        arn = self.rules.put_rule(Name=name, EventPattern=pattern)["RuleArn"]
        letters = {"Arn": self.arn(self.dead)}
        self.rules.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": target, "DeadLetterConfig": letters}])
        if permit:
            self.client.add_permission(
                FunctionName=target,
                StatementId=name,
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=arn,
            )
        return arn

    def put(self, name: str, **detail) -> None:
        self.rules.put_events(Entries=[{"Source": "test", "DetailType": name, "Detail": json.dumps(detail)}])

    def got(self, name: str) -> list[dict]:
        logs = self.aws.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="GOT")["events"]
        except ClientError:
            return []
        return [json.loads(one["message"][one["message"].index("GOT ") + 4 :]) for one in found]

    def letter(self, url: str) -> dict:
        sqs = self.aws.client("sqs")
        found = poll(
            lambda: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")
        )[0]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=found["ReceiptHandle"])
        attributes = {key: one["StringValue"] for key, one in found.get("MessageAttributes", {}).items()}
        return {"body": json.loads(found["Body"]), "attributes": attributes}


@pytest.fixture(scope="module")
def functions(launch) -> Functions:
    return Functions(launch("--async-retry-scale", "0.0001", "--delay-scale", "0.001"))


def test_a_rule_invokes_a_function_that_permits_it(functions):
    functions.rule("Permitted", functions.function("permitted"))
    functions.put("Permitted", n=1)
    assert poll(lambda: functions.got("permitted"))[0]["detail"] == {"n": 1}


@pytest.mark.parametrize(
    ("name", "exists", "code"),
    [("No Right", True, "NO_PERMISSIONS"), ("No Function", False, "RESOURCE_NOT_FOUND")],
)
def test_what_a_rule_cannot_deliver_goes_to_its_dead_letter_queue(functions, name, exists, code):
    target = "arn:aws:lambda:us-east-1:000000000000:function:absent"
    target = functions.function("unpermitted") if exists else target
    rule = functions.rule(name, target, permit=False)
    functions.put(name, n=2)
    letter = functions.letter(functions.dead)
    assert letter["body"]["detail"] == {"n": 2}
    assert (letter["attributes"]["ERROR_CODE"], letter["attributes"]["RULE_ARN"]) == (code, rule)


def test_a_rule_does_not_send_to_a_queue_that_does_not_permit_it(functions):
    url = functions.aws.client("sqs").create_queue(QueueName="closed")["QueueUrl"]
    functions.rule("Closed", functions.arn(url), permit=False)
    functions.put("Closed", n=3)
    assert functions.letter(functions.dead)["attributes"]["ERROR_CODE"] == "NO_PERMISSIONS"


def test_a_failing_function_is_tried_three_times_and_its_event_kept(functions):
    lost = functions.queue("lost")
    functions.rule("Fails", functions.function("fails", LOGS, SENDS))
    functions.client.put_function_event_invoke_config(
        FunctionName="fails", DestinationConfig={"OnFailure": {"Destination": functions.arn(lost)}}
    )
    functions.put("Fails", word="please-fail")
    record = functions.letter(lost)["body"]
    assert record["requestPayload"]["detail"] == {"word": "please-fail"}
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert "boom" in record["responsePayload"]["errorMessage"]
    assert len(functions.got("fails")) == 3


def test_the_waits_are_one_minute_and_two():
    settings, _with_parent, _faults = _parse([])
    waits = [seconds * settings.async_retry_scale for seconds in lambda_async.ERROR_WAITS_SECONDS]
    assert waits == [60, 120]


def test_a_dead_letter_queue_of_a_function_gets_the_event_itself(functions):
    lost = functions.queue("letters")
    functions.function("letters", LOGS, SENDS)
    functions.client.update_function_configuration(
        FunctionName="letters", DeadLetterConfig={"TargetArn": functions.arn(lost)}
    )
    functions.client.invoke(
        FunctionName="letters", InvocationType="Event", Payload=b'{"word": "please-fail"}'
    )
    letter = functions.letter(lost)
    assert letter["body"] == {"word": "please-fail"}
    assert "boom" in letter["attributes"]["ErrorMessage"]


def test_an_event_is_lost_when_the_role_may_not_send_to_the_destination(functions):
    lost = functions.queue("unreachable")
    functions.function("powerless", LOGS)
    functions.client.put_function_event_invoke_config(
        FunctionName="powerless",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": functions.arn(lost)}},
    )
    functions.client.invoke(
        FunctionName="powerless", InvocationType="Event", Payload=b'{"word": "please-fail"}'
    )
    log = functions.aws.state / "logs" / "emulator.log"
    poll(lambda: "powerless lost an event: its role may not call sqs:SendMessage" in log.read_text())


def test_the_log_stays_empty_without_the_right_to_write_it(functions):
    functions.function("silent", SENDS)
    functions.client.invoke(FunctionName="silent", Payload=b"{}")
    assert functions.got("silent") == []
    log = functions.aws.state / "logs" / "emulator.log"
    poll(lambda: "silent logs nothing" in log.read_text())


def test_a_message_is_put_off_for_at_most_15_minutes(functions):
    sqs = functions.aws.client("sqs")
    url = functions.queue("later")
    with pytest.raises(ClientError, match="<= 900"):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=901)
    batch = [{"Id": "a", "MessageBody": "x", "DelaySeconds": 901}]
    assert "Failed" in sqs.send_message_batch(QueueUrl=url, Entries=batch)
    # The functions' local AWS waits a thousandth of each delay.
    begun = time.monotonic()
    sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=900)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    poll(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert 0.8 < time.monotonic() - begun < 10


def test_a_batching_window_gathers_more_than_ten_messages(functions):
    url = functions.queue("landing")
    functions.function("batches", LOGS, READS)
    functions.client.create_event_source_mapping(
        FunctionName="batches",
        EventSourceArn=functions.arn(url),
        BatchSize=100,
        MaximumBatchingWindowInSeconds=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    sqs = functions.aws.client("sqs")
    for part in range(3):
        sqs.send_message_batch(
            QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(part * 10 + n)} for n in range(10)]
        )
    seen = poll(lambda: functions.got("batches"))
    assert len(seen[0]["Records"]) == 30
