"""What is wrong in the samples on purpose, place by place. The README's tables are made from these lists."""

from dataclasses import dataclass
from decimal import Decimal

from .formats import Line, Row, json_text

ABSENT = "<absent>"
"""As a value: the column is left out of the row altogether."""


@dataclass(frozen=True)
class Reject:
    """A broken copy of row `row` (0-based) of file `stem`, put behind it, and why the gate rejects it."""

    stem: str
    row: int
    reason: str
    column: str | None
    value: object

    def line(self, good: Row) -> Line:
        """The broken line: the good row with one column replaced, or a raw text when no column is named."""
        if self.column is None:
            return str(self.value) or json_text(good)[:-9]
        broken = {**good, self.column: self.value}
        if self.value == ABSENT:
            del broken[self.column]
        return broken


@dataclass(frozen=True)
class Repeat:
    """Row `row` of file `stem` stands in it twice; with a column, the first version is wrong there."""

    stem: str
    row: int
    column: str | None = None
    value: object = None


@dataclass(frozen=True)
class Extra:
    """A column that no contract knows, on every row of file `stem`; `{row}` becomes the row's number."""

    stem: str
    column: str
    value: str


MARKET_REJECTS = (
    Reject("AAPL-2011-03", 7, "symbol_missing", "symbol", None),
    Reject("AAPL-2011-05", 3, "price_date_missing", "price_date", ABSENT),
    Reject("IBM-2011-03", 12, "close_missing", "close", None),
    Reject("GOOG-2012-12", 5, "close_missing", "close", "  "),
    Reject("MSFT-2011-08", 9, "open_not_a_number", "open", "12,50"),
    Reject("AAPL-2011-06", 2, "high_not_a_number", "high", "NaN"),
    Reject("FB-2012-06", 10, "close_not_a_number", "close", "n/a"),
    Reject("AAPL-2011-11", 0, "close_not_a_number", "close", "1e2e3"),
    Reject("GOOG-2011-08", 4, "volume_not_a_whole_number", "volume", "many"),
    Reject("IBM-2011-08", 6, "adjusted_close_not_a_number", "adjusted_close", "Infinity"),
    Reject("MSFT-2011-03", 15, "low_out_of_range", "low", Decimal("-25.11")),
    Reject("AAPL-2011-10", 8, "close_out_of_range", "close", Decimal("-0.01")),
    Reject("GOOG-2011-06", 11, "close_out_of_range", "close", Decimal("1000000.01")),
    Reject("GOOG-2011-11", 2, "close_out_of_range", "close", Decimal(0)),
    Reject("IBM-2011-10", 4, "close_too_many_digits", "close", Decimal("186.8200001")),
    Reject("MSFT-2011-12", 19, "volume_out_of_range", "volume", Decimal(-100)),
    Reject("FB-2012-08", 1, "high_out_of_range", "high", Decimal("1900000")),
    Reject("IBM-2012-03", 13, "open_out_of_range", "open", Decimal("-200.5")),
    Reject("MSFT-2012-08", 20, "currency_not_allowed", "currency", "XXX"),
    Reject("AAPL-2012-08", 16, "currency_not_allowed", "currency", "dollars"),
    Reject("GOOG-2012-10", 14, "price_date_not_a_date", "price_date", "2012-10-32"),
    Reject("IBM-2012-05", 18, "price_date_not_a_date", "price_date", "25/05/2012"),
    Reject("FB-2012-07", 5, "price_date_not_a_date", "price_date", "2012-7-9"),
    Reject("GOOG-2011-03", 22, "invalid_json", None, ""),
    Reject("MSFT-2011-10", 7, "invalid_json", None, '{"symbol": "MSFT", "price_date": }'),
    Reject("AAPL-2012-03", 19, "invalid_json", None, "# exported without errors"),
)
MARKET_REPEATS = (
    Repeat("AAPL-2011-04", 2),
    Repeat("IBM-2012-10", 8),
    Repeat("GOOG-2012-06", 0),
    Repeat("FB-2013-02", 18),
    Repeat("MSFT-2012-02", 11),
    Repeat("IBM-2011-08", 6),
    Repeat("AAPL-2012-07", 4, "close", Decimal("6.066")),
    Repeat("GOOG-2012-03", 9, "adjusted_close", Decimal("1.5")),
    Repeat("IBM-2012-08", 3, "close", Decimal("999999.99")),
    Repeat("MSFT-2012-03", 21, "close", Decimal("23.5")),
    Repeat("FB-2012-10", 20, "volume", Decimal("1")),
    Repeat("MSFT-2013-02", 18, "close", Decimal("72.80")),
)
MARKET_EXTRAS = (
    Extra("IBM-2012-06", "note", 'row {row}: checked,\n"by hand"'),
    Extra("GOOG-2012-09", "venue", "XNAS"),
)
MARKET_BOMS = ("GOOG-2012-08", "AAPL-2012-09", "MSFT-2012-11")
MARKET_CRLF = ("MSFT-2012-05",)

