"""Bad files and rows end in silver or in quarantine with a reason; the rest of the batch goes on."""

import gzip
import json

import pytest
from cleanse_lake import BUCKETS, Result, ndjson, price

from jobs.cleanse.gunzip import gunzip
from jobs.cleanse.limits import BLOCK_BYTES, MAX_LINE_BYTES
from jobs.cleanse.rejects import FileProblem

GOOD = ndjson(price(symbol="GOOD"))
HEADER = "symbol,price_date,open,high,low,close,adjusted_close,volume,currency"
RECORD = "AAPL,2026-01-05,10.5,11,10.25,10.75,10.1,1000,USD"


@pytest.fixture
def cleanse(s3_lake):
    """Runs one file beside a good one, on the S3 endpoint; checks that the good one came through."""

    def run(name: str, body: bytes) -> Result:
        result = s3_lake.run([s3_lake.land(name, body), s3_lake.land("good.ndjson", GOOD)])
        assert [row["symbol"] for row in result.rows if row["_source_file"].endswith("/good.ndjson")] == [
            "GOOD"
        ]
        result.rows = [row for row in result.rows if row["symbol"] != "GOOD"]
        return result

    return run


def csv(*records: str, header: str = HEADER, end: str = "\n") -> bytes:
    return end.join([header, *records, ""]).encode()


WHOLE_FILES = {
    "an empty file": ("a.ndjson", b"", "file_empty"),
    "a file of blank lines": ("a.json", b"\xef\xbb\xbf\n \r\n\n", "file_empty"),
    "an empty gzip": ("a.csv.gz", gzip.compress(b""), "file_empty"),
    "a truncated gzip": ("a.ndjson.gz", gzip.compress(GOOD * 1000)[:-9], "file_truncated"),
    "a gzip cut in its head": ("a.ndjson.gz", gzip.compress(GOOD)[:8], "file_truncated"),
    "a damaged gzip": ("a.ndjson.gz", b"\x1f\x8b\x08\x00" + b"x" * 100, "file_corrupt"),
    "a Parquet file by a wrong name": ("a.json", b"PAR1....PAR1", "file_format_unknown"),
    "UTF-16 text": ("a.ndjson", GOOD.decode().encode("utf-16"), "file_format_unknown"),
    "a text of no known format": ("a.txt", b"hello\nworld\n", "file_format_unknown"),
    "a CSV without a required column": (
        "a.csv",
        csv("AAPL,2026-01-05", header="symbol,price_date"),
        "column_missing_in_header",
    ),
    "a CSV with a column twice": ("a.csv", csv(header=HEADER + ",Close"), "column_twice_in_header"),
    "a CSV whose header has an open quote": ("a.csv", b'"symbol,price_date\nx,y\n', "header_unreadable"),
}


@pytest.mark.parametrize(("name", "body", "rule"), WHOLE_FILES.values(), ids=WHOLE_FILES.keys())
def test_a_file_that_cannot_be_read_is_one_rejected_row(cleanse, name, body, rule):
    result = cleanse(name, body)
    assert result.report["rows"] == {"in": 2, "out": 1, "duplicates": 0, "rejected": 1}
    assert result.reasons() == {(name, None): [rule]}
    assert result.rejected[0]["detail"] and result.rejected[0]["source_version"]
    assert [item["problem"] for item in result.report["inputs"] if item["key"].endswith(name)] == [rule]


def test_a_file_that_vanished_is_one_rejected_row(s3_lake):
    gone = s3_lake.land("gone.ndjson", GOOD)
    s3_lake.store.s3.delete_object(Bucket=gone["bucket"], Key=gone["key"], VersionId=gone["version_id"])
    never = s3_lake.land("good.ndjson", GOOD) | {"key": "source=market-data/never.ndjson", "version_id": None}
    result = s3_lake.run([gone, never, s3_lake.land("good.ndjson", GOOD)])
    assert result.report["reasons"] == {"file_missing": 2} and result.report["rows"]["out"] == 1


def test_an_overwritten_file_does_not_change_the_batch(s3_lake):
    first = s3_lake.land("same.ndjson", ndjson(price(close=1)))
    s3_lake.land("same.ndjson", ndjson(price(close=2)))
    assert [str(row["close"]) for row in s3_lake.run([first]).rows] == ["1.000000"]


def test_a_gzip_bomb_is_refused_at_the_bound(tmp_path):
    bound = 3 * BLOCK_BYTES
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b" " * 50 * bound))
    with pytest.raises(FileProblem, match="file_too_large"):
        gunzip(tmp_path / "bomb.gz", tmp_path / "out", bound)
    assert (tmp_path / "out").stat().st_size <= bound


def test_a_gzip_is_told_by_its_bytes_and_may_have_members(cleanse):
    body = gzip.compress(ndjson(price(symbol="A"))) + gzip.compress(ndjson(price(symbol="B"))) + b"\0" * 512
    assert [row["symbol"] for row in cleanse("not-named-so.ndjson", body).rows] == ["A", "B"]


def test_a_plain_file_that_is_named_gz_is_read(cleanse):
    assert len(cleanse("plain.ndjson.gz", ndjson(price())).rows) == 1


def test_a_byte_order_mark_is_accepted_in_every_format(cleanse):
    files = {"a.ndjson": ndjson(price()), "a.json": json.dumps([price()]).encode(), "a.csv": csv(RECORD)}
    for name, body in files.items():
        assert [row["symbol"] for row in cleanse(name, b"\xef\xbb\xbf" + body).rows] == ["AAPL"], name


