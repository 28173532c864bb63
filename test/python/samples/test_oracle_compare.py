"""Differences between gold and the truth are found to the cent and told in words."""

import json
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from test.oracle.compare import compare, main
from test.oracle.truth import compute

ROOT = Path(__file__).resolve().parents[3]
SUMMARY = "daily_portfolio_summary"
TRUTH = {
    "account_id": "A",
    "summary_date": date(2024, 1, 2),
    "position_count": 2,
    "market_value": Decimal("10.125"),
    "cost_basis": Decimal(9),
    "realized_pnl": Decimal(0),
    "unrealized_pnl": Decimal("1.125"),
    "daily_return": 0.25,
}


def differences(**changed):
    return compare(SUMMARY, [TRUTH | changed], [TRUTH])


def test_equal_rows_in_other_types_are_equal():
    gold = {
        "account_id": "A",
        "summary_date": datetime(2024, 1, 2),
        "position_count": "2",
        "market_value": 10.13,
        "cost_basis": "9.000000",
        "realized_pnl": 0,
        "unrealized_pnl": "1.12",
        "daily_return": "0.2500000000004",
        "_edition": "run-1",
    }
    assert compare(SUMMARY, [gold], [TRUTH]) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("market_value", Decimal("10.131")),
        ("cost_basis", None),
        ("position_count", 3),
        ("daily_return", 0.2500001),
        ("daily_return", None),
        ("realized_pnl", "none"),
    ],
)
def test_a_wrong_value_is_told_with_its_row(column, value):
    wanted = f"{SUMMARY} A 2024-01-02: {column} is {value}, should be {TRUTH[column]}"
    assert differences(**{column: value}) == [wanted]


def test_a_return_where_none_should_be_is_a_difference():
    assert compare(SUMMARY, [TRUTH], [TRUTH | {"daily_return": None}]) != []


def test_missing_unexpected_and_repeated_rows_are_told():
    other = TRUTH | {"account_id": "B"}
    assert compare(SUMMARY, [], [TRUTH]) == [f"{SUMMARY} A 2024-01-02: missing"]
    assert compare(SUMMARY, [TRUTH, other], [TRUTH]) == [f"{SUMMARY} B 2024-01-02: should not exist"]
    assert compare(SUMMARY, [TRUTH, TRUTH], [TRUTH]) == [
        f"{SUMMARY} A 2024-01-02: stands there more than once"
    ]


def test_a_column_that_gold_lacks_is_told():
    gold = {name: value for name, value in TRUTH.items() if name != "cost_basis"}
    assert compare(SUMMARY, [gold], [TRUTH]) == [f"{SUMMARY} A 2024-01-02: cost_basis is not there"]


def test_confidences_match_whatever_their_type():
    row = compute(ROOT / "samples").marts["var_calculations"][0]
    for confidence in ("0.95", 0.95, Decimal("0.9500")):
        assert compare("var_calculations", [row | {"confidence": confidence}], [row]) == []


def test_the_commands_agree_with_each_other(tmp_path, capsys):
    command = [sys.executable, "-m", "test.oracle", "samples", "--json"]
    made = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=60)
    marts = json.loads(made.stdout)["marts"]
    gold = tmp_path / "gold.json"
    gold.write_text(json.dumps({"rows": marts[SUMMARY]}))
    lines = tmp_path / "var.ndjson"
    lines.write_text("".join(json.dumps(row) + "\n" for row in marts["var_calculations"]))
    arguments = [str(ROOT / "samples"), f"{SUMMARY}={gold}", f"var_calculations={lines}"]
    assert main(arguments) == 0
    gold.write_text(json.dumps(marts[SUMMARY][1:]))
    assert main(arguments) == 1
    assert ": missing" in capsys.readouterr().out


def test_gold_may_be_a_folder_of_parquet(tmp_path):
    import duckdb

    rows = compute(ROOT / "samples").marts["var_calculations"]
    listed = tmp_path / "rows.json"
    listed.write_text(json.dumps(rows, default=str))
    target = tmp_path / "gold" / "year=2013" / "month=03"
    target.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.read_json(str(listed)).write_parquet(str(target / "var_0.parquet"))
    assert main([str(ROOT / "samples"), f"var_calculations={tmp_path / 'gold'}"]) == 0
