"""What goes with an answer of a service, which calls the event history keeps, and policies that change."""

import json
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError


def list_queues(aws, **headers: str):
    """The headers of one signed call's answer, as a list."""
    made = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0", **headers}
    call = AWSRequest("POST", f"{aws.endpoint}/", made, b"{}")
    SigV4Auth(Credentials("test", "test"), "sqs", "us-east-1").add_auth(call)
    sent = urllib.request.Request(call.url, b"{}", dict(call.headers.items()))
    with urllib.request.urlopen(sent, timeout=10) as answer:
        return [name.lower() for name, _ in answer.getheaders()]


def test_an_answer_has_one_date_and_what_a_browser_needs_only_for_a_browser(aws):
    plain, browser = list_queues(aws), list_queues(aws, Origin="https://console.example.com")
    assert plain.count("date") == 1
    assert "server" not in plain
    assert not [name for name in plain if name.startswith("access-control-")]
    assert "access-control-allow-origin" in browser
    assert "x-amzn-requestid" in plain


def test_the_event_history_keeps_calls_that_manage_and_none_on_data(aws):
    table, events, queues = aws.client("dynamodb"), aws.client("events"), aws.client("sqs")
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    of = [{"AttributeName": "pk", "AttributeType": "S"}]
    table.create_table(
        TableName="kept", KeySchema=key, AttributeDefinitions=of, BillingMode="PAY_PER_REQUEST"
    )
    table.put_item(TableName="kept", Item={"pk": {"S": "a"}})
    table.transact_write_items(TransactItems=[{"Put": {"TableName": "kept", "Item": {"pk": {"S": "b"}}}}])
    events.put_events(Entries=[{"Source": "ours", "DetailType": "A Thing", "Detail": "{}"}])
    queues.send_message(QueueUrl=queues.create_queue(QueueName="kept")["QueueUrl"], MessageBody="x")
    pages = aws.client("cloudtrail").get_paginator("lookup_events").paginate()
    kept = {event["EventName"] for page in pages for event in page["Events"]}
    assert kept >= {"CreateTable", "CreateQueue"}
    assert not kept & {"PutItem", "TransactWriteItems", "PutEvents", "SendMessage"}


def test_a_changed_policy_counts_at_once(aws):
    def allowing(action: str) -> str:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    iam = aws.client("iam")
    role = aws.role("changing", {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"})
    caller = aws.as_role("sqs", role)
    caller.list_queues()
    names = iam.list_role_policies(RoleName="changing")["PolicyNames"]
    iam.put_role_policy(RoleName="changing", PolicyName=names[0], PolicyDocument=allowing("sqs:CreateQueue"))
    with pytest.raises(ClientError, match="AccessDenied"):
        caller.list_queues()
    iam.put_role_policy(RoleName="changing", PolicyName=names[0], PolicyDocument=allowing("sqs:ListQueues"))
    caller.list_queues()
