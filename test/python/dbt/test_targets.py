"""Both targets parse without a network, both compile, and the unit tests of the models hold."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from containers.dbt.database import open_database
from containers.dbt.project import CONTRACTS
from containers.dbt.silver import prepare_silver
from containers.dbt.warehouse import raw_tables
from samples.servers.process import free_port

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
DBT_SECONDS = 500


# One process for several commands: importing dbt takes longer than most. It ends before garbage matters.
COMMANDS = """
import gc, json, sys
gc.disable()
from dbt.cli.main import dbtRunner
for arguments in json.loads(sys.argv[1]):
    if not dbtRunner().invoke(arguments).success:
        sys.exit(1)
"""


def dbt(
    folder: Path, endpoint: str, *commands: list[str], seconds: int = DBT_SECONDS, **settings: str
) -> subprocess.CompletedProcess:
    """Runs dbt commands with all output below a folder and every AWS call sent to the endpoint.

    `settings` are further variables of their environment; commands that take longer than `seconds` are ended.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DBT_"))},
        **{"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"},
        **{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1"},
        **{"LAKE_DUCKDB_PATH": str(folder / "lake.duckdb"), "LAKE_MODULE_PATH": str(PROJECT.parent)},
        **settings,
    }
    options = ["--no-use-colors", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    options += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    return subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps([[*command, *options] for command in commands])],
        **{"env": environment, "cwd": folder, "capture_output": True, "text": True},
        **{"timeout": seconds, "check": False},
    )


def is_own_model(node) -> bool:
    return node.resource_type == "model" and node.package_name == "lake"


@pytest.fixture
def nobody() -> str:
    """An address at which no one listens."""
    return f"http://127.0.0.1:{free_port()}"


def test_athena_parses_without_any_network_and_compiles(nobody, aws_endpoint, manifest, tmp_path):
    parsed = dbt(tmp_path, nobody, ["parse", "--target", "athena"])
    assert parsed.returncode == 0, parsed.stdout
    chosen = ["--select", "resource_type:model", "resource_type:analysis"]
    compiled = dbt(tmp_path, aws_endpoint, ["compile", "--target", "athena", *chosen])
    assert compiled.returncode == 0, compiled.stdout
    folder = tmp_path / "target" / "compiled" / "lake"
    found = {path.stem: path.read_text() for path in folder.rglob("*.sql") if path.parent.suffix != ".yml"}
    models = [node for node in manifest.nodes.values() if is_own_model(node)]
    tables = [node for node in models if node.config.materialized != "ephemeral"]
    assert found.keys() >= {node.name for node in tables} | {"user_cohort_analysis"}
    assert "month_11" in found["user_cohort_analysis"]
    assert '"awsdatacatalog"."lake_silver"."market_data"' in found["stg_market_data"]


@pytest.mark.full
def test_an_empty_lake_builds_on_duckdb_without_any_network_and_the_unit_tests_hold(
    nobody, manifest, tmp_path
):
    with open_database(tmp_path / "lake.duckdb", with_s3=False) as connection:
        prepare_silver(connection, {path.stem: [] for path in CONTRACTS.glob("*.json")}, CONTRACTS, {})
        connection.execute("create schema raw")
        for table in raw_tables(manifest, ("marketing",)):
            columns = ", ".join(f"{name} {column.data_type}" for name, column in table.columns.items())
            connection.execute(f"create table raw.{table.name} ({columns})")
    build = ["build", "--target", "duckdb", "--exclude-resource-type", "unit_test"]
    done = dbt(tmp_path, nobody, build, ["test", "--target", "duckdb", "--select", "test_type:unit"])
    assert done.returncode == 0, done.stdout
    assert f"PASS={len(manifest.unit_tests)} " in done.stdout
