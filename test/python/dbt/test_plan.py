"""A plan is data from events: what does not look like one is refused before anything runs."""

import pytest

from containers.dbt.plan import parse_plan
from containers.dbt.steps import groups_of
from jobs.task.plan import PlanError


def plan(**changes) -> dict:
    return {
        **{"version": 1, "kind": "build", "run_id": "b1", "attempt": 1, "correlation_id": "c1"},
        **{"lane": "finance+risk", "domains": ["finance", "risk"], "target": "duckdb", "stage": "dev"},
        **{
            "mode": "standard",
            "selectors": ["source:lake.market_data+"],
            "edition": "b1-1",
            "database": {"uri": None},
        },
        "silver": {
            "market_data": [{"run_id": "m1", "files": ["s3://silver-1/entity=market_data/a.parquet"]}]
        },
        **{"database_out": "s3://artifacts/dbt/duckdb/finance+risk/b1-1.duckdb", "gold_bucket": "gold"},
        **{"artifacts_prefix": "s3://artifacts/runs/b1/attempt=1/", **changes},
    }


def test_a_plan_is_parsed():
    parsed = parse_plan(plan())
    assert parsed.silver["market_data"][0].run_id == "m1"
    assert (parsed.database_uri, parsed.selectors) == (None, ("source:lake.market_data+",))


def test_an_unknown_key_is_tolerated():
    assert parse_plan(plan(note="from a newer planner")).run_id == "b1"


@pytest.mark.parametrize(
    "selector", ["1+stg_transactions", "@tag:dashboard", "path:models/staging", "a,b", "*"]
)
def test_dbt_s_selector_words_pass(selector):
    assert parse_plan(plan(selectors=[selector])).selectors == (selector,)


@pytest.mark.parametrize(
    "selector", ["--target", "-x", "a b", "a;b", "a'b", "$(id)", "a\n", "", "x" * 201, 7]
)
def test_a_selector_that_is_none_is_refused(selector):
    with pytest.raises(PlanError, match="selectors"):
        parse_plan(plan(selectors=[selector]))


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"kind": "cleanse"},
        {"attempt": 0},
        {"mode": "slow"},
        {"force": "yes"},
        {"tested_edition": "b1'-1"},
        {"target": "redshift"},
        {"stage": None},
        {"edition": "b1'-1"},
        {"domains": []},
        {"selectors": ["a"] * 201},
        {"order": [["-x"]]},
        {"order": [[]]},
        {"order": "stg_google_ads*"},
        {"raw_uri": "/tmp/raw"},
        {"silver": {"market_data; drop": []}},
        {"silver": {"market_data": [{"run_id": "m1", "files": ["s3://silver/a'b.parquet"]}]}},
        {"silver": {"market_data": [{"run_id": "m1", "files": ["/etc/passwd"]}]}},
        {"silver": {"market_data": [{"run_id": "m1", "files": []}, {"run_id": "m1", "files": []}]}},
        {"database_out": "file:///tmp/x"},
    ],
)
def test_a_plan_that_breaks_its_format_is_refused(changes):
    with pytest.raises(PlanError):
        parse_plan(plan(**changes))


def test_without_an_order_there_is_no_group():
    assert groups_of([]) == []


def test_the_orders_of_several_sources_go_side_by_side_and_each_keeps_its_own():
    google, facebook = ["stg_google*", "fct+", "metrics.*"], ["stg_facebook*", "fct+"]
    assert groups_of([google]) == [["stg_google*"], ["fct+"], ["metrics.*"]]
    assert groups_of([google, facebook]) == [["stg_facebook*", "stg_google*"], ["fct+"], ["metrics.*"]]


def test_a_group_that_two_sources_share_waits_for_the_longer_way_to_it():
    assert groups_of([["a", "fct+"], ["x", "y", "fct+"]]) == [["a", "x"], ["y"], ["fct+"]]


def test_orders_that_contradict_each_other_leave_it_to_the_layers():
    assert groups_of([["a", "b"], ["b", "a"]]) == []


def test_a_selector_that_a_source_names_twice_keeps_its_first_place():
    assert groups_of([["a", "b", "a"]]) == [["a"], ["b"]]
