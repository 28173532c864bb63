"""One account's history, trade by trade, so that nothing is sold that is not held."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from .draw import Draw
from .prices import Price
from .trades import (
    ACCOUNTS,
    OFFSETS,
    SEED,
    ZERO,
    Account,
    Market,
    Trade,
    buy_quantity,
    plain,
    sell_quantity,
    trade_price,
    trading_moments,
)

TWIN_PERCENT = 4
IPO_EVE = Trade(
    "ACC-1003", "FB", "BUY", Decimal(25), Decimal("38.00"), datetime(2012, 5, 17, 20, 30, tzinfo=UTC)
)
"""Bought on the eve of FB's first trading day: for one day it is held and has no price."""
AFTER_THE_END = Trade(
    "ACC-1001",
    "MSFT",
    "BUY",
    Decimal(40),
    Decimal("27.95"),
    datetime(2013, 3, 2, 2, 30, tzinfo=UTC),
    zone=OFFSETS[0],
)
"""Written as 2013-03-01 with its own offset, but after the newest price date in UTC."""


def history(draw: Draw, account: Account, market: Market) -> list[Trade]:
    """The account's trades in order of time; a twin is a buy and a sell of one symbol in the same moment."""
    held: dict[str, Decimal] = defaultdict(lambda: ZERO)
    trades: list[Trade] = []

    def add(symbol: str, side: str, quantity: Decimal, price: Price, at: datetime) -> None:
        zone = draw.one_of(OFFSETS) if draw.chance(18) else UTC
        trade = Trade(account.account_id, symbol, side, plain(quantity), trade_price(draw, price), at, zone)
        held[symbol] += quantity if side == "BUY" else -quantity
        trades.append(trade)

    exits = list(account.sells_all_on)
    for at in trading_moments(draw, account):
        while exits and at.date() >= exits[0]:
            leave_everything(exits.pop(0), held, market, add)
        symbol = draw.one_of(account.symbols)
        price = market.last(symbol, at.date())
        if price is None:
            continue
        if held[symbol] > 0 and draw.chance(42):
            add(symbol, "SELL", sell_quantity(draw, held[symbol]), price, at)
            continue
        add(symbol, "BUY", buy_quantity(draw), price, at)
        if draw.chance(TWIN_PERCENT):
            add(symbol, "SELL", held[symbol], price, at)
    for day in exits:
        leave_everything(day, held, market, add)
    return trades


def leave_everything(day: date, held: dict[str, Decimal], market: Market, add) -> None:
    """Sell every position in one moment late on `day`."""
    at = datetime.combine(day, time(20, 59, 59), UTC)
    for symbol in sorted(symbol for symbol, quantity in held.items() if quantity > 0):
        price = market.last(symbol, day)
        if price is None:
            raise ValueError(f"{symbol} is held on {day} and has no price")
        add(symbol, "SELL", held[symbol], price, at)


def numbered(trades: list[Trade]) -> list[Trade]:
    """Give each trade its id: ids do not follow time, but among trades of one moment they keep the order."""
    numbers = list(range(1, len(trades) + 1))
    shuffle = Draw(SEED + 1)
    for index in range(len(numbers) - 1, 0, -1):
        other = shuffle.below(index + 1)
        numbers[index], numbers[other] = numbers[other], numbers[index]
    moments: dict[datetime, list[int]] = defaultdict(list)
    for index, trade in enumerate(trades):
        moments[trade.at].append(index)
    for places in moments.values():
        for place, number in zip(places, sorted(numbers[index] for index in places), strict=True):
            numbers[place] = number
    for trade, number in zip(trades, numbers, strict=True):
        trade.transaction_id = f"TX-{number:06d}"
    return trades


def make_trades(prices: list[Price]) -> list[Trade]:
    """About 1,000 trades of all accounts over the days of `prices`, in order of time, with ids."""
    market = Market(prices)
    trades = [replace(IPO_EVE), replace(AFTER_THE_END)]
    for number, account in enumerate(ACCOUNTS):
        trades += history(Draw(SEED + 10 + number), account, market)
    # A sort by time alone is stable, so that the two of a twin stay in the order in which they were made.
    return numbered(sorted(trades, key=lambda trade: trade.at))
