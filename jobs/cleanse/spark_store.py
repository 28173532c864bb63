"""The store of the Spark engine: what executors need beside what the job reads and writes itself."""

import os
from collections.abc import Iterator
from functools import partial

from jobs.cleanse.limits import BLOCK_BYTES
from jobs.cleanse.plan import Input
from jobs.cleanse.store import GONE, ObjectMissing, Store

DELETE_AT_ONCE = 1000
REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


class SparkStore(Store):
    """S3 seen by boto3 and by Spark, which cannot name versions: hence `is_current`."""

    def opener(self):
        """A function that opens such a store elsewhere: clients do not travel to executors, their region
        does.
        """
        return partial(_open, self.s3.meta.region_name)

    def uri(self, bucket: str, key: str) -> str:
        """The address under which Spark reads an object."""
        return f"s3://{bucket}/{key}"

    def is_current(self, item: Input) -> bool:
        """Whether the version and size that the plan names is what the key holds now."""
        from botocore.exceptions import ClientError

        try:
            head = self.s3.head_object(Bucket=item.bucket, Key=item.key)
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE | {"403"}:
                # Without the right to list, S3 answers 403 for a key that is gone; fetching tells them apart.
                return False
            raise
        same_version = item.version_id in (None, head.get("VersionId"))
        return same_version and head["ContentLength"] == item.bytes

    def read_range(self, item: Input, start: int, stop: int) -> Iterator[bytes]:
        """Blocks of the bytes [start, stop) of one object version; raises ObjectMissing when it is gone."""
        from botocore.exceptions import ClientError

        version = {"VersionId": item.version_id} if item.version_id else {}
        try:
            wanted = f"bytes={start}-{stop - 1}"
            body = self.s3.get_object(Bucket=item.bucket, Key=item.key, Range=wanted, **version)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                raise ObjectMissing(f"s3://{item.bucket}/{item.key}") from error
            raise
        return body.iter_chunks(BLOCK_BYTES)

    def copy(self, bucket: str, key: str, to_bucket: str, to_key: str) -> None:
        """Copies an object of any size within S3."""
        self.s3.copy({"Bucket": bucket, "Key": key}, to_bucket, to_key)

    def delete(self, bucket: str, keys: list[str]) -> None:
        """Removes objects; what is gone already does not matter."""
        for start in range(0, len(keys), DELETE_AT_ONCE):
            part = [{"Key": key} for key in keys[start : start + DELETE_AT_ONCE]]
            self.s3.delete_objects(Bucket=bucket, Delete={"Objects": part, "Quiet": True})


def _open(region: str | None) -> SparkStore:
    # An executor of Glue has the role's credentials; its region is only surely known to the driver.
    if region and not any(os.environ.get(name) for name in REGION_VARIABLES):
        os.environ["AWS_DEFAULT_REGION"] = region
    return SparkStore()
