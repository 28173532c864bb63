"""A MongoDB collection: what is new by a field, with every type as the contract can read it."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import bson
import pymongo
import pytest

START = datetime(2024, 1, 1, tzinfo=UTC)
COUNT = 25


@pytest.fixture
def collection(mongodb_url):
    """A collection with COUNT documents, two of them with each time."""
    with pymongo.MongoClient(mongodb_url) as client:
        found = client["shop"][f"c{uuid4().hex[:8]}"]
        found.insert_many([document(n) for n in range(1, COUNT + 1)])
        yield found


def document(n: int, **changes: object) -> dict:
    return {"_id": n, "updatedAt": START + timedelta(seconds=n // 2), "name": f"document {n}"} | changes


@pytest.fixture
def block(extraction, mongodb_url, collection):
    """Makes the declared block of the collection."""

    def make(**entity: object) -> dict:
        one = {
            "entity": "transactions",
            "collection": collection.name,
            "cursor": "updatedAt",
            "batchRows": 10,
        }
        secret = extraction.secret(mongodb_url)
        return {"engine": "mongodb", "secret": secret, "database": "shop", "entities": [one | entity]}

    return make


def ids(records: list[dict]) -> list:
    return [record["_id"] for record in records]


def test_all_documents_come_once_in_pages_and_then_only_what_is_new(extraction, collection, block):
    declared = block()
    report = extraction.run(declared)
    assert report["ok"], report
    assert [one["rows"] for one in report["files"]] == [10, 10, 5]
    assert ids(extraction.records()) == list(range(1, COUNT + 1))
    assert extraction.records()[0]["updatedAt"] == "2024-01-01T00:00:00.000Z"
    assert extraction.run(declared)["rows"] == 0
    collection.update_one({"_id": 7}, {"$set": {"name": "new", "updatedAt": START + timedelta(days=1)}})
    extraction.run(declared)
    assert [record["name"] for record in extraction.records("run3")] == ["new"]


def test_documents_that_share_the_newest_time_and_come_later_are_not_lost(extraction, collection, block):
    declared = block()
    extraction.run(declared)
    collection.insert_one(document(24, _id=0))
    collection.update_one({"_id": COUNT}, {"$set": {"name": "changed"}})
    extraction.run(declared)
    assert ids(extraction.records("run2")) == [0, COUNT]
    assert extraction.run(declared)["rows"] == 0


def test_a_document_that_was_written_late_is_found_by_looking_back(extraction, collection, block):
    declared = block()
    extraction.run(declared)
    collection.insert_one(document(22, _id=90))
    assert extraction.run(declared)["rows"] == 0
    declared["entities"][0]["lookbackSeconds"] = 1
    extraction.run(declared)
    assert ids(extraction.records("run3")) == [22, 23, 90]


def test_documents_without_the_field_come_with_every_run(extraction, collection, block):
    collection.insert_many(
        [{"_id": "none"}, {"_id": "null", "updatedAt": None}, {"_id": "text", "updatedAt": "?"}]
    )
    declared = block()
    extraction.run(declared)
    assert ids(extraction.records()) == ["none", "null", "text", *range(1, COUNT + 1)]
    extraction.run(declared)
    assert ids(extraction.records("run2")) == ["none", "null", "text"]


def test_a_window_takes_its_days_only(extraction, collection, block):
    collection.insert_one(document(0, _id=91, updatedAt=START - timedelta(milliseconds=1)))
    report = extraction.run(block(), window={"from": "2023-12-31", "to": "2024-01-01"})
    assert (ids(extraction.records()), report["state_uri"]) == ([91], None)


def test_a_collection_without_a_cursor_comes_whole_each_time(extraction, collection, block):
    collection.insert_many([{"_id": bson.ObjectId(), "n": 1}, {"_id": "text"}])
    declared = block(cursor=None)
    assert extraction.run(declared)["rows"] == COUNT + 2
    assert extraction.run(declared)["rows"] == COUNT + 2


def test_a_cursor_may_be_an_object_id_or_a_number_inside_a_document(extraction, collection, block):
    collection.insert_many([{"_id": n, "meta": {"at": bson.Int64(n)}} for n in range(100, 105)])
    declared = block(cursor="meta.at")
    extraction.run(declared)
    collection.insert_one({"_id": 99, "meta": {"at": bson.Int64(104)}})
    declared["entities"][0]["batchRows"] = 100
    extraction.run(declared)
    assert ids(extraction.records("run2"))[-1] == 99


def test_what_the_server_stores_arrives_with_its_type_readable(extraction, collection, block):
    collection.drop()
    oid, uuid = bson.ObjectId("65a000000000000000000001"), uuid4()
    values = {
        "_id": oid,
        "updatedAt": START,
        "big": bson.Int64(2**53 + 1),
        "small": 5,
        "real": 0.1,
        "none": None,
    }
    values |= {"nested": {"list": [1, {"id": oid}]}, "uuid": bson.Binary.from_uuid(uuid), "text": 'é "\n'}
    values |= {"binary": bson.Binary(b"\x00\x01", 5)}
    collection.insert_one(values)
    report = extraction.run(block())
    assert report["ok"], report
    (line,) = extraction.lines()
    assert b'"big": 9007199254740993' in line
    assert json.loads(line) == {
        **{
            "_id": str(oid),
            "updatedAt": "2024-01-01T00:00:00.000Z",
            "big": 2**53 + 1,
            "small": 5,
            "real": 0.1,
        },
        **{"none": None, "nested": {"list": [1, {"id": str(oid)}]}, "uuid": str(uuid), "text": 'é "\n'},
        "binary": {"$binary": {"base64": "AAE=", "subType": "05"}},
    }


def test_a_server_that_is_away_may_be_back_later(extraction, monkeypatch):
    monkeypatch.setattr("containers.extract.mongo.SERVER_SECONDS", 0.2)
    secret = extraction.secret("mongodb://user:pass-4711@127.0.0.1:1/")
    entity = {"entity": "transactions", "collection": "c"}
    block = {"engine": "mongodb", "secret": secret, "database": "shop", "entities": [entity]}
    failure = extraction.run(block)["failure"]
    assert failure["transient"] is True
    assert "pass-4711" not in failure["message"]
