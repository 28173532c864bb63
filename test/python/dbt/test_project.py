"""Rules that the dbt project keeps, read from its manifest, and what the SQL of both targets must not use."""

import re

import pytest
import yaml

from containers.dbt import project
from containers.dbt.graph import GRAPH, lane_graph, main, render
from containers.dbt.project import load_manifest

WATERMARK = re.compile(r"max\s*\(\s*(\w+\.)?_ingested_at", re.IGNORECASE)
# DuckDB runs these and Trino, which Athena is, does not.
DUCKDB_ONLY = re.compile(
    r"::|\bqualify\b|\bexclude\b|\basof\b|\bgroup by all\b|\bstrftime\b|quantile_cont|read_parquet"
    r"|\blist_\w+\(",
    re.I,
)
HOUSEHOLDS = ["activity_logs", "household_members", "households", "pets", "subscriptions", "tasks", "users"]
# What an incremental mart may learn from what is new: days that changed, runs that came, or rows that differ.
ONLY_NEW_RUNS = {"macro.lake.only_new_runs", "macro.lake.silver_rows"}
WHAT_CHANGED = {"model.lake.stg_changed_days", "model.lake.stg_events__new_runs", "macro.lake.changed_rows"}


@pytest.fixture(scope="module")
def models(manifest) -> list:
    return [
        node
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.package_name == "lake"
    ]


def code_of(manifest, node) -> str:
    """A model's SQL with that of every project macro it calls, directly or through others."""
    found, waiting, code = set(), list(node.depends_on.macros), node.raw_code
    while waiting:
        macro = manifest.macros[waiting.pop()]
        if macro.package_name == "lake" and macro.unique_id not in found:
            found.add(macro.unique_id)
            waiting.extend(macro.depends_on.macros)
            code += macro.macro_sql
    return code


def without_comments(code: str) -> str:
    return re.sub(r"\{#.*?#\}|--[^\n]*", "", code, flags=re.S)


def test_no_model_asks_for_a_watermark_of_itself(manifest, models):
    for model in models:
        assert not WATERMARK.search(without_comments(code_of(manifest, model))), model.name


def test_every_incremental_model_knows_what_is_new_from_the_plan(manifest, models):
    incremental = [model for model in models if model.config.materialized == "incremental"]
    for model in incremental:
        if model.path.startswith("staging/"):
            assert "source.lake.sluice.plan_runs" in model.depends_on_nodes, model.name
            assert ONLY_NEW_RUNS & {*model.depends_on.macros}, model.name
        else:
            assert WHAT_CHANGED & {*model.depends_on_nodes, *model.depends_on.macros}, model.name
    named = {model.name for model in incremental}
    assert named >= {"stg_market_data", "stg_transactions", "base_households", "fct_daily_metrics"}


def test_the_columns_of_freshness_are_those_of_the_sources_files(manifest):
    """`refreshColumn` is a setting of the source, and dbt reads no source file."""
    columns = {}
    for path in (GRAPH.parents[1] / "sources").glob("*.yaml"):
        source = yaml.safe_load(path.read_text())
        if source["kind"] == "airbyte":
            columns[source["source"]] = source["warehouse"].get("refreshColumn", "_airbyte_extracted_at")
    tables = [found for found in manifest.sources.values() if found.source_name == "raw"]
    loaded = {table.name.removesuffix("_campaigns"): table.loaded_at_field for table in tables}
    assert loaded == columns != {}


def test_a_seed_is_read_where_the_project_lies_now(parse_state, tmp_path, monkeypatch):
    monkeypatch.setattr(project, "_kept_folder", lambda target: parse_state)
    monkeypatch.setattr(project, "PROJECT", tmp_path)
    seeds = [
        node for node in load_manifest("duckdb", tmp_path)[0].nodes.values() if node.resource_type == "seed"
    ]
    assert {seed.root_path for seed in seeds} == {str(tmp_path)}


def test_freshness_is_asked_of_each_table_of_the_households(manifest):
    tables = {table.name: table.freshness for table in manifest.sources.values() if table.name in HOUSEHOLDS}
    hours = {name: (found.warn_after.count, found.error_after.count) for name, found in tables.items()}
    assert hours == {name: (6, 12) if name == "households" else (12, 24) for name in HOUSEHOLDS}
    assert {found.warn_after.period.value for found in tables.values()} == {"hour"}


def test_every_mart_has_a_group_a_version_and_an_enforced_contract(models):
    for mart in (model for model in models if model.path.startswith(("marts/", "metrics/"))):
        assert mart.group and mart.access == "public", mart.name
        assert mart.contract.enforced and int(mart.version) >= 1, mart.name
        assert mart.config.meta["partition_date"] in mart.columns, mart.name


def test_the_sql_of_models_is_trino_s_as_well(manifest, models):
    for model in models:
        assert not DUCKDB_ONLY.search(without_comments(code_of(manifest, model))), model.name


def test_prices_are_bounded_and_small_data_still_publishes(manifest):
    tests = {node.name: node for node in manifest.nodes.values() if node.resource_type == "test"}
    bounds = [name for name in tests if name.endswith("stg_market_data_close__1000000__0")]
    assert [tests[name].config.severity.lower() for name in bounds] == ["error"]
    counts = [node for name, node in tests.items() if "row_count_to_be_between_stg_" in name]
    assert counts and all(node.config.severity.lower() == "warn" for node in counts)


def test_graph_json_is_fresh(manifest):
    assert GRAPH.read_text() == render(manifest)


def test_the_domains_share_a_lane_because_they_share_staging(manifest):
    lanes = {lane["lane"]: lane for lane in lane_graph(manifest)["lanes"]}
    lane = lanes["finance+risk"]
    assert lanes["marketing"]["sources"] == []
    assert lanes["households"]["sources"] == HOUSEHOLDS
    assert (lane["lane"], lane["domains"]) == ("finance+risk", ["finance", "risk"])
    assert lane["sources"] == ["market_data", "transactions"]
    assert [dataset["dataset"] for dataset in lane["datasets"]] == [
        "daily_portfolio_summary",
        "var_calculations",
    ]
    assert lane["datasets"][0]["columns"][-1]["name"] == "_edition"


def test_domains_that_share_nothing_have_lanes_of_their_own(manifest):
    apart = manifest.deepcopy()
    risk = apart.nodes["model.lake.var_calculations.v1"]
    risk.depends_on.nodes = ["source.lake.sluice.plan_runs"]
    assert {lane["lane"] for lane in lane_graph(apart)["lanes"]} >= {"finance", "marketing", "risk"}


def test_a_stale_graph_is_noticed(parse_state, tmp_path, capsys):
    stale = tmp_path / "graph.json"
    stale.write_text("{}\n")
    assert main(["--check"], stale) == 1
    assert "stale" in capsys.readouterr().err
