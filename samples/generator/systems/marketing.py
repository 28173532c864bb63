"""Campaign results in any size as loads of RAW: a first one, then what is late, repeated and corrected.

    python -m samples.generator.systems.marketing <folder> [--size small|large] [--seed <number>]

Writes `<folder>/load-<n>/<table>-<n>.ndjson`, each row as it is made, so memory does not grow with the size.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ..draw import Draw
from .deliveries import command_line, write_rows
from .planted import Row

SEED = 20_260_401
FIRST_DAY = date(2026, 1, 1)
SIZES = {"small": (5, 60), "large": (5_000, 1_000)}
"""Campaigns of each platform, and days."""
GOOGLE, FACEBOOK = "google_ads_campaigns", "facebook_ads_campaigns"
Loaded = tuple[int, str, Row]


def rows(campaigns: int, days: int, seed: int = SEED) -> Iterator[Loaded]:
    """Every row with its load and its table; the same at every call with the same numbers."""
    draw = Draw(seed)
    for offset in range(days):
        for table, make in ((GOOGLE, _google), (FACEBOOK, _facebook)):
            for campaign in range(1, campaigns + 1):
                cell = f"{table[0]}{campaign:04}-{offset:05}"
                yield from ((load, table, row) for load, row in _cell(draw, make, campaign, offset, cell))


def _cell(draw: Draw, make, campaign: int, offset: int, cell: str) -> Iterator[tuple[int, Row]]:
    """All that is ever loaded of one campaign and day."""
    day = FIRST_DAY + timedelta(days=offset)
    read_at = datetime(day.year, day.month, day.day, 5, tzinfo=UTC) + timedelta(days=1)

    def version(load: int, letter: str, hours: int) -> tuple[int, Row]:
        extracted = (read_at + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
        names = {"_airbyte_raw_id": f"{cell}-{letter}", "_airbyte_extracted_at": extracted}
        return load, make(draw, campaign, day) | names

    kind = draw.below(100)
    if kind < 4:
        # Late: its clock is older than that of much that came before it.
        yield version(2, "a", 0)
        return
    first = version(1, "b", 0)
    yield first
    if kind < 10:
        yield version(2, "a", 12 + draw.below(200))
    elif kind < 13:
        yield 2, first[1] | {"_airbyte_raw_id": f"{cell}-a"}
    elif kind < 15:
        # An older version that becomes visible late must not win.
        yield version(2, "c", -3)
    elif kind < 16:
        # Of one moment, and visible later: the raw id decides.
        yield version(2, "c", 0)
    elif kind < 18:
        yield version(1, "c", 6)
    elif campaign == 1 and kind < 40:
        # Its currency is set right: what the day had in the wrong one must go.
        yield 2, _in_dollars(version(2, "c", 30)[1])


def _currency(draw: Draw, campaign: int) -> str:
    return "EUR" if campaign == 1 and draw.chance(70) else "USD"


def _in_dollars(row: Row) -> Row:
    name = "customer_currency_code" if "customer_currency_code" in row else "account_currency"
    return row | {name: "USD"}


def _google(draw: Draw, campaign: int, day: date) -> Row:
    shown = draw.below(5_000)
    clicks = shown * draw.below(7) // 100
    cost = clicks * (300_000 + 1_001 * draw.below(900))
    return {
        "campaign_id": 9_000 + campaign,
        "campaign_name": None if draw.chance(1) else f"search campaign {campaign}",
        "account_manager_email": f"manager-{campaign}@example.com",
        "segments_date": day.isoformat(),
        "customer_currency_code": _currency(draw, campaign),
        "metrics_cost_micros": -cost if draw.chance(1) else cost,
        "metrics_impressions": shown,
        "metrics_clicks": clicks,
        "metrics_conversions": None if draw.chance(2) else draw.below(clicks * 10 + 1) / 100,
    }


def _facebook(draw: Draw, campaign: int, day: date) -> Row:
    shown = draw.below(5_000)
    clicks = shown * draw.below(7) // 100
    return {
        "campaign_id": f"2385{campaign:04}",
        "campaign_name": f"feed campaign {campaign}",
        "date_start": day.isoformat(),
        "account_currency": _currency(draw, campaign),
        "spend": clicks * (20 + draw.below(70)) / 100,
        "impressions": shown,
        "inline_link_clicks": clicks,
        "conversions": None if draw.chance(3) else draw.below(clicks + 1) / 10,
    }


def write(folder: Path, size: str = "small", seed: int = SEED) -> dict[str, int]:
    """Writes the loads below a folder and answers their rows by path."""
    made = rows(*SIZES[size], seed)
    return write_rows(folder, ((f"load-{load}/{table}", row) for load, table, row in made))


if __name__ == "__main__":
    command_line(__doc__, SIZES, SEED, write)
