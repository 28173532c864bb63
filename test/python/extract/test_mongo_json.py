"""BSON as JSON, by pymongo's own codec: also the types that the test's server does not store."""

import json
from datetime import UTC, datetime
from uuid import UUID

import bson
import pytest
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion

from containers.extract.mongo_json import CANONICAL, decode_cursor, encode_cursor, line_of

OPTIONS = CodecOptions(tz_aware=True, tzinfo=UTC, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
OID = bson.ObjectId("65a000000000000000000001")
VALUES = [
    (OID, "65a000000000000000000001"),
    (bson.Decimal128("1.10"), "1.10"),
    (bson.Decimal128("-1E+3"), "-1000"),
    (bson.Decimal128("1E-7"), "0.0000001"),
    (bson.Decimal128("9999999999999999999999999999999999"), "9999999999999999999999999999999999"),
    (bson.Decimal128("NaN"), "NaN"),
    (datetime(2024, 3, 31, 1, 30, 0, 123000, UTC), "2024-03-31T01:30:00.123Z"),
    (datetime(1969, 12, 31, tzinfo=UTC), "1969-12-31T00:00:00.000Z"),
    (bson.datetime_ms.DatetimeMS(2**60), {"$date": {"$numberLong": str(2**60)}}),
    (bson.Int64(2**63 - 1), 2**63 - 1),
    (-(2**31), -(2**31)),
    (0.1, 0.1),
    (float("inf"), "Infinity"),
    (float("nan"), "NaN"),
    (True, True),
    (None, None),
    ("é\u0000\n", "é\u0000\n"),
    (bson.Binary(b"\x00\xff"), {"$binary": {"base64": "AP8=", "subType": "00"}}),
    (bson.Binary.from_uuid(UUID(int=1)), "00000000-0000-0000-0000-000000000001"),
    (bson.Timestamp(5, 7), {"$timestamp": {"t": 5, "i": 7}}),
    (bson.Regex("^a", "i"), {"$regularExpression": {"pattern": "^a", "options": "i"}}),
    (bson.Code("f()"), {"$code": "f()"}),
    (bson.MinKey(), {"$minKey": 1}),
    (bson.MaxKey(), {"$maxKey": 1}),
    (bson.DBRef("users", OID), {"$ref": "users", "$id": {"$oid": str(OID)}}),
    ({"a.b": [{"$x": bson.Decimal128("2")}]}, {"a.b": [{"$x": "2"}]}),
]


def decoded(value: object) -> dict:
    """The document as pymongo reads it from the wire."""
    return bson.decode(bson.encode({"v": value}), codec_options=OPTIONS)


@pytest.mark.parametrize(("value", "written"), VALUES, ids=[str(value)[:30] for value, _ in VALUES])
def test_each_type_is_written_so_that_a_contract_can_read_it(value, written):
    line = line_of(decoded(value))
    assert json.loads(line) == {"v": written}
    assert b"\n" not in line


@pytest.mark.parametrize(
    "value", [value for value, _ in VALUES[:-1]], ids=[str(v)[:30] for v, _ in VALUES[:-1]]
)
def test_the_canonical_style_can_be_turned_back(value):
    document = decoded(value)
    back = json_util.loads(line_of(document, "canonical"), json_options=CANONICAL)
    assert bson.encode(back) == bson.encode(document)


@pytest.mark.parametrize("value", [OID, datetime(2024, 1, 1, tzinfo=UTC), 5, bson.Int64(5), "x", 1.5])
def test_a_cursor_value_keeps_its_type_in_the_state(value):
    back = decode_cursor(json.loads(json.dumps(encode_cursor(value))))
    assert back == value
    assert type(back) is type(value) or isinstance(value, int)
