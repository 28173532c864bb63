"""What a build leaves to another one, as it tells the ledger: models that something new is there for."""

import pytest
from test_inputs import LANES, Lane

from containers.dbt.retry import Retry
from containers.dbt.silver import SilverInput
from containers.dbt.transform import StopBuild, check_readers

GOOGLE = ["staging.stg_google_ads*", "fct_campaign_performance+", "metrics.*"]
STAGED = "stg_google_ads__campaign_days"
MADE_OF_IT = {"fct_campaign_performance", "daily_campaign_summary"}


@pytest.fixture(scope="module")
def ads(manifest) -> Lane:
    return Lane(manifest, LANES["marketing"])


def behind(lane: Lane, scope) -> set[str]:
    return lane.names(scope.behind)


def test_nothing_is_behind_where_all_was_asked_for_or_nothing_is_new(ads):
    assert ads.scope().behind == []
    assert ads.scope(mode="fast", selectors=["+tag:dashboard"]).behind == []
    for mode in ("standard", "source", "full_refresh"):
        assert ads.scope(ads.versions(raw=2), mode=mode).behind == []
    assert ads.scope(ads.versions(raw=2), whole_lane="first build", selectors=["metrics.*"]).behind == []


def test_the_selectors_of_a_source_leave_nothing_of_it_behind_but_what_others_loaded(ads):
    assert ads.scope(ads.versions(raw=2), mode="source", selectors=GOOGLE).behind == []
    facebook = ["staging.stg_facebook_ads*", *GOOGLE[1:]]
    assert behind(ads, ads.scope(ads.versions(raw=2), mode="source", selectors=facebook)) == {
        STAGED,
        *MADE_OF_IT,
    }


def test_what_is_made_of_a_built_model_is_behind_it(ads):
    scope = ads.scope(ads.versions(raw=2), selectors=[STAGED])
    assert ads.names(scope.choice.builds) == {STAGED}
    assert behind(ads, scope) == MADE_OF_IT


def test_a_build_that_leaves_no_state_says_nothing_of_it(ads):
    assert ads.scope(ads.versions(raw=2), mode="fast", selectors=["+tag:dashboard"]).behind is None
    assert ads.scope(ads.versions(raw=2), mode="ci", selectors=[STAGED]).behind is None
    assert ads.scope(mode="test", tested_edition="old").behind is None


def test_a_retry_remembers_from_what_the_earlier_attempt_built(ads, manifest):
    before = ads.scope(ads.versions(raw=2))
    (staged,) = (node for node in before.choice.builds if ads.names([node]) == {STAGED})
    undone = {node for node in before.choice.builds if node != staged}
    retry = Retry("s3://a/b/", models=undone, kept_models={staged}, inputs=before.choice.inputs)
    assert ads.scope(ads.versions(raw=2), retry=retry).behind == []
    later = ads.scope(ads.versions(raw=3), retry=retry)
    assert later.choice.inputs[staged] == before.choice.inputs[staged]
    assert behind(ads, later) == {STAGED, *MADE_OF_IT}


def test_a_build_may_leave_new_silver_to_no_other_one(manifest):
    """Neither by a model that reads it, nor by one that keeps what it makes of it, nor by a snapshot."""
    lane = Lane(manifest, LANES["households"])
    node = {lane.selection.name(node): node for node in lane.selection.lane}
    new = {"households": SilverInput((), 1, 1, 1)}

    def check(*left_out: str) -> None:
        check_readers(lane.selection, new, {*node.values()} - {node[name] for name in left_out})

    check()
    check("dim_users", "base_users")
    for name in ("base_households", "snap_households", "fct_daily_metrics"):
        with pytest.raises(StopBuild, match=f"1 new runs of households, but .* leave out {name}, which"):
            check(name)
    check_readers(lane.selection, {"households": SilverInput((), 1, 1, 0)}, set())
