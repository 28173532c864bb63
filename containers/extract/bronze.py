"""One entity's folder of one run in bronze. Its objects are the checkpoint: what is there has been extracted.

Objects are numbered from 1 and put one after another, each on the condition that its key is free. The newest
one's metadata says where the next begins, so that an attempt goes on behind it and no page lands twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from containers.extract.errors import ExtractError
from containers.extract.plan import ExtractPlan
from containers.extract.storage import Storage, TakenError
from jobs.task.storage import THREADS, split_uri

BATCHES_MAX = 999_999
# S3 takes 2 KB of user metadata in all; base64 makes this a third longer.
TOKEN_BYTES_MAX = 900


@dataclass(frozen=True)
class Landed:
    """One object of the folder; `token` is None unless it was asked for."""

    key: str
    rows: int
    bytes: int
    token: dict | None = None


class Folder:
    """The objects of one entity of one run."""

    def __init__(self, storage: Storage, plan: ExtractPlan, entity: str) -> None:
        self._storage, self._plan, self._entity = storage, plan, entity
        hour = plan.created_at.strftime("year=%Y/month=%m/day=%d/hour=%H")
        self.prefix = f"source={plan.source}/entity={entity}/{hour}/run_id={plan.files_run_id}/"
        self._stamp = plan.created_at.strftime("%Y%m%dT%H%M%SZ")

    def landed(self) -> list[Landed]:
        """What earlier attempts left, oldest first, the last with its token. Raises when one is missing."""
        bucket = self._plan.bronze_bucket
        found = dict(self._storage.keys(bucket, self.prefix))
        keys = [self._key(batch) for batch in range(1, len(found) + 1)]
        if set(keys) != set(found):
            raise ExtractError(
                f"{self.prefix} holds {len(found)} objects, but not the batches 1 to {len(found)}"
            )
        with ThreadPoolExecutor(THREADS) as pool:
            told = list(pool.map(lambda key: self._storage.metadata(bucket, key), keys))
        landed = [
            Landed(key, int(metadata["sluice-rows"]), found[key])
            for key, metadata in zip(keys, told, strict=True)
        ]
        if landed:
            last = landed[-1]
            landed[-1] = Landed(last.key, last.rows, last.bytes, self._token(told[-1]["sluice-next"]))
        return landed

    def put(self, batch: int, lines: list[bytes], token: dict) -> Landed:
        """Stores one page as number `batch`. Raises ExtractError when another attempt took the number."""
        if batch > BATCHES_MAX:
            raise ExtractError(f"more than {BATCHES_MAX} pages of {self._entity}")
        key, body = self._key(batch), b"\n".join(lines) + b"\n"
        told = {
            "sluice-entity": self._entity,
            "sluice-source": self._plan.source,
            "sluice-run-id": self._plan.run_id,
            "sluice-correlation-id": self._plan.correlation_id,
            "sluice-rows": str(len(lines)),
            "sluice-digest": hashlib.sha256(body).hexdigest(),
            "sluice-next": self._packed(batch, token),
        }
        try:
            self._storage.put_new(self._plan.bronze_bucket, key, body, told)
        except TakenError as taken:
            # The SDK repeats a put whose answer was lost; then the object is our own.
            there = self._storage.metadata(self._plan.bronze_bucket, key)
            if there.get("sluice-digest") != told["sluice-digest"]:
                raise ExtractError(f"another attempt wrote {key}", transient=True) from taken
        return Landed(key, len(lines), len(body))

    def _key(self, batch: int) -> str:
        return f"{self.prefix}{self._stamp}_{batch:06d}.json"

    def _packed(self, batch: int, token: dict) -> str:
        """The token as metadata; one that is too long stands in an object of its own, written first."""
        text = json.dumps(token, ensure_ascii=False)
        if len(text.encode()) > TOKEN_BYTES_MAX:
            uri = self._checkpoint_uri(batch)
            self._storage.write_json(uri, token)
            text = json.dumps({"uri": uri})
        return base64.b64encode(text.encode()).decode()

    def _checkpoint_uri(self, batch: int) -> str:
        # Where the states lie: the task's role writes nothing else in artifacts but its report.
        artifacts, _ = split_uri(self._plan.report_uri)
        run = f"{self._plan.source}/{self._plan.run_id}-{self._plan.attempt}"
        return f"s3://{artifacts}/extract/{run}-{self._entity}-{batch:06d}.json"

    def _token(self, packed: str) -> Any:
        token = json.loads(base64.b64decode(packed))
        return self._storage.read_json(token["uri"]) if "uri" in token else token
