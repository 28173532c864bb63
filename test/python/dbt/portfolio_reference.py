"""The marts computed a second time, in plain Python with exact fractions, to compare gold with."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

Prices = list[dict]
Trades = list[dict]


def daily_portfolio_summary(prices: Prices, trades: Trades) -> dict[tuple, dict]:
    """Rows by (account_id, summary_date), amounts as exact fractions; trades in any order."""
    days = sorted({row["price_date"] for row in prices})
    closes = {(row["symbol"], row["price_date"]): Fraction(row["close"]) for row in prices}
    by_account = defaultdict(list)
    for trade in sorted(trades, key=lambda row: (row["traded_at"], row["transaction_id"])):
        by_account[trade["account_id"]].append(trade)
    rows = {}
    for account, own in by_account.items():
        rows.update(_account_days(account, own, days, closes))
    return rows


def _account_days(account: str, trades: Trades, days: list, closes: dict) -> dict:
    held, cost, last_close = defaultdict(Fraction), defaultdict(Fraction), {}
    rows, waiting, previous, realized_to_date = {}, list(trades), Fraction(0), Fraction(0)
    for day in days:
        last_close.update({symbol: close for (symbol, on), close in closes.items() if on == day})
        due = [row for row in waiting if row["traded_at"].date() <= day]
        waiting = waiting[len(due) :]
        realized, invested = _book(due, held, cost)
        if not rows and not due:
            continue
        open_positions = [symbol for symbol in held if held[symbol] > 0]
        value = sum(
            (held[s] * last_close[s] if s in last_close else cost[s] for s in open_positions), Fraction(0)
        )
        realized_to_date += realized
        basis = sum((cost[s] for s in open_positions), Fraction(0))
        rows[(account, day)] = {
            "position_count": len(open_positions),
            "unpriced_position_count": sum(s not in last_close for s in open_positions),
            "market_value": value,
            "cost_basis": basis,
            "realized_pnl": realized,
            "realized_pnl_to_date": realized_to_date,
            "unrealized_pnl": value - basis,
            "net_invested": invested,
            "daily_return": (value - invested - previous) / previous if previous else None,
        }
        previous = value
    return rows


def _book(trades: Trades, held: dict, cost: dict) -> tuple[Fraction, Fraction]:
    """Books trades into the positions; returns what they realized and the net amount they invested."""
    realized = invested = Fraction(0)
    for trade in trades:
        symbol, quantity, price = trade["symbol"], Fraction(trade["quantity"]), Fraction(trade["price"])
        if trade["side"] == "BUY":
            held[symbol] += quantity
            cost[symbol] += quantity * price
            invested += quantity * price
            continue
        sold = min(quantity, held[symbol])
        if sold:
            share = cost[symbol] * sold / held[symbol]
            realized += sold * price - share
            invested -= sold * price
            held[symbol] -= sold
            cost[symbol] -= share
    return realized, invested


def value_at_risk(prices: Prices, trades: Trades, window_days: int = 250) -> dict[tuple, tuple[int, float]]:
    """(observations, value at risk) by (scope, scope_id, confidence), as of the newest price date."""
    days = sorted({row["price_date"] for row in prices})
    window, as_of = set(days[-window_days:]), days[-1]
    series = defaultdict(list)
    for row in sorted(prices, key=lambda row: row["price_date"]):
        series[row["symbol"]].append((row["price_date"], float(row["adjusted_close"])))
    returns = {
        symbol: {
            day: value / before - 1
            for (_, before), (day, value) in zip(points, points[1:], strict=False)
            if day in window and before
        }
        for symbol, points in series.items()
    }
    scopes = {("symbol", symbol): list(own.values()) for symbol, own in returns.items()}
    scopes.update(_account_returns(prices, trades, returns, as_of))
    result = {}
    for scope, values in scopes.items():
        for confidence, tail in ((0.95, Fraction(5, 100)), (0.99, Fraction(1, 100))):
            if values:
                result[(*scope, confidence)] = (len(values), max(0.0, -_quantile(sorted(values), tail)))
    return result


def _account_returns(prices: Prices, trades: Trades, returns: dict, as_of) -> dict:
    last_close = {}
    for row in sorted(prices, key=lambda row: row["price_date"]):
        last_close[row["symbol"]] = Fraction(row["close"])
    held, cost = defaultdict(lambda: defaultdict(Fraction)), defaultdict(lambda: defaultdict(Fraction))
    for trade in sorted(trades, key=lambda row: (row["traded_at"], row["transaction_id"])):
        if trade["traded_at"].date() <= as_of:
            _book([trade], held[trade["account_id"]], cost[trade["account_id"]])
    scopes = {}
    for account, own in held.items():
        values = {s: float(q * last_close[s]) for s, q in own.items() if q > 0 and s in last_close}
        values = {symbol: value for symbol, value in values.items() if value > 0}
        total = sum(values.values())
        shared = set.intersection(*(set(returns[s]) for s in values)) if values else set()
        scopes[("account", account)] = [
            sum(values[s] / total * returns[s][day] for s in values) for day in sorted(shared)
        ]
    return scopes


def _quantile(ordered: list[float], tail: Fraction) -> float:
    position = (len(ordered) - 1) * tail
    below = int(position)
    above = min(below + (position > below), len(ordered) - 1)
    return ordered[below] + float(position - below) * (ordered[above] - ordered[below])
