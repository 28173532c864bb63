"""The few S3 calls that an extraction makes; boto3 finds credentials and endpoint by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

THREADS = 8
TAKEN = {"PreconditionFailed", "412"}


class TakenError(Exception):
    """There is an object of that key already."""


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI. Raises ValueError for anything else."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ValueError(f"not an S3 URI: {uri[:200]}")
    return bucket, key


class Storage:
    """S3 in the task's region: ECS says it in AWS_REGION, which boto3 by itself does not read."""

    def __init__(self, client: Any = None) -> None:
        settings = Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=THREADS)
        region = os.environ.get("AWS_REGION")
        self._client = client or boto3.client("s3", region_name=region, config=settings)

    def read_json(self, uri: str) -> Any:
        """The parsed object."""
        bucket, key = split_uri(uri)
        return json.loads(self._client.get_object(Bucket=bucket, Key=key)["Body"].read())

    def write_json(self, uri: str, value: Any) -> None:
        """Stores a value as JSON."""
        bucket, key = split_uri(uri)
        body = json.dumps(value, ensure_ascii=False).encode()
        self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

    def put_new(self, bucket: str, key: str, body: bytes, metadata: dict[str, str]) -> None:
        """Stores NDJSON under a key that must be free; raises TakenError when it is not."""
        try:
            self._client.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                Metadata=metadata,
                ContentType="application/x-ndjson",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in TAKEN:
                raise TakenError(key) from error
            raise

    def keys(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        """Keys below a prefix with their bytes, in S3's order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"], item["Size"]

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """What was stored beside the bytes of an object."""
        return self._client.head_object(Bucket=bucket, Key=key)["Metadata"]
