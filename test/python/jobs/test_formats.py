"""NDJSON, JSON arrays and CSV end in the same rows, with the line of each."""

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from cleanse_lake import ndjson, price

from jobs.cleanse.json_array import array_to_lines
from jobs.cleanse.rejects import RejectSpool

HEADER = "symbol,price_date,open,high,low,close,adjusted_close,volume,currency"
ROWS = [price(symbol="A", open=None), price(symbol="B", volume=...), price(symbol='C, "the" one\nof two')]


def csv_text(rows: list[dict]) -> str:
    """Rows as CSV, written out by hand: every text quoted."""
    lines = [HEADER]
    for row in rows:
        values = [row.get(name) for name in HEADER.split(",")]
        quoted = [
            '"' + v.replace('"', '""') + '"' if isinstance(v, str) else "" if v is None else str(v)
            for v in values
        ]
        lines.append(",".join(quoted))
    return "\n".join(lines) + "\n"


FILES = {
    "a.ndjson": (ndjson(*ROWS), [1, 2, 3]),
    "a.jsonl": (ndjson(*ROWS).rstrip(b"\n"), [1, 2, 3]),
    "a.json": (json.dumps(ROWS).encode(), [1, 2, 3]),
    "pretty.json": (b"\n " + json.dumps(ROWS, indent=2).encode() + b"\n", [1, 2, 3]),
    "lines.json": (ndjson(*ROWS), [1, 2, 3]),
    "no-ending": (json.dumps(ROWS).encode(), [1, 2, 3]),
    "a.csv": (csv_text(ROWS).encode(), [2, 3, 4]),
    "crlf.csv": (csv_text(ROWS[:2]).replace("\n", "\r\n").encode(), [2, 3]),
    "upper.CSV": (csv_text(ROWS).replace(HEADER, f" {HEADER.upper()} ").encode(), [2, 3, 4]),
    "no-ending-csv": (csv_text(ROWS).encode(), [2, 3, 4]),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_typed_rows(lake, name, packed):
    body, lines = FILES[name]
    item = lake.land(f"{name}.gz" if packed else name, gzip.compress(body) if packed else body)
    result = lake.run([item])
    assert result.rejected == []
    assert [row["_source_line"] for row in result.rows] == lines
    expected = [{"A": {"open": None}, "B": {"volume": None}}.get(row["symbol"], {}) for row in ROWS]
    for row, source, change in zip(result.rows, ROWS, expected, strict=False):
        good = {
            "open": Decimal("10.5"),
            "high": Decimal(11),
            "low": Decimal("10.25"),
            "close": Decimal("10.75"),
        }
        good |= {
            "adjusted_close": 10.123456789,
            "volume": 1000,
            "currency": "USD",
            "symbol": source["symbol"],
        }
        good |= {
            "price_date": date(2026, 1, 5),
            "_source_file": item["key"],
            "_run_id": result.report["run_id"],
        }
        good |= {
            "_ingested_at": datetime(2026, 11, 21, 9, 0, 0, 123000, tzinfo=UTC),
            "_source_line": row["_source_line"],
        }
        assert row == good | change


def test_columns_of_silver_stand_in_the_order_of_the_contract(lake):
    row = lake.run(
        [
            lake.land(
                "a.json",
                b'[{"currency":"USD","close":1,"adjusted_close":1,"symbol":"A","price_date":"2026-01-05"}]',
            )
        ]
    ).rows[0]
    assert list(row) == [*HEADER.split(","), "_source_file", "_source_line", "_run_id", "_ingested_at"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"[]", {}),
        (b"[{},]", {1: "symbol_missing", 2: "invalid_json"}),
        (
            b'[{"symbol":1,},5,[1],"a,]",{"x":{"y":[]}}]',
            {
                1: "invalid_json",
                2: "not_an_object",
                3: "not_an_object",
                4: "not_an_object",
                5: "symbol_missing",
            },
        ),
        (b'[{"symbol":"]},{"}, {"symbol":"\\"},"}]', {1: "price_date_missing", 2: "price_date_missing"}),
        (b'[{"symbol":"a\nb"}]', {1: "invalid_json"}),
        (b'[{"symbol":1}', {1: "json_array_broken"}),
        (b'[{"symbol":1},{"symbol":', {1: "price_date_missing", 2: "json_array_broken"}),
        (b'[{"symbol":1}] [2]', {1: "price_date_missing", 2: "json_array_broken"}),
        (b'[{"symbol":"\xff"},{"symbol":2}]', {1: "invalid_utf8", 2: "price_date_missing"}),
    ],
)
def test_a_broken_array_loses_only_what_is_broken(lake, body, expected):
    result = lake.run([lake.land("a.json", body)])
    assert {line: reasons[0] for (_, line), reasons in result.reasons().items()} == expected


@pytest.mark.parametrize("block_bytes", [*range(1, 40), 1000])
def test_array_elements_may_cross_the_blocks_of_the_reader(tmp_path, block_bytes):
    rows = [{"a": 'é\\\\"'}, {"b": ["]", {"c": "},{"}]}, "\\", {"d": "\\\\"}, 1.50, {}]
    (tmp_path / "in").write_text(f" \n{json.dumps(rows, ensure_ascii=False, indent=1)}\n", "utf-8")
    rejects = RejectSpool(tmp_path / "rejects", 0)
    assert array_to_lines(tmp_path / "in", tmp_path / "out", rejects, block_bytes) == len(rows)
    assert [json.loads(line) for line in (tmp_path / "out").read_bytes().splitlines()] == rows
    assert rejects.rows == 0


def test_csv_records_may_hold_quotes_and_newlines_and_keep_their_line(lake):
    body = (
        f"\n{HEADER},note\n"
        'A,2026-01-05,1,1,1,1,1,1,USD,"first\n\nsecond, ""quoted"""\n'
        "\n"
        "B,2026-01-05,1,1,1,1,1,1,USD\n"
        'C,2026-01-05,1,1,1,1,1,1,USD,"open\n'
        "D,2026-01-05,1,1,1,1,1,1,USD,x\n"
        'E,2026-01-05,1,1,1,1,1,1,USD,"closed"wrongly\n'
        'F,2026-01-05,"1","","","1",1,,USD,\n'
    )
    result = lake.run([lake.land("a.csv", body.encode())])
    assert {(row["symbol"], row["_source_line"]) for row in result.rows} == {("A", 3), ("D", 9), ("F", 11)}
    assert {line: reasons for (_, line), reasons in result.reasons().items()} == {
        7: ["wrong_number_of_fields"],
        8: ["csv_malformed"],
        10: ["csv_malformed"],
    }
    assert result.report["drift"][0]["sample"] == 'first\n\nsecond, "quoted"'


def test_a_csv_of_only_a_header_has_no_rows_and_no_problem(lake):
    result = lake.run([lake.land("a.csv", HEADER.encode())])
    assert result.report["rows"] == {"in": 0, "out": 0, "duplicates": 0, "rejected": 0}
    assert result.report["inputs"][0]["problem"] is None and result.report["files"] == []


def test_a_csv_may_lack_an_optional_column_and_have_an_extra_one(lake):
    body = b"currency,extra,,symbol,price_date,close,adjusted_close\nUSD,1,2,A,2026-01-05,1.5,1.5\n"
    result = lake.run([lake.land("a.csv", body)])
    assert result.rows[0]["open"] is None and result.rows[0]["close"] == Decimal("1.5")
    assert [(item["column"], item["sample"]) for item in result.report["drift"]] == [
        ("column_3", "2"),
        ("extra", "1"),
    ]
