"""Many small files for load tests: every key once, nothing dirty."""

from datetime import date, timedelta
from decimal import Decimal

from .draw import Draw
from .formats import Row, encode
from .trades import SEED

DAYS_PER_FILE = 8
FILES_PER_SYMBOL = 10
FIRST_DAY = date(2013, 4, 1)


def weekdays(count: int) -> list[date]:
    """The first `count` weekdays from FIRST_DAY on."""
    days: list[date] = []
    day = FIRST_DAY
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def walk(number: int, days: list[date]) -> list[Row]:
    """One made-up symbol's prices: a random walk that stays between 1 and 10,000."""
    draw = Draw(SEED + 1000 + number)
    close = Decimal(20 + draw.below(400))
    rows: list[Row] = []
    for day in days:
        before = close
        close += (close * (draw.below(601) - 300) / 10_000).quantize(Decimal("0.01"))
        close = min(max(close, Decimal(1)), Decimal(10_000))
        rows.append(
            {
                "symbol": f"S{number:04d}",
                "price_date": day.isoformat(),
                "open": before,
                "high": max(before, close),
                "low": min(before, close),
                "close": close,
                "adjusted_close": close,
                "volume": Decimal(1000 + draw.below(1_000_000)),
                "currency": "USD",
            }
        )
    return rows


def trades_of(number: int, rows: list[Row]) -> list[Row]:
    """A buy of a symbol on its first day and a partial sale on a later one, at the day's close."""
    sold = rows[len(rows) // 2]
    steps = (("BUY", Decimal(100), rows[0]), ("SELL", Decimal("37.5"), sold))
    return [
        {
            "transaction_id": f"TL-{number:04d}-{step}",
            "account_id": f"ACC-{2001 + number % 3}",
            "symbol": row["symbol"],
            "side": side,
            "quantity": quantity,
            "price": row["close"],
            "traded_at": f"{row['price_date']}T1{5 + step}:00:00Z",
            "currency": "USD",
        }
        for step, (side, quantity, row) in enumerate(steps)
    ]


def build_many(files: int, with_trades: bool) -> dict[str, bytes]:
    """Path to bytes of `files` market-data files with 8 rows each, and on demand of one trading file."""
    made: dict[str, bytes] = {}
    trades: list[Row] = []
    days = weekdays(DAYS_PER_FILE * FILES_PER_SYMBOL)
    for number in range(-(-files // FILES_PER_SYMBOL)):
        rows = walk(number, days)
        for part in range(min(FILES_PER_SYMBOL, files - number * FILES_PER_SYMBOL)):
            chunk = rows[part * DAYS_PER_FILE : (part + 1) * DAYS_PER_FILE]
            made[f"market-data/S{number:04d}-{part:02d}.ndjson"] = encode(".ndjson", list(chunk))
        trades += trades_of(number, rows[: min(FILES_PER_SYMBOL, files) * DAYS_PER_FILE])
    if with_trades:
        made["trading/transactions.ndjson"] = encode(".ndjson", list(trades))
    return made
