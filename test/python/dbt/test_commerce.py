"""The marts of commerce equal the truth: built first, after late and corrected events, and built anew."""

import json
import sys
from pathlib import Path

import pytest
from lake import Lake
from leaks import leaks, planted
from task import KILLED

from samples.generator.systems import commerce_events
from samples.generator.systems.commerce_events import LANDED_AT
from test.oracle.exact import differences
from test.oracle.shop import commerce_marts

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "jobs"))

import cleanse_lake
from folder_store import FolderStore

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
BUILDS = {"first": ["first"], "late": ["straggler", "late"], "anew": []}


class Story:
    """One lane's life. Files go through the cleanse, so the models get what they get elsewhere."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.folder = lake, lake.folder / "deliveries"
        lake.silver, lake.built = {"events": []}, {}
        self.cleansed = cleanse_lake.Lake(FolderStore(lake.folder / "cleansed"))
        commerce_events.write(self.folder)
        seen, self.truth, self.tasks = [], {}, {}
        for build, deliveries in BUILDS.items():
            for delivery in deliveries:
                self.land(delivery)
                seen.append((self.folder / delivery, LANDED_AT[delivery]))
            self.truth[build] = commerce_marts(seen)
            mode = "full_refresh" if build == "anew" else "standard"
            if build == "late":
                # Its staging is merged and its orders are written, when the machine goes away.
                self.killed = self.build(mode=mode, run_id="late", killed_at="model main.int_orders")
                again = {"attempt": 2, "edition": "late-2", "run_id": "late"}
                self.tasks[build] = self.build(mode=mode, **again)
                continue
            self.tasks[build] = self.build(mode=mode)

    def land(self, delivery: str) -> None:
        """Cleanses the files of a delivery as one batch and commits it to silver."""
        files = sorted((self.folder / delivery).glob("*.ndjson"))
        given = [
            self.cleansed.land(file.name, file.read_bytes(), LANDED_AT[delivery], source="shop-events")
            for file in files
        ]
        report = self.cleansed.run(given, entity="events").report
        run = {"run_id": report["run_id"], "files": []}
        for file in report["files"]:
            key = f"entity=events/{Path(file['key']).name}-{report['run_id']}.parquet"
            body = self.cleansed.store.get(cleanse_lake.BUCKETS["silver"], file["key"])
            self.lake.s3.put_object(Bucket=self.lake.bucket("silver"), Key=key, Body=body)
            run["files"].append(f"s3://{self.lake.bucket('silver')}/{key}")
        self.lake.silver["events"].append(run)

    def build(self, **changes):
        """One build of commerce over everything new."""
        return self.lake.build(
            **{"lane": "commerce", "domains": ["commerce"], "selectors": ["source:lake.events+"], **changes}
        )


@pytest.fixture(scope="module")
def story(lake) -> Story:
    return Story(lake)


@pytest.mark.parametrize("dataset", KEYS)
@pytest.mark.parametrize("build", BUILDS)
def test_a_mart_equals_the_truth(story, build, dataset):
    report = story.tasks[build].report
    assert report["verdict"] == "passed", report["error"] or json.dumps(report["failed_tests"], indent=1)
    rows = story.lake.gold(story.tasks[build], dataset)
    assert differences(rows, story.truth[build][dataset], KEYS[dataset], WITHIN) == []


def test_a_build_that_was_killed_in_the_middle_leaves_nothing_and_is_made_again(story):
    """The comparison above is with the attempt after it."""
    done = [line["message"] for line in story.killed.lines if line["event"] == "dbt"]
    assert story.killed.exit_code == KILLED and story.killed.report is None
    assert any("int_orders" in message for message in done)
    assert not any("fct_orders" in message for message in done)
    assert not [key for key in story.lake.keys("gold") if "edition=late-1" in key]
    assert story.tasks["late"].plan["database"] == story.killed.plan["database"]


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
