"""The marts of marketing, computed from the loaded records alone, in plain Python."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from .petforce import lines_of

# A column of each platform's records by the mart's name for it.
COLUMNS = {
    "google_ads": {"performance_date": "segments_date", "currency": "customer_currency_code"}
    | {name: f"metrics_{name}" for name in ("impressions", "clicks", "conversions")},
    "facebook_ads": {
        "performance_date": "date_start",
        "currency": "account_currency",
        "impressions": "impressions",
        "clicks": "inline_link_clicks",
        "conversions": "conversions",
    },
}
MICROS = Decimal(1_000_000)


def marketing_marts(loads: Iterable[Path]) -> dict[str, list[dict]]:
    """Both marts after all loads (folders with `<platform>_campaigns-<n>.ndjson`) are there."""
    latest: dict[tuple, tuple] = {}
    for folder in loads:
        for platform in COLUMNS:
            for line in lines_of(folder, f"{platform}_campaigns"):
                record = json.loads(line, parse_float=Decimal)
                fact = _fact(platform, record)
                key = platform, fact["campaign_id"], fact["performance_date"]
                rank = fact["extracted_at"], record["_airbyte_raw_id"]
                if key not in latest or rank > latest[key][0]:
                    latest[key] = rank, fact
    facts = [fact for _, fact in latest.values()]
    return {"fct_campaign_performance": facts, "daily_campaign_summary": _summaries(facts)}


def _fact(platform: str, record: dict) -> dict:
    names = COLUMNS[platform]
    micros = record.get("metrics_cost_micros")
    return {
        "platform": platform,
        "campaign_id": str(record["campaign_id"]),
        "campaign_name": record["campaign_name"],
        "performance_date": date.fromisoformat(record[names["performance_date"]]),
        "currency": record[names["currency"]],
        "spend": Decimal(micros) / MICROS if micros is not None else record["spend"],
        "impressions": record[names["impressions"]],
        "clicks": record[names["clicks"]],
        "conversions": record[names["conversions"]],
        "extracted_at": datetime.fromisoformat(record["_airbyte_extracted_at"]).replace(tzinfo=None),
    }


def _summaries(facts: list[dict]) -> list[dict]:
    groups = defaultdict(list)
    for fact in facts:
        groups[fact["performance_date"], fact["platform"], fact["currency"]].append(fact)
    return [_summary(key, members) for key, members in groups.items()]


def _summary(key: tuple, facts: list[dict]) -> dict:
    day, platform, currency = key
    known = [fact["conversions"] for fact in facts if fact["conversions"] is not None]
    spend = sum(fact["spend"] for fact in facts)
    impressions, clicks = (sum(fact[name] for fact in facts) for name in ("impressions", "clicks"))
    conversions = sum(known) if known else None
    return {
        "summary_date": day,
        "platform": platform,
        "currency": currency,
        "campaign_count": len(facts),
        "spend": spend,
        "impressions": impressions,
        "clicks": clicks,
        "conversions": conversions,
        "click_through_rate": clicks / Decimal(impressions) if impressions else None,
        "cost_per_click": spend / clicks if clicks else None,
        "cost_per_conversion": spend / conversions if conversions else None,
        "extracted_at": max(fact["extracted_at"] for fact in facts),
    }
