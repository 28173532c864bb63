"""The objects a cleanse reads and writes: a thin cover over S3, so that the engines see files and keys."""

import json
import os
from pathlib import Path
from urllib.parse import urlparse

from jobs.cleanse.limits import BLOCK_BYTES, FETCH_THREADS, RANGED_FETCH_BYTES
from jobs.cleanse.plan import Input

GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"}


class ObjectMissing(Exception):
    """The object version is not there any more; any other failure of S3 is raised as it is."""


class Store:
    """S3 by the SDK's own configuration (region, credentials, AWS_ENDPOINT_URL)."""

    def __init__(self) -> None:
        # Imported here: a process that only plans or tests rules does not pay for the SDK.
        import boto3
        from botocore.config import Config

        retries = {"mode": "standard", "max_attempts": 5}
        self.s3 = boto3.client("s3", config=Config(retries=retries, max_pool_connections=2 * FETCH_THREADS))

    def read_json(self, uri: str) -> dict:
        """The JSON document at an s3:// address."""
        bucket, key = split_uri(uri)
        return json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def write_json(self, uri: str, document: dict) -> None:
        """Stores a JSON document at an s3:// address."""
        bucket, key = split_uri(uri)
        body = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        self.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

    def fetch(self, item: Input, target: Path) -> None:
        """Copies one object version to a local file; raises ObjectMissing when it is gone."""
        from botocore.exceptions import ClientError

        version = {"VersionId": item.version_id} if item.version_id else {}
        try:
            if item.bytes >= RANGED_FETCH_BYTES:
                self.s3.download_file(item.bucket, item.key, str(target), ExtraArgs=version)
                return
            body = self.s3.get_object(Bucket=item.bucket, Key=item.key, **version)["Body"]
            with target.open("wb") as out:
                for block in body.iter_chunks(BLOCK_BYTES):
                    out.write(block)
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                raise ObjectMissing(f"s3://{item.bucket}/{item.key}") from error
            raise

    def objects(self, bucket: str, prefix: str) -> list[dict]:
        """Key, etag (without quotes) and bytes of every object below a prefix, in the order of the keys."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [
            {"key": item["Key"], "etag": item["ETag"].strip('"'), "bytes": item["Size"]}
            for page in pages
            for item in page.get("Contents", [])
        ]

    def upload(self, path: Path, bucket: str, key: str) -> dict:
        """Stores a local file and returns its key, etag (without quotes) and bytes."""
        size = os.path.getsize(path)
        if size < RANGED_FETCH_BYTES:
            with path.open("rb") as body:
                etag = self.s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"]
        else:
            self.s3.upload_file(str(path), bucket, key)
            etag = self.s3.head_object(Bucket=bucket, Key=key)["ETag"]
        return {"key": key, "etag": etag.strip('"'), "bytes": size}


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// address. Only the first slash counts: a key may hold ? and #."""
    parsed = urlparse(uri)
    if parsed.scheme != "s3" or not parsed.netloc:
        raise ValueError(f"not an s3:// address: {uri}")
    return parsed.netloc, uri[len("s3://") + len(parsed.netloc) + 1 :]
