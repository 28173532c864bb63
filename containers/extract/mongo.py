"""A MongoDB collection, in the order of a field: first what lacks the field, then what is new by it.

Records are walked by one server cursor in the order of (field, _id). An attempt that goes on asks for what
comes behind the last record of the newest object, so it needs no cursor of an earlier process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import ASCENDING, DESCENDING, MongoClient, monitoring
from pymongo.collection import Collection

from containers.extract.boundary import Boundary
from containers.extract.errors import ExtractError
from containers.extract.mongo_filters import CURSOR_TYPES, behind, inside, newer, within
from containers.extract.mongo_json import decode_cursor, encode_cursor, line_of
from containers.extract.pages import PAGE_BYTES_MAX, PAGE_ROWS, Page, Row
from containers.extract.plan import Window
from containers.extract.secret import Secret
from jobs.task.log import log

SERVER_SECONDS = 20
# A server without an index on the cursor sorts everything before it answers.
SOCKET_SECONDS = 1_800
FETCH_ROWS = 1_000


class _Counter(monitoring.CommandListener):
    """Counts the commands that read."""

    def __init__(self) -> None:
        self.count = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.count += event.command_name in ("find", "getMore")

    def succeeded(self, _: monitoring.CommandSucceededEvent) -> None:
        """Nothing to do."""

    def failed(self, _: monitoring.CommandFailedEvent) -> None:
        """Nothing to do."""


class MongoSource:
    """See Source. The secret is a connection string."""

    def __init__(self, block: dict, secret: Secret) -> None:
        address = secret.url or secret.value
        if address is None:
            raise ExtractError("a MongoDB source needs a secret with its connection string")
        self._counter = _Counter()
        self._client: MongoClient = MongoClient(
            address,
            appname="sluice",
            event_listeners=[self._counter],
            serverSelectionTimeoutMS=SERVER_SECONDS * 1_000,
            socketTimeoutMS=SOCKET_SECONDS * 1_000,
        )
        options: CodecOptions = CodecOptions(
            tz_aware=True,
            tzinfo=UTC,
            datetime_conversion=DatetimeConversion.DATETIME_AUTO,
            unicode_decode_error_handler="replace",
        )
        self._database = self._client.get_database(block["database"], codec_options=options)

    @property
    def requests(self) -> int:
        """Commands that read, sent so far."""
        return self._counter.count

    def boundary(self) -> Boundary:
        """MongoDB sorts, so the last record is the newest."""
        return Boundary(sorted_rows=True, encode=encode_cursor, decode=decode_cursor)

    def close(self) -> None:
        """See Source."""
        self._client.close()

    def pages(
        self, entity: dict, starts: dict[str, Boundary], position: Any, window: Window | None
    ) -> Iterator[Page]:
        """See Source. `position` is {"phase", "cursor", "id"} of the last record that landed."""
        collection, field = self._database[entity["collection"]], entity.get("cursor")
        if field is None:
            if window is not None:
                raise ExtractError(f"{entity['entity']} declares no cursor, so it cannot be asked for days")
            yield from self._walk(entity, "all", {}, None, position, is_last=True)
            return
        start = starts.get("")
        known = start.cursor if start else None
        if position is not None and position["cursor"] is not None:
            known = decode_cursor(position["cursor"])
        kind = _kind_of(collection, field, known, window)
        if window is None and (position is None or position["phase"] == "others"):
            last = kind is None
            others = {field: {"$not": {"$type": kind}}} if kind else {}
            yield from self._walk(entity, "others", others, None, position, is_last=last)
            position = None
            if last:
                return
        asked = within(field, kind, window) if window else newer(field, kind, start, entity)
        yield from self._walk(entity, "newer", asked, field, position, is_last=True)

    def _walk(
        self, entity: dict, phase: str, filtered: dict, field: str | None, position: Any, is_last: bool
    ) -> Iterator[Page]:
        """Pages of one phase, in the order of (field, _id) or of _id alone."""
        order = [("_id", ASCENDING)] if field is None else [(field, ASCENDING), ("_id", ASCENDING)]
        after = behind(field, position)
        asked = {"$and": [filtered, after]} if filtered and after else filtered or after
        found = self._database[entity["collection"]].find(
            asked, sort=order, batch_size=FETCH_ROWS, allow_disk_use=True
        )
        count, limit = 0, entity.get("batchRows", PAGE_ROWS)
        with found:
            for rows, last, more in _batches(found, field, entity.get("json", "plain"), limit):
                count += len(rows)
                place = {"phase": phase, "cursor": None, "id": encode_cursor(last["_id"])}
                if field is not None:
                    place["cursor"] = encode_cursor(inside(last, field))
                yield Page(rows, None if is_last and not more else place)
        if phase == "others" and count:
            log("records_without_cursor", entity=entity["entity"], rows=count, field=entity["cursor"])


def _batches(
    documents: Iterable[dict], field: str | None, style: str, limit: int
) -> Iterator[tuple[list[Row], dict, bool]]:
    """Rows of one page each, its last document, and whether more may come."""
    rows: list[Row] = []
    size, last = 0, None
    for document in documents:
        if last is not None and (len(rows) >= limit or size >= PAGE_BYTES_MAX):
            yield rows, last, True
            rows, size = [], 0
        line = line_of(document, style)
        rows.append(Row(line, None if field is None else inside(document, field)))
        size, last = size + len(line), document
    if last is not None:
        yield rows, last, False


def _kind_of(collection: Collection, field: str, known: Any, window: Window | None) -> str | None:
    """MongoDB's name of the cursor's type: that of a known value, else of the largest that is there."""
    value = known
    if value is None:
        largest = collection.find_one({field: {"$ne": None}}, sort=[(field, DESCENDING)])
        value = inside(largest, field) if largest else None
    if value is None:
        return "date" if window else None
    kind = CURSOR_TYPES.get(type(value))
    if kind is None:
        raise ExtractError(f"the cursor field {field} holds {type(value).__name__}, which cannot be followed")
    return kind
