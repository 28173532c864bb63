"""Firehose gathers records and writes them as one object, with the rights of its roles.

Sources, below https://docs.aws.amazon.com/firehose/latest/: dev/basic-deliver.html (buffering, delimiters),
dev/s3-object-name.html and dev/s3-prefixes.html (names; rules of prefixes), dev/controlling-access.html (the
rights of the roles, who assumes them), APIReference/API_Processor.html.
"""

import asyncio
import gzip
import logging
import threading
import time
import uuid
from dataclasses import dataclass, field

from local.patches.authorization import role_may, service_may_assume

PRINCIPAL = "firehose.amazonaws.com"
INTERVAL_SECONDS_DEFAULT, SIZE_MIB_DEFAULT = 300, 5
SWEEP_SECONDS = 0.1
BUCKET_ACTIONS = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
OBJECT_ACTIONS = ("s3:AbortMultipartUpload", "s3:PutObject")
STREAM_ACTIONS = tuple(
    f"kinesis:{name}" for name in ("DescribeStream", "GetShardIterator", "GetRecords", "ListShards")
)

logger = logging.getLogger("sluice.firehose")


class Refused(Exception):
    """A role of the stream may not do what the delivery needs; it is tried again after the interval."""


@dataclass
class Buffer:
    """What one destination gathered since its first record (`since`, by the wall clock; 0 when empty)."""

    stream: dict
    destination: dict
    records: list[bytes] = field(default_factory=list)
    size: int = 0
    since: float = 0.0
    due: float = 0.0


class Buffers:
    """The buffers of all destinations; `interval` replaces the streams' own when it is given."""

    def __init__(self, interval: float | None) -> None:
        self._interval, self._lock = interval, threading.Lock()
        self._kept: dict[str, Buffer] = {}

    def take(self, stream: dict, destination: dict, records: list) -> None:
        """Gather records, as `(id, bytes)`."""
        with self._lock:
            key = f"{stream['arn']} {destination['id']}"
            kept = self._kept.setdefault(key, Buffer(stream, destination))
            hints = destination["config"].get("BufferingHints") or {}
            seconds = self._interval
            if seconds is None:
                seconds = float(hints.get("IntervalInSeconds", INTERVAL_SECONDS_DEFAULT))
            if not kept.records:
                kept.since = time.time()
                kept.due = time.monotonic() + seconds
            for _id, record in records:
                kept.records.append(record + _delimiter(destination["config"]))
                kept.size += len(kept.records[-1])
            if kept.size >= int(hints.get("SizeInMBs", SIZE_MIB_DEFAULT)) * 1024 * 1024:
                kept.due = 0.0
        destination["records"].clear()  # The emulator keeps what it was sent for ever.

    def deliver_due(self, write) -> None:
        """Hand every buffer that is due to `write`; one that is refused waits for its next interval."""
        with self._lock:
            due = [(key, kept) for key, kept in self._kept.items() if kept.due <= time.monotonic()]
            for key, _kept in due:
                del self._kept[key]
        for key, kept in due:
            try:
                write(kept)
            except Refused as problem:
                logger.error("%s keeps %d records: %s", kept.stream["arn"], len(kept.records), problem)
                self._put_back(key, kept)
            except Exception:
                logger.exception("%s cannot deliver", kept.stream["arn"])
                self._put_back(key, kept)

    def _put_back(self, key: str, kept: Buffer) -> None:
        with self._lock:
            newer = self._kept.get(key)
            if newer:
                kept.records += newer.records
                kept.size += newer.size
            kept.due = time.monotonic() + max(1.0, self._interval or 0.0)
            self._kept[key] = kept


def apply(parts) -> None:
    """Put the buffers in place of the delivery of each record, and refuse what Firehose refuses."""
    from ministack.services import firehose

    buffers = Buffers(parts.settings.buffer_seconds)
    create, deliver = firehose._create_delivery_stream, firehose._deliver_records_to_s3

    def gather(stream: dict, destination: dict, records: list) -> None:
        if _simple(destination["config"]):
            buffers.take(stream, destination, records)
        else:
            deliver(stream, destination, records)

    def create_delivery_stream(data: dict):
        problem = _problem_of(data, firehose)
        return firehose._invalid(problem) if problem else create(data)

    firehose._deliver_records_to_s3 = gather
    firehose._create_delivery_stream = create_delivery_stream
    firehose._HANDLERS["CreateDeliveryStream"] = create_delivery_stream
    threading.Thread(target=_sweep, args=(buffers,), daemon=True, name="firehose").start()


