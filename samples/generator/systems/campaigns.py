"""Campaign results as Airbyte's rows in RAW: some days were extracted again and say something else."""

from datetime import UTC, date, datetime, timedelta

from ..dirt import Reject, Repeat
from ..draw import Draw
from .planted import Place, Row, dirtied

SEED = 20_260_303
FIRST_DAY, DAYS, CAMPAIGNS = date(2026, 2, 1), 28, 4
GOOGLE, FACEBOOK = "raw/google_ads_campaigns.ndjson", "raw/facebook_ads_campaigns.ndjson"
DIRT = [
    Repeat(GOOGLE, 10, "metrics_cost_micros", 1),
    Repeat(GOOGLE, 55, "metrics_clicks", 0),
    Repeat(FACEBOOK, 20, "spend", 0.01),
    Reject(GOOGLE, 30, "spend below zero, which a test warns of", "metrics_cost_micros", -1_000_000),
]


def _rows(draw: Draw, make) -> list[Row]:
    rows = []
    for offset in range(DAYS):
        day = FIRST_DAY + timedelta(days=offset)
        extracted = datetime(day.year, day.month, day.day, 23, tzinfo=UTC) + timedelta(hours=6)
        for number in range(1, CAMPAIGNS + 1):
            shown = 800 + draw.below(4_000)
            clicks = shown * (1 + draw.below(6)) // 100
            row = make(number, day.isoformat(), shown, clicks, draw)
            row["_airbyte_raw_id"] = f"raw-{len(rows) + 1:05}"
            row["_airbyte_extracted_at"] = extracted.isoformat().replace("+00:00", "Z")
            rows.append(row)
    return rows


def _google(number: int, day: str, shown: int, clicks: int, draw: Draw) -> Row:
    return {
        "campaign_id": 9_000 + number,
        "campaign_name": f"search campaign {number}",
        "segments_date": day,
        "customer_currency_code": "USD",
        "metrics_cost_micros": clicks * (300_000 + 1_000 * draw.below(900)),
        "metrics_impressions": shown,
        "metrics_clicks": clicks,
        "metrics_conversions": draw.below(clicks * 10 + 1) / 100,
    }


def _facebook(number: int, day: str, shown: int, clicks: int, draw: Draw) -> Row:
    return {
        "campaign_id": f"2385{number:04}",
        "campaign_name": f"feed campaign {number}",
        "date_start": day,
        "account_currency": "USD",
        "spend": clicks * (20 + draw.below(70)) / 100,
        "impressions": shown,
        "inline_link_clicks": clicks,
        "conversions": float(draw.below(clicks + 1)) / 10,
    }


def places() -> list[Place]:
    """Both RAW tables. A later version of a row has a later extraction, as a second sync writes it."""
    draw = Draw(SEED)
    tables = [
        dirtied(path, None, "_airbyte_raw_id", _rows(draw, make), DIRT)
        for path, make in ((GOOGLE, _google), (FACEBOOK, _facebook))
    ]
    for place in tables:
        for at in range(len(place.rows) - len(place.twice), len(place.rows)):
            row = place.rows[at]
            later = row["_airbyte_extracted_at"].replace("T05:", "T17:")
            again = {"_airbyte_raw_id": f"{row['_airbyte_raw_id']}-2", "_airbyte_extracted_at": later}
            place.rows[at] = row | again
    return tables
