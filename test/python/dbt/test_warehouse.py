"""A lane that reads what a loader put into RAW: its steps in order, and tables that are still empty."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest
from lake import Lake

GOOGLE = "google_ads_campaigns"
FACEBOOK = "facebook_ads_campaigns"
ORDERS = [
    ["staging.stg_google_ads*", "fct_campaign_performance+", "metrics.*"],
    ["staging.stg_facebook_ads*", "fct_campaign_performance+"],
]
MORNING, NOON = "2026-01-05 08:00:00", "2026-01-05 12:00:00"


def google(day: str, micros: int, raw_id: str, extracted: str) -> str:
    return (
        f"select 7 as campaign_id, 'one' as campaign_name, date '{day}' as segments_date, 'USD' as"
        f" customer_currency_code, {micros}::bigint as metrics_cost_micros, 100 as metrics_impressions,"
        f" 10 as metrics_clicks, 2.5::double as metrics_conversions, '{raw_id}' as _airbyte_raw_id,"
        f" timestamp '{extracted}' as _airbyte_extracted_at, 'x' as something_new"
    )


def facebook(day: str, spend: float, raw_id: str) -> str:
    """Without conversions: a loader leaves out what its API did not send."""
    return (
        f"select '9' as campaign_id, 'two' as campaign_name, date '{day}' as date_start, 'USD' as"
        f" account_currency, {spend}::double as spend, 50 as impressions, 5 as inline_link_clicks,"
        f" '{raw_id}' as _airbyte_raw_id, timestamp '{NOON}' as _airbyte_extracted_at"
    )


class Campaigns:
    """Two builds of the lane: before Facebook has loaded anything, and after it has."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.load(GOOGLE, google("2026-01-04", 1_500_000, "g1", MORNING))
        self.load(GOOGLE, google("2026-01-04", 2_000_000, "g2", NOON))
        self.first = self.build(ORDERS[:1])
        self.load(FACEBOOK, facebook("2026-01-04", 3.25, "f1"))
        self.second = self.build(ORDERS)

    def load(self, table: str, query: str) -> None:
        path = self.lake.folder / "raw.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query}) to '{path}' (format parquet)")
        key = f"raw/{table}/{len(self.lake.keys('silver'))}.parquet"
        self.lake.s3.upload_file(str(path), self.lake.bucket("silver"), key)

    def build(self, order: list[list[str]], **changes):
        selectors = sorted({selector for selectors in order for selector in selectors})
        return self.lake.build(
            **{"lane": "marketing", "domains": ["marketing"], "silver": {}, "order": order},
            **{"selectors": selectors, "raw_uri": f"s3://{self.lake.bucket('silver')}/raw", **changes},
        )


@pytest.fixture(scope="module")
def campaigns(lake) -> Campaigns:
    return Campaigns(lake)


def test_a_table_that_nobody_has_loaded_yet_is_empty_and_fails_nothing(campaigns):
    assert campaigns.first.report["verdict"] == "passed", campaigns.first.report["error"]
    rows = campaigns.lake.gold(campaigns.first, "fct_campaign_performance")
    assert [(row["platform"], row["spend"]) for row in rows] == [("google_ads", Decimal(2))]


def test_steps_run_in_the_order_of_the_sources_and_build_each_model_once(campaigns):
    built = [model["model"] for model in campaigns.second.report["models"]]
    assert built == [
        *("stg_facebook_ads__campaign_days", "fct_campaign_performance", "daily_campaign_summary"),
    ]
    order = campaigns.second.report["order"]
    assert order == ["staging.stg_facebook_ads* staging.stg_google_ads*", ORDERS[0][1]]


def test_a_table_of_which_nothing_new_was_loaded_is_not_built_again(campaigns):
    edition = campaigns.first.plan["edition"]
    why = f"nothing that it reads has changed since edition {edition}"
    left = {"model": "stg_google_ads__campaign_days", "why": why}
    assert campaigns.second.report["not_built"] == [left]
    first = next(m for m in campaigns.second.report["models"] if m["model"].startswith("stg_facebook"))
    assert first["why"] == "new rows of facebook_ads_campaigns"


def test_a_build_tells_the_ledger_that_it_left_nothing_behind(campaigns):
    assert [campaigns.first.report["behind"], campaigns.second.report["behind"]] == [[], []]


def test_the_metrics_add_up_what_was_loaded_last(campaigns):
    rows = campaigns.lake.gold(campaigns.second, "daily_campaign_summary")
    by_platform = {row["platform"]: row for row in rows}
    assert by_platform.keys() == {"google_ads", "facebook_ads"}
    assert by_platform["google_ads"]["cost_per_click"] == Decimal("0.2")
    facebook_day = by_platform["facebook_ads"]
    assert (facebook_day["summary_date"], facebook_day["spend"]) == (date(2026, 1, 4), Decimal("3.25"))
    assert facebook_day["conversions"] is None


def test_the_stored_database_keeps_no_view_of_what_others_load(campaigns):
    uri = campaigns.second.report["database"]["uri"]
    path = campaigns.lake.folder / "stored.duckdb"
    campaigns.lake.s3.download_file(*uri.removeprefix("s3://").split("/", 1), str(path))
    with duckdb.connect(str(path)) as connection:
        schemas = {
            row[0] for row in connection.execute("select schema_name from duckdb_schemas()").fetchall()
        }
    assert "raw" not in schemas


def test_a_plan_that_does_not_say_where_raw_lies_is_refused(campaigns):
    task = campaigns.build(ORDERS[:1], raw_uri=None)
    assert task.exit_code == 2
    assert "raw_uri" in task.report["error"]
