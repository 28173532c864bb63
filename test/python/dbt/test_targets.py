"""Both targets parse without a network; both compile; the unit tests of the models hold."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import free_port
from lake import COLUMNS

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
DBT_SECONDS = 60


def dbt(folder: Path, endpoint: str, *arguments: str) -> subprocess.CompletedProcess:
    """One dbt command with all its output below a folder and every AWS call sent to the endpoint."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DBT_"))},
        **{"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"},
        **{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1"},
        **{"LAKE_DUCKDB_PATH": str(folder / "lake.duckdb"), "LAKE_MODULE_PATH": str(PROJECT.parent)},
    }
    return subprocess.run(
        [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", *arguments, "--no-use-colors"),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        **{"env": environment, "cwd": folder, "capture_output": True, "text": True},
        **{"timeout": DBT_SECONDS, "check": False},
    )


@pytest.mark.parametrize("target", ["duckdb", "athena"])
def test_the_project_parses_without_any_network(target, tmp_path):
    nobody_listens = f"http://127.0.0.1:{free_port()}"
    done = dbt(tmp_path, nobody_listens, "parse", "--target", target)
    assert done.returncode == 0, done.stdout


def test_the_project_compiles_for_athena(endpoint, tmp_path):
    done = dbt(tmp_path, endpoint, "compile", "--target", "athena", "--select", "resource_type:model")
    assert done.returncode == 0, done.stdout
    folder = tmp_path / "target" / "compiled" / "lake" / "models"
    compiled = {path.stem: path.read_text() for path in folder.rglob("*.sql") if path.parent.suffix != ".yml"}
    assert len(compiled) == 8
    assert '"awsdatacatalog"."lake_silver"."market_data"' in compiled["stg_market_data"]


def test_an_empty_lake_builds_and_the_unit_tests_hold(endpoint, tmp_path):
    with duckdb.connect(str(tmp_path / "lake.duckdb")) as connection:
        connection.execute("create schema lake_silver; create schema sluice")
        connection.execute("create table sluice.plan_runs (entity varchar, run_id varchar, is_new boolean)")
        system = "_source_file varchar, _source_line bigint, _run_id varchar, _ingested_at timestamptz"
        for entity, columns in COLUMNS.items():
            connection.execute(f"create table lake_silver.{entity} ({columns}, {system})")
    built = dbt(tmp_path, endpoint, "build", "--exclude-resource-type", "unit_test")
    assert built.returncode == 0, built.stdout
    tested = dbt(tmp_path, endpoint, "test", "--select", "test_type:unit")
    assert tested.returncode == 0, tested.stdout
    assert "PASS=7 " in tested.stdout
