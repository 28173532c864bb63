"""Corrected data waits while a lane is built fast, and while its staging is made anew: the truth holds."""

from typing import ClassVar

import pytest
import test_commerce
import test_households
from lake import Lake, Task

# Eight builds.
pytestmark = pytest.mark.full


class StagingAnew:
    """A story of which the late build makes staging from all silver, and then makes it once more."""

    builds: ClassVar = {"first": ["first"], "fast": ["straggler", "late"], "late": [], "again": []}
    kills = ()
    staging: ClassVar[list[str]] = []

    def _built(self, build: str) -> Task:
        if build == "first":
            return self.build()
        if build == "fast":
            return self.build(mode="fast", selectors=["+tag:dashboard"], keep=False)
        return self.build(mode="full_refresh", selectors=self.staging)


class Shop(StagingAnew, test_commerce.Story):
    staging: ClassVar = ["stg_events"]


class Homes(StagingAnew, test_households.Story):
    staging: ClassVar = ["staging.households"]


@pytest.fixture(scope="module")
def shop(lake) -> Shop:
    return Shop(lake)


@pytest.fixture(scope="module")
def homes(aws_endpoint, parse_state, tmp_path_factory) -> Homes:
    return Homes(Lake(aws_endpoint, tmp_path_factory.mktemp("homes")))


@pytest.mark.parametrize("dataset", test_commerce.KEYS)
@pytest.mark.parametrize("build", StagingAnew.builds)
def test_a_mart_of_the_shop_equals_the_truth(shop, build, dataset):
    assert shop.wrong(build, dataset) == []


@pytest.mark.parametrize("dataset", test_households.KEYS)
@pytest.mark.parametrize("build", StagingAnew.builds)
def test_a_mart_of_the_households_equals_the_truth(homes, build, dataset):
    assert homes.wrong(build, dataset) == []


def test_staging_was_made_anew_and_what_nothing_waits_for_was_not(shop, homes):
    """The second time every increment is only added to."""
    for story in (shop, homes):
        late, again = (story.tasks[build].report for build in ("late", "again"))
        anew = {model["model"] for model in late["models"] if model["why"] == "full refresh"}
        then = {model["model"] for model in again["models"] if model["why"] == "full refresh"}
        assert then < anew, sorted(then)
        assert all(name.startswith(("base_", "stg_")) for name in then), sorted(then)
