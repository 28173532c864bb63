"""The oracle reads raw files and judges rows as the contracts say."""

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from test.oracle.cleansing import cleanse
from test.oracle.reading import read_rows
from test.oracle.rules import MARKET_DATA, TRANSACTIONS

GOOD = {
    "symbol": "IBM",
    "price_date": "2024-01-02",
    "open": "1.5",
    "high": "2",
    "low": "1",
    "close": "1.750000",
    "adjusted_close": "1.2e0",
    "volume": "100",
    "currency": "USD",
}
TRADE = {
    "transaction_id": "T1",
    "account_id": "A",
    "symbol": "IBM",
    "side": "BUY",
    "quantity": "0.0001",
    "price": "12.5",
    "traded_at": "2024-01-02T23:30:00-05:00",
    "currency": "USD",
}


def rows_of(tmp_path, name, content, required=frozenset()):
    path = tmp_path / name
    path.write_bytes(content)
    return [
        (row.line, row.values if row.problem is None else row.problem) for row in read_rows(path, required)
    ]


def test_a_good_row_is_typed():
    row, reason = MARKET_DATA.check(GOOD)
    assert reason is None
    assert row["price_date"] == date(2024, 1, 2)
    assert (row["close"], row["adjusted_close"], row["volume"]) == (Decimal("1.75"), 1.2, 100)


def test_an_offset_becomes_utc_and_no_offset_means_utc():
    moments = {
        "2024-01-02T23:30:00-05:00": datetime(2024, 1, 3, 4, 30, tzinfo=UTC),
        "2024-01-02 01:00:00.1234567+05:30": datetime(2024, 1, 1, 19, 30, 0, 123456, tzinfo=UTC),
        "2024-01-02T10:00:00": datetime(2024, 1, 2, 10, tzinfo=UTC),
        "2024-01-02T10:00:00Z": datetime(2024, 1, 2, 10, tzinfo=UTC),
    }
    for text, moment in moments.items():
        assert TRANSACTIONS.check(TRADE | {"traded_at": text})[0]["traded_at"] == moment


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("symbol", None, "symbol_missing"),
        ("symbol", " \t", "symbol_missing"),
        ("close", "", "close_missing"),
        ("close", "1e3", "close_not_a_number"),
        ("close", "12,5", "close_not_a_number"),
        ("close", "1_000", "close_not_a_number"),
        ("close", "NaN", "close_not_a_number"),
        ("close", "1.0000001", "close_too_many_digits"),
        ("close", "1234567890123", "close_too_many_digits"),
        ("close", "0", "close_out_of_range"),
        ("close", "-1", "close_out_of_range"),
        ("close", "1000000.01", "close_out_of_range"),
        ("adjusted_close", "1e999", "adjusted_close_not_a_number"),
        ("adjusted_close", "Infinity", "adjusted_close_not_a_number"),
        ("volume", "1.0", "volume_not_a_whole_number"),
        ("volume", "9223372036854775808", "volume_too_many_digits"),
        ("volume", "-1", "volume_out_of_range"),
        ("price_date", "2023-02-29", "price_date_not_a_date"),
        ("price_date", "2023-2-9", "price_date_not_a_date"),
        ("price_date", "1899-12-31", "price_date_out_of_range"),
        ("currency", "usd", "currency_not_allowed"),
    ],
)
def test_a_bad_value_rejects_the_row_with_its_reason(column, text, reason):
    assert MARKET_DATA.check(GOOD | {column: text}) == (None, reason)


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("side", "buy", "side_not_allowed"),
        ("quantity", "0", "quantity_out_of_range"),
        ("traded_at", "2024-01-02", "traded_at_not_a_timestamp"),
        ("traded_at", "2024-01-02T24:00:00Z", "traded_at_not_a_timestamp"),
        ("traded_at", "2024-01-02T10:00:00 Europe/Berlin", "traded_at_not_a_timestamp"),
        ("traded_at", "1969-12-31T23:59:59Z", "traded_at_out_of_range"),
    ],
)
def test_a_bad_trade_is_rejected_with_its_reason(column, text, reason):
    assert TRANSACTIONS.check(TRADE | {column: text}) == (None, reason)


