"""Daily prices of any symbol and any day, computed and never stored: the same request has the same answer.

Nothing here is a real price. Each symbol has a level of its own, slow and fast waves around it, and a little
noise that a hash of symbol and day decides.
"""

import hashlib
import math
from collections.abc import Iterator
from datetime import date, timedelta

EPOCH = date(2000, 1, 1)
# Days of a wave, and how far it moves the logarithm of the price.
WAVES = ((1_461, 0.35), (367, 0.12), (61, 0.04), (13, 0.015))
NOISE = 0.006
SATURDAY = 5


def trading_days(first: date, last: date) -> Iterator[date]:
    """Monday to Friday, from `first` to `last`, both included. Holidays are not left out."""
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if day.weekday() < SATURDAY:
            yield day


def price_row(symbol: str, day: date) -> dict:
    """The columns of the market_data contract for one symbol and day; prices with two decimals."""
    close = _close(symbol, day)
    opened = _close(symbol, day, "open")
    spread = 0.01 * close * _share(symbol, day, "spread")
    return {
        "symbol": symbol,
        "price_date": day.isoformat(),
        "open": opened,
        "high": round(max(opened, close) + spread, 2),
        "low": round(min(opened, close) - spread / 2, 2),
        "close": close,
        "adjusted_close": close,
        "volume": 100_000 + int(9_900_000 * _share(symbol, day, "volume")),
        "currency": "USD",
    }


def vendor_row(symbol: str, day: date) -> dict:
    """The same prices under the names that Financial Modeling Prep gives them (its end-of-day endpoint)."""
    row = price_row(symbol, day)
    change = round(row["close"] - row["open"], 2)
    return {
        "symbol": symbol,
        "date": row["price_date"],
        **{name: row[name] for name in ("open", "high", "low", "close", "volume")},
        "change": change,
        "changePercent": round(100 * change / row["open"], 5),
        "vwap": round((row["high"] + row["low"] + row["close"]) / 3, 4),
    }


def _close(symbol: str, day: date, what: str = "close") -> float:
    days = (day - EPOCH).days
    level = math.log(20 + 180 * _share(symbol, EPOCH, "level"))
    for length, size in WAVES:
        phase = _share(symbol, EPOCH, f"phase{length}")
        level += size * math.sin(2 * math.pi * (days / length + phase))
    level += NOISE * (2 * _share(symbol, day, what) - 1)
    return round(math.exp(level), 2)


def _share(symbol: str, day: date, what: str) -> float:
    """A number from 0 up to 1 that only the three decide."""
    digest = hashlib.sha256(f"{symbol}|{day.isoformat()}|{what}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)
