"""A REST source in the manner of a market-data vendor: pages, cursors, windows, limits and refusals."""

import base64
import json
from datetime import date

import pytest
from servers import KEY

from samples.servers.prices import price_row, trading_days

HEADER = {"place": "header", "name": "X-API-Key"}
QUERY = {"place": "query", "name": "apikey"}
AAPL = {"symbol": "AAPL", "from": "2024-01-02"}
JANUARY = {"from": "2024-01-01", "to": "2024-02-01"}


@pytest.fixture
def block(extraction, rest):
    """Makes the declared block of one entity."""

    def make(key: dict = HEADER, limits: dict | None = None, **entity: object) -> dict:
        one = {"entity": "market_data", "path": "/prices", "cursor": "price_date", "cursorParam": "from"}
        one["window"] = {"from": "from", "to": "to"}
        secret = extraction.secret({"value": KEY, "url": rest.url})
        block = {"engine": "rest", "url": "https://api.example.com", "secret": secret, "key": key}
        return block | {"limits": limits or {}, "entities": [one | entity]}

    return make


def keys_of(records: list[dict]) -> list[tuple[str, str]]:
    return [(record["symbol"], record["price_date"]) for record in records]


def paged(style: str, **more: object) -> dict:
    return {
        "paging": {"style": style, "size": 20, **more},
        "params": {"symbol": "AAPL,IBM", "from": "2024-01-02"},
    }


@pytest.mark.parametrize(
    "entity",
    [
        paged("page"),
        {"path": "/cursor/prices", "records": "/data", **paged("cursor", next="/meta/cursor")},
        {"path": "/linked/prices", "records": "/data", **paged("link", next="/next")},
    ],
    ids=["page", "cursor", "link"],
)
def test_every_page_becomes_one_object_with_what_was_sent(extraction, rest, block, entity):
    report = extraction.run(block(key=QUERY, **entity))
    assert report["ok"], report
    wanted = {(symbol, day.isoformat()) for day in january() for symbol in ("AAPL", "IBM")}
    records = extraction.records()
    assert len(records) == len(wanted) == report["rows"]
    assert set(keys_of(records)) == wanted
    assert [one["rows"] for one in report["files"]] == [20, 20, 4]
    assert [one["key"] for one in report["files"]] == extraction.keys()
    prefix = f"source={extraction.source}/entity=market_data/year=2024/month=02/day=01/hour=06/run_id=run1/"
    assert extraction.keys()[0] == f"{prefix}20240201T063000Z_000001.json"
    assert report["requests"] == len(rest.rules.seen)
    assert report["cursors"] == {"market_data": "2024-01-31"}


def january() -> list:
    return list(trading_days(date(2024, 1, 2), date(2024, 1, 31)))


def test_an_object_tells_its_entity_its_run_and_where_the_next_page_begins(extraction, rest, block):
    extraction.run(block(**paged("page")))
    told = extraction.metadata(extraction.keys()[0])
    assert told["sluice-entity"] == "market_data"
    assert told["sluice-run-id"] == "run1"
    assert told["sluice-correlation-id"] == "corr-run1"
    token = json.loads(base64.b64decode(told["sluice-next"]))
    assert token["position"] == {"part": "", "at": 1}
    assert token["done"] is False


def test_the_next_run_brings_only_what_is_new_and_nothing_twice(extraction, rest, block):
    declared = block(params=AAPL)
    rest.rules.until = date(2024, 1, 10)
    assert extraction.run(declared)["ok"]
    rest.rules.until = date(2024, 1, 12)
    report = extraction.run(declared)
    assert keys_of(extraction.records("run2")) == [("AAPL", "2024-01-12"), ("AAPL", "2024-01-11")]
    assert rest.asked[-1]["from"] == "2024-01-10", "the cursor's own day is asked for again"
    assert report["cursors"] == {"market_data": "2024-01-12"}
    assert extraction.run(declared)["rows"] == 0, "a run without news leaves no object"
    assert extraction.lines("run3") == []


def test_a_record_that_comes_late_with_the_newest_cursor_value_is_not_lost(extraction, rest, block):
    declared = block(params=AAPL)
    assert extraction.run(declared)["ok"]
    # The vendor now has another symbol's price of the very day at which the cursor stands.
    declared["entities"][0]["params"] = {**AAPL, "symbol": "AAPL,IBM"}
    extraction.run(declared)
    assert keys_of(extraction.records("run2")) == [("IBM", "2024-01-31")]


