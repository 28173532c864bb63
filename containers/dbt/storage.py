"""S3 by URI, through boto3, which finds credentials and endpoint by itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import boto3


def s3_client(session: boto3.Session | None = None) -> Any:
    """A client in the task's region: ECS says it in AWS_REGION, which boto3 by itself does not read."""
    return (session or boto3.Session()).client("s3", region_name=os.environ.get("AWS_REGION"))


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI. Raises ValueError for anything else."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ValueError(f"not an S3 URI: {uri[:200]}")
    return bucket, key


class Storage:
    """The few S3 calls that a build makes. Errors of the SDK pass through."""

    def __init__(self, client: Any = None) -> None:
        self._client = client or s3_client()

    def read_json(self, uri: str) -> Any:
        """The parsed object."""
        bucket, key = split_uri(uri)
        return json.loads(self._client.get_object(Bucket=bucket, Key=key)["Body"].read())

    def write_json(self, uri: str, value: Any) -> None:
        """Stores a value as JSON."""
        bucket, key = split_uri(uri)
        body = json.dumps(value, indent=1, default=str).encode()
        self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

    def download(self, uri: str, path: Path) -> int:
        """Fetches an object into a file; answers its size in bytes."""
        self._client.download_file(*split_uri(uri), str(path))
        return path.stat().st_size

    def upload(self, path: Path, uri: str) -> int:
        """Stores a file under the URI; answers its size in bytes."""
        self._client.upload_file(str(path), *split_uri(uri))
        return path.stat().st_size
