"""The marts of marketing equal the truth: built first, after late and corrected rows, and built anew."""

from typing import ClassVar

import pytest
from lake import Lake, Task
from leaks import leaks, planted
from mart_story import MartStory
from raw_loads import RawLoads

from samples.generator.systems import marketing
from test.oracle.campaigns import marketing_marts

KEYS = {
    "fct_campaign_performance": ("platform", "campaign_id", "performance_date"),
    "daily_campaign_summary": ("summary_date", "platform", "currency"),
}
# What a ratio may lose in its last decimal.
WITHIN = {
    "click_through_rate": "0.0000000002",
    "cost_per_click": "0.000001",
    "cost_per_conversion": "0.000001",
}


class Story(MartStory):
    """A first load, a second one, and everything anew; then once more with nothing to do."""

    builds: ClassVar = {"first": ["load-1"], "late": ["load-2"], "anew": []}
    keys, within = KEYS, WITHIN

    def __init__(self, lake: Lake) -> None:
        super().__init__(lake)
        self.idle = self.raw.build()

    def begin(self) -> None:
        self.raw = RawLoads(self.lake)
        marketing.write(self.folder)

    def land(self, delivery: str) -> None:
        self.raw.load(self.folder / delivery)

    def marts(self, build: str) -> dict[str, list[dict]]:
        return marketing_marts([self.folder / name for names in self.so_far(build) for name in names])

    def build(self, **changes) -> Task:
        return self.raw.build(**changes)


@pytest.mark.parametrize("dataset", KEYS)
@pytest.mark.parametrize("build", Story.builds)
def test_a_mart_equals_the_truth(story, build, dataset):
    assert story.wrong(build, dataset) == []


def test_the_second_load_has_what_it_is_for(story):
    """Else the comparison above would show nothing."""
    first, late = (
        {tuple(row[name] for name in KEYS[dataset]): row for row in story.truth[build][dataset]}
        for dataset, build in (("daily_campaign_summary", "first"), ("daily_campaign_summary", "late"))
    )
    assert first.keys() - late.keys() and late.keys() - first.keys()
    changed = [key for key in first.keys() & late.keys() if first[key] != late[key]]
    unchanged = [key for key in first.keys() & late.keys() if first[key] == late[key]]
    assert min(key[0] for key in changed) < max(key[0] for key in first)
    assert changed and unchanged


def test_a_build_ends_unchanged_when_nothing_was_loaded(story):
    """The ones before it asked the same, and had something to build."""
    report = story.idle.report
    assert (story.idle.exit_code, report["verdict"], report["models"]) == (0, "unchanged", [])
    assert (report["datasets"], report["database"], report["partial_database"]) == ([], None, None)
    assert not [key for key in story.lake.keys("gold") if story.idle.plan["edition"] in key]


def test_spend_below_zero_is_told_and_stops_nothing(story):
    warned = {found["model"] for found in story.tasks["first"].report["warned_tests"]}
    assert {"stg_google_ads__campaign_days", "fct_campaign_performance"} <= warned


def test_old_rows_are_told_by_the_freshness_of_their_table(story):
    told = {found["test"] for found in story.tasks["first"].report["warned_tests"]}
    assert "source_freshness_google_ads_campaigns" in told


def test_no_file_of_gold_tells_of_a_person(story):
    texts = planted(story.folder)
    assert [leaks(story.lake, task, texts) for task in story.tasks.values()] == [set()] * 3
