"""A report says of an error whether the same plan may get further another time."""

import errno

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from jobs.failures import failure_of, may_pass


def answered(code: str, status: int) -> ClientError:
    response = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetObject")


# DuckDB's and Spark's texts as they were seen; the addresses are shortened.
PASSING = [
    "HTTP Error: Request returned HTTP 503 for HTTP HEAD to 'http://h/b/x.parquet'",
    "HTTP Error: Request returned HTTP 429 for HTTP PUT to 'http://h/b/y.parquet'",
    "IO Error: Server returned nothing (no headers, no data) error for HTTP PUT to 'http://h/b/y.parquet'",
    "IO Error: Could not connect to server error for HTTP HEAD to 'http://h/b/x.parquet'",
    "Failed to upload a to b: An error occurred (SlowDown) when calling the PutObject operation",
    "AmazonS3Exception: Please reduce your rate (Service: Amazon S3; Status Code: 503; Error Code: SlowDown)",
    "java.net.SocketTimeoutException: Read timed out",
]
LASTING = [
    "HTTP Error: HTTP GET error reading 's3://b/x.parquet' in region 'us-east-1' (HTTP 404 Not Found)",
    "HTTP Error: Unable to connect to URL s3://b/y.parquet: Forbidden (HTTP code 403)",
    "IO Error: Could not write file: No space left on device",
    "IO Error: No files found that match the pattern",
    "Runtime Error in model m (models/m.sql) Binder Error: Referenced column x not found",
    "Conversion Error: Could not convert string 'timed out' to INT32",
    "Compilation Error in model m: This model has an enforced contract that failed.",
    "Out of Memory Error: could not allocate block of size 256.0 KiB",
    "division by zero",
]


@pytest.mark.parametrize("message", PASSING)
def test_what_s3_and_the_network_do_may_pass(message):
    assert may_pass(message)


@pytest.mark.parametrize("message", LASTING)
def test_what_the_work_itself_does_meets_it_again(message):
    assert not may_pass(message)


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (answered("SlowDown", 503), True),
        (answered("InternalError", 500), True),
        (answered("NoSuchKey", 404), False),
        (answered("AccessDenied", 403), False),
        (EndpointConnectionError(endpoint_url="http://h"), True),
        (ReadTimeoutError(endpoint_url="http://h"), True),
        (ConnectionResetError("reset"), True),
        (OSError(errno.EIO, "input/output error"), True),
        (OSError(errno.ENOSPC, "No space left on device"), False),
        (ValueError("a plan that is none"), False),
    ],
)
def test_an_exception_is_told_with_its_kind(error, transient):
    failure = failure_of(error)
    assert failure["transient"] is transient
    assert failure["message"].startswith(type(error).__name__)


def test_a_message_is_bounded_and_on_one_line():
    assert len(failure_of(ValueError("a\nb " * 10_000))["message"]) < 600
    assert "\n" not in failure_of(ValueError("a\nb"))["message"]