def test_an_optional_value_may_be_missing_but_not_be_wrong():
    row, _ = MARKET_DATA.check(GOOD | {"open": "", "volume": None})
    assert row["open"] is row["volume"] is None
    assert MARKET_DATA.check(GOOD | {"open": "x"}) == (None, "open_not_a_number")


def test_the_first_reason_follows_the_contracts_columns():
    assert MARKET_DATA.check(GOOD | {"currency": "X", "open": "-1", "volume": "x"})[1] == "open_out_of_range"


def test_ndjson_lines_keep_their_numbers_and_digits(tmp_path):
    content = (
        b'\xef\xbb\xbf{"a": 1.50, "b": null, "c": true, "d": {"x": 1}}\n\n{"a": NaN}\n42\n{"a": 1}\xff\n'
    )
    assert rows_of(tmp_path, "x.ndjson", content) == [
        (1, {"a": "1.50", "b": None, "c": "true", "d": '{"x": "1"}'}),
        (3, "invalid_json"),
        (4, "not_an_object"),
        (5, "invalid_utf8"),
    ]


def test_an_array_is_one_row_per_element_or_one_rejected_row(tmp_path):
    assert rows_of(tmp_path, "x.json", b'[{"a": 1},\n 2]') == [(1, {"a": "1"}), (2, "not_an_object")]
    assert rows_of(tmp_path, "y.json", b'[{"a": 1},') == [(None, "invalid_json")]


def test_a_csv_record_may_hold_quotes_and_line_ends(tmp_path):
    content = gzip.compress(b'\xef\xbb\xbfa,b\r\n1,"x ""y"",\r\nz"\r\n2\r\n3,w\r\n')
    assert rows_of(tmp_path, "x.csv.gz", content) == [
        (2, {"a": "1", "b": 'x "y",\r\nz'}),
        (4, "wrong_number_of_fields"),
        (5, {"a": "3", "b": "w"}),
    ]


def test_a_file_that_cannot_be_read_is_one_rejected_row(tmp_path):
    whole = gzip.compress(b'{"a": 1}\n' * 1000)
    assert rows_of(tmp_path, "x.ndjson.gz", whole[:-20]) == [(None, "file_truncated")]
    assert rows_of(tmp_path, "x.ndjson", b" \n") == [(None, "file_empty")]
    assert rows_of(tmp_path, "x.xml", b"<a/>") == [(None, "file_format_unknown")]
    required = frozenset({"a", "b"})
    assert rows_of(tmp_path, "x.csv", b"a\n1\n2\n", required) == [(None, "column_missing_in_header")]


def test_the_later_line_wins_and_a_rejected_row_is_no_version(tmp_path):
    folder = tmp_path / "market-data"
    folder.mkdir()
    versions = [GOOD, GOOD | {"close": "2"}, GOOD | {"close": "3", "venue": "X"}, GOOD | {"close": "-3"}]
    (folder / "a.ndjson").write_text("".join(json.dumps(row) + "\n" for row in versions) + "{\n")
    (folder / "b.json").write_text(json.dumps([GOOD | {"symbol": "AAPL"}]))
    outcome = cleanse(tmp_path, MARKET_DATA)
    assert outcome.latest["IBM", date(2024, 1, 2)]["close"] == 3
    assert outcome.summary() == {
        "source": "market-data",
        "files": 2,
        "rows_in": 6,
        "valid": 4,
        "keys": 2,
        "superseded": 2,
        "superseded_within_files": 2,
        "rejected": 2,
        "reasons": {"close_out_of_range": 1, "invalid_json": 1},
        "unknown_columns": {"venue": 1},
    }


def test_a_correction_in_a_later_file_wins(tmp_path):
    folder = tmp_path / "market-data"
    folder.mkdir()
    (folder / "2.json").write_text(json.dumps([GOOD | {"close": "9"}]))
    (folder / "1.json").write_text(json.dumps([GOOD]))
    outcome = cleanse(tmp_path, MARKET_DATA)
    assert [row["close"] for row in outcome.latest.values()] == [9]
    assert outcome.summary()["superseded_within_files"] == 0
