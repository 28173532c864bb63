"""The marts of commerce equal the truth: built first, after late and corrected events, and built anew."""

import pytest
from lake import Task
from leaks import leaks, planted
from mart_story import MartStory
from silver_loads import SilverLoads

from samples.generator.systems import commerce_events
from samples.generator.systems.commerce_events import LANDED_AT
from test.oracle.shop import commerce_marts

KEYS = {
    "dim_customers": ("customer_id",),
    "fct_orders": ("order_id",),
    "fct_order_items": ("order_id", "product_id"),
    "analytics_orders": ("order_id",),
    "analytics_order_items": ("order_id", "product_id"),
    "analytics_customer_summary": ("customer_id",),
}
# What a ratio may lose in its last decimal.
WITHIN = {
    "unit_price": "0.000001",
    "average_order_value": "0.000001",
    "share_of_order": "0.0000000002",
    "conversion_rate": "0.0000000002",
}
BUILDS = MartStory.builds


class Story(MartStory):
    """Files go through the cleanse, so the models get what they get elsewhere."""

    keys, within = KEYS, WITHIN
    # Its staging is merged and its orders are written, when the machine goes away.
    kills = ("model main.int_orders",)

    def begin(self) -> None:
        commerce_events.write(self.folder)
        self.loads = SilverLoads(self.lake, "shop-events", ["events"])

    def land(self, delivery: str) -> None:
        """The files of a delivery are one batch."""
        files = {path.name: path.read_bytes() for path in sorted((self.folder / delivery).glob("*.ndjson"))}
        self.loads.take("events", files, LANDED_AT[delivery], "shop-events")

    def marts(self, build: str) -> dict[str, list[dict]]:
        seen = [name for names in self.so_far(build) for name in names]
        return commerce_marts([(self.folder / name, LANDED_AT[name]) for name in seen])

    def build(self, **changes) -> Task:
        lane = {"lane": "commerce", "domains": ["commerce"], "selectors": ["source:lake.events+"]}
        return self.lake.build(**{**lane, **changes})


@pytest.mark.parametrize("dataset", KEYS)
@pytest.mark.parametrize("build", BUILDS)
def test_a_mart_equals_the_truth(story, build, dataset):
    assert story.wrong(build, dataset) == []


def test_a_build_that_was_killed_in_the_middle_leaves_nothing_and_is_made_again(story):
    """The comparison above is with the attempt after it."""
    assert story.left_behind() == []
    (killed,) = story.killed
    done = [line["message"] for line in killed.lines if line["event"] == "dbt"]
    assert not any("fct_orders" in message for message in done)
    assert story.tasks["late"].plan["database"] == killed.plan["database"]


def test_the_later_deliveries_have_what_they_are_for(story):
    """Else the comparison above would show nothing."""
    for dataset, key in KEYS.items():
        first, late = (
            {tuple(row[name] for name in key): row for row in story.truth[build][dataset]}
            for build in ("first", "late")
        )
        assert first.keys() - late.keys(), f"nothing vanishes from {dataset}"
        assert late.keys() - first.keys(), f"nothing is new in {dataset}"
        assert any(first[name] != late[name] for name in first.keys() & late.keys()), dataset
        assert any(first[name] == late[name] for name in first.keys() & late.keys()), dataset
    days = {row["order_id"]: row for row in story.truth["first"]["fct_orders"]}
    oldest = min(
        row["order_date"] for row in story.truth["late"]["fct_orders"] if row != days.get(row["order_id"])
    )
    newest = max(row["order_date"] for row in days.values())
    assert (newest - oldest).days > 3, "every change is within the look-back"


def test_new_events_that_an_incremental_mart_would_never_see_are_an_error(story):
    story.land("straggler")
    task = story.build(selectors=["stg_events", "stg_events__new_runs"], keep=False)
    story.lake.silver["events"].pop()
    assert (task.exit_code, task.report["verdict"]) == (1, "error")
    for name in ("int_orders", "fct_orders", "fct_order_items", "dim_customers"):
        assert name in task.report["error"]


def test_what_the_contract_lets_pass_is_told(story):
    warned = {found["test"] for found in story.tasks["first"].report["warned_tests"]}
    for name in ("not_null_stg_events_order_id", "audit_values_agree_fct_orders"):
        assert [test for test in warned if test.startswith(name)], sorted(warned)


def test_no_file_of_gold_tells_of_a_person(story):
    texts = planted(story.folder)
    assert [leaks(story.lake, task, texts) for task in story.tasks.values()] == [set()] * 3
