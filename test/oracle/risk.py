"""Historical value at risk per symbol and per account."""

import math
from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from .portfolio import holdings, trading_days

WINDOW_DAYS = 250
CONFIDENCES = (Decimal("0.95"), Decimal("0.99"))


def returns_by_symbol(prices: list[dict]) -> dict[str, dict[date, float]]:
    """Simple returns of adjusted_close between a symbol's consecutive prices, by the later date, in order."""
    series: dict[str, dict[date, float]] = defaultdict(dict)
    for price in prices:
        series[price["symbol"]][price["price_date"]] = price["adjusted_close"]
    returns: dict[str, dict[date, float]] = {}
    for symbol, closes in series.items():
        days = sorted(closes)
        returns[symbol] = {day: closes[day] / closes[before] - 1 for before, day in pairwise(days)}
    return returns


def quantile(values: list[float], share: Fraction) -> float:
    """The value below which `share` of the values lie, linear between neighbours like numpy's default."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * float(place - low)


def account_returns(values: dict[str, Decimal], returns: dict[str, dict[date, float]]) -> list[float]:
    """What today's positions would have returned on each date on which all have a return, oldest first."""
    total = sum(values.values())
    if not total:
        return []
    weights = {symbol: float(value / total) for symbol, value in values.items()}
    dates = set.intersection(*(set(returns[symbol]) for symbol in weights))
    return [sum(weight * returns[symbol][day] for symbol, weight in weights.items()) for day in sorted(dates)]


def risk_rows(as_of_date: date, scope: str, scope_id: str, returns: list[float]) -> list[dict]:
    """One row per confidence over the newest returns of the window; none without returns."""
    used = returns[-WINDOW_DAYS:]
    if not used:
        return []
    return [
        {
            "as_of_date": as_of_date,
            "scope": scope,
            "scope_id": scope_id,
            "confidence": float(confidence),
            "window_days": WINDOW_DAYS,
            "observations": len(used),
            "value_at_risk": max(0.0, -quantile(used, 1 - Fraction(confidence))),
        }
        for confidence in CONFIDENCES
    ]


def var_calculations(prices: list[dict], trades: list[dict]) -> list[dict]:
    """All rows of the mart, accounts first, ordered by scope, id and confidence."""
    if not prices:
        return []
    as_of_date = trading_days(prices)[-1]
    returns = returns_by_symbol(prices)
    rows = []
    for account_id, values in sorted(holdings(prices, trades).items()):
        rows += risk_rows(as_of_date, "account", account_id, account_returns(values, returns))
    for symbol in sorted(returns):
        rows += risk_rows(as_of_date, "symbol", symbol, list(returns[symbol].values()))
    return rows
