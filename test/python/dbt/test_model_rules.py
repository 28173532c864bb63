"""Rules for all models, from the manifest, in the spirit of dbt-project-evaluator: names, layers, keys."""

import re

from dbt.contracts.graph.manifest import Manifest
from test_project import code_of, without_comments

from containers.dbt.project import CONTRACTS
from jobs.compiled import load_compiled

PREFIXES = {"staging": ("stg_", "base_"), "intermediate": ("int_",), "marts": ("dim_", "fct_", "analytics_")}
# Datasets that are known by these names; readers would have to learn any other one.
KNOWN_AS = {"daily_portfolio_summary", "var_calculations"}
# What a layer may be made from; a seed may be looked up by each.
BELOW = {
    "staging": {"staging"},
    "intermediate": {"staging", "intermediate"},
    "marts": {"staging", "intermediate", "marts", "snapshots"},
    "metrics": {"intermediate", "marts", "metrics"},
    "snapshots": {"staging"},
}
TYPES = [
    (r"_at$|^effective_(from|to)$", {"timestamp(6)"}),
    (r"_date$|(?<!day_of)_month$", {"date"}),
    (r"^(is|has)_", {"boolean"}),
    (r"_count$", {"bigint", "integer"}),
]
LOGIC = re.compile(
    r"\b(case|join|union|coalesce|over|count|sum|min|max|lag|trim|lower|upper|date_trunc|where|distinct"
    r"|row_number)\b",
    re.I,
)
# Nothing but one macro, which others of its kind test.
SHARED_LOGIC = ("base_",)
# Without an input there is nothing that a unit test could give; its data tests say every row of it.
MADE_OF_NOTHING = {"int_calendar_days"}
GRAIN = re.compile(r"one row per (.+)\Z")


def nodes_of(manifest: Manifest, *kinds: str) -> list:
    own = (node for node in manifest.nodes.values() if node.package_name == "lake")
    return [node for node in own if node.resource_type in kinds]


def layer(node) -> str:
    return {"snapshot": "snapshots", "seed": "seeds"}.get(node.resource_type) or node.path.split("/")[0]


def grain_of(node) -> tuple[str, ...]:
    columns = GRAIN.match(node.config.meta["grain"]).group(1)
    return tuple(re.split(r", | and ", re.sub(r" \(.*?\)", "", columns)))


def checks_of(manifest: Manifest, node) -> list:
    tests = [test for test in nodes_of(manifest, "test") if getattr(test, "attached_node", None)]
    return [test for test in tests if test.attached_node == node.unique_id]


def broken(nodes, holds) -> list[str]:
    return sorted(node.name for node in nodes if not holds(node))


def test_a_name_begins_with_what_its_layer_is_called(manifest):
    named = [node for node in nodes_of(manifest, "model") if node.name not in KNOWN_AS]
    named = [node for node in named if layer(node) in PREFIXES]
    assert broken(named, lambda node: node.name.startswith(PREFIXES[layer(node)])) == []
    assert broken(nodes_of(manifest, "snapshot"), lambda node: node.name.startswith("snap_")) == []
    assert broken(named, lambda node: node.name.startswith("base_") == ("/base/" in node.path)) == []


def test_a_layer_is_made_from_those_below_it(manifest):
    def looks_down(node) -> bool:
        parents = [manifest.nodes[name] for name in node.depends_on_nodes if name in manifest.nodes]
        return {layer(parent) for parent in parents} <= BELOW[layer(node)] | {"seeds"}

    assert broken(nodes_of(manifest, "model", "snapshot"), looks_down) == []


def sources_of(node) -> set[str]:
    return {name for name in node.depends_on_nodes if name.startswith("source.")}


def test_a_source_is_read_in_staging_only(manifest):
    readers = [node for node in nodes_of(manifest, "model", "analysis") if sources_of(node)]
    assert broken(readers, lambda node: layer(node) == "staging") == []


