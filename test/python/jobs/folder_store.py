"""Stands in for S3 where a test is about rows; test_store.py compares it with S3."""

import hashlib
import json
import os
import shutil
from pathlib import Path

from jobs.cleanse.plan import Input
from jobs.cleanse.store import ObjectMissing, split_uri


class FolderStore:
    """Objects below a folder, one folder per bucket; versions are not kept."""

    def __init__(self, folder: Path):
        self.folder = folder

    def put(self, bucket: str, key: str, body: bytes) -> str | None:
        """Stores an object; returns its version, of which there is none."""
        path = self._path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def get(self, bucket: str, key: str) -> bytes:
        """The bytes of an object."""
        return self._path(bucket, key).read_bytes()

    def keys(self, bucket: str) -> list[str]:
        """All keys of a bucket, sorted; a folder that its writer removes meanwhile has none."""
        root = self.folder / bucket
        files = (Path(folder, name) for folder, _, names in os.walk(root) for name in names)
        return sorted(path.relative_to(root).as_posix() for path in files)

    def read_json(self, uri: str) -> dict:
        """See Store."""
        return json.loads(self.get(*split_uri(uri)))

    def write_json(self, uri: str, document: dict) -> None:
        """See Store."""
        self.put(*split_uri(uri), json.dumps(document).encode())

    def fetch(self, item: Input, target: Path) -> None:
        """See Store."""
        try:
            shutil.copyfile(self._path(item.bucket, item.key), target)
        except FileNotFoundError as error:
            raise ObjectMissing(item.key) from error

    def objects(self, bucket: str, prefix: str) -> list[dict]:
        """See Store."""
        return [{"key": key} for key in self.keys(bucket) if key.startswith(prefix)]

    def upload(self, path: Path, bucket: str, key: str) -> dict:
        """See Store."""
        body = path.read_bytes()
        self.put(bucket, key, body)
        return {"key": key, "etag": hashlib.md5(body).hexdigest(), "bytes": len(body)}

    def _path(self, bucket: str, key: str) -> Path:
        return self.folder / bucket / key