TRADE_REJECTS = (
    Reject("transactions-2011-05", 4, "quantity_missing", "quantity", None),
    Reject("transactions-2011-09", 10, "transaction_id_missing", "transaction_id", None),
    Reject("transactions-2011-10", 7, "account_id_missing", "account_id", ABSENT),
    Reject("transactions-2011-11", 21, "side_not_allowed", "side", "HOLD"),
    Reject("transactions-2011-12", 3, "quantity_not_a_number", "quantity", "ten"),
    Reject("transactions-2012-01", 2, "price_out_of_range", "price", Decimal("1000000.01")),
    Reject("transactions-2012-02", 15, "traded_at_missing", "traded_at", None),
    Reject("transactions-2012-03", 12, "price_not_a_number", "price", "$31.20"),
    Reject("transactions-2012-04", 8, "invalid_json", None, ""),
    Reject("transactions-2012-05", 6, "currency_not_allowed", "currency", "BTC"),
    Reject("transactions-2012-05", 30, "price_missing", "price", None),
    Reject("transactions-2012-06", 9, "quantity_out_of_range", "quantity", Decimal("-5")),
    Reject("transactions-2012-06", 41, "invalid_json", None, '{"transaction_id": TX-1}'),
    Reject("transactions-2012-07", 5, "traded_at_not_a_timestamp", "traded_at", "yesterday"),
    Reject("transactions-2012-07", 60, "price_out_of_range", "price", Decimal("-31.2")),
    Reject("transactions-2012-08", 13, "symbol_missing", "symbol", None),
    Reject("transactions-2012-08", 33, "side_missing", "side", ABSENT),
    Reject("transactions-2012-09", 1, "side_not_allowed", "side", "buy"),
    Reject("transactions-2012-10", 17, "traded_at_not_a_timestamp", "traded_at", "2012-13-05T10:00:00Z"),
    Reject("transactions-2012-10", 55, "price_not_a_number", "price", "Infinity"),
    Reject("transactions-2012-11", 25, "quantity_not_a_number", "quantity", "1.2.3"),
    Reject("transactions-2012-12", 40, "currency_not_allowed", "currency", "usd"),
)
TRADE_REPEATS = (
    Repeat("transactions-2011-03", 2),
    Repeat("transactions-2011-09", 14),
    Repeat("transactions-2012-04", 20),
    Repeat("transactions-2012-09", 44),
    Repeat("transactions-2012-11", 0),
    Repeat("transactions-2011-06", 5, "price", Decimal("7.77")),
    Repeat("transactions-2011-12", 30, "quantity", Decimal("1250.5")),
    Repeat("transactions-2012-03", 18, "quantity", Decimal("0.0001")),
    Repeat("transactions-2012-08", 50, "price", Decimal("1.0001")),
    Repeat("transactions-2012-12", 11, "side", "BUY"),
    Repeat("transactions-2013-01", 6, "account_id", "ACC-1009"),
)
TRADE_EXTRAS = (Extra("transactions-2012-09", "note", 'order {row}, said "now",\nthen waited'),)
TRADE_BOMS = ("transactions-2012-02",)
