"""What the project promises, as graph.json says it, and what each check of a build counts for."""

from types import SimpleNamespace

import pytest

from containers.dbt.graph import lane_graph
from containers.dbt.promises import _dashboard, _objective
from containers.dbt.quality import Check, domain_scores


def model(name: str, group: str = "finance", version: int = 1):
    columns = {"day": None, "account": None}
    unique_id = f"model.lake.{name}.v{version}"
    return SimpleNamespace(unique_id=unique_id, name=name, group=group, version=version, columns=columns)


SUMMARY, RISK = model("summary"), model("risk_of", "risk")


def exposure(*models, **meta):
    nodes = SimpleNamespace(nodes=[one.unique_id for one in models])
    return SimpleNamespace(name="overview", label="", depends_on=nodes, config=SimpleNamespace(meta=meta))


def test_a_dashboard_reads_rows_of_one_domain_in_a_fixed_order():
    given = exposure(SUMMARY, cache=[{"dataset": "summary", "order": "-day,account", "limit": 20}])
    assert _dashboard(given, [SUMMARY, RISK]) == {
        "dashboard": "overview",
        "label": "overview",
        "domain": "finance",
        "reads": [{"dataset": "summary", "order": "-day,account", "limit": 20}],
    }


def test_a_dashboard_reads_the_newest_version_whichever_its_ref_means():
    second = model("summary", version=2)
    second.columns = {"week": None}
    given = exposure(SUMMARY, cache=[{"dataset": "summary", "order": "-week", "limit": 20}])
    assert _dashboard(given, [SUMMARY, second])["reads"][0]["order"] == "-week"
    with pytest.raises(ValueError, match="no dataset of it"):
        _dashboard(exposure(RISK, cache=given.config.meta["cache"]), [SUMMARY, second])


@pytest.mark.parametrize(
    ("cache", "why"),
    [
        ([{"dataset": "nothing", "order": "day"}], "no dataset of it"),
        ([{"dataset": "summary", "order": "-month"}], "wrong order or key"),
        ([{"dataset": "summary"}], "wrong order or key"),
        ([{"dataset": "summary", "order": "day", "where": "1=1"}], "wrong order or key"),
        ([{"dataset": "summary", "order": "day", "limit": 1000}], "1 to 999"),
        ([{"dataset": "summary", "order": "day"}, {"dataset": "risk_of", "order": "day"}], "one domain"),
    ],
)
def test_a_cache_that_cannot_be_kept_is_refused(cache, why):
    with pytest.raises(ValueError, match=why):
        _dashboard(exposure(SUMMARY, RISK, cache=cache), [SUMMARY, RISK])


def test_an_objective_is_of_a_known_class():
    by_id = {SUMMARY.unique_id: SUMMARY}
    given = exposure(SUMMARY, objective="executive", freshness_minutes=240)
    assert _objective(given, by_id)["seconds"] == 4 * 3_600
    with pytest.raises(ValueError, match="objective must be one of"):
        _objective(exposure(SUMMARY, objective="soon", freshness_minutes=1), by_id)


def test_the_objectives_of_each_class_are_those_that_were_agreed(manifest):
    lanes = lane_graph(manifest)["lanes"]
    objectives = [one for lane in lanes for one in lane["objectives"]]
    assert {(one["class"], one["seconds"] // 60) for one in objectives} == {
        ("executive", 240),
        ("campaigns", 30),
        ("real_time_alerts", 5),
        ("history", 1440),
    }
    fresh = {one["table"]: one for lane in lanes for one in lane["freshness"]}
    assert (fresh["households"]["warn_seconds"], fresh["households"]["error_seconds"]) == (21_600, 43_200)
    assert (fresh["pets"]["warn_seconds"], fresh["pets"]["error_seconds"]) == (43_200, 86_400)
    assert fresh["google_ads_campaigns"]["warn_seconds"] == 120 * 60
    assert fresh["google_ads_campaigns"]["page"]
    # Every domain has a dashboard that is kept at hand.
    assert {one["domain"] for lane in lanes for one in lane["dashboards"]} == {
        domain for lane in lanes for domain in lane["domains"]
    }


def test_a_check_counts_for_each_domain_that_is_made_from_what_it_looks_at(manifest):
    def node(name):
        return next(key for key, one in manifest.nodes.items() if one.name == name and "model" in key)

    checks = [
        Check((node("stg_market_data"),), "error", True),
        Check((node("stg_market_data"),), "warn", False),
        Check((node("var_calculations"),), "error", False),
        Check(("source.lake.lake.transactions",), "error", True),
    ]
    scores = {one["domain"]: one["tests"] for one in domain_scores(manifest, ("risk", "finance"), checks)}
    assert scores["finance"] == {
        "error": {"passed": 2, "failed": 0},
        "warn": {"passed": 0, "failed": 1},
    }
    assert scores["risk"]["error"] == {"passed": 2, "failed": 1}