def test_a_snapshot_looks_at_no_source_but_that_of_its_staging_model(manifest):
    """It comes before staging is built, so what cleans it up cannot wait for a table of that."""

    def looks_no_further(node) -> bool:
        models = [manifest.nodes[name] for name in node.depends_on_nodes if name in manifest.nodes]
        return sources_of(node) <= set().union(*map(sources_of, models))

    assert broken(nodes_of(manifest, "snapshot"), looks_no_further) == []


def test_every_table_of_a_source_has_one_staging_model_of_its_own(manifest):
    data = {table.unique_id for table in manifest.sources.values() if table.source_name != "sluice"}
    staging = [node for node in nodes_of(manifest, "model") if layer(node) == "staging"]
    # What is ephemeral is a part of the snapshot that it feeds.
    staging = [node for node in staging if node.config.materialized != "ephemeral"]
    read = [name for node in staging for name in node.depends_on_nodes if name in data]
    assert sorted(read) == sorted(data)


def test_what_is_kept_below_is_read_by_staging_only(manifest):
    for node in nodes_of(manifest, "model", "snapshot"):
        bases = [name for name in node.depends_on_nodes if name.startswith("model.lake.base_")]
        # A snapshot asks them by its hook only, after a deletion.
        assert not bases or layer(node) in ("staging", "snapshots"), node.name


def test_every_grain_is_a_key_that_is_tested(manifest):
    def is_tested(node) -> bool:
        key, unique, required = grain_of(node), set(), set()
        for test in checks_of(manifest, node):
            arguments = test.test_metadata.kwargs
            if test.test_metadata.name == "unique":
                unique.add((test.column_name,))
            if test.test_metadata.name == "expect_compound_columns_to_be_unique":
                unique.add(tuple(arguments["column_list"]))
            if test.test_metadata.name == "not_null":
                required.add(test.column_name)
        return set(key) <= set(node.columns) and key in unique and set(key) <= required

    assert broken(nodes_of(manifest, "model", "seed", "snapshot"), is_tested) == []


def test_a_row_that_is_not_unique_or_has_no_key_is_an_error(manifest):
    tests = [node for node in nodes_of(manifest, "test") if getattr(node, "test_metadata", None)]
    keys = [node for node in tests if "unique" in node.test_metadata.name]
    assert keys and broken(keys, lambda node: node.config.severity.lower() == "error") == []


def test_everything_is_described_with_grain_owner_refresh_and_question(manifest):
    described = nodes_of(manifest, "model", "seed", "snapshot", "analysis")
    assert broken(described, lambda node: "Business question" in node.description) == []
    wanted = {"grain", "owner", "refresh"}
    assert broken(described, lambda node: node.config.meta.keys() >= wanted) == []
    owners = {group.owner.name for group in manifest.groups.values()}
    assert broken(described, lambda node: node.config.meta["owner"] in owners) == []
    for node in [*nodes_of(manifest, "model", "seed", "snapshot"), *manifest.sources.values()]:
        assert node.description, node.unique_id
        for column in node.columns.values():
            assert column.description.strip().endswith("."), f"{node.name}.{column.name}"
    for found in (*manifest.exposures.values(), *manifest.metrics.values(), *manifest.groups.values()):
        assert found.description, found.name


def test_a_column_of_a_mart_has_the_type_that_its_name_says(manifest):
    for node in nodes_of(manifest, "model"):
        for column in node.columns.values():
            for name, types in TYPES:
                if column.data_type and re.search(name, column.name):
                    assert column.data_type in types, f"{node.name}.{column.name}"


def test_every_model_with_logic_has_a_unit_test(manifest):
    """Logic may be its own, or that of a macro which it calls."""
    tested = {test.model for test in manifest.unit_tests.values()}

    def is_tested(node) -> bool:
        if node.name in tested or node.name in MADE_OF_NOTHING:
            return True
        shared = node.name.startswith(SHARED_LOGIC)
        code = node.raw_code if shared else code_of(manifest, node)
        return not LOGIC.search(without_comments(code))

    models = nodes_of(manifest, "model")
    assert broken(models, is_tested) == []
    assert {node.name for node in models if not node.depends_on_nodes} == MADE_OF_NOTHING
    macros = {
        name for node in models if node.name.startswith(SHARED_LOGIC) for name in node.depends_on.macros
    }
    assert macros >= {"macro.lake.silver_rows"} and {"base_tasks", "base_activity_logs"} <= tested


