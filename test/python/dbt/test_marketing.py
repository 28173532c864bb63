"""The marts of marketing equal the truth: built first, after late and corrected rows, and built anew."""

import pytest
from lake import Lake
from leaks import leaks, planted
from raw_loads import RawLoads

from samples.generator.systems import marketing
from test.oracle.campaigns import marketing_marts
from test.oracle.exact import differences

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


class Story:
    """One lane's life: a first load, a second one, and everything anew."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.loads = lake, []
        raw, folder = RawLoads(lake), lake.folder / "loads"
        marketing.write(folder)
        self.truth, self.tasks = {}, {}
        for name, load in (("first", 1), ("late", 2)):
            self.loads.append(folder / f"load-{load}")
            raw.load(self.loads[-1])
            self._build(name, raw)
        self.idle = raw.build()
        self._build("anew", raw, mode="full_refresh")

    def _build(self, name: str, raw: RawLoads, **changes) -> None:
        self.tasks[name] = raw.build(**changes)
        self.truth[name] = marketing_marts(self.loads)


@pytest.fixture(scope="module")
def story(lake) -> Story:
    return Story(lake)


@pytest.mark.parametrize("dataset", KEYS)
@pytest.mark.parametrize("build", ["first", "late", "anew"])
def test_a_mart_equals_the_truth(story, build, dataset):
    task = story.tasks[build]
    assert task.report["verdict"] == "passed", task.report["error"] or task.report["failed_tests"]
    rows = story.lake.gold(task, dataset)
    assert differences(rows, story.truth[build][dataset], KEYS[dataset], WITHIN) == []


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
    texts = planted(story.lake.folder / "loads")
    assert [leaks(story.lake, task, texts) for task in story.tasks.values()] == [set()] * 3
