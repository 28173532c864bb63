"""S3 as an extraction uses it: objects that are written once, listed, and carry what the next page needs."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from jobs.task import storage

TAKEN = {"PreconditionFailed", "412"}


class TakenError(Exception):
    """There is an object of that key already."""


class Storage(storage.Storage):
    """What every task does with S3, and the three calls about objects of bronze."""

    def put_new(self, bucket: str, key: str, body: bytes, metadata: dict[str, str]) -> None:
        """Stores NDJSON under a key that must be free; raises TakenError when it is not."""
        try:
            self.client.put_object(
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
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"], item["Size"]

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """What was stored beside the bytes of an object."""
        return self.client.head_object(Bucket=bucket, Key=key)["Metadata"]
