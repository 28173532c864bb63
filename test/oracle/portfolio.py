"""The daily portfolio summary, trade by trade and day by day."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext

DIGITS = 60
"""Significant digits of every step: the error of a quotient stays some 40 digits below a cent."""
ZERO = Decimal(0)


@dataclass
class Position:
    """What an account holds of one symbol; money in the trades' currency."""

    quantity: Decimal = ZERO
    cost: Decimal = ZERO

    def buy(self, quantity: Decimal, price: Decimal) -> None:
        """Add to quantity and cost."""
        self.quantity += quantity
        self.cost += quantity * price

    def sell(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Take out at average cost; answers the realized profit."""
        average = self.cost / self.quantity if self.quantity else ZERO
        self.quantity -= quantity
        self.cost = self.cost - average * quantity if self.quantity else ZERO
        return (price - average) * quantity


@dataclass
class Account:
    """An account's state while the days go by."""

    positions: dict[str, Position] = field(default_factory=lambda: defaultdict(Position))
    realized: Decimal = ZERO

    def apply(self, trade: dict) -> Decimal:
        """Book one trade; answers its flow into the portfolio (a buy's value, or minus a sell's)."""
        position = self.positions[trade["symbol"]]
        value = trade["quantity"] * trade["price"]
        if trade["side"] == "BUY":
            position.buy(trade["quantity"], trade["price"])
            return value
        self.realized += position.sell(trade["quantity"], trade["price"])
        return -value


def trading_days(prices: list[dict]) -> list[date]:
    """The dates with any accepted price, in order."""
    return sorted({price["price_date"] for price in prices})


def closes_by_day(prices: list[dict]) -> dict[date, dict[str, Decimal]]:
    """For each trading day the last known close of every symbol that had one by then."""
    by_day: dict[date, dict[str, Decimal]] = defaultdict(dict)
    for price in prices:
        by_day[price["price_date"]][price["symbol"]] = price["close"]
    known: dict[str, Decimal] = {}
    filled = {}
    for day in sorted(by_day):
        known = {**known, **by_day[day]}
        filled[day] = known
    return filled


def trades_by_account(days: list[date], trades: list[dict]) -> dict[str, dict[date, list[dict]]]:
    """Each account's trades by summary date, in booking order; those after the newest day are left out."""
    accounts: dict[str, dict[date, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for trade in sorted(trades, key=lambda trade: (trade["traded_at"], trade["transaction_id"])):
        index = bisect_left(days, trade["traded_at"].date())
        if index < len(days):
            accounts[trade["account_id"]][days[index]].append(trade)
    return accounts


def value_of(account: Account, closes: dict[str, Decimal]) -> Decimal:
    """The market value of all positions; a symbol without any close adds nothing."""
    values = (held.quantity * closes.get(symbol, ZERO) for symbol, held in account.positions.items())
    return sum(values, ZERO)


def account_rows(
    account_id: str,
    days: list[date],
    closes: dict[date, dict[str, Decimal]],
    trades: dict[date, list[dict]],
) -> list[dict]:
    """One account's rows from the day of its first trade to the newest trading day."""
    account = Account()
    rows: list[dict] = []
    yesterday = ZERO
    for day in days[bisect_left(days, min(trades)) :]:
        flow = sum((account.apply(trade) for trade in trades.get(day, [])), ZERO)
        value = value_of(account, closes[day])
        cost = sum((held.cost for held in account.positions.values()), ZERO)
        rows.append(
            {
                "account_id": account_id,
                "summary_date": day,
                "position_count": sum(held.quantity > 0 for held in account.positions.values()),
                "market_value": value,
                "cost_basis": cost,
                "realized_pnl": account.realized,
                "unrealized_pnl": value - cost,
                "daily_return": float((value - flow) / yesterday - 1) if yesterday else None,
            }
        )
        yesterday = value
    return rows


def daily_portfolio_summary(prices: list[dict], trades: list[dict]) -> list[dict]:
    """All rows of the mart, ordered by account and date; money exact, returns as floats."""
    with localcontext() as context:
        context.prec = DIGITS
        days = trading_days(prices)
        closes = closes_by_day(prices)
        accounts = trades_by_account(days, trades)
        return [row for name in sorted(accounts) for row in account_rows(name, days, closes, accounts[name])]


def holdings(prices: list[dict], trades: list[dict]) -> dict[str, dict[str, Decimal]]:
    """The market value per account and symbol on the newest price date, of what is held and has a price."""
    with localcontext() as context:
        context.prec = DIGITS
        days = trading_days(prices)
        closes = closes_by_day(prices)
        values: dict[str, dict[str, Decimal]] = {}
        for name, by_day in trades_by_account(days, trades).items():
            account = Account()
            for day in sorted(by_day):
                for trade in by_day[day]:
                    account.apply(trade)
            values[name] = {
                symbol: held.quantity * closes[days[-1]][symbol]
                for symbol, held in account.positions.items()
                if held.quantity > 0 and symbol in closes[days[-1]]
            }
        return values
