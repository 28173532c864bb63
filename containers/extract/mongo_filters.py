"""What is asked of a MongoDB collection: what is new, what lies in a window, what comes after a document."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import bson

from containers.extract.boundary import Boundary
from containers.extract.errors import ExtractError
from containers.extract.mongo_json import decode_cursor
from containers.extract.plan import Window

# The types that an _id may have, in MongoDB's order (manual, "Comparison/Sort Order"). A comparison stays
# within one type. MinKey and MaxKey, which mark the ends of shards, are left out.
TYPE_ORDER = ("null", "number", "string", "object", "binData", "objectId", "bool", "date", "timestamp")
CURSOR_TYPES = {datetime: "date", bson.ObjectId: "objectId", str: "string", int: "number", float: "number"}
CURSOR_TYPES |= {bson.Int64: "number", bson.Timestamp: "timestamp"}
ID_TYPES = CURSOR_TYPES | {bson.Decimal128: "number", bson.Binary: "binData", bytes: "binData", bool: "bool"}
ID_TYPES |= {dict: "object", type(None): "null"}


def inside(document: dict, field: str) -> Any:
    """The value at a dotted path. Raises ExtractError for a list."""
    value: Any = document
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, list):
        raise ExtractError(f"{field} of the document {document.get('_id')} is a list, which has no order")
    return value


def newer(field: str, kind: str, start: Boundary | None, entity: dict) -> dict:
    """Documents at and after the boundary, or all that have the field where there is none yet."""
    if start is None or start.cursor is None:
        return {field: {"$type": kind}}
    value, seconds = start.cursor, entity.get("lookbackSeconds", 0)
    if seconds:
        if not isinstance(value, datetime):
            raise ExtractError(f"{entity['entity']}: lookbackSeconds needs a cursor that is a date")
        value = value - timedelta(seconds=seconds)
    return {field: {"$gte": value}}


def within(field: str, kind: str, window: Window) -> dict:
    """Documents of a window's days, in UTC."""
    if kind == "string":
        return {field: {"$gte": window.first.isoformat(), "$lt": window.until.isoformat()}}
    if kind != "date":
        raise ExtractError(f"the cursor field {field} holds no dates, so it cannot be asked for days")
    return {field: {"$gte": _midnight(window.first), "$lt": _midnight(window.until)}}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def behind(field: str | None, position: Any) -> dict:
    """What comes after a record in the order of the walk."""
    if position is None:
        return {}
    later = {"$or": _ids_after(decode_cursor(position["id"]))}
    if field is None:
        return later
    value = decode_cursor(position["cursor"])
    return {"$or": [{field: {"$gt": value}}, {"$and": [{field: value}, later]}]}


def _ids_after(value: Any) -> list[dict]:
    """`_id` greater than a value. `$gt` finds its type only, so types that sort later are asked for too."""
    kind = ID_TYPES.get(type(value))
    if kind is None:
        raise ExtractError(f"an _id of type {type(value).__name__} cannot be gone on from")
    later = [{"_id": {"$type": name}} for name in TYPE_ORDER[TYPE_ORDER.index(kind) + 1 :]]
    return [{"_id": {"$gt": value}}, *later]
