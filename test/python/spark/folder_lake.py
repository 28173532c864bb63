"""A folder in place of S3 for both engines: what the Spark engine asks of a store, beside what all engines
do.
"""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from folder_store import FolderStore

from jobs.cleanse.plan import Input
from jobs.cleanse.store import ObjectMissing


class FolderLake(FolderStore):
    """Objects below a folder, addressed by Spark as local files. See jobs.cleanse.spark_store.SparkStore."""

    def opener(self):
        """See SparkStore."""
        return partial(FolderLake, self.folder)

    def uri(self, bucket: str, key: str) -> str:
        """See SparkStore."""
        return f"file://{self.folder / bucket / key}"

    def is_current(self, item: Input) -> bool:
        """See SparkStore; without versions, the size has to do."""
        path = self.folder / item.bucket / item.key
        return path.is_file() and path.stat().st_size == item.bytes

    def read_range(self, item: Input, start: int, stop: int) -> Iterator[bytes]:
        """See SparkStore."""
        try:
            with (self.folder / item.bucket / item.key).open("rb") as file:
                file.seek(start)
                while start < stop and (block := file.read(min(65536, stop - start))):
                    yield block
                    start += len(block)
        except FileNotFoundError as error:
            raise ObjectMissing(item.key) from error

    def objects(self, bucket: str, prefix: str) -> list[dict]:
        """See SparkStore; Spark's checksum files are a habit of local disks and do not exist on S3."""
        found = []
        for key in self.keys(bucket):
            if key.startswith(prefix) and not key.endswith(".crc"):
                body = Path(self.folder / bucket / key).read_bytes()
                found.append({"key": key, "etag": hashlib.md5(body).hexdigest(), "bytes": len(body)})
        return found

    def copy(self, bucket: str, key: str, to_bucket: str, to_key: str) -> None:
        """See SparkStore."""
        self.put(to_bucket, to_key, self.get(bucket, key))

    def delete(self, bucket: str, keys: list[str]) -> None:
        """See SparkStore."""
        for key in keys:
            (self.folder / bucket / key).unlink(missing_ok=True)
