"""The marts of the households equal the truth: built first, after late and corrected rows, and built anew."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lake import Lake, Task
from leaks import leaks, planted
from mart_story import MartStory
from silver_loads import SilverLoads

from jobs.cleanse.log import Log
from jobs.cleanse.store import Store
from jobs.forget.run import run_forget
from samples.generator.systems import petforce
from test.oracle.petforce import KEYS as TABLES
from test.oracle.petforce_figures import household_marts

KEYS = {
    "dim_households": ("household_id", "effective_from"),
    "dim_users": ("user_id",),
    "dim_pets": ("pet_id",),
    "dim_task_types": ("task_type",),
    "dim_date": ("date_day",),
    "fct_task_completions": ("task_id",),
    "fct_user_logins": ("activity_id",),
    "fct_household_activity": ("household_id", "activity_date"),
    "fct_household_revenue": ("household_id", "revenue_month"),
    "fct_daily_metrics": ("metric_date",),
    "fct_monthly_metrics": ("month_start_date",),
    "fct_user_retention": ("cohort_month", "active_month"),
    "fct_user_acquisition": ("registered_date", "acquisition_channel"),
    "fct_growth_metrics": ("growth_month",),
}
FORGOTTEN = {"dim_users": ("users", "user_id"), "dim_households": ("households", "household_id")}
BUILDS = MartStory.builds
# Hours ago. A build refuses households that landed more than twelve hours ago.
LANDED = {"straggler": 3, "first": 2, "late": 1}


# Three builds of two hundred nodes each.
pytestmark = pytest.mark.full


class Story(MartStory):
    """The seven tables of an application."""

    keys = KEYS
    # Half of staging is merged; then half of the marts are written.
    kills = ("model main.base_tasks ", "model main.fct_household_activity ")

    def begin(self) -> None:
        self.loads = SilverLoads(self.lake, "petforce", sorted(TABLES))
        petforce.write(self.folder)
        self.now = datetime.now(UTC).replace(microsecond=0)

    def land(self, delivery: str) -> None:
        self.loads.load(*self._landed(delivery))

    def marts(self, build: str) -> dict[str, list[dict]]:
        return household_marts([[self._landed(name) for name in names] for names in self.so_far(build)])

    def build(self, **changes) -> Task:
        selectors = [f"source:lake.{entity}+" for entity in sorted(TABLES)]
        given = {"lane": "households", "domains": ["households"], "selectors": selectors}
        return self.lake.build(**{**given, **changes})

    def _landed(self, delivery: str) -> tuple[Path, str]:
        return self.folder / delivery, (self.now - timedelta(hours=LANDED[delivery])).isoformat()


@pytest.mark.parametrize("dataset", KEYS)
@pytest.mark.parametrize("build", BUILDS)
def test_a_mart_equals_the_truth(story, build, dataset):
    assert story.wrong(build, dataset) == []


def test_builds_that_were_killed_in_the_middle_leave_nothing(story):
    """The comparison above is with the attempt after them."""
    assert story.left_behind() == []


def test_every_mart_of_the_lane_is_compared(story):
    assert {found["dataset"] for found in story.tasks["first"].report["datasets"]} == KEYS.keys()


def test_the_later_deliveries_have_what_they_are_for(story):
    """Else the comparison above would show nothing."""
    for dataset in KEYS.keys() - {"dim_date", "dim_task_types", "fct_growth_metrics", "fct_monthly_metrics"}:
        first, late = (
            {tuple(row[name] for name in KEYS[dataset]): row for row in story.truth[build][dataset]}
            for build in ("first", "late")
        )
        assert late.keys() - first.keys() or first.keys() - late.keys(), f"no row of {dataset} is new or gone"
        assert any(first[key] != late[key] for key in first.keys() & late.keys()), dataset
    days = {
        build: [row["metric_date"] for row in story.truth[build]["fct_daily_metrics"]] for build in BUILDS
    }
    assert min(days["first"]) < min(days["late"]) and max(days["first"]) > max(days["late"])


def test_dirty_rows_are_rejected_before_silver(story):
    assert all(story.loads.rejected[entity] for entity in ("tasks", "activity_logs", "users"))


def test_no_file_of_gold_tells_of_a_person(story):
    texts = planted(story.lake.folder / "deliveries")
    assert [leaks(story.lake, story.tasks[build], texts) for build in BUILDS] == [set()] * len(BUILDS)


@pytest.fixture(scope="module")
def production(aws_endpoint, parse_state, tmp_path_factory) -> tuple[Lake, Task]:
    """The same first delivery where the stage is production."""
    lake = Lake(aws_endpoint, tmp_path_factory.mktemp("production"))
    loads = SilverLoads(lake, "petforce", sorted(TABLES), stage="prod")
    petforce.write(lake.folder / "deliveries")
    landed = datetime.now(UTC) - timedelta(hours=LANDED["first"])
    loads.load(lake.folder / "deliveries" / "first", landed.isoformat())
    selectors = [f"source:lake.{entity}+" for entity in sorted(TABLES)]
    return lake, lake.build(lane="households", domains=["households"], selectors=selectors, stage="prod")


def test_production_shows_persons_and_never_what_is_restricted(production):
    lake, task = production
    users = lake.gold(task, "dim_users")
    assert {"user-1@example.com", "user-2@example.com"} <= {user["email"] for user in users}
    found = leaks(lake, task, planted(lake.folder / "deliveries"))
    assert {dataset for dataset, _ in found} == {"dim_users", "dim_households"}
    assert not any(text.startswith("code") for _, text in found)


@pytest.fixture(scope="module")
def forgotten(production) -> tuple[Lake, Task]:
    """Production after the deletion of a user and of a household, built anew as the deletion asks for it."""
    lake, before = production
    lake.s3.create_bucket(Bucket=lake.bucket("quarantine"))
    store = Store.__new__(Store)
    store.s3 = lake.s3
    for dataset, (entity, column) in FORGOTTEN.items():
        value = min(row[column] for row in lake.gold(before, dataset))
        uri = f"s3://{lake.bucket('artifacts')}/forgets/{entity}.json"
        store.write_json(uri, {"value": value})
        plan = {"version": 1, "kind": "forget", "run_id": "f", "attempt": 1, "entity": entity}
        plan |= {"column": column, "subject_uri": uri, "dry_run": False, "report_uri": f"{uri}.report"}
        plan |= {f"{zone}_bucket": lake.bucket(zone) for zone in ("silver", "quarantine")}
        assert run_forget("f", plan, store, Log(io.StringIO()))["rows"]["removed"] > 0
    changes = {"stage": "prod", "mode": "full_refresh", "selectors": ["+group:households"]}
    return lake, lake.build(lane="households", domains=["households"], **changes)


def test_a_deletion_reaches_gold_and_the_history_that_is_never_built_anew(production, forgotten):
    (lake, before), (_, after) = production, forgotten
    assert after.report["verdict"] == "passed", after.report["error"]
    for dataset, (_, column) in FORGOTTEN.items():
        was, now = ([row[column] for row in lake.gold(task, dataset)] for task in (before, after))
        assert set(was) - set(now) == {min(was)} and set(now) < set(was), dataset


def test_an_address_that_is_none_is_told_and_stops_nothing(story, production):
    """Where silver hides all of them there is none to judge."""
    told = [
        {found["test"] for found in task.report["warned_tests"]}
        for task in (story.tasks["first"], production[1])
    ]
    assert ["assert_valid_email" in found for found in told] == [False, True]
