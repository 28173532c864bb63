"""A change of the models tried on the samples: what is told of it, and three real changes of one model."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from containers.dbt.plan import parse_plan
from jobs.cleanse.plan import parse_plan as parse_cleanse
from tools.models import outcome
from tools.models.changes import Selected
from tools.models.outcome import Lane
from tools.models.plans import build_plan, cleanse_plan
from tools.models.trial import main

ROOT = Path(__file__).resolve().parents[3]
TRIAL_SECONDS_MAX = 300
PRICES, VALUES, SHARED = "model.lake.prices", "model.lake.values", "model.lake.shared"
UNIT = "unit_test.lake.prices.a_price_is_taken"
CHECK, BOTH = "test.lake.prices_positive", "test.lake.values_of_prices"


def node(kind: str, name: str, parents: tuple = (), materialized: str = "table", **more) -> dict:
    about = {"name": name, "alias": name, "schema": "main", "resource_type": kind, **more}
    return {**about, "depends_on": {"nodes": [*parents]}, "config": {"materialized": materialized}}


KNOWN = outcome.known(
    {
        "nodes": {
            PRICES: node("model", "prices"),
            VALUES: node("model", "values", (PRICES,)),
            SHARED: node("model", "shared", materialized="ephemeral"),
            CHECK: node("test", "prices_positive", (PRICES,), attached_node=PRICES),
            BOTH: node("test", "values_of_prices", (PRICES, VALUES), attached_node=VALUES),
        },
        "unit_tests": {UNIT: node("unit_test", "a_price_is_taken", (PRICES,))},
    }
)


def selected(name: str, *why: str) -> Selected:
    return Selected(name, name.split(".")[-1], name.split(".")[0], None, why)


def result(name: str, status: str, message: str | None = None) -> dict:
    return {"unique_id": name, "status": status, "message": message}


def test_each_selected_node_says_whether_it_was_built_its_rows_and_its_tests():
    results = [
        *(result(PRICES, "success"), result(CHECK, "fail", "Got 2 results,\n  configured to fail if != 0")),
        *(result(VALUES, "skipped"), result(BOTH, "skipped"), result(UNIT, "pass")),
    ]
    chosen = [selected(PRICES, "its code changed"), selected(VALUES, "it reads prices"), selected(SHARED)]
    found = outcome.nodes_of([*chosen, selected(CHECK)], KNOWN, results, {PRICES: 5, VALUES: 5}, {PRICES: 3})
    assert [(one.name, one.built, one.rows_before, one.rows_after) for one in found] == [
        ("prices", "yes", 5, 3),
        ("values", "skipped", 5, None),
        ("shared", "part of what reads it", None, None),
    ]
    assert [(one.passed, one.failed) for one in found] == [(1, 1), (0, 0), (0, 0)]
    failures = outcome.failures_of(KNOWN, results)
    assert failures == ("`prices_positive`: Got 2 results, configured to fail if != 0",)
    lane = Lane("finance", "tests_failed", None, 12.3, found, failures, outcome.tests_run(KNOWN, results))
    said = outcome.report([lane], "0123456789abcdef")
    assert "| finance | **tests_failed** | 2 | 12 |" in said
    assert "| `prices` | its code changed | yes | 5 | 3 | 1 | 1 |" in said
    assert "| `values` | it reads prices | skipped | 5 | – | 0 | 0 |" in said
    assert "- `prices_positive`: Got 2 results" in said
    assert not lane.is_good and Lane("finance", "unchanged").is_good


def test_what_stopped_a_build_is_told_where_no_node_failed():
    said = outcome.report([Lane("finance", "error", "the disk is full")], "0123456789abcdef")
    assert "the disk is full" in said
    assert outcome.report([], "0123456789abcdef") == ""


def test_rows_are_counted_where_there_is_a_table(tmp_path):
    path = tmp_path / "lake.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table prices as from range(4)")
    assert outcome.rows_of(path, KNOWN, [PRICES, VALUES, "model.lake.gone"]) == {PRICES: 4}
    assert outcome.rows_of(tmp_path / "none.duckdb", KNOWN, [PRICES]) == {}


def test_the_containers_take_the_plans_of_a_trial():
    lane = {"lane": "marketing", "domains": ["marketing"]}
    changed = {"selectors": ["state:modified+"], "state_uri": "s3://lake/base/"}
    plan = parse_plan(build_plan(lane, "trial", "ci", {}, **changed))
    assert (plan.mode, plan.selectors, plan.state_uri) == ("ci", ("state:modified+",), "s3://lake/base/")
    assert parse_plan(build_plan(lane, "base", "standard", {})).database_uri is None
    landed = {"bucket": "b", "key": "k", "bytes": 1, "landed_at": "2026-01-01T00:00:00Z", "source": "s"}
    cleanse = parse_cleanse(cleanse_plan(ROOT, "events", [landed]))
    assert cleanse.run_id in cleanse.pending_prefix


def test_a_base_that_is_no_commit_is_no_verdict(tmp_path, capsys):
    assert main(["--base", "no-such-branch", "--kept", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "no-such-branch is no commit of this clone" in capsys.readouterr().err


@dataclass
class Project:
    """A repository with one commit, that of the files here, and trials of what is changed in it."""

    folder: Path

    def __post_init__(self) -> None:
        listed = self._git("-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z").split("\0")
        for name in filter(None, listed):
            if (ROOT / name).is_file():
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes((ROOT / name).read_bytes())
        self._git("init", "--quiet")
        self.commit("base")

    def commit(self, message: str) -> str:
        self._git("add", "--all")
        self._git("-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", message)
        return self._git("rev-parse", "HEAD").strip()

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / "dbt_project" / "models" / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def trial(self, base: str) -> tuple[int, str, dict]:
        """Exit code, comment, and the outcome by node."""
        head = self._git("rev-parse", "HEAD").strip()
        command = [sys.executable, "-m", "tools.models.trial", "--base", base]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=TRIAL_SECONDS_MAX
        )
        out = self.folder / ".sluice" / "trials" / head
        lanes = json.loads((out / "outcome.json").read_text())
        nodes = {one["name"]: one for lane in lanes for one in lane["nodes"]}
        for lane in lanes:
            for name in ("run_results.json", "unit_test_results.json"):
                assert json.loads((out / lane["lane"] / name).read_text())["results"]
        return done.returncode, (out / "comment.md").read_text(), nodes

    def _git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.full
def test_a_change_is_built_and_tested_and_one_that_fails_a_test_is_refused(tmp_path):
    project = Project(tmp_path)
    base = project._git("rev-parse", "HEAD").strip()
    code, said, nodes = project.trial(base)
    assert (code, nodes) == (0, {}), said
    assert "Nothing differs" in said
    assert not (tmp_path / ".sluice" / "models" / base / "lanes").exists(), "a lane was built for nothing"

    summary = "metrics/daily_campaign_summary.sql"
    project.change(summary, "from summed\n", "from summed where platform = 'google_ads'\n")
    project.commit("fewer rows")
    code, said, nodes = project.trial(base)
    assert code == 0, said
    assert set(nodes) == {"daily_campaign_summary"}
    built = nodes["daily_campaign_summary"]
    assert (built["built"], built["why"], built["failed"]) == ("yes", ["its code changed"], 0)
    assert built["rows_before"] > built["rows_after"] > 0 and built["passed"] > 6

    project.change(
        summary,
        "        platform,\n        currency,\n        cast(",
        "        'other' as platform,\n        currency,\n        cast(",
    )
    project.commit("a platform that nobody knows")
    code, said, nodes = project.trial(base)
    assert code == 1
    assert nodes["daily_campaign_summary"]["failed"] >= 1
    assert "**tests_failed**" in said and "- `accepted_values_daily_campaign_summary" in said