def test_invalid_utf8_costs_only_its_own_line(cleanse):
    bad = ndjson(price(symbol="Zürich")).decode().encode("latin-1")
    result = cleanse("a.ndjson", ndjson(price(symbol="A")) + bad + ndjson(price(symbol="Zürich")))
    assert [(row["symbol"], row["_source_line"]) for row in result.rows] == [("A", 1), ("Zürich", 3)]
    assert result.reasons() == {("a.ndjson", 2): ["invalid_utf8"]}
    record = csv(RECORD, RECORD.replace("AAPL", "Zürich")).decode().encode("latin-1")
    assert cleanse("a.csv", record).reasons() == {("a.csv", 3): ["invalid_utf8"]}


def test_a_line_of_50_mb_is_rejected_and_its_memory_bounded(cleanse):
    long = b'{"symbol":"' + b"x" * 50_000_000 + b'"}\n'
    for name, body in {
        "a.ndjson": ndjson(price(symbol="A")) + long + ndjson(price(symbol="B")),
        "a.json": b"[" + long + b"," + ndjson(price(symbol="B")) + b"]",
        "a.csv": csv(RECORD, '"' + "x" * 50_000_000, RECORD.replace("AAPL", "B")),
    }.items():
        result = cleanse(name, body)
        assert [reasons for reasons in result.reasons().values()] == [["line_too_long"]], name
        assert "B" in [row["symbol"] for row in result.rows]
        assert len(result.rejected[0]["raw"]) == 4096 and "bytes, at most" in result.rejected[0]["detail"]
        assert result.report["rows"]["in"] == len(result.rows) + 2


def test_a_line_at_the_limit_is_read(cleanse):
    row = ndjson(price(symbol="x"))
    longest = row.replace(b'"x"', b'"' + b"x" * (MAX_LINE_BYTES - len(row) + 2) + b'"')
    assert len(longest) == MAX_LINE_BYTES + 1
    assert len(cleanse("a.ndjson", longest).rows) == 1
    assert cleanse("a.ndjson", b" " + longest).report["reasons"] == {"line_too_long": 1}


def test_rows_that_are_no_records_have_reasons(cleanse):
    lines = [
        b"5",
        b'"text"',
        b"null",
        b"[1]",
        b"{",
        b'{"symbol":NaN}',
        ndjson(price(close={"amount": 1})).strip(),
    ]
    lines += [ndjson(price(close=float("inf"))).strip(), ndjson(price(adjusted_close="-Infinity")).strip()]
    reasons = cleanse("a.ndjson", b"\n".join(lines)).reasons()
    assert [reasons[("a.ndjson", number)][0] for number in range(1, len(lines) + 1)] == [
        *["not_an_object"] * 4,
        *["invalid_json"] * 2,
        *["close_not_a_number", "invalid_json", "adjusted_close_not_a_number"],
    ]


def test_carriage_returns_and_blank_lines_do_not_move_line_numbers(cleanse):
    body = (
        b"\r\n" + ndjson(price(symbol="A")).replace(b"\n", b"\r\n") + b"\r\n \r\n" + b'{"symbol":\r"B"}\r\n'
    )
    result = cleanse("a.ndjson", body)
    assert [(row["symbol"], row["_source_line"]) for row in result.rows] == [("A", 2)]
    assert list(result.reasons()) == [("a.ndjson", 5)]


def test_a_key_with_spaces_and_plus_signs_is_read_as_it_is(cleanse):
    name = "daily prices+eu (1) 100% é'.ndjson"
    row = cleanse(name, ndjson(price())).rows[0]
    assert row["_source_file"].endswith("/" + name)
    assert cleanse(name, b"x\n").reasons() == {(name, 1): ["invalid_json"]}


def test_unknown_members_pass_and_are_reported(s3_lake):
    inputs = [
        s3_lake.land("a.ndjson", ndjson(price(symbol="A"), price(symbol="B", note="new", **{"a/b~": 1})))
    ]
    inputs += [s3_lake.land("b.csv", csv(RECORD + ",c", header=HEADER + ",Note"))]
    result = s3_lake.run(inputs)
    assert result.report["rows"]["out"] == 3
    key = inputs[0]["key"]
    assert result.report["drift"] == [
        {"column": "note", "rows": 2, "first_file": key, "sample": "new"},
        {"column": "a/b~", "rows": 1, "first_file": key, "sample": "1"},
    ]


def test_quarantine_says_what_where_and_why(cleanse, s3_store):
    raw = '{"symbol":"A","price_date":"2026-01-05","close":"x","adjusted_close":1,"currency":"EUR"}'
    result = cleanse("a.ndjson", b"\n" + raw.encode() + b"\n")
    row = result.rejected[0]
    assert row.pop("source_file").endswith("/run_id=l1/a.ndjson") and row.pop("source_version")
    assert row == {
        "reason": "close_not_a_number",
        "reasons": ["close_not_a_number", "currency_not_allowed"],
        **{"detail": None, "line": 2, "ingested_at": "2026-11-21T09:00:00.123000Z", "raw": raw},
    }
    run = result.report["run_id"]
    key = f"entity=market_data/reason=close_not_a_number/run={run}/attempt=1/rejected.ndjson"
    size_bytes = len(s3_store.get(BUCKETS["quarantine"], key))
    described = {"reason": "close_not_a_number", "key": key, "rows": 1, "bytes": size_bytes}
    assert result.report["quarantine"] == [described]
