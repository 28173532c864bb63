"""The committed samples are what the generator makes, and hold what their README says."""

import gzip
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from samples.generator.accounts import make_trades
from samples.generator.build import build_samples
from samples.generator.prices import read_prices
from samples.generator.readme import readme_text
from samples.generator.systems.build import build_systems
from test.oracle.cleansing import cleanse
from test.oracle.rules import ENTITIES, MARKET_DATA, TRANSACTIONS
from test.oracle.truth import compute

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
ARCHIVE = SAMPLES / "stocks.csv.gz"
MAX_BYTES = 1_000_000


@pytest.fixture(scope="module")
def made():
    return build_samples(ARCHIVE)


@pytest.fixture(scope="module")
def truth():
    return compute(SAMPLES)


def unpacked(path: str, content: bytes) -> bytes:
    # Another zlib may pack the same bytes differently; what a reader gets must be the same everywhere.
    return gzip.decompress(content) if path.endswith(".gz") else content


def test_the_committed_files_are_those_that_the_generator_makes(made):
    committed = {
        path.relative_to(SAMPLES).as_posix(): path.read_bytes()
        for source in ("market-data", "trading")
        for path in (SAMPLES / source).iterdir()
    }
    assert committed.keys() == made.files.keys()
    for path, content in committed.items():
        assert unpacked(path, content) == unpacked(path, made.files[path]), path


def test_the_generator_makes_the_same_bytes_twice(made):
    assert build_samples(ARCHIVE).files == made.files
    assert all(content[4:8] == bytes(4) for path, content in made.files.items() if path.endswith(".gz"))


def test_the_samples_stay_small():
    kept = [path for path in SAMPLES.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in kept) < MAX_BYTES


def test_the_readme_is_the_one_that_the_generator_writes(made):
    assert (SAMPLES / "README.md").read_text(encoding="utf-8") == readme_text(made, build_systems()[1])


def test_the_readmes_counts_are_those_of_the_oracle(truth):
    text = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for outcome in truth.outcomes:
        counts = outcome.summary()
        row = re.search(rf"^\| `{counts['source']}/` .*$", text, re.MULTILINE).group()
        shown = [int(cell) for cell in re.findall(r"\| (\d+)(?= \|)", row)]
        wanted = ("files", "rows_in", "keys", "superseded", "rejected")
        assert shown == [counts[name] for name in wanted]
        section = text.split(f"\n## {outcome.entity.name}\n")[1].split("\n## ")[0]
        reasons = {name: int(rows) for name, rows in re.findall(r"^\| `(\w+)` \| (\d+) \|$", section, re.M)}
        assert reasons == counts["reasons"]


def test_every_reject_is_in_the_file_that_the_readme_names(made, truth):
    for planted, outcome in zip(made.planted, truth.outcomes, strict=True):
        expected = {made.names[stem]: Counter() for stem in made.names}
        for reject in planted.rejects:
            expected[made.names[reject.stem]][reject.reason] += 1
        for file in outcome.files:
            assert file.reasons == expected[file.name], file.name


def test_no_file_alone_comes_to_the_gates_limit(truth):
    for outcome in truth.outcomes:
        for file in outcome.files:
            assert (file.rows - file.valid) * 100 < 5 * file.rows, file.name


def test_no_key_stands_in_two_files(truth):
    for outcome in truth.outcomes:
        counts = outcome.summary()
        assert counts["superseded"] == counts["superseded_within_files"] > 0


def test_every_price_of_two_years_survives_the_dirt(truth):
    prices = {(price.symbol, price.day): price for price in read_prices(ARCHIVE)}
    latest = truth.outcomes[0].latest
    assert latest.keys() == prices.keys()
    for key, row in latest.items():
        assert (row["close"], row["volume"]) == (prices[key].close, prices[key].volume)
        assert row["adjusted_close"] == float(prices[key].adjusted_close)


def test_every_trade_survives_the_dirt(truth):
    trades = {(trade.transaction_id,): trade for trade in make_trades(read_prices(ARCHIVE))}
    latest = truth.outcomes[1].latest
    assert latest.keys() == trades.keys()
    for key, row in latest.items():
        trade = trades[key]
        assert (row["traded_at"], row["quantity"], row["price"]) == (trade.at, trade.quantity, trade.price)


def test_nobody_sells_what_is_not_held_and_prices_lie_within_the_day(truth):
    prices, held = truth.outcomes[0].latest, Counter()
    days = sorted({day for _, day in prices})
    by_time = sorted(
        truth.outcomes[1].latest.values(), key=lambda row: (row["traded_at"], row["transaction_id"])
    )
    for trade in by_time:
        key = trade["account_id"], trade["symbol"]
        held[key] += trade["quantity"] if trade["side"] == "BUY" else -trade["quantity"]
        assert held[key] >= 0
        known = [day for day in days if day <= trade["traded_at"].date() and (trade["symbol"], day) in prices]
        if known:
            day = prices[trade["symbol"], known[-1]]
            assert day["low"] <= trade["price"] <= day["high"]
        assert max(-trade[name].as_tuple().exponent for name in ("quantity", "price")) <= 4


def test_the_samples_hold_the_hard_cases_of_the_marts(truth):
    trades = list(truth.outcomes[1].latest.values())
    newest = max(day for _, day in truth.outcomes[0].latest)
    assert sum(trade["traded_at"].date() > newest for trade in trades) == 1
    assert sum(trade["traded_at"].weekday() >= 5 for trade in trades) > 20
    moments = Counter((trade["account_id"], trade["symbol"], trade["traded_at"]) for trade in trades)
    assert sum(count == 2 for count in moments.values()) > 10
    rows = truth.marts["daily_portfolio_summary"]
    assert len({row["account_id"] for row in rows}) == 4
    assert any(row["position_count"] == 0 and row["cost_basis"] == 0 for row in rows)
    assert {row["observations"] for row in truth.marts["var_calculations"]} == {195, 250}


def test_the_command_writes_the_same_files_elsewhere_and_never_over_others(tmp_path, made):
    command = [sys.executable, str(SAMPLES / "generate.py"), "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, env=os.environ, timeout=60)
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == len(made.files | build_systems()[0])
    for entity in ENTITIES:
        assert cleanse(tmp_path, entity).summary() == cleanse(SAMPLES, entity).summary()
    again = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_many_makes_small_files_with_every_key_once(tmp_path):
    script = str(SAMPLES / "generate.py")
    command = [sys.executable, script, "--many", "25", "--with-trades", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    market = cleanse(tmp_path, MARKET_DATA).summary()
    wanted = {"files": 25, "rows_in": 200, "valid": 200, "keys": 200, "superseded": 0, "rejected": 0}
    assert {name: market[name] for name in wanted} == wanted
    assert cleanse(tmp_path, TRANSACTIONS).summary()["valid"] == 6
    marts = compute(tmp_path).marts
    assert len(marts["daily_portfolio_summary"]) == 3 * 80
    assert {row["observations"] for row in marts["var_calculations"]} == {39, 79}
