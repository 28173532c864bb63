"""What a change of the project builds and why: with made-up manifests, and with dbt on the project itself."""

import json
from pathlib import Path

import pytest

from containers.dbt.project import keep_parse_state
from tools.models.changes import MANIFEST, changes, comment, main


def node(kind: str, name: str, *parents: str, group: str | None = None) -> tuple[str, dict]:
    unique_id = f"{kind}.lake.{name}"
    body = {"unique_id": unique_id, "name": name, "resource_type": kind, "group": group}
    return unique_id, {**body, "depends_on": {"nodes": list(parents)}}


PRICES = node("model", "stg_prices", "source.lake.prices")
VALUES = node("model", "int_values", "model.lake.stg_prices")
MART = node("model", "portfolio", "model.lake.int_values", group="finance")
CHECK = node("test", "portfolio_is_there", "model.lake.portfolio")
BOARD = {"name": "board", "label": "The board", "depends_on": {"nodes": ["model.lake.portfolio"]}}


def manifest(*nodes: tuple[str, dict]) -> dict:
    return {"nodes": dict(nodes), "unit_tests": {}, "exposures": {"exposure.lake.board": BOARD}}


NOW = manifest(PRICES, VALUES, MART, CHECK)


def selecting(**named: list[str]):
    """A `select` that names these nodes by the last word of the selector, and none otherwise."""
    return lambda selector: {*named.get(selector.replace("state:", "").split(".")[-1].rstrip("+"), [])}


def test_what_is_built_because_of_another_says_because_of_which():
    all_ids = [*NOW["nodes"], "exposure.lake.board"]
    found = changes(NOW, NOW, selecting(body=["model.lake.stg_prices"], modified=all_ids))
    why = {one.name: one.why for one in found.selected}
    assert why == {
        "stg_prices": ("its code changed",),
        "int_values": ("it reads stg_prices",),
        "portfolio": ("it reads stg_prices",),
        "portfolio_is_there": ("it reads stg_prices",),
    }
    assert found.exposures == ("The board",)
    said = comment(found)
    assert "3 nodes to build, 1 test to run." in said
    assert "Domains: finance.\nReaches: The board." in said
    assert "| `portfolio` | model | it reads stg_prices |" in said


def test_new_and_changed_nodes_say_all_that_differs_and_what_is_gone_is_named():
    before = manifest(PRICES, VALUES, MART, CHECK, node("seed", "old_codes"))
    named = {"body": ["model.lake.int_values"], "configs": ["model.lake.int_values", CHECK[0]]}
    found = changes(NOW, before, selecting(new=["test.lake.portfolio_is_there"], **named))
    assert [(one.name, one.why) for one in found.selected] == [
        ("int_values", ("its code changed", "its configuration changed")),
        ("portfolio_is_there", ("it is new",)),
    ]
    said = comment(found)
    assert "| `portfolio_is_there` | it is new |" in said
    assert said.endswith("Removed: `seed.lake.old_codes`.\n")


def test_no_difference_builds_nothing():
    assert "Nothing differs" in comment(changes(NOW, NOW, selecting()))


def test_without_a_promoted_manifest_it_says_what_is_missing(tmp_path, capsys):
    assert main(["--state", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "fetch the promoted one first" in capsys.readouterr().err


@pytest.fixture(scope="module")
def compare(tmp_path_factory):
    """Runs the tool on the project against its own manifest with something changed in that."""
    own = json.loads(Path(keep_parse_state("duckdb"), MANIFEST).read_text())

    def run(change) -> tuple[int, Path]:
        folder = tmp_path_factory.mktemp("changes")
        promoted = json.loads(json.dumps(own))
        change(promoted["nodes"])
        (folder / MANIFEST).write_text(json.dumps(promoted))
        return main(["--state", str(folder), "--out", str(folder / "out")]), folder / "out"

    return run


@pytest.mark.full
def test_dbt_itself_says_what_a_changed_model_builds(compare):
    def change(nodes):
        nodes["model.lake.stg_transactions"]["raw_code"] = "select 1 as was"

    code, out = compare(change)
    assert code == 0
    selected = {one["name"]: one["why"] for one in json.loads((out / "changes.json").read_text())["selected"]}
    assert selected["stg_transactions"] == ["its code changed"]
    assert selected["daily_portfolio_summary"] == ["it reads stg_transactions"]
    assert "stg_market_data" not in selected and "stg_events" not in selected
    assert "Domains: finance, risk." in (out / "comment.md").read_text()


@pytest.mark.full
def test_a_contract_that_breaks_is_refused_in_the_words_of_dbt(compare, capsys):
    def change(nodes):
        (contracted,) = (key for key in nodes if key.startswith("model.lake.fct_orders"))
        column = {"name": "was_there", "data_type": "bigint"}
        nodes[contracted]["columns"]["was_there"] = column
        nodes[contracted]["contract"]["checksum"] = "another"

    code, out = compare(change)
    assert code == 1
    assert "was_there" in capsys.readouterr().err
    assert (out / "comment.md").read_text().startswith("### Models\n\nRefused:")
