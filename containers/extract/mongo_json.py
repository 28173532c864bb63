"""MongoDB documents as JSON that a contract can read, with nothing lost that its casts need.

`plain` (the default) writes what has a natural text as that text: ObjectId as its 24 hex digits, Decimal128
as its exact decimal digits, dates as ISO 8601 in UTC with milliseconds, UUID as UUID, int32 and int64 as
bare digits. What has none keeps MongoDB's Extended JSON (v2, canonical), as {"$binary": ...}. `canonical`
writes the whole document in canonical Extended JSON, from which every BSON type can be restored.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bson import Binary, Decimal128, ObjectId, json_util
from bson.binary import UUID_SUBTYPE
from bson.codec_options import DatetimeConversion

CANONICAL = json_util.CANONICAL_JSON_OPTIONS.with_options(
    tz_aware=True, tzinfo=UTC, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


def line_of(document: dict, style: str = "plain") -> bytes:
    """One document on one line."""
    if style == "canonical":
        return json_util.dumps(document, json_options=CANONICAL, ensure_ascii=False).encode(
            "utf-8", "replace"
        )
    return json.dumps(plain(document), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def plain(value: Any) -> Any:
    """A value as JSON values; see the module."""
    if isinstance(value, str | bool) or value is None:
        # A subclass of str, such as Code, is no text to MongoDB.
        return value if type(value) in (str, bool, type(None)) else _extended(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(Decimal128(str(value)))
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, ObjectId | UUID):
        return str(value)
    if isinstance(value, Decimal128):
        number = value.to_decimal()
        return f"{number:f}" if number.is_finite() else str(value)
    if isinstance(value, Binary) and value.subtype == UUID_SUBTYPE:
        return str(value.as_uuid())
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return _extended(value)


def encode_cursor(value: Any) -> Any:
    """A cursor value or an _id as JSON that keeps its BSON type."""
    return json.loads(json_util.dumps(value, json_options=CANONICAL))


def decode_cursor(value: Any) -> Any:
    """The BSON value that `encode_cursor` wrote."""
    return json_util.loads(json.dumps(value), json_options=CANONICAL)


def _moment(value: datetime) -> str:
    moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _extended(value: Any) -> Any:
    return json.loads(json_util.dumps(value, json_options=CANONICAL))
