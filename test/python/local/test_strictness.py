"""Where AWS refuses, the local AWS refuses: tasks, rights, batches, objects, parameters."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from local_aws import LocalAws, poll

ALLOW = {"Effect": "Allow"}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


def code(error) -> str:
    return error.value.response["Error"]["Code"]


class Ecs:
    """A cluster with a task definition whose image is not there: its tasks end at once."""

    def __init__(self, aws: LocalAws) -> None:
        self.client = aws.client("ecs")
        self.client.create_cluster(clusterName="c")
        self.role = aws.role("ecs-task", {**ALLOW, "Action": "s3:GetObject", "Resource": "*"})
        self.client.register_task_definition(
            family="f",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            taskRoleArn=self.role,
            executionRoleArn=self.role,
            containerDefinitions=[{"name": "main", "image": "x/y"}],
        )

    def run(self, client=None, **more) -> dict:
        request = {
            "cluster": "c",
            "taskDefinition": "f",
            "launchType": "FARGATE",
            "networkConfiguration": NETWORK,
        }
        return (client or self.client).run_task(**{**request, **more})

    def overrides(self, size: int) -> dict:
        pair = {"name": "X", "value": "x" * size}
        return {"containerOverrides": [{"name": "main", "environment": [pair]}]}


@pytest.fixture(scope="module")
def ecs(aws) -> Ecs:
    return Ecs(aws)


def test_one_client_token_is_one_task_and_another_request_with_it_is_refused(ecs):
    first = ecs.run(clientToken="run-1-1", startedBy="a")
    again = ecs.run(clientToken="run-1-1", startedBy="a")
    other = ecs.run(clientToken="run-1-2", startedBy="a")
    assert first["tasks"][0]["taskArn"] == again["tasks"][0]["taskArn"] != other["tasks"][0]["taskArn"]
    with pytest.raises(ClientError) as error:
        ecs.run(clientToken="run-1-1", startedBy="b")
    assert code(error) == "ConflictException"


@pytest.mark.parametrize(
    ("request_part", "expected"),
    [
        ({"networkConfiguration": {}}, "InvalidParameterException"),
        ({"cluster": "absent"}, "ClusterNotFoundException"),
        ({"taskDefinition": "absent"}, "ClientException"),
        ({"count": 11}, "InvalidParameterException"),
        ({"overrides": {"containerOverrides": [{"name": "absent"}]}}, "InvalidParameterException"),
    ],
)
def test_run_task_refuses_what_fargate_cannot_run(ecs, request_part, expected):
    with pytest.raises(ClientError) as error:
        ecs.run(**request_part)
    assert code(error) == expected


def test_overrides_hold_8192_characters(ecs):
    room = 8192 - len(json.dumps(ecs.overrides(0), separators=(",", ":")))
    assert ecs.run(overrides=ecs.overrides(room))["tasks"]
    with pytest.raises(ClientError) as error:
        ecs.run(overrides=ecs.overrides(room + 1))
    assert code(error) == "InvalidParameterException"


def test_list_tasks_finds_running_tasks_by_starter_and_stopped_ones_only_on_request(ecs):
    arn = ecs.run(startedBy="me")["tasks"][0]["taskArn"]
    poll(lambda: ecs.client.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]["lastStatus"] == "STOPPED")
    assert ecs.client.list_tasks(cluster="c", startedBy="me")["taskArns"] == []
    assert ecs.client.list_tasks(cluster="c", startedBy="me", desiredStatus="STOPPED")["taskArns"] == [arn]
    with pytest.raises(ClientError):
        ecs.client.list_tasks(cluster="c", startedBy="me", family="f")


def test_run_task_needs_pass_role_for_the_tasks_roles(aws, ecs):
    run = {**ALLOW, "Action": "ecs:RunTask", "Resource": "*"}
    condition = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    denied = aws.role("runner-without", run)
    allowed = aws.role(
        "runner", run, {**ALLOW, "Action": "iam:PassRole", "Resource": ecs.role, "Condition": condition}
    )
    elsewhere = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
    wrong = aws.role(
        "runner-glue", run, {**ALLOW, "Action": "iam:PassRole", "Resource": "*", "Condition": elsewhere}
    )
    assert ecs.run(aws.as_role("ecs", allowed))["tasks"]
    for role in (denied, wrong):
        with pytest.raises(ClientError, match="iam:PassRole") as error:
            ecs.run(aws.as_role("ecs", role))
        assert code(error) == "AccessDeniedException"


def test_put_events_is_authorized_by_source_and_detail_type(aws):
    aws.client("events").create_event_bus(Name="ours")
    bus = "arn:aws:events:us-east-1:000000000000:event-bus/ours"
    named = {"StringEquals": {"events:source": "sluice", "events:detail-type": ["Batch Ready", "Gold Built"]}}
    role = aws.role("emitter", {**ALLOW, "Action": "events:PutEvents", "Resource": bus, "Condition": named})
    client = aws.as_role("events", role)

    def put(*types: str, source: str = "sluice"):
        return client.put_events(
            Entries=[
                {"Source": source, "DetailType": one, "Detail": "{}", "EventBusName": "ours"} for one in types
            ]
        )

    assert put("Batch Ready", "Gold Built")["FailedEntryCount"] == 0
    for refused in (lambda: put("Batch Ready", "Gold Published"), lambda: put("Batch Ready", source="other")):
        with pytest.raises(ClientError) as error:
            refused()
        assert code(error) == "AccessDeniedException"


def test_an_absent_object_is_403_without_list_bucket_and_404_with_it(aws):
    aws.client("s3").create_bucket(Bucket="secretive")
    read = {**ALLOW, "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::secretive/*"}
    blind = aws.as_role("s3", aws.role("blind", read))
    lists = {**ALLOW, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::secretive"}
    seeing = aws.as_role("s3", aws.role("seeing", read, lists))
    for ask, missing in (("get_object", "NoSuchKey"), ("head_object", "404")):
        with pytest.raises(ClientError) as error:
            getattr(blind, ask)(Bucket="secretive", Key="absent")
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        with pytest.raises(ClientError) as error:
            getattr(seeing, ask)(Bucket="secretive", Key="absent")
        assert code(error) == missing
    with pytest.raises(ClientError) as error:
        blind.copy_object(Bucket="secretive", Key="copy", CopySource={"Bucket": "secretive", "Key": "absent"})
    assert code(error) == "AccessDenied"


def test_a_policy_against_plain_http_does_not_refuse_the_loopback(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="tls-only")
    s3.put_bucket_policy(
        Bucket="tls-only",
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": "arn:aws:s3:::tls-only/*",
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            }
        ),
    )
    writer = aws.role("tls", {**ALLOW, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::tls-only/*"})
    aws.as_role("s3", writer).put_object(Bucket="tls-only", Key="k", Body=b"1")


def test_a_partition_batch_holds_100(aws):
    glue = aws.client("glue")
    glue.create_database(DatabaseInput={"Name": "d"})
    glue.create_table(
        DatabaseName="d", TableInput={"Name": "t", "PartitionKeys": [{"Name": "day", "Type": "string"}]}
    )
    batch = [{"Values": [str(n)], "StorageDescriptor": {"Location": "s3://x/"}} for n in range(101)]
    assert (
        glue.batch_create_partition(DatabaseName="d", TableName="t", PartitionInputList=batch[:100])["Errors"]
        == []
    )
    with pytest.raises(ClientError):
        glue.batch_create_partition(DatabaseName="d", TableName="t", PartitionInputList=batch)


@pytest.mark.parametrize("reason", ["PutObject", "CopyObject", "CompleteMultipartUpload"])
def test_an_object_event_carries_version_sequencer_size_and_etag(aws, reason):
    s3, bucket = aws.client("s3"), f"events-{reason.lower()}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="source", Body=b"before")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    drain = aws.tap(bucket, {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})
    key = "with space+plus/ü.json"
    if reason == "PutObject":
        made = s3.put_object(Bucket=bucket, Key=key, Body=b"12345")
    elif reason == "CopyObject":
        made = s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": "source"})
    else:
        upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"12345")
        made = s3.complete_multipart_upload(
            Bucket=bucket,
            Key=key,
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
        )
    detail = poll(drain)[0]["detail"]
    head = s3.head_object(Bucket=bucket, Key=key)
    assert detail["reason"] == reason
    assert detail["object"].pop("sequencer")
    assert detail["object"] == {
        "key": key,
        "size": head["ContentLength"],
        "etag": head["ETag"].strip('"'),
        "version-id": made["VersionId"],
    }
    assert "-" not in made["VersionId"]
    assert set(detail) == {
        "version",
        "bucket",
        "object",
        "request-id",
        "requester",
        "source-ip-address",
        "reason",
    }


def test_the_recorder_tells_who_called_what_and_was_denied(aws):
    from local import recorder

    since = str(recorder.fetch(aws.endpoint)["next"])
    client = aws.as_role("sqs", aws.role("watched", {**ALLOW, "Action": "sqs:ListQueues", "Resource": "*"}))
    client.list_queues()
    with pytest.raises(ClientError):
        client.create_queue(QueueName="no")
    mine = recorder.fetch(aws.endpoint, since=since, role="watched")["calls"]
    assert len({call["request"] for call in mine}) == 2
    assert [call["call"] for call in mine] == ["sqs:ListQueues", "sqs:CreateQueue"]
    assert [(call["action"], call["decision"]) for call in mine] == [
        ("sqs:ListQueues", "allowed"),
        ("sqs:CreateQueue", "denied"),
    ]
    assert recorder.fetch(aws.endpoint, since=since, denied="true")["calls"][0]["role"] == "watched"
    assert mine[0]["at"] <= time.time()
