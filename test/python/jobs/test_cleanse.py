"""A batch as a whole: duplicates, arrival days, sums, many files, little memory."""

import random
import time

import pytest
from cleanse_lake import ndjson, price

from jobs.cleanse.duckdb_engine import DuckdbEngine
from jobs.cleanse.plan import PlanError, parse_plan
from jobs.cleanse.report import CountsDisagree, InputCount, Outcome, build_report


def test_of_rows_with_one_key_the_latest_wins(lake):
    old, new = "2026-11-21T09:00:00Z", "2026-11-21T09:00:00.000001Z"
    inputs = [
        lake.land("b.ndjson", ndjson(price(close=1), price(close=2)), old),
        lake.land("a.ndjson", ndjson(price(symbol="X", close=3), price(close=3)), new),
        lake.land("c.ndjson", ndjson(price(symbol="X", close=4), price(symbol=" X ", close=5)), old),
        lake.land("d.ndjson", ndjson(price(symbol="Y", close=6)), old),
        lake.land("e.ndjson", ndjson(price(symbol="Y", close=7)), old),
    ]
    random.Random(1).shuffle(inputs)
    result = lake.run(inputs)
    assert {(row["symbol"], float(row["close"])) for row in result.rows} == {("AAPL", 3), ("X", 3), ("Y", 7)}
    assert result.report["rows"] == {"in": 8, "out": 3, "duplicates": 5, "rejected": 0}
    fates = {
        item["key"][-8:]: (item["rows"], item["out"], item["duplicates"]) for item in result.report["inputs"]
    }
    assert (
        fates["a.ndjson"] == (2, 2, 0) and fates["b.ndjson"] == (2, 0, 2) and fates["d.ndjson"] == (1, 0, 1)
    )


def test_a_rejected_row_never_replaces_a_good_one(lake):
    result = lake.run([lake.land("a.ndjson", ndjson(price(close=1), price(close=-1)))])
    assert [float(row["close"]) for row in result.rows] == [1]
    assert result.report["reasons"] == {"close_out_of_range": 1}


def test_a_plain_row_and_a_doubtful_one_can_be_duplicates_of_each_other(lake):
    body = ndjson(price(close=1)) + ndjson(price(close=2, note="x")) + ndjson(price(symbol="B", note="x"))
    body += ndjson(price(symbol="B", close=3))
    result = lake.run([lake.land("a.ndjson", body)])
    assert {(row["symbol"], float(row["close"])) for row in result.rows} == {("AAPL", 2), ("B", 3)}


def test_a_batch_over_midnight_gets_one_file_per_arrival_day(lake):
    inputs = [
        lake.land("a.ndjson", ndjson(price(symbol="A")), "2026-11-21T23:59:59.999Z"),
        lake.land("b.ndjson", ndjson(price(symbol="B")), "2026-11-22T01:30:00+01:00"),
    ]
    result = lake.run(inputs)
    run = result.report["run_id"]
    assert [(item["key"], item["rows"]) for item in result.report["files"]] == [
        (f"_pending/run={run}/attempt=1/year=2026/month=11/day={day}/part-0.parquet", 1) for day in (21, 22)
    ]
    assert [item["day"] for item in result.report["files"]] == ["21", "22"]
    assert all(item["etag"] and item["bytes"] > 100 for item in result.report["files"])


def test_the_same_batch_gives_the_same_rows_in_the_same_order(lake):
    rows = [price(symbol=f"S{n % 700}", close=n / 4 or 1, note="x" if n % 3 else ...) for n in range(2_000)]
    inputs = [
        lake.land("a.ndjson", ndjson(*rows)),
        lake.land("b.json", b"[" + b",".join(ndjson(*rows).splitlines()) + b"]"),
    ]
    first, second = (lake.run(inputs, engine=DuckdbEngine(threads=threads)) for threads in (1, 2))
    assert [list(row.values())[:-2] for row in first.rows] == [list(row.values())[:-2] for row in second.rows]
    assert (
        first.report["rows"]
        == second.report["rows"]
        == {"in": 4000, "out": 700, "duplicates": 3300, "rejected": 0}
    )


def test_transactions_have_their_own_rules(lake):
    row = {
        "transaction_id": "T1",
        "account_id": "A1",
        "symbol": "IBM",
        "side": "BUY",
        "quantity": 1.5,
        "price": 10,
    }
    row |= {"traded_at": "2026-01-05T10:00:00+02:00", "currency": "USD"}
    bad = [row | {"side": "buy"}, row | {"quantity": 0}, row | {"traded_at": "1969-12-31T23:59:59Z"}]
    result = lake.run([lake.land("t.ndjson", ndjson(row, *bad), source="trading")], entity="transactions")
    assert result.rows[0]["traded_at"].isoformat() == "2026-01-05T08:00:00+00:00"
    assert result.report["reasons"] == {
        **{"quantity_out_of_range": 1, "side_not_allowed": 1, "traded_at_out_of_range": 1}
    }


def test_five_hundred_small_files_take_seconds(s3_lake):
    inputs = [s3_lake.land(f"{n}.ndjson", ndjson(price(symbol=f"S{n}"), price(close=0))) for n in range(500)]
    started = time.monotonic()
    result = s3_lake.run(inputs)
    assert time.monotonic() - started < 30
    assert result.report["rows"] == {"in": 1000, "out": 500, "duplicates": 0, "rejected": 500}
    assert all((item["out"], item["rejected"]) == (1, 1) for item in result.report["inputs"])


def test_a_batch_larger_than_its_memory_spills_to_disk(lake):
    rows = ndjson(*(price(symbol=f"S{n:09d}", note="x" * 600) for n in range(45_000)))
    tight = DuckdbEngine(threads=1, memory=90 * 1024 * 1024)
    result = lake.run([lake.land(f"{n}.ndjson", rows) for n in range(3)], engine=tight)
    assert result.report["rows"] == {"in": 135_000, "out": 45_000, "duplicates": 90_000, "rejected": 0}
    assert result.report["drift"][0]["rows"] == 135_000


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"kind": "build"},
        {"inputs": []},
        {"pending_prefix": "/x"},
        {"inputs": [{"bucket": "b", "key": "k", "bytes": 1, "landed_at": "2026-11-21T09:00:00"}]},
        {"inputs": [{"bucket": "b", "key": "k", "bytes": 1}]},
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(lake, change):
    plan = lake.plan([lake.land("a.ndjson", b"")])
    assert parse_plan(plan).inputs[0].source == "market-data"
    with pytest.raises(PlanError):
        parse_plan(plan | change)


def test_a_plan_for_another_contract_version_is_refused(lake):
    with pytest.raises(PlanError, match=r"contract 9\.9\.9"):
        lake.run([lake.land("a.ndjson", ndjson(price()))], contract_version="9.9.9")


def test_a_report_whose_rows_do_not_add_up_is_never_written(lake):
    plan = parse_plan(lake.plan([lake.land("a.ndjson", b"")]))
    lost = InputCount("a.ndjson", None, rows=2, out=1)
    with pytest.raises(CountsDisagree, match="every input adds up"):
        build_report(plan, Outcome(inputs=[lost], files=[{"rows": 1}]))
    unexplained = InputCount("a.ndjson", None, rows=1, rejected=1)
    with pytest.raises(CountsDisagree, match="first reason"):
        build_report(plan, Outcome(inputs=[unexplained]))
