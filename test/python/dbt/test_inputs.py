"""What a build does with each model, told from what the last good build has read."""

import pytest
from test_plan import plan

from containers.dbt.inputs import Built, choose, source_versions
from containers.dbt.plan import parse_plan
from containers.dbt.scope import scope_of, why_whole_lane
from containers.dbt.selection import Selection

LANES = {
    "finance": ("finance", "risk"),
    "commerce": ("commerce",),
    "households": ("households",),
    "marketing": ("marketing",),
}
ENTITIES = ("market_data", "transactions", "events", "households", "users", "tasks", "pets")


class Lane:
    """One lane, first with everything built by the edition `old` from one silver run of each entity."""

    def __init__(self, manifest, domains: tuple[str, ...]) -> None:
        self.selection = Selection(manifest, domains)
        self.sources = self.versions()
        choice = choose(self.selection, {*self.selection.lane}, {}, self.sources, "old", {})
        self.known = {node: Built("old", inputs) for node, inputs in choice.inputs.items()}

    def versions(self, raw: int = 1, **more: str) -> dict[str, str]:
        silver = {entity: {"run-1", *more.get(entity, "").split()} for entity in ENTITIES}
        tables = ("google_ads_campaigns", "facebook_ads_campaigns")
        loaded = {table: (raw if table.startswith("google") else 1, None) for table in tables}
        return source_versions(self.selection, silver, loaded)

    def scope(
        self, sources: dict[str, str] | None = None, whole_lane: str | None = None, retry=None, **changes
    ):
        changes = {
            "selectors": [f"+group:{domain}" for domains in LANES.values() for domain in domains]
        } | changes
        parsed = parse_plan(plan(edition="new-1", **changes))
        return scope_of(parsed, self.selection, self.known, sources or self.sources, whole_lane, retry)

    def names(self, nodes) -> set[str]:
        return {self.selection.manifest.nodes[node].name for node in nodes}


@pytest.fixture(scope="module")
def lane(manifest):
    made: dict[str, Lane] = {}
    return lambda name: made.setdefault(name, Lane(manifest, LANES[name]))


def test_nothing_is_built_when_nothing_has_changed(lane):
    scope = lane("finance").scope()
    assert (scope.steps, scope.choice.builds) == ([], {})
    assert {*scope.choice.leaves.values()} == {"nothing that it reads has changed since edition old"}


def test_one_changed_entity_builds_only_what_depends_on_it(lane):
    finance = lane("finance")
    scope = finance.scope(finance.versions(transactions="run-2"))
    assert finance.names(scope.choice.builds) == {
        *("stg_transactions", "int_trades_sequenced", "int_enriched_trades", "int_daily_positions"),
        *("daily_portfolio_summary", "var_calculations"),
    }
    assert finance.names(scope.choice.leaves) == {"stg_market_data", "int_daily_closes"}
    why = {finance.selection.name(node): reason for node, reason in scope.choice.builds.items()}
    assert why["stg_transactions"] == "new silver of transactions"
    assert why["int_trades_sequenced"] == "stg_transactions was built"


def test_what_was_not_selected_stays_as_it_is_and_is_built_when_it_is(lane):
    finance = lane("finance")
    newer = finance.versions(transactions="run-2")
    scope = finance.scope(newer, selectors=["stg_transactions"])
    assert finance.names(scope.choice.builds) == {"stg_transactions"}
    built = {node: Built("new-1", inputs) for node, inputs in scope.choice.inputs.items()}
    before, finance.known = finance.known, {**finance.known, **built}
    later = finance.scope(newer)
    finance.known = before
    assert "stg_transactions" not in finance.names(later.choice.builds)
    assert "daily_portfolio_summary" in finance.names(later.choice.builds)


def test_force_builds_what_is_selected_and_no_more(lane):
    finance = lane("finance")
    scope = finance.scope(force=True, selectors=["stg_market_data"])
    assert (finance.names(scope.choice.builds), scope.anew) == ({"stg_market_data"}, set())


def test_an_ephemeral_model_is_looked_through(lane):
    commerce = lane("commerce")
    scope = commerce.scope(commerce.versions(events="run-2"))
    node = next(n for n in commerce.selection.lane if n.endswith(".dim_customers.v1"))
    parents = commerce.names(p for p in scope.choice.inputs[node] if p.startswith("model."))
    assert "int_customer_purchase_history" not in parents and "int_orders" in parents


