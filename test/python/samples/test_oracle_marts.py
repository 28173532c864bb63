"""Both marts on little data, with every number computed by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import accumulate

import pytest

from test.oracle.portfolio import daily_portfolio_summary
from test.oracle.risk import var_calculations


def price(symbol, day, close, adjusted=None):
    adjusted = float(close) if adjusted is None else adjusted
    return {
        "symbol": symbol,
        "price_date": date(2024, 1, day),
        "close": Decimal(close),
        "adjusted_close": adjusted,
    }


def trade(number, symbol, side, quantity, at_price, day, hour=15, account="A"):
    return {
        "transaction_id": f"T{number}",
        "account_id": account,
        "symbol": symbol,
        "side": side,
        "quantity": Decimal(quantity),
        "price": Decimal(at_price),
        "traded_at": datetime(2024, 1, day, hour, tzinfo=UTC),
    }


def figures(row):
    names = ("position_count", "market_value", "cost_basis", "realized_pnl", "unrealized_pnl")
    return [row[name] for name in names]


PRICES = [
    price("X", 2, "10"),
    price("X", 3, "12"),
    price("Y", 3, "100"),
    price("Y", 4, "104"),
    price("X", 5, "11"),
]
TRADES = [
    trade(4, "X", "SELL", "5", "13", 3),
    trade(3, "X", "BUY", "10", "12", 3),
    trade(9, "X", "BUY", "10", "9", 1),
    trade(5, "Y", "BUY", "1", "103", 4),
    trade(6, "X", "SELL", "15", "11", 5),
]


def test_a_portfolio_by_hand():
    rows = daily_portfolio_summary(PRICES, TRADES)
    assert [row["summary_date"].day for row in rows] == [2, 3, 4, 5]
    # The trade of the 1st, no trading day, counts on the 2nd: 10 at 9, worth 10 each.
    assert figures(rows[0]) == [1, 100, 90, 0, 10]
    # 10 more at 12: 20 for 210, average 10.50; 5 sold at 13 realize 12.50 and take 52.50 of cost.
    assert figures(rows[1]) == [1, 180, Decimal("157.5"), Decimal("12.5"), Decimal("22.5")]
    # X has no price on the 4th and keeps its 12.
    assert figures(rows[2]) == [2, 284, Decimal("260.5"), Decimal("12.5"), Decimal("23.5")]
    # All X sold at 11: 15 x 0.50 more profit; Y keeps its 104.
    assert figures(rows[3]) == [1, 104, 103, 20, 1]
    returns = [row["daily_return"] for row in rows]
    # Flows: 120 - 65 = 55, then 103, then -165.
    assert returns == [None, pytest.approx(0.25), pytest.approx(181 / 180 - 1), pytest.approx(269 / 284 - 1)]


def test_an_account_that_sold_everything_keeps_its_rows_and_has_no_return_after_the_day_of_the_sale():
    trades = [trade(1, "X", "BUY", "4", "10", 2), trade(2, "X", "SELL", "4", "12.5", 3)]
    rows = daily_portfolio_summary(PRICES, trades)
    assert [figures(row) for row in rows[1:]] == [[0, 0, 0, 10, 0]] * 3
    assert [row["daily_return"] for row in rows] == [None, pytest.approx(0.25), None, None]


def test_average_cost_is_not_rounded_between_trades():
    prices = [price("X", 2, "10")]
    buys = [trade(1, "X", "BUY", "1", "10", 2, 10), trade(2, "X", "BUY", "2", "10.01", 2, 11)]
    sales = [trade(number, "X", "SELL", "0.1", "10", 2, 12) for number in range(3, 23)]
    row = daily_portfolio_summary(prices, buys + sales)[-1]
    # 3 for 30.02; 2 sold at 10: realized 20 - 2 x 30.02 / 3, a third of the cost stays.
    assert row["realized_pnl"] == pytest.approx(Decimal("20") - Decimal("60.04") / 3, abs=Decimal("1e-20"))
    assert row["cost_basis"] == pytest.approx(Decimal("30.02") / 3, abs=Decimal("1e-20"))


def test_within_a_day_time_comes_first_and_the_id_decides_among_equal_moments():
    buy, sale = trade(9, "X", "BUY", "10", "10", 2, 10), trade(1, "X", "SELL", "10", "12", 2, 11)
    twins = [trade(4, "X", "SELL", "10", "12", 2, 12), trade(3, "X", "BUY", "10", "11", 2, 12)]
    # First 10 bought at 10 and sold at 12, then 10 bought at 11 and sold at 12.
    assert figures(daily_portfolio_summary(PRICES, [sale, buy, *twins])[0]) == [0, 0, 0, 30, 0]


def test_a_trade_after_the_newest_price_is_in_no_row():
    late = [trade(8, "X", "BUY", "1", "11", 6), trade(7, "X", "BUY", "1", "11", 6, account="B")]
    assert daily_portfolio_summary(PRICES, TRADES + late) == daily_portfolio_summary(PRICES, TRADES)
    assert var_calculations(PRICES, TRADES + late) == var_calculations(PRICES, TRADES)


def test_a_symbol_without_any_price_yet_is_held_but_worth_nothing():
    rows = daily_portfolio_summary(PRICES, [trade(1, "Y", "BUY", "2", "90", 2)])
    assert figures(rows[0]) == [1, 0, 180, 0, -180]
    assert figures(rows[1]) == [1, 200, 180, 0, 20]
    assert [row["daily_return"] for row in rows[:3]] == [None, None, pytest.approx(0.04)]


def test_accounts_do_not_mix():
    rows = daily_portfolio_summary(PRICES, [*TRADES, trade(1, "X", "BUY", "1", "12", 4, account="B")])
    assert [(row["account_id"], row["summary_date"].day) for row in rows] == [
        *(("A", day) for day in (2, 3, 4, 5)),
        *(("B", day) for day in (4, 5)),
    ]


def series(symbol, returns, first_day=1):
    values = accumulate(returns, lambda value, change: value * (1 + change), initial=100.0)
    return [price(symbol, day, "50", value) for day, value in enumerate(values, first_day)]


def risk(rows, scope_id):
    return [row["value_at_risk"] for row in rows if row["scope_id"] == scope_id]


def test_a_symbols_value_at_risk_by_hand():
    rows = var_calculations(series("X", [0.08, -0.10, 0.02, -0.04, 0.05]), [])
    # Sorted: -0.10, -0.04, ...; 5 % of the 4 steps is 0.2 of the first one, 1 % is 0.04 of it.
    assert risk(rows, "X") == [pytest.approx(0.088), pytest.approx(0.0976)]
    assert [row["confidence"] for row in rows] == [0.95, 0.99]
    assert {
        (row["scope"], row["as_of_date"].day, row["window_days"], row["observations"]) for row in rows
    } == {("symbol", 6, 250, 5)}


def test_nothing_but_gains_is_no_risk_and_one_price_is_no_row():
    rows = var_calculations([*series("X", [0.01, 0.02]), price("Y", 1, "7")], [])
    assert risk(rows, "X") == [0, 0]
    assert risk(rows, "Y") == []


def test_an_accounts_value_at_risk_weighs_its_positions_by_todays_value():
    # Z was never priced and has no weight. Y starts a day later, so X's first return is not used.
    prices = series("X", [0.5, 0.10, -0.20, 0.04]) + series("Y", [0.02, 0.10, -0.08], 2)
    trades = [
        trade(1, "X", "BUY", "3", "50", 2),
        trade(2, "Y", "BUY", "1", "50", 3),
        trade(3, "Z", "BUY", "1", "50", 3),
    ]
    rows = var_calculations(prices, trades)
    # Weights 0.75 and 0.25; days: 0.08, -0.125, 0.01; 5 % of two steps is 0.1 of the first, 1 % is 0.02.
    account = [row for row in rows if row["scope"] == "account"]
    assert [row["observations"] for row in account] == [3, 3]
    assert risk(rows, "A") == [pytest.approx(0.1115), pytest.approx(0.1223)]


def test_an_account_that_holds_nothing_has_no_value_at_risk():
    trades = [trade(1, "X", "BUY", "1", "50", 2), trade(2, "X", "SELL", "1", "50", 3)]
    rows = var_calculations(series("X", [0.1, -0.1]), trades)
    assert {row["scope"] for row in rows} == {"symbol"}


def test_only_the_newest_250_returns_count():
    days = [date.fromordinal(date(2023, 1, 1).toordinal() + offset) for offset in range(256)]
    prices = [price("X", 1, "1") | {"price_date": day, "adjusted_close": 100.0} for day in days]
    # The first five of 255 returns are losses; the newest 250 are none.
    for oldest, value in enumerate((600.0, 500.0, 400.0, 300.0, 200.0)):
        prices[oldest]["adjusted_close"] = value
    rows = var_calculations(prices, [])
    assert [(row["observations"], row["value_at_risk"]) for row in rows] == [(250, 0), (250, 0)]


def test_no_prices_no_marts():
    assert var_calculations([], TRADES) == []
    assert daily_portfolio_summary([], TRADES) == []
