"""An attempt goes on behind what landed: no gap, no record twice, whenever the one before it was killed."""

import base64
import json
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pymongo
import pytest
from crashes import Killed, crash_at
from servers import KEY

from containers.extract.storage import Storage
from samples.servers.postgres import connect

COUNT = 60
PAGE = 10
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def rest_block(extraction, rest):
    """Two symbols, one walk each, six full pages in all and two that are not full."""
    rest.rules.until = date(2024, 2, 20)
    entity = {"entity": "market_data", "path": "/prices", "cursor": "price_date", "cursorParam": "from"}
    entity |= {"params": {"from": "2024-01-01"}, "paging": {"style": "page", "size": PAGE}}
    entity |= {"each": {"name": "symbol", "values": ["AAPL", "IBM"]}}
    secret = extraction.secret({"value": KEY, "url": rest.url})
    block = {"engine": "rest", "url": rest.url, "secret": secret, "entities": [entity]}
    return block | {"key": {"place": "query", "name": "apikey"}}


@pytest.fixture
def mongo_block(extraction, mongodb_url):
    """Documents in both phases, with ids of two types, and one time for a whole page and more."""
    name = f"c{uuid4().hex[:8]}"
    with pymongo.MongoClient(mongodb_url) as client:
        client["shop"][name].insert_many(
            [{"_id": 1_000 + n, "none": True} for n in range(PAGE)]
            + [{"_id": f"text {n}", "none": True} for n in range(3)]
            + [{"_id": n, "updatedAt": START + timedelta(seconds=n // 12)} for n in range(COUNT - PAGE - 3)]
        )
    entity = {"entity": "transactions", "collection": name, "cursor": "updatedAt", "batchRows": PAGE}
    secret = extraction.secret(mongodb_url)
    return {"engine": "mongodb", "secret": secret, "database": "shop", "entities": [entity]}


@pytest.fixture
def postgres_block(extraction, postgres_url):
    """Two tables of one source, rows in both phases, with one time for a whole page and more."""
    entities = []
    connection = connect(postgres_url)
    for entity in ("households", "pets"):
        name = f"t{uuid4().hex[:8]}"
        connection.run(f"CREATE TABLE {name} (a int, b text, updated_at timestamptz, PRIMARY KEY (b, a))")
        connection.run(
            f"INSERT INTO {name} SELECT i, 'b' || i % 3, CASE WHEN i > 7 THEN timestamptz '2024-01-01' "
            f"+ (i / 15) * interval '1 second' END FROM generate_series(1, {COUNT // 2}) i"
        )
        entities.append({"entity": entity, "table": name, "cursor": "updated_at", "batchRows": PAGE})
    connection.close()
    secret = extraction.secret(postgres_url)
    return {"engine": "postgres", "secret": secret, "entities": entities}


BLOCKS = ["rest_block", "mongo_block", "postgres_block"]


@pytest.mark.parametrize("name", BLOCKS)
def test_after_a_crash_the_next_attempt_goes_on(extraction, name, request):
    crash_and_go_on(extraction, request.getfixturevalue(name), [(1, True), (2, True), (6, False)])


@pytest.mark.full
@pytest.mark.parametrize("name", BLOCKS)
def test_after_a_crash_at_any_page_the_next_attempt_goes_on(extraction, name, request):
    points = [(page, is_landed) for page in range(1, 7) for is_landed in (False, True)]
    crash_and_go_on(extraction, request.getfixturevalue(name), points)


def crash_and_go_on(extraction, block: dict, points: list[tuple[int, bool]]) -> None:
    wanted = Counter(whole(extraction, block))
    state = extraction.get(extraction.state_uri)
    for page, is_landed in points:
        run_id = f"crash{page}{is_landed}"
        with crash_at(page, is_landed), pytest.raises(Killed):
            extraction.run(block, run_id=run_id, state_uri=None)
        assert len(extraction.keys(run_id)) == page - 1 + is_landed
        report = extraction.run(block, run_id=run_id, attempt=2, state_uri=None)
        assert report["ok"], report
        assert Counter(extraction.lines(run_id)) == wanted
        assert sum(one["rows"] for one in report["files"]) == sum(wanted.values())
        assert {one["key"] for one in report["files"]} == set(extraction.keys(run_id))
        assert extraction.get(report["state_uri"]) == state
    # What the attempts leave is where the next run starts.
    assert extraction.run(block)["rows"] == rows_without_cursor(wanted)


def whole(extraction, block: dict) -> list[bytes]:
    """The lines of a run that nothing disturbs."""
    report = extraction.run(block, run_id="whole", state_uri=None)
    assert report["ok"], report
    assert len(report["files"]) >= 6
    return extraction.lines("whole")


def rows_without_cursor(lines: Counter) -> int:
    return sum(count for line, count in lines.items() if b'"none"' in line or b'"updated_at":null' in line)


def test_an_attempt_behind_a_finished_one_asks_nothing_again(extraction, rest_block, rest):
    first = extraction.run(rest_block, run_id="r")
    asked = len(rest.rules.seen)
    second = extraction.run(rest_block, run_id="r", attempt=2, state_uri=None)
    assert (second["files"], len(rest.rules.seen)) == (first["files"], asked)


def test_a_run_that_takes_over_another_goes_on_in_its_folder(extraction, rest_block):
    wanted = Counter(whole(extraction, rest_block))
    with crash_at(3, True), pytest.raises(Killed):
        extraction.run(rest_block, run_id="first", state_uri=None)
    report = extraction.run(rest_block, run_id="second", files_run_id="first", state_uri=None)
    assert report["ok"], report
    assert Counter(extraction.lines("first")) == wanted
    assert extraction.lines("second") == []
    told = [extraction.metadata(one["key"])["sluice-run-id"] for one in report["files"]]
    assert told == ["first"] * 3 + ["second"] * (len(told) - 3)


def test_a_long_token_stands_in_an_object_beside_the_state(extraction, rest, rest_block):
    symbols = [f"A-LONGER-SYMBOL{n}" for n in range(14)]
    rest_block["entities"][0] |= {"each": {"name": "symbol", "values": symbols}}
    rest_block["entities"][0]["params"] = {"from": "2024-02-19"}
    with crash_at(14, False), pytest.raises(Killed):
        extraction.run(rest_block, run_id="r")
    token = json.loads(base64.b64decode(extraction.metadata(extraction.keys()[-1])["sluice-next"]))
    folder = f"s3://extract-artifacts/extract/{extraction.source}/"
    assert token == {"uri": f"{folder}r-1-market_data-000013.json"}
    report = extraction.run(rest_block, run_id="r", attempt=2)
    assert len({(one["symbol"], one["price_date"]) for one in extraction.records()}) == 28
    assert report["rows"] == 28
    assert extraction.run(rest_block)["rows"] == 0


def test_two_attempts_at_once_never_write_one_page_twice(extraction, rest_block, monkeypatch):
    put = Storage.put_new

    def other_was_faster(storage, bucket, key, body, metadata):
        if key.endswith("_000003.json"):
            put(storage, bucket, key, b"{}\n", metadata | {"sluice-digest": "another"})
        put(storage, bucket, key, body, metadata)

    monkeypatch.setattr(Storage, "put_new", other_was_faster)
    report = extraction.run(rest_block)
    assert report["failure"]["transient"] is True
    assert "another attempt wrote" in report["failure"]["message"]
    assert len(report["files"]) == 2


def test_a_put_that_was_repeated_by_the_sdk_is_no_other_attempt(extraction, rest_block, monkeypatch):
    put = Storage.put_new

    def twice(storage, *args):
        put(storage, *args)
        put(storage, *args)

    monkeypatch.setattr(Storage, "put_new", twice)
    assert extraction.run(rest_block)["ok"]


def test_a_folder_with_a_missing_object_is_not_gone_on_with(extraction, rest_block):
    report = extraction.run(rest_block, run_id="r")
    extraction.s3.delete_object(Bucket="extract-bronze", Key=report["files"][1]["key"])
    failure = extraction.run(rest_block, run_id="r", attempt=2)["failure"]
    assert "not the batches" in failure["message"]


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", BLOCKS)
def test_a_task_that_is_killed_again_and_again_is_gone_on_with(extraction, name, seed, request):
    kill_until_done(extraction, request.getfixturevalue(name), kills=5, seed=seed)


def kill_until_done(extraction, block: dict, kills: int, seed: int) -> None:
    """Kills each attempt with SIGKILL after some page landed, or a moment later; the last one may end."""
    draw = random.Random(seed)
    wanted = Counter(whole(extraction, block))
    attempt, killed = 1, 0
    while True:
        process = extraction.task(extraction.plan(block, run_id="r", attempt=attempt, state_uri=None))
        if killed < kills:
            there = len(extraction.keys("r"))
            extraction.kill(process, "r", there + draw.randint(0, 2), draw.random() * 0.01)
            killed += 1
        if extraction.finish(process) == 0:
            break
        attempt += 1
        assert attempt <= kills + 2
    assert Counter(extraction.lines("r")) == wanted
    report = extraction.report(extraction.plan(block, run_id="r", attempt=attempt, state_uri=None))
    assert report["rows"] == sum(wanted.values())