def test_a_full_refresh_of_staging_lets_the_rest_follow_by_what_is_new(lane):
    commerce = lane("commerce")
    scope = commerce.scope(mode="full_refresh", selectors=["stg_events"])
    assert commerce.names(scope.anew) == {"stg_events"}
    assert {"stg_events", "int_orders", "fct_orders"} <= commerce.names(scope.choice.builds)
    assert [step.name for step in scope.steps if step.anew] == ["staging"]
    assert all(not step.anew for step in scope.steps[1:])


def test_a_full_refresh_while_silver_waits_refreshes_the_increments_too(lane):
    """The table made anew has forgotten what the waiting rows replace."""
    commerce = lane("commerce")
    scope = commerce.scope(commerce.versions(events="run-2"), mode="full_refresh", selectors=["stg_events"])
    assert commerce.names(scope.anew) >= {"stg_events", "int_orders", "fct_orders", "dim_customers"}
    assert "analytics_orders" in commerce.names(scope.choice.builds)
    households = lane("households")
    newer = households.versions(tasks="run-2")
    anew = {
        name: households.names(households.scope(newer, mode="full_refresh", selectors=[name]).anew)
        for name in ("base_tasks", "base_users")
    }
    assert "fct_daily_metrics" in anew["base_tasks"] and anew["base_users"] == {"base_users"}


def test_what_is_made_of_a_refreshed_ephemeral_model_follows(lane):
    households = lane("households")
    newer = households.versions(households="run-2")
    scope = households.scope(newer, mode="full_refresh", selectors=["staging.households"])
    assert "snap_households" in households.names(scope.choice.builds)
    assert "snap_households" not in households.names(scope.anew)


def test_what_lies_between_two_refreshed_models_is_refreshed_too(lane):
    commerce = lane("commerce")
    scope = commerce.scope(mode="full_refresh", selectors=["int_orders", "fct_orders"])
    assert "fct_order_items" in commerce.names(scope.anew)


def test_the_layers_come_in_their_order_each_with_its_tests(lane):
    households = lane("households")
    scope = households.scope(whole_lane="first build")
    assert [step.name for step in scope.steps] == [
        *("seeds", "snapshots", "staging", "intermediate", "marts"),
    ]
    assert [step.before_freshness for step in scope.steps] == [True, True, False, False, False]
    done: set[str] = set()
    for step in scope.steps:
        done |= {*step.nodes}
        for test in step.tests:
            parents = households.selection.parents(test)
            assert {parent for parent in parents if parent in households.selection.lane} <= done
    tests = [test for step in scope.steps for test in step.tests]
    assert sorted(tests) == households.selection.tests


def test_the_order_of_a_source_outweighs_the_layers(lane):
    marketing = lane("marketing")
    order = ["staging.stg_google_ads*", "fct_campaign_performance+", "metrics.*"]
    scope = marketing.scope(marketing.versions(raw=2), mode="source", selectors=order, order=[order])
    assert [step.name for step in scope.steps] == order[:2]
    assert marketing.names(scope.choice.leaves) == set()
    assert [marketing.names(step.nodes) for step in scope.steps] == [
        {"stg_google_ads__campaign_days"},
        {"fct_campaign_performance", "daily_campaign_summary"},
    ]


def test_fast_builds_what_dashboards_read_without_tests_and_test_brings_them(lane):
    marketing = lane("marketing")
    scope = marketing.scope(marketing.versions(raw=2), mode="fast", selectors=["+tag:dashboard"])
    assert "daily_campaign_summary" in marketing.names(scope.choice.builds)
    assert [step.tests for step in scope.steps] == [[]] * len(scope.steps)
    built = {node: Built("fast-1", inputs) for node, inputs in scope.choice.inputs.items()}
    before, marketing.known = marketing.known, {**marketing.known, **built}
    (step,) = marketing.scope(mode="test", tested_edition="fast-1").steps
    marketing.known = before
    assert step.nodes == [] and len(step.tests) > 10


def test_a_changed_project_builds_all_anew_unless_it_is_what_ci_looks_at():
    standard, ci = (parse_plan(plan(mode=mode)) for mode in ("standard", "ci"))
    assert why_whole_lane(standard, None, "a") == "first build"
    assert why_whole_lane(standard, "b", "a") == "the project has changed since the last build"
    assert (why_whole_lane(standard, "a", "a"), why_whole_lane(ci, "b", "a")) == (None, None)


def test_ci_runs_a_test_that_differs_where_nothing_is_built(lane):
    marketing = lane("marketing")
    name = "not_null_daily_campaign_summary_v1_currency"
    scope = marketing.scope(mode="ci", selectors=[name])
    assert scope.choice.builds == {}
    assert [(step.nodes, marketing.names(step.tests)) for step in scope.steps] == [([], {name})]
    # Elsewhere selectors name what is built, and tests come with that.
    assert marketing.scope(selectors=[name]).steps == []
