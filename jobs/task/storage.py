"""S3 by URI, through boto3, which finds credentials and endpoint by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# As many calls at once as a task makes at most; boto3 keeps a connection for each.
THREADS = 8
TRIES = 5
# S3's words for a source that is gone, and for one that is another than the one that was meant.
NOT_THAT = ("NoSuchKey", "404", "PreconditionFailed", "412")


def s3_client() -> Any:
    """A client in the task's region: ECS says it in AWS_REGION, which boto3 by itself does not read."""
    settings = Config(retries={"mode": "standard", "max_attempts": TRIES}, max_pool_connections=THREADS)
    region = os.environ.get("AWS_REGION")
    return boto3.client("s3", region_name=region, config=settings)


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI. Raises ValueError for anything else."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ValueError(f"not an S3 URI: {uri[:200]}")
    return bucket, key


class Storage:
    """The few S3 calls that every task makes, on `client`. Errors of the SDK pass through."""

    def __init__(self, client: Any = None) -> None:
        self.client = client or s3_client()

    def read_json(self, uri: str) -> Any:
        """The parsed object."""
        bucket, key = split_uri(uri)
        return json.loads(self.client.get_object(Bucket=bucket, Key=key)["Body"].read())

    def write_json(self, uri: str, value: Any, default: Callable[[Any], Any] | None = None) -> None:
        """Stores a value as JSON; `default` says what becomes of one that JSON does not know."""
        bucket, key = split_uri(uri)
        body = json.dumps(value, ensure_ascii=False, default=default).encode()
        self.client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

    def download(self, uri: str, path: Path) -> int:
        """Fetches an object into a file; answers its size in bytes."""
        self.client.download_file(*split_uri(uri), str(path))
        return path.stat().st_size

    def upload(self, path: Path, uri: str) -> int:
        """Stores a file under the URI; answers its size in bytes."""
        self.client.upload_file(str(path), *split_uri(uri))
        return path.stat().st_size

    def put(self, path: Path, uri: str) -> str:
        """Stores a file of at most 5 GB with one call; answers its ETag."""
        bucket, key = split_uri(uri)
        with path.open("rb") as body:
            return self.client.put_object(Bucket=bucket, Key=key, Body=body)["ETag"]

    def copy(self, source: str, target: str, etag: str) -> str | None:
        """Copies an object of up to 5 GB inside S3; answers the copy's ETag, None if it is not that one."""
        from_bucket, from_key = split_uri(source)
        bucket, key = split_uri(target)
        try:
            answer = self.client.copy_object(
                CopySource={"Bucket": from_bucket, "Key": from_key},
                CopySourceIfMatch=etag,
                Bucket=bucket,
                Key=key,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_THAT:
                return None
            raise
        return answer["CopyObjectResult"]["ETag"]
