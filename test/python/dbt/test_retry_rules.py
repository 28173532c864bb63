"""What a retry does again, told from dbt's result rows; and when it may not build on what was left."""

import duckdb
import pytest
from test_plan import plan

from containers.dbt.plan import parse_plan
from containers.dbt.retry import NoRetry, check_work, note_work, plan_retry, read_results, work_of

NEW = {"market_data": [{"run_id": "m2", "files": []}]}


@pytest.fixture(scope="module")
def nodes(manifest) -> dict[str, str]:
    """Unique ids of all models and tests by name."""
    return {node.name: node.unique_id for node in manifest.nodes.values() if node.package_name == "lake"}


@pytest.fixture
def retry(manifest, nodes):
    """Plans a retry after a build in which all was well but for these nodes."""

    def make(**statuses: str):
        done = {"model": "success", "test": "pass"}
        status = {node: done[node.split(".")[0]] for node in nodes.values() if node.split(".")[0] in done}
        status |= {nodes[name]: word for name, word in statuses.items()}
        rows = [{"unique_id": node, "status": word} for node, word in status.items()]
        retry = plan_retry("s3://a/b/", manifest, rows, {"a": {"b": "1 rows"}})
        assert retry.inputs == {"a": {"b": "1 rows"}}
        return retry

    return make


def names(manifest, ids) -> set[str]:
    return {manifest.nodes[node].name for node in ids}


def test_a_model_is_built_again_with_all_its_descendants(manifest, retry):
    found = retry(int_daily_positions="error")
    assert names(manifest, found.models) == {
        *("int_daily_positions", "daily_portfolio_summary", "var_calculations"),
    }
    assert not found.models & found.kept_models
    assert "stg_market_data" in names(manifest, found.kept_models)


def test_a_failed_test_rebuilds_its_model_and_a_broken_one_only_runs_again(manifest, retry, nodes):
    unique = next(name for name in nodes if name.startswith("unique_int_trades_sequenced"))
    assert "int_trades_sequenced" in names(manifest, retry(**{unique: "fail"}).models)
    broken = retry(**{unique: "error"})
    assert (broken.models, names(manifest, broken.tests)) == (set(), {unique})


def test_a_failed_test_that_stands_by_itself_rebuilds_all_that_it_reads(manifest, retry, nodes):
    test = nodes["assert_profit_equals_cash"]
    read = {node for node in manifest.nodes[test].depends_on_nodes if node in manifest.nodes}
    assert read <= retry(assert_profit_equals_cash="fail").models


def test_a_warning_is_kept(retry, nodes):
    found = retry(assert_profit_equals_cash="warn")
    assert (found.models, found.tests) == (set(), set())
    assert nodes["assert_profit_equals_cash"] in {row["unique_id"] for row in found.kept}


def test_tests_of_what_is_built_again_are_not_kept(manifest, retry):
    found = retry(stg_market_data="error")
    kept = {row["unique_id"] for row in found.kept}
    for node in manifest.nodes.values():
        if node.resource_type == "test" and set(node.depends_on_nodes) & found.models:
            assert node.unique_id not in kept, node.name


def test_nothing_is_built_that_the_earlier_attempt_did_not_select(manifest, nodes):
    rows = [{"unique_id": nodes["stg_market_data"], "status": "error"}]
    assert names(manifest, plan_retry("s3://a/b/", manifest, rows).models) == {"stg_market_data"}


@pytest.mark.parametrize(
    "changes",
    [
        {"silver": NEW},
        {"database": {"uri": "s3://artifacts/b.duckdb"}},
        {"mode": "full_refresh"},
        {"selectors": ["x"]},
        {"order": [["x"]]},
        {"force": True},
    ],
)
def test_other_work_is_not_built_upon(changes):
    work, other = (work_of(parse_plan(plan(**given)), "project") for given in ({}, changes))
    with duckdb.connect() as connection:
        connection.execute("create schema sluice")
        with pytest.raises(NoRetry):
            check_work(connection, work)
        note_work(connection, work, {"a": {"b": "1 rows"}})
        assert check_work(connection, work) == {"a": {"b": "1 rows"}}
        with pytest.raises(NoRetry, match="another state"):
            check_work(connection, other)
    assert work_of(parse_plan(plan()), "another project") != work
    assert work_of(parse_plan(plan(waive_tests=True, attempt=2, edition="b1-2")), "project") == work


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"results": 7}', '{"results": [{"status": "pass"}]}'])
def test_results_that_are_none_are_refused(tmp_path, text):
    (tmp_path / "run_results.json").write_text(text)
    with pytest.raises(NoRetry, match="unreadable"):
        read_results(tmp_path / "run_results.json")
