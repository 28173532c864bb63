"""Firehose gathers records and writes them as its roles may: Direct PUT, and from a Kinesis stream."""

import gzip
import json
import re

import pytest
from botocore.exceptions import ClientError
from local_aws import LocalAws, poll

from local.patches.firehose import Buffers, Refused

FIREHOSE = "firehose.amazonaws.com"
BUCKET = "arn:aws:s3:::streams"
READS = ("DescribeStream", "GetShardIterator", "GetRecords", "ListShards")
WRITES = {
    "Effect": "Allow",
    "Action": [
        "s3:AbortMultipartUpload",
        "s3:GetBucketLocation",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:PutObject",
    ],
    "Resource": [BUCKET, f"{BUCKET}/source=*"],
}
NEWLINES = {
    "Enabled": True,
    "Processors": [
        {
            "Type": "AppendDelimiterToRecord",
            "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
        }
    ],
}


class Streams:
    """A local AWS whose Firehose gathers for half a second, with a bucket and a role that may write."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, self.client, self.s3 = aws, aws.client("firehose"), aws.client("s3")
        self.s3.create_bucket(Bucket="streams")
        self.role = aws.role("writes", WRITES, service=FIREHOSE)

    def make(self, name: str, role: str = "", source: dict | None = None, **more) -> str:
        given = {
            "BucketARN": BUCKET,
            "RoleARN": role or self.role,
            "Prefix": f"source={name}/year=!{{timestamp:yyyy}}/hour=!{{timestamp:HH}}/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "ProcessingConfiguration": NEWLINES,
        }
        kind = {"DeliveryStreamType": "KinesisStreamAsSource", "KinesisStreamSourceConfiguration": source}
        self.client.create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={**given, **more},
            **(kind if source else {"DeliveryStreamType": "DirectPut"}),
        )
        return name

    def put(self, name: str, *records: bytes) -> None:
        self.client.put_record_batch(DeliveryStreamName=name, Records=[{"Data": one} for one in records])

    def objects(self, name: str) -> dict[str, bytes]:
        kept = self.s3.list_objects_v2(Bucket="streams", Prefix=f"source={name}/").get("Contents", [])
        read = self.s3.get_object
        return {one["Key"]: read(Bucket="streams", Key=one["Key"])["Body"].read() for one in kept}

    def log(self) -> str:
        return (self.aws.state / "logs" / "emulator.log").read_text()


@pytest.fixture(scope="module")
def streams(launch) -> Streams:
    return Streams(launch("--buffer-seconds", "0.5"))


def test_records_are_gathered_into_one_object_with_newlines_below_the_time_of_the_first(streams):
    name = streams.make("news")
    streams.put(name, b'{"n": 1}', b'{"n": 2}')
    streams.client.put_record(DeliveryStreamName=name, Record={"Data": b"not json"})
    [(key, body)] = poll(lambda: streams.objects(name)).items()
    assert re.fullmatch(r"source=news/year=20\d\d/hour=\d\d/news-1-20\d\d(-\d\d){5}-[0-9a-f-]{36}", key)
    assert body == b'{"n": 1}\n{"n": 2}\nnot json\n'


def test_without_the_processor_records_run_together_and_gzip_gets_its_ending(streams):
    name = streams.make("plain", ProcessingConfiguration={"Enabled": False}, CompressionFormat="GZIP")
    streams.put(name, b"a", b"b")
    [(key, body)] = poll(lambda: streams.objects(name)).items()
    assert key.endswith(".gz") and gzip.decompress(body) == b"ab"


def test_a_kinesis_stream_is_read_only_with_the_rights_of_the_source_role(streams):
    kinesis = streams.aws.client("kinesis")
    kinesis.create_stream(StreamName="ticks", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/ticks"
    statement = {
        "Effect": "Allow",
        "Action": [f"kinesis:{one}" for one in READS],
        "Resource": stream,
    }
    reader = streams.aws.role("reads-ticks", statement, service=FIREHOSE)
    streams.make("ticks", source={"KinesisStreamARN": stream, "RoleARN": reader})
    streams.make("denied", source={"KinesisStreamARN": stream, "RoleARN": streams.role})
    kinesis.put_record(StreamName="ticks", Data=b"{}", PartitionKey="a")
    assert list(poll(lambda: streams.objects("ticks")).values()) == [b"{}\n"]
    poll(lambda: f"may not call kinesis:DescribeStream on {stream}" in streams.log())
    assert streams.objects("denied") == {}


def test_what_a_role_may_not_write_waits_until_it_may(streams):
    role = streams.aws.role("writes-elsewhere", {**WRITES, "Resource": [BUCKET]}, service=FIREHOSE)
    name = streams.make("waits", role)
    streams.put(name, b"first")
    poll(lambda: "writes-elsewhere may not call s3:AbortMultipartUpload" in streams.log())
    streams.put(name, b"second")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**WRITES, "Resource": f"{BUCKET}*"}]})
    streams.aws.client("iam").put_role_policy(
        RoleName="writes-elsewhere", PolicyName="p", PolicyDocument=policy
    )
    found = poll(lambda: b"second" in b"".join(streams.objects(name).values()) and streams.objects(name))
    assert sorted(b"".join(found.values()).split()) == [b"first", b"second"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ErrorOutputPrefix": "errors/"}, "ErrorOutputPrefix needs"),
        ({"Prefix": "!{firehose:error-output-type}/"}, "must not contain"),
        ({"RoleARN": "arn:aws:iam::000000000000:role/of-lambdas"}, "unable to assume role"),
    ],
)
def test_what_firehose_would_refuse_is_refused(streams, more, words):
    if "RoleARN" in more:
        streams.aws.role("of-lambdas", WRITES)
    with pytest.raises(ClientError, match=words):
        streams.make("refused", **more)


DESTINATION = {"id": "d", "records": [], "config": {"BufferingHints": {"SizeInMBs": 1}}}


def test_a_full_buffer_does_not_wait_for_its_interval():
    buffers, written = Buffers(3600), []
    buffers.take({"arn": "arn"}, DESTINATION, [("1", b"x" * 1000)])
    buffers.deliver_due(lambda kept: written.append(kept.size))
    assert written == []
    buffers.take({"arn": "arn"}, DESTINATION, [("2", b"y" * 1024 * 1024)])
    buffers.deliver_due(lambda kept: written.append(kept.size))
    assert written == [1000 + 1024 * 1024]


def test_a_refused_buffer_is_tried_again_with_what_came_since_then():
    buffers, written = Buffers(0), []

    def refuse(kept) -> None:
        buffers.take({"arn": "arn"}, DESTINATION, [("2", b"second ")])
        raise Refused("not now")

    buffers.take({"arn": "arn"}, DESTINATION, [("1", b"first ")])
    buffers.deliver_due(refuse)
    buffers.take({"arn": "arn"}, DESTINATION, [("3", b"third")])
    poll(lambda: buffers.deliver_due(lambda kept: written.append(b"".join(kept.records))) or written)
    assert written == [b"first second third"]
