"""The real daily prices behind the samples."""

import csv
import gzip
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from .formats import Row

FIRST_DAY = date(2011, 3, 1)
LAST_DAY = date(2013, 3, 1)


@dataclass(frozen=True)
class Price:
    """One symbol's prices of one trading day, in US dollars, with the digits of the original."""

    symbol: str
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    adjusted_close: Decimal
    volume: Decimal

    def row(self) -> Row:
        """The columns of the market_data contract."""
        return {
            "symbol": self.symbol,
            "price_date": self.day.isoformat(),
            "open": self.open,
            "high": self.high,
            "low": self.low,
            "close": self.close,
            "adjusted_close": self.adjusted_close,
            "volume": self.volume,
            "currency": "USD",
        }


def read_prices(archive: Path) -> list[Price]:
    """The prices of the last two years of the archive, ordered by symbol and day."""
    with gzip.open(archive, "rt", encoding="utf-8", newline="") as stream:
        prices = [
            Price(
                symbol=row["Ticker"],
                day=date.fromisoformat(row["Date"]),
                open=Decimal(row["Open"]),
                high=Decimal(row["High"]),
                low=Decimal(row["Low"]),
                close=Decimal(row["Close"]),
                adjusted_close=Decimal(row["Adj Close"]),
                volume=Decimal(row["Volume"]),
            )
            for row in csv.DictReader(stream)
        ]
    inside = [price for price in prices if FIRST_DAY <= price.day <= LAST_DAY]
    return sorted(inside, key=lambda price: (price.symbol, price.day))
