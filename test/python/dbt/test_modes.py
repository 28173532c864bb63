"""The modes that make no state: an edition before its tests, those tests, and a change tried on a copy."""

import json

import pytest
from lake import Lake, Task
from raw_loads import RawLoads
from test_marketing import KEYS, WITHIN

from samples.generator.systems import marketing
from test.oracle.campaigns import marketing_marts
from test.oracle.exact import differences

# Five builds.
pytestmark = pytest.mark.full

CHANGED = "stg_facebook_ads__campaign_days"


class Story:
    """A lane with a good build, to which a second load comes."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.raw = lake, RawLoads(lake)
        folder = lake.folder / "loads"
        marketing.write(folder)
        self.loads = [folder / "load-1", folder / "load-2"]
        self.raw.load(self.loads[0])
        self.good = self.build()
        self.promoted = self.good.plan["artifacts_prefix"]
        self.same = self.build("ci", state_uri=self.promoted, selectors=["state:modified+"])
        self.ci = self.build("ci", state_uri=self.before_a_change(), selectors=["state:modified+"])
        self.raw.load(self.loads[1])
        self.fast = self.build("fast", selectors=["+tag:dashboard"])
        left = {"database": {"uri": self.fast.plan["database_out"]}}
        self.tests = self.build("test", tested_edition=self.fast.plan["edition"], **left)

    def build(self, mode: str = "standard", **changes) -> Task:
        return self.raw.build(mode=mode, order=[], keep=mode == "standard", **changes)

    def before_a_change(self) -> str:
        """The promoted manifest as it would be, had one model been another then."""
        manifest = json.loads(self.lake.text(self.good, "manifest.json"))
        manifest["nodes"][f"model.lake.{CHANGED}"]["raw_code"] = "select 1 as another"
        bucket, body = self.lake.bucket("artifacts"), json.dumps(manifest).encode()
        self.lake.s3.put_object(Bucket=bucket, Key="promoted/manifest.json", Body=body)
        return f"s3://{bucket}/promoted/"


def models(task: Task) -> list[str]:
    return [model["model"] for model in task.report["models"]]


@pytest.mark.parametrize("dataset", KEYS)
def test_a_fast_edition_equals_the_truth_before_its_tests_ran(story, dataset):
    report = story.fast.report
    assert (report["verdict"], report["tests"]["passed"]) == ("passed", 0), report["error"]
    truth = marketing_marts(story.loads)[dataset]
    assert differences(story.lake.gold(story.fast, dataset), truth, KEYS[dataset], WITHIN) == []


def test_its_tests_run_on_its_tables_and_build_nothing(story):
    report = story.tests.report
    assert (report["verdict"], report["models"], report["order"]) == ("passed", [], ["tests"])
    assert report["tests"]["passed"] > 10
    assert (report["datasets"], report["database"]) == ([], None)


def test_ci_finds_nothing_where_nothing_differs(story):
    assert (story.same.exit_code, story.same.report["verdict"]) == (0, "unchanged")


def test_ci_builds_what_differs_and_what_reads_it_and_keeps_nothing(story):
    report = story.ci.report
    assert report["verdict"] == "passed", report["error"] or report["failed_tests"]
    assert models(story.ci) == [CHANGED, "fct_campaign_performance", "daily_campaign_summary"]
    assert report["tests"]["passed"] > 10
    assert (report["datasets"], report["database"]) == ([], None)
    assert not [key for key in story.lake.keys("gold") if story.ci.plan["edition"] in key]
    assert story.ci.plan["database_out"].split("/", 3)[3] not in story.lake.keys("artifacts")
