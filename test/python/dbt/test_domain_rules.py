"""Rules for all models, from the manifest: whose a model is, who reads it, and that nothing stays untold."""

import re

from test_model_rules import broken, checks_of, layer, nodes_of

from containers.dbt.graph import dataset_models, lane_graph
from containers.dbt.project import PROJECT
from containers.dbt.promises import upstream_of
from containers.dbt.selection import Selection

MACRO = re.compile(r"\{%-? (?:macro|test) (\w+)")
COMMENT_BEFORE = re.compile(r"#\}\s*\Z")


def test_what_is_made_for_one_domain_has_its_group_and_what_is_shared_has_none(manifest):
    domains: dict[str, set[str]] = {}
    for dataset in dataset_models(manifest):
        for name in upstream_of(manifest, [dataset.unique_id]):
            domains.setdefault(name, set()).add(dataset.group)
    nodes = nodes_of(manifest, "model", "seed", "snapshot")

    def is_its_own(node) -> bool:
        found = domains[node.unique_id]
        return node.config.group == (found.pop() if len(found) == 1 else None)

    assert broken(nodes, is_its_own) == []
    assert {node.config.group for node in nodes} == {group.name for group in manifest.groups.values()} | {
        None
    }


def test_a_fast_build_of_every_lane_builds_all_that_its_dashboards_read(manifest):
    """The selector is that of the mode `fast` in shared/modes.ts."""
    dashboards = [found for found in manifest.exposures.values() if found.type == "dashboard"]
    read: set[str] = set()
    for lane in lane_graph(manifest)["lanes"]:
        chosen = Selection(manifest, lane["domains"]).nodes(["+tag:dashboard"])
        assert chosen, lane["lane"]
        read |= chosen
    for found in dashboards:
        assert {*found.depends_on_nodes} <= read, found.name
    assert broken(dashboards, lambda found: "dashboard" in found.tags) == []


def test_every_dataset_is_read_by_somebody_who_was_promised_something(manifest):
    """Else nobody would hear that it is late."""
    promised = [found for found in manifest.exposures.values() if "freshness_minutes" in found.config.meta]
    read = {name for found in promised for name in found.depends_on_nodes}
    assert broken(dataset_models(manifest), lambda node: node.unique_id in read) == []


def test_every_key_of_a_mart_is_tested(manifest):
    """Its own, and those by which it is joined with others."""
    for mart in (node for node in nodes_of(manifest, "model") if layer(node) in ("marts", "metrics")):
        tested = set()
        for test in checks_of(manifest, mart):
            tested |= {test.column_name, *test.test_metadata.kwargs.get("column_list", [])}
        keys = {name for name in mart.columns if name.endswith("_id")}
        assert keys <= tested, f"{mart.name}: {keys - tested}"


def test_every_test_of_its_own_is_described(manifest):
    own = [node for node in nodes_of(manifest, "test") if getattr(node, "test_metadata", None) is None]
    assert own and broken(own, lambda node: node.description) == []


def test_every_macro_says_before_it_what_it_makes():
    """But for what adapter.dispatch chooses: the macro that calls it says it for all."""
    told = []
    for path in sorted([*PROJECT.glob("macros/*.sql"), *PROJECT.glob("tests/generic/*.sql")]):
        code = path.read_text()
        for found in MACRO.finditer(code):
            if "__" not in found[1]:
                assert COMMENT_BEFORE.search(code[: found.start()]), f"{path.name}: {found[1]}"
                told.append(found[1])
    assert {"mask_pii", "not_null_where", "copy_into_raw_events"} <= {*told}
