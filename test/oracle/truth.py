"""The whole truth about a folder: counts per entity, and both marts."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from .cleansing import Outcome, cleanse
from .portfolio import daily_portfolio_summary
from .risk import var_calculations
from .rules import MARKET_DATA, TRANSACTIONS


def plain(row: dict) -> dict:
    """A row as JSON: money as text with 12 decimals, dates as YYYY-MM-DD, returns as numbers."""
    shown = {}
    for name, value in row.items():
        if isinstance(value, Decimal):
            value = f"{value:.12f}"
        elif isinstance(value, date):
            value = value.isoformat()
        shown[name] = value
    return shown


@dataclass
class Truth:
    """What the pipeline must say."""

    outcomes: tuple[Outcome, ...]
    marts: dict[str, list[dict]]

    def as_json(self) -> dict:
        """Plain JSON: `entities` by name, each with its counts and `by_file`; `marts` by dataset, as rows."""
        entities = {}
        for outcome in self.outcomes:
            by_file = {
                file.name: {
                    "rows_in": file.rows,
                    "valid": file.valid,
                    "repeated": file.repeated,
                    "rejected": file.rows - file.valid,
                    "reasons": dict(file.reasons),
                }
                for file in outcome.files
            }
            entities[outcome.entity.name] = outcome.summary() | {"by_file": by_file}
        marts = {name: [plain(row) for row in rows] for name, rows in self.marts.items()}
        return {"entities": entities, "marts": marts}


def compute(folder: Path) -> Truth:
    """Read `<folder>/<source>/` of both entities and compute everything from the raw files."""
    market, trades = cleanse(folder, MARKET_DATA), cleanse(folder, TRANSACTIONS)
    inputs = list(market.latest.values()), list(trades.latest.values())
    marts = {
        "daily_portfolio_summary": daily_portfolio_summary(*inputs),
        "var_calculations": var_calculations(*inputs),
    }
    return Truth((market, trades), marts)