def test_nothing_is_built_that_nobody_reads(manifest):
    children: dict[str, set] = {}
    for node in nodes_of(manifest, "model", "snapshot", "seed"):
        for name in node.depends_on_nodes:
            children.setdefault(name, set()).add(node.unique_id)
    inner = [
        node for node in nodes_of(manifest, "model", "snapshot", "seed") if layer(node) not in ("marts",)
    ]
    inner = [node for node in inner if not (node.resource_type == "model" and node.access == "public")]
    assert broken(inner, lambda node: node.unique_id in children or is_spread_over(manifest, node)) == []


def is_spread_over(manifest: Manifest, node) -> bool:
    """A calendar that metrics are spread over, or what a source brings and nobody has asked for yet."""
    return layer(node) == "staging" or getattr(node, "time_spine", None) is not None


def test_an_exposure_shows_public_models_only(manifest):
    for exposure in manifest.exposures.values():
        for name in exposure.depends_on_nodes:
            assert manifest.nodes[name].access == "public", f"{exposure.name}: {name}"


def test_what_tells_of_a_person_says_how_it_is_kept_and_is_masked_in_marts(manifest):
    seen = set()
    for node in nodes_of(manifest, "model", "snapshot"):
        for column in node.columns.values():
            meta, tags = column.config.meta, set(column.config.tags)
            assert ("classification" in meta) == bool(tags & {"pii", "restricted"}), column.name
            if "classification" in meta:
                seen.add(node.name)
                assert meta["classification"] in tags and meta["retention"], f"{node.name}.{column.name}"
                if layer(node) in ("marts", "metrics"):
                    masked = re.search(r"mask_pii\(.*\) \}\} as " + column.name + r"\b", node.raw_code)
                    assert masked, f"{node.name}.{column.name}"
    assert {"stg_users", "dim_users", "dim_households"} <= seen


def test_a_column_is_classified_as_its_contract_says_wherever_it_goes_by_its_name(manifest):
    """Under another name it is found where gold's files are read (`leaks`)."""
    contracts = {path.stem: load_compiled(path.stem).classified for path in CONTRACTS.glob("*.json")}
    told = 0
    for node in nodes_of(manifest, "model", "snapshot"):
        expected = {
            name: kind for entity in entities_of(manifest, node) for name, kind in contracts[entity].items()
        }
        for column in node.columns.values():
            if column.name in expected:
                told += 1
                found = column.config.meta.get("classification")
                assert found == expected[column.name], f"{node.name}.{column.name}"
    assert told >= 12


def entities_of(manifest: Manifest, node) -> set[str]:
    """The entities whose columns a model may show: its sources, or else those of what it reads."""
    parents = [name for name in node.depends_on_nodes if name.startswith(("model.", "snapshot.", "source."))]
    lake = {manifest.sources[name].name for name in parents if name.startswith("source.lake.lake.")}
    inner = [name for name in parents if name in manifest.nodes]
    return lake or set().union(*(entities_of(manifest, manifest.nodes[name]) for name in inner))


def test_critical_tests_can_be_chosen_by_their_tag(manifest):
    critical = [node for node in nodes_of(manifest, "test") if "critical" in node.tags]
    marts = [node for node in nodes_of(manifest, "model") if node.path.startswith("marts/households")]
    watched = {name for test in critical for name in test.depends_on_nodes}
    assert "assert_positive_revenue" in {test.name for test in critical}
    assert broken(marts, lambda node: node.unique_id in watched) == []


def test_what_is_merged_is_iceberg_on_athena_and_nothing_is_partitioned(manifest):
    """Athena's statements write 100 partitions at most, and a full refresh writes every day there was."""
    tables = nodes_of(manifest, "model", "snapshot", "seed")
    assert broken(tables, lambda node: not node.config.get("partitioned_by")) == []
    kept = [node for node in tables if node.config.materialized in ("incremental", "snapshot")]
    assert broken(kept, lambda node: node.config.get("table_type") == "iceberg") == []
