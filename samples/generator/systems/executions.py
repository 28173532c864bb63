"""Executions in the trading system's own database, as MongoDB's extended JSON."""

from datetime import UTC, datetime, timedelta

from ..dirt import Reject
from ..draw import Draw
from .planted import Place, Row, dirtied

SEED = 20_260_305
PATH = "ledger-db/transactions.ndjson.gz"
FIRST = datetime(2012, 6, 4, 14, tzinfo=UTC)
TRADES = 120
DIRT = [
    Reject(PATH, 20, "side_not_allowed", "side", "HOLD"),
    Reject(PATH, 70, "currency_not_allowed", "currency", "EUR"),
    Reject(PATH, 95, "quantity_out_of_range", "quantity", {"$numberDecimal": "-3"}),
]


def _moment(at: datetime) -> dict:
    return {"$date": at.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def places() -> list[Place]:
    """The one collection. Only purchases: what an account holds never falls below zero."""
    draw, rows = Draw(SEED), []
    for number in range(1, TRADES + 1):
        at = FIRST + timedelta(days=draw.below(180), minutes=draw.below(360))
        symbol, cents = draw.one_of([("IBM", 19_500), ("MSFT", 2_950), ("AAPL", 8_400)])
        row: Row = {"_id": {"$oid": f"{0x4FCC0000_00000000_00000000 + number:024x}"}}
        row |= {"transaction_id": f"MTX-{number:05}", "account_id": f"ACC-200{1 + draw.below(3)}"}
        row |= {"symbol": symbol, "side": "BUY", "quantity": {"$numberDecimal": str(1 + draw.below(50))}}
        row["price"] = {"$numberDecimal": f"{(cents + draw.below(200)) / 100:.2f}"}
        row |= {"traded_at": _moment(at), "currency": "USD"}
        rows.append(row | {"updated_at": _moment(at + timedelta(seconds=draw.below(900)))})
    place = dirtied(PATH, "transactions", "transaction_id", rows, DIRT)
    for number, row in enumerate(place.rows, 1):
        row["_id"] = {"$oid": f"{0x4FCC0000_00000000_00000000 + number:024x}"}
    return [place]
