"""A dataset's second schema version beside its first: both are in one edition, each in its own folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import lake as lakes
import pytest
import yaml
from lake import ROOT, Lake, price, trade

# Two builds of a project that is parsed first.
pytestmark = pytest.mark.full

MONDAY, TUESDAY = "2026-01-05 10:00:00+00", "2026-01-06 10:00:00+00"
SQL = """
with first_version as (

    select *
    from {{ ref('var_calculations', v=1) }}

)

select
    *,
    cast(as_of_date - interval '1' year as date) as window_start_date
from first_version
where confidence = 0.99
"""
ADDED = {"name": "window_start_date", "data_type": "date", "description": "A year before."}


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory) -> Path:
    """The code with a project in which one model has a second version."""
    root = tmp_path_factory.mktemp("code")
    for part in ("containers", "contracts", "dbt_project", "jobs"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("target", "__pycache__"))
    folder = root / "dbt_project" / "models" / "marts" / "risk"
    described = yaml.safe_load((folder / "var_calculations.yml").read_text())
    (model,) = described["models"]
    second = {"v": 2, "defined_in": "var_calculations_v2", "config": {"alias": "var_calculations_v2"}}
    model["versions"].append({**second, "columns": [{"include": "*"}, ADDED]})
    (folder / "var_calculations.yml").write_text(yaml.safe_dump(described, sort_keys=False))
    (folder / "var_calculations_v2.sql").write_text(SQL)
    return root


@pytest.fixture(scope="module")
def edition(lake: Lake, two_versions: Path):
    """The second build: the first one's project has one version only."""

    def run(directory: Path, environment: dict, seconds: int, killed_at: None) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "containers.dbt.run"]
        given = {"env": {**environment, "PYTHONPATH": str(two_versions)}, "cwd": directory}
        done = subprocess.run(command, **given, capture_output=True, text=True, timeout=seconds, check=False)
        return done.returncode, done.stdout, done.stderr

    days = ("2026-01-01", "2026-01-02", "2026-01-05")
    lake.commit("market_data", "m1", [price("A", day, str(9 + n)) for n, day in enumerate(days)], MONDAY)
    lake.commit(
        "transactions", "t1", [trade("t1", "x", "A", "BUY", "10", "9.5", f"{days[1]} 15:00:00+00")], MONDAY
    )
    assert lake.build().report["verdict"] == "passed"
    lake.commit("market_data", "m2", [price("A", "2026-01-06", "8")], TUESDAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lakes, "run_task", run)
        return lake.build(keep=False)


def test_both_versions_are_in_one_edition_each_with_its_rows(lake, edition):
    assert edition.report["verdict"] == "passed", edition.report["error"] or edition.report["failed_tests"]
    versions = {
        found["version"]: found
        for found in edition.report["datasets"]
        if found["dataset"] == "var_calculations"
    }
    assert sorted(versions) == [1, 2]
    columns = {n: [column["name"] for column in found["columns"]] for n, found in versions.items()}
    assert columns[2] == [*columns[1][:-1], ADDED["name"], columns[1][-1]]
    keys = {n: [file["key"] for file in found["files"]] for n, found in versions.items()}
    for number, found in versions.items():
        home = f"domain=risk/dataset=var_calculations/version={number}/edition={edition.plan['edition']}/"
        assert found["location"].endswith(f"/{home}")
        assert keys[number] == lake.keys("gold", home) != []
    first, second = (rows_of(lake, keys[number]) for number in (1, 2))
    assert (len(first), len(second)) == (versions[1]["rows"], versions[2]["rows"])
    shared = [{name: row[name] for name in first[0]} for row in second]
    assert shared == [row for row in first if str(row["confidence"]) == "0.99"] != first
    assert {row["window_start_date"].isoformat() for row in second} == {"2025-01-06"}


def rows_of(lake: Lake, keys: list[str]) -> list[dict]:
    """The rows of these files of gold, in the order of their key."""
    rows = []
    for key in keys:
        path = lake.folder / "version.parquet"
        lake.s3.download_file(lake.bucket("gold"), key, str(path))
        with lakes.duckdb.connect() as connection:
            cursor = connection.execute(f"select * from '{path}' order by all")
            names = [column[0] for column in cursor.description]
            rows += [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return rows