def test_each_declared_value_has_a_cursor_of_its_own(extraction, rest, block):
    each = {"name": "symbol", "values": ["AAPL", "IBM"]}
    paging = {"style": "page", "size": 20}
    declared = block(each={**each, "values": ["AAPL"]}, paging=paging, params={"from": "2023-12-01"})
    extraction.run(declared)
    declared["entities"][0]["each"] = each
    report = extraction.run(declared)
    assert {symbol for symbol, _ in keys_of(extraction.records("run2"))} == {"IBM"}
    assert min(day for _, day in keys_of(extraction.records("run2"))) == "2023-12-01"
    assert report["cursors"] == {"market_data": {"AAPL": "2024-01-31", "IBM": "2024-01-31"}}


def test_a_window_asks_for_its_days_and_moves_no_cursor(extraction, rest, block):
    declared = block(params=AAPL)
    report = extraction.run(declared, window={"from": "2019-01-01", "to": "2019-02-01"})
    assert (report["ok"], report["state_uri"], report["cursors"]) == (True, None, {})
    days = [day for _, day in keys_of(extraction.records())]
    assert (min(days), max(days), len(days)) == ("2019-01-01", "2019-01-31", 23)
    assert (rest.asked[-1]["from"], rest.asked[-1]["to"]) == ("2019-01-01", "2019-01-31")


def test_a_record_keeps_the_digits_that_the_source_sent(extraction, rest, block):
    extraction.run(block(params={"symbol": "AAPL", "from": "2024-01-31"}))
    assert extraction.lines() == [json.dumps(price_row("AAPL", date(2024, 1, 31))).encode()]


def test_a_source_that_is_busy_is_asked_again_when_it_says(extraction, rest, block):
    rest.rules.busy, rest.rules.retry_after_seconds = 1, 1
    report = extraction.run(block(**paged("page")))
    assert report["ok"], report
    assert [one.get("status") for one in rest.rules.seen] == [429, None, None, None]
    assert rest.rules.seen[1]["at"] - rest.rules.seen[0]["at"] >= 1
    assert len(extraction.records()) == 44


def test_every_request_waits_for_its_turn_and_chunks_share_what_is_declared(
    extraction, rest, block, monkeypatch
):
    paces: list[float | None] = []
    waits: list[int] = []

    class Turns:
        def __init__(self, per_minute: float | None) -> None:
            paces.append(per_minute)

        def wait(self) -> None:
            waits.append(len(rest.rules.seen))

    monkeypatch.setattr("containers.extract.rest.Pace", Turns)
    rest.rules.busy, rest.rules.retry_after_seconds = 1, 0
    monkeypatch.setattr("containers.extract.rest_client.DELAY_SECONDS_MAX", 0.01)
    declared = block(limits={"requestsPerMinute": 1200, "parallel": 2}, **paged("page"))
    extraction.run(declared, window=JANUARY)
    assert (paces, waits) == ([600], [0, 1, 2, 3]), "one turn for each request, the repeated one included"
    extraction.run(declared)
    assert paces == [600, 1200]


def test_a_failing_answer_is_asked_for_again(extraction, rest, block, monkeypatch):
    monkeypatch.setattr("containers.extract.rest_client.DELAY_SECONDS_MAX", 0.01)
    rest.rules.fail_every = 2
    report = extraction.run(block(**paged("page")))
    assert report["ok"], report
    assert len(extraction.records()) == 44
    assert report["requests"] > len(rest.asked)


def test_a_source_that_keeps_failing_ends_the_attempt_with_a_word_that_it_may_pass(
    extraction, rest, block, monkeypatch
):
    monkeypatch.setattr("containers.extract.rest_client.DELAY_SECONDS_MAX", 0.01)
    rest.rules.fail_every = 1
    report = extraction.run(block())
    assert report["failure"]["transient"] is True
    assert "500 for /prices" in report["failure"]["message"]
    assert report["requests"] == 7


def test_a_missing_path_is_no_matter_of_patience(extraction, rest, block):
    report = extraction.run(block(path="/nothing"))
    assert report["failure"] == {
        "transient": False,
        "message": "RefusedError: the source answered 404 for /nothing",
    }
    assert report["requests"] == 1


def test_a_body_without_the_declared_list_fails_with_a_sentence(extraction, rest, block):
    report = extraction.run(block(records="/nothing"))
    assert report["failure"]["message"] == "ExtractError: the body holds no member nothing"
