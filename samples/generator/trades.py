"""Made-up transactions of a few accounts on the real prices."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import ROUND_DOWN, Decimal

from .draw import Draw
from .formats import Row
from .prices import LAST_DAY, Price

SEED = 20_130_301
OFFSETS = (timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=30)))
ZERO = Decimal(0)


@dataclass(frozen=True)
class Account:
    """How one account trades: on which symbols, from which day, and on which days it sells everything."""

    account_id: str
    symbols: tuple[str, ...]
    first_day: date
    trades: int
    last_day: date = LAST_DAY
    sells_all_on: tuple[date, ...] = ()
    pause_days: int = 0


ACCOUNTS = (
    Account("ACC-1001", ("AAPL", "IBM", "MSFT"), date(2011, 3, 1), 320),
    Account("ACC-1002", ("GOOG", "IBM", "MSFT"), date(2011, 5, 7), 280),
    Account(
        "ACC-1003",
        ("AAPL", "FB", "GOOG"),
        date(2011, 9, 6),
        230,
        sells_all_on=(date(2012, 3, 15),),
        pause_days=26,
    ),
    Account(
        "ACC-1004",
        ("AAPL", "FB"),
        date(2012, 5, 18),
        150,
        last_day=date(2012, 12, 14),
        sells_all_on=(date(2012, 12, 14),),
    ),
)


@dataclass
class Trade:
    """One transaction; `at` is UTC, `zone` only says how the file writes it."""

    account_id: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    at: datetime
    zone: timezone = UTC
    transaction_id: str = ""

    def row(self) -> Row:
        """The columns of the transactions contract."""
        written = self.at.astimezone(self.zone)
        text = written.isoformat(timespec="milliseconds" if written.microsecond else "seconds")
        return {
            "transaction_id": self.transaction_id,
            "account_id": self.account_id,
            "symbol": self.symbol,
            "side": self.side,
            "quantity": self.quantity,
            "price": self.price,
            "traded_at": text.replace("+00:00", "Z"),
            "currency": "USD",
        }


@dataclass
class Market:
    """What could be bought on a day, and for how much."""

    prices: list[Price]
    by_symbol: dict[str, list[Price]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for price in self.prices:
            self.by_symbol.setdefault(price.symbol, []).append(price)

    def last(self, symbol: str, day: date) -> Price | None:
        """The newest price on or before `day`, None before the symbol's first."""
        known = self.by_symbol[symbol]
        index = bisect_right(known, day, key=lambda price: price.day)
        return known[index - 1] if index else None


def trade_price(draw: Draw, price: Price) -> Decimal:
    """A price between the day's low and high, near the close, with 2 to 4 decimals."""
    places = draw.one_of((2, 2, 3, 4))
    edge = draw.one_of((price.low, price.high))
    near = price.close + (edge - price.close) * draw.below(60) / 100
    rounded = near.quantize(Decimal(1).scaleb(-places))
    return min(max(rounded, price.low), price.high)


def buy_quantity(draw: Draw) -> Decimal:
    """Whole shares mostly, otherwise a fraction with up to 4 decimals."""
    if draw.chance(60):
        return Decimal(1 + draw.below(100))
    return Decimal(1 + draw.below(500_000)).scaleb(-4).normalize()


def sell_quantity(draw: Draw, held: Decimal) -> Decimal:
    """Some of what is held, now and then all of it; never more."""
    if draw.chance(12):
        return held
    part = (held * (5 + draw.below(60)) / 100).quantize(Decimal("0.0001"), rounding=ROUND_DOWN)
    return part.normalize() if part > 0 else held


def trading_moments(draw: Draw, account: Account) -> list[datetime]:
    """The UTC moments of the account's trades, in order: mostly weekdays, at any hour."""
    days = (account.last_day - account.first_day).days
    moments = [datetime.combine(account.first_day, time(15, 4, 5), UTC)]
    while len(moments) < account.trades:
        day = account.first_day + timedelta(days=draw.below(days))
        if day.weekday() >= 5 and not draw.chance(15):
            continue
        if any(timedelta() <= day - sold < timedelta(account.pause_days) for sold in account.sells_all_on):
            continue
        evening = draw.chance(15)
        second = draw.below(86_400) if evening else 52_200 + draw.below(23_400)
        moment = datetime.combine(day, time(), UTC) + timedelta(seconds=second)
        moments.append(moment + timedelta(milliseconds=draw.below(1000) if draw.chance(10) else 0))
    return sorted(moments)


def plain(quantity: Decimal) -> Decimal:
    """The same number without an exponent: `normalize` writes 100 as 1E+2."""
    return quantity.quantize(Decimal(1)) if quantity == quantity.to_integral_value() else quantity
