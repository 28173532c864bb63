"""A machine goes away in the middle of a build, more than once: the marts equal the truth all the same.

Finance and households are killed in their own tests, which take long anyhow.
"""

from typing import ClassVar

import pytest
import test_commerce
import test_marketing
from lake import Lake

# Five builds a system.
pytestmark = pytest.mark.full


class Marketing(test_marketing.Story):
    """Staging is half merged; then one mart of two."""

    builds: ClassVar = {"first": ["load-1"], "late": ["load-2"]}
    kills = ("model main.stg_google_ads__campaign_days", "model main.fct_campaign_performance")


class Commerce(test_commerce.Story):
    """Staging is merged; then the orders, and what adds them up is not."""

    builds: ClassVar = {"first": ["first"], "late": ["straggler", "late"]}
    kills = ("model main.stg_events ", "model main.fct_orders")


@pytest.mark.parametrize("story", [Marketing, Commerce])
def test_killed_builds_leave_nothing_and_the_next_attempt_equals_the_truth(
    story, aws_endpoint, parse_state, tmp_path
):
    told = story(Lake(aws_endpoint, tmp_path))
    assert told.left_behind() == []
    wrong = {(build, dataset): told.wrong(build, dataset) for build in told.builds for dataset in told.keys}
    assert not [found for found in wrong.items() if found[1]]
