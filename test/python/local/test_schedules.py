"""Schedules: due by the clock of their zone, fired by the role that Scheduler may assume, or by hand."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from local_aws import ROOT, LocalAws, poll

from local import schedules

BUS = "arn:aws:events:us-east-1:000000000000:event-bus/ours"
SCHEDULER = "scheduler.amazonaws.com"
TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: from-template
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: scheduler.amazonaws.com}, Action: 'sts:AssumeRole',
          Condition: {StringEquals: {'aws:SourceAccount': !Ref AWS::AccountId}}}]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement: [{Effect: Allow, Action: 'events:PutEvents', Resource: '*',
              Condition: {StringEquals: {'events:source': sluice, 'events:detail-type': Due}}}]
  Schedule:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: from-template
      ScheduleExpression: cron(0 2 * * ? *)
      ScheduleExpressionTimezone: Europe/Vienna
      FlexibleTimeWindow: {Mode: 'OFF'}
      Target:
        Arn: !Sub 'arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/ours'
        RoleArn: !GetAtt Role.Arn
        Input: '{"requestId": "schedule:<aws.scheduler.scheduled-time>"}'
        EventBridgeParameters: {Source: sluice, DetailType: Due}
"""


class Schedules:
    """A local AWS with a bus, a queue that sees its events, and a role that may put them."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, self.client = aws, aws.client("scheduler")
        aws.client("events").create_event_bus(Name="ours")
        self.drain = aws.tap("seen", {"source": ["sluice"]}, "ours")
        allow = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": BUS}
        self.role = aws.role("puts", allow, service=SCHEDULER)

    def make(self, name: str, expression: str, zone: str = "UTC", **target) -> None:
        given = {
            "Arn": BUS,
            "RoleArn": self.role,
            "Input": json.dumps({"name": name, "due": "<aws.scheduler.scheduled-time>"}),
            "EventBridgeParameters": {"Source": "sluice", "DetailType": "Due"},
        }
        self.client.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            ScheduleExpressionTimezone=zone,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={key: value for key, value in {**given, **target}.items() if value},
        )

    def seen(self, name: str) -> list[dict]:
        return [event["detail"] for event in self.drain() if event["detail"].get("name") == name]

    def fire(self, name: str, moment: str = "") -> tuple[int, dict]:
        body = json.dumps({"scheduledTime": moment} if moment else {}).encode()
        url = f"{self.aws.endpoint}{schedules.SCHEDULES_PATH}/{name}/fire"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST")) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as problem:
            return problem.code, json.load(problem)


@pytest.fixture(scope="module")
def made(aws) -> Schedules:
    return Schedules(aws)


def due(expression: str, zone: str, after: str, count: int = 1, **more) -> list[str]:
    schedule = {"ScheduleExpression": expression, "ScheduleExpressionTimezone": zone, **more}
    moment, found = datetime.fromisoformat(after).replace(tzinfo=UTC), []
    for _ in range(count):
        moment = schedules.due_after(schedule, moment)
        found.append(f"{moment:%Y-%m-%dT%H:%M}" if moment else "never")
    return found


def test_cron_is_read_on_the_clock_of_its_zone():
    night = "cron(0 2 * * ? *)"
    assert due(night, "UTC", "2026-11-20T02:00") == ["2026-11-21T02:00"]
    assert due(night, "Europe/Vienna", "2026-11-20T02:00") == ["2026-11-21T01:00"]
    assert due(night, "America/New_York", "2026-07-01T03:00") == ["2026-07-01T06:00"]
    assert due("cron(30 9 ? * MON-FRI *)", "Asia/Kolkata", "2026-11-21T00:00") == ["2026-11-23T04:00"]
    assert due("cron(0 0 1 1 ? 2026)", "UTC", "2026-02-01T00:00") == ["never"]


def test_a_time_that_the_clock_leaves_out_is_skipped_and_one_that_it_repeats_comes_once():
    spring = due("cron(30 2 * * ? *)", "Europe/Vienna", "2026-03-28T00:00", 2)
    assert spring == ["2026-03-28T01:30", "2026-03-30T00:30"]
    autumn = due("cron(30 2 * * ? *)", "Europe/Vienna", "2026-10-24T12:00", 2)
    assert autumn == ["2026-10-25T00:30", "2026-10-26T01:30"]
    hourly = due("cron(0 * * * ? *)", "Europe/Vienna", "2026-10-24T23:30", 3)
    assert hourly == ["2026-10-25T00:00", "2026-10-25T02:00", "2026-10-25T03:00"]
    assert due("cron(0/15 * * * ? *)", "Europe/Vienna", "2026-10-25T01:10") == ["2026-10-25T02:00"]


def test_a_rate_counts_from_its_creation_or_its_start_until_its_end():
    created = datetime(2026, 11, 21, 10, 7, tzinfo=UTC).timestamp()
    rate = {"expression": "rate(2 hours)", "zone": "Europe/Vienna", "CreationDate": created}
    assert due(**rate, after="2026-11-21T10:07", count=2) == ["2026-11-21T12:07", "2026-11-21T14:07"]
    bounds = {"StartDate": "2026-11-22T00:00:00Z", "EndDate": "2026-11-22T03:00:00Z"}
    found = due(**rate, after="2026-11-21T10:07", count=2, **bounds)
    assert found == ["2026-11-22T00:00", "2026-11-22T02:00"]
    assert due(**rate, after="2026-11-22T02:00", **bounds) == ["never"]


def test_a_one_time_schedule_is_in_its_zone_too():
    assert due("at(2026-11-21T12:00:00)", "Europe/Vienna", "2026-11-21T00:00", 2) == [
        "2026-11-21T11:00",
        "never",
    ]


def test_a_due_schedule_puts_its_event_once_with_the_scheduled_time_not_with_that_of_the_sweep(made):
    made.make("once", "at(2020-01-01T00:00:30)", "Europe/Vienna")
    assert poll(lambda: made.seen("once"))[0]["due"] == "2019-12-31T23:00:30Z"
    made.make("later", "at(2020-01-01T00:00:00)")
    poll(lambda: made.seen("later"))
    assert len(made.seen("once")) == 1


def test_by_hand_means_that_the_clock_fires_nothing(made, launch):
    quiet = Schedules(launch("--schedules", "by-hand"))
    quiet.make("over", "at(2020-01-01T00:00:00)")
    # While another local AWS looks at its clock three times, this one does not.
    for number in range(3):
        made.make(f"meanwhile-{number}", "at(2020-01-01T00:00:00)")
        poll(lambda number=number: made.seen(f"meanwhile-{number}"))
    assert quiet.seen("over") == []
    assert quiet.fire("over", "2026-11-21T02:00:00Z")[0] == 200
    assert [one["due"] for one in poll(lambda: quiet.seen("over"))] == ["2026-11-21T02:00:00Z"]


def test_a_template_keeps_the_zone_and_its_schedule_can_be_fired_by_hand(made):
    stacks = made.aws.client("cloudformation")
    stacks.create_stack(StackName="s", TemplateBody=TEMPLATE, Capabilities=["CAPABILITY_NAMED_IAM"])
    poll(lambda: stacks.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    kept = made.client.get_schedule(Name="from-template")
    assert kept["ScheduleExpressionTimezone"] == "Europe/Vienna"
    status, told = made.fire("from-template", "2026-11-21T01:00:00Z")
    assert (status, told["scheduledTime"]) == (200, "2026-11-21T01:00:00Z")
    ids = [event["detail"].get("requestId") for event in made.drain()]
    assert "schedule:2026-11-21T01:00:00Z" in ids
    listed = subprocess.run(
        [sys.executable, "-m", "local.schedules", "--endpoint", made.aws.endpoint],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert '"name": "from-template"' in listed.stdout and '"timeZone": "Europe/Vienna"' in listed.stdout


def test_a_schedule_fires_only_with_the_rights_of_its_role(made):
    only = {"StringEquals": {"events:source": "sluice", "events:detail-type": "Other"}}
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": BUS, "Condition": only}
    role = made.aws.role("puts-others", statement, service=SCHEDULER)
    made.make("forbidden", "cron(0 2 1 1 ? *)", RoleArn=role)
    status, told = made.fire("forbidden")
    assert status == 409 and "events:PutEvents" in told["message"]
    assert made.seen("forbidden") == []
    assert made.fire("nothing")[0] == 404


def test_a_schedule_whose_role_scheduler_may_no_longer_assume_fires_nothing(made):
    allow = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": BUS}
    role = made.aws.role("once-trusted", allow, service=SCHEDULER)
    made.make("trusted", "cron(0 2 1 1 ? *)", RoleArn=role)
    assert made.fire("trusted")[0] == 200
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    made.aws.client("iam").update_assume_role_policy(
        RoleName="once-trusted",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    status, told = made.fire("trusted")
    assert status == 409 and "may not assume" in told["message"]


@pytest.mark.parametrize(
    ("expression", "zone", "target", "words"),
    [
        ("cron(0 2 * * * *)", "UTC", {}, "Invalid Schedule Expression"),
        ("cron(0 2 * * ? *)", "Europe/Wien", {}, "Timezone"),
        ("rate(1 day)", "UTC", {"EventBridgeParameters": None}, "EventBridge"),
        ("rate(1 day)", "UTC", {"RoleArn": "arn:aws:iam::000000000000:role/lambdas"}, "assume the role"),
    ],
)
def test_what_scheduler_would_refuse_is_refused(made, expression, zone, target, words):
    if "RoleArn" in target:
        made.aws.role("lambdas", {"Effect": "Allow", "Action": "events:PutEvents", "Resource": BUS})
    with pytest.raises(ClientError, match=words):
        made.make("refused", expression, zone, **target)