def _sweep(buffers: Buffers) -> None:
    pause = threading.Event()
    while True:
        pause.wait(SWEEP_SECONDS)
        buffers.deliver_due(_write)


def _simple(config: dict) -> bool:
    """Partitioning by content, format conversion and functions go the emulator's way, record by record."""
    partitioned = (config.get("DynamicPartitioningConfiguration") or {}).get("Enabled")
    kinds = {one.get("Type") for one in (config.get("ProcessingConfiguration") or {}).get("Processors") or []}
    converted = config.get("DataFormatConversionConfiguration")
    return not (partitioned or converted or kinds - {"AppendDelimiterToRecord"})


def _delimiter(config: dict) -> bytes:
    processing = config.get("ProcessingConfiguration") or {}
    if str(processing.get("Enabled")).lower() != "true":
        return b""
    for processor in processing.get("Processors") or []:
        if processor.get("Type") == "AppendDelimiterToRecord":
            given = {one["ParameterName"]: one["ParameterValue"] for one in processor.get("Parameters") or []}
            return given.get("Delimiter", "\\n").replace("\\n", "\n").encode()
    return b""


def _problem_of(data: dict, firehose) -> str:
    _kind, config = firehose._resolve_dest_type_and_config(data)
    source = (data.get("KinesisStreamSourceConfiguration") or {}).get("RoleARN")
    for role in filter(None, ((config or {}).get("RoleARN"), source)):
        if not service_may_assume(PRINCIPAL, role, firehose._stream_arn(data["DeliveryStreamName"])):
            return f"Firehose is unable to assume role {role}. Please check the role provided."
    prefix, errors = (config or {}).get("Prefix") or "", (config or {}).get("ErrorOutputPrefix") or ""
    if "!{" in prefix and "!{firehose:error-output-type}" not in errors:
        return "ErrorOutputPrefix needs !{firehose:error-output-type} when the prefix contains expressions."
    if "error-output-type" in prefix:
        return "The prefix must not contain !{firehose:error-output-type}."
    return ""


def _write(kept: Buffer) -> None:
    from ministack.core.responses import request_scope
    from ministack.services import firehose, s3

    _, _, _, region, account, *_ = kept.stream["arn"].split(":")
    config = kept.destination["config"]
    bucket = firehose._s3_bucket_from_arn(config["BucketARN"])
    moment = time.gmtime(kept.since)
    suffix = firehose._java_time("yyyy-MM-dd-HH-mm-ss", moment)
    name = f"{kept.stream['name']}-{kept.stream['version']}-{suffix}-{uuid.uuid4()}"
    body, zipped = b"".join(kept.records), config.get("CompressionFormat") == "GZIP"
    key = firehose._evaluate_prefix(config.get("Prefix", ""), moment) + name
    key += config.get("FileExtension") or (".gz" if zipped else "")
    _refuse(kept.stream, config, bucket, key)
    body = gzip.compress(body) if zipped else body
    headers = {"content-type": "application/octet-stream", "content-length": str(len(body))}
    headers["host"] = "s3.localhost"
    with request_scope(account, region):
        put = s3.handle_request("PUT", f"/{bucket}/{key}", headers, body, {}, internal=True)
        status = asyncio.run(put)[0]
    if status >= 300:
        raise Refused(f"S3 answered {status} for s3://{bucket}/{key}")


def _refuse(stream: dict, config: dict, bucket: str, key: str) -> None:
    asked = [(action, f"arn:aws:s3:::{bucket}") for action in BUCKET_ACTIONS]
    asked += [(action, f"arn:aws:s3:::{bucket}/{key}") for action in OBJECT_ACTIONS]
    asked = [(config["RoleARN"], *one) for one in asked]
    source = stream.get("kinesis_source") or {}
    if source:
        asked += [(source["RoleARN"], action, source["KinesisStreamARN"]) for action in STREAM_ACTIONS]
    for role, action, resource in asked:
        if not role_may(role, action, resource):
            raise Refused(f"{role} may not call {action} on {resource}")
