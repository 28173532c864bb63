"""What a row must be, written by hand from the contracts, so that a mistake in compiling them is seen."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

BLANKS = " \t\r\n"
PLAIN_NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)", re.ASCII)
MONEY_NUMBER = re.compile(r"[+-]?(0*[0-9]{1,12}([.][0-9]{0,6}0*)?|[.][0-9]{1,6}0*)", re.ASCII)
ANY_NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
MAX_INTEGER_LENGTH = 40
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})([.][0-9]{1,9})?"
    r"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?",
    re.ASCII,
)
MAX_BIGINT = 2**63 - 1

Typed = str | Decimal | int | float | date | datetime | None


class Unreadable(Exception):
    """Raised when a text is not of its column's type; holds the end of the reason's name."""


def read_decimal(text: str) -> Decimal:
    """A number with at most 12 digits before and 6 after the point, exactly."""
    if not PLAIN_NUMBER.fullmatch(text):
        raise Unreadable("not_a_number")
    if not MONEY_NUMBER.fullmatch(text):
        raise Unreadable("too_many_digits")
    return Decimal(text)


def read_double(text: str) -> float:
    """A finite binary number."""
    if not ANY_NUMBER.fullmatch(text) or abs(float(text)) == float("inf"):
        raise Unreadable("not_a_number")
    return float(text)


def read_integer(text: str) -> int:
    """A whole number of 64 bits."""
    if not WHOLE_NUMBER.fullmatch(text):
        raise Unreadable("not_a_whole_number")
    if len(text) > MAX_INTEGER_LENGTH or abs(int(text)) > MAX_BIGINT:
        raise Unreadable("too_many_digits")
    return int(text)


def read_date(text: str) -> date:
    """A day as YYYY-MM-DD."""
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Unreadable("not_a_date")


def read_timestamp(text: str) -> datetime:
    """A moment in UTC; without an offset the text is UTC already; past microseconds digits are cut."""
    parts = MOMENT.fullmatch(text)
    if parts:
        day, clock, fraction, offset = parts.groups()
        micros = (fraction or ".0")[1:7].ljust(6, "0")
        zone = "+00:00" if offset in (None, "Z") else offset
        try:
            return datetime.fromisoformat(f"{day}T{clock}.{micros}{zone}").astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Unreadable("not_a_timestamp")


@dataclass(frozen=True)
class Column:
    """One column of a contract; `above` is an exclusive lower bound, the other bounds are inclusive."""

    name: str
    read: Callable[[str], Typed] = str
    required: bool = True
    above: Typed = None
    least: Typed = None
    most: Typed = None
    allowed: tuple[str, ...] = ()

    def check(self, text: str | None) -> Typed:
        """The typed value of a raw text; Unreadable with the reason's end when the row must be rejected."""
        trimmed = None if text is None else text.strip(BLANKS)
        if not trimmed:
            if self.required:
                raise Unreadable("missing")
            return None
        value = self.read(trimmed)
        too_low = self.above is not None and value <= self.above
        too_low = too_low or (self.least is not None and value < self.least)
        if too_low or (self.most is not None and value > self.most):
            raise Unreadable("out_of_range")
        if self.allowed and value not in self.allowed:
            raise Unreadable("not_allowed")
        return value


@dataclass(frozen=True)
class Entity:
    """One entity's contract, and the source folder that its files come in."""

    name: str
    source: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def required(self) -> frozenset[str]:
        """The columns without which no row is accepted."""
        return frozenset(column.name for column in self.columns if column.required)

    def check(self, values: dict[str, str | None]) -> tuple[dict[str, Typed] | None, str | None]:
        """The typed row, or None and the first reason in the order of the contract's columns."""
        row: dict[str, Typed] = {}
        for column in self.columns:
            try:
                row[column.name] = column.check(values.get(column.name))
            except Unreadable as wrong:
                return None, f"{column.name}_{wrong}"
        return row, None


def price(name: str, read: Callable[[str], Typed] = read_decimal, required: bool = True) -> Column:
    """A price in US dollars: above 0, at most a million."""
    return Column(name, read, required, above=0, most=1_000_000)


MARKET_DATA = Entity(
    "market_data",
    "market-data",
    ("symbol", "price_date"),
    (
        Column("symbol"),
        Column("price_date", read_date, least=date(1900, 1, 1), most=date(2099, 12, 31)),
        price("open", required=False),
        price("high", required=False),
        price("low", required=False),
        price("close"),
        price("adjusted_close", read_double),
        Column("volume", read_integer, required=False, least=0),
        Column("currency", allowed=("USD",)),
    ),
)
TRANSACTIONS = Entity(
    "transactions",
    "trading",
    ("transaction_id",),
    (
        Column("transaction_id"),
        Column("account_id"),
        Column("symbol"),
        Column("side", allowed=("BUY", "SELL")),
        Column("quantity", read_decimal, above=0, most=1_000_000_000),
        price("price"),
        Column(
            "traded_at",
            read_timestamp,
            least=datetime(1970, 1, 1, tzinfo=UTC),
            most=datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
        ),
        Column("currency", allowed=("USD",)),
    ),
)
ENTITIES = (MARKET_DATA, TRANSACTIONS)
