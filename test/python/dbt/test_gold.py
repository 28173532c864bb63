"""An edition is reported only when its files hold as many rows as their marts."""

from types import SimpleNamespace

import duckdb
import pytest
from test_plan import plan

from containers.dbt.gold import ExportError, count_models, reconcile_edition
from containers.dbt.gold_files import GoldFile, remember
from containers.dbt.plan import parse_plan

FOLDER = "s3://gold/domain=finance/dataset=daily_portfolio_summary/version=1/edition=b1-1"


@pytest.fixture
def reconcile(manifest, tmp_path):
    """Reconciles one finance mart of five rows with the files that an export has noted."""
    project = SimpleNamespace(manifest=manifest)
    one_domain = parse_plan(plan(domains=["finance"]))

    def run(*files: tuple[str, int]) -> list[dict]:
        with duckdb.connect(str(tmp_path / "lake.duckdb")) as connection:
            connection.execute("create or replace table daily_portfolio_summary as select * from range(5)")
            connection.execute("create schema if not exists sluice")
            remember(connection, [GoldFile(uri, "", "", "", "", "", rows, 10) for uri, rows in files])
            return reconcile_edition(connection, project, one_domain)

    return run


def test_files_that_hold_every_row_are_reported_with_their_range(reconcile):
    files = [(f"{FOLDER}/year=2012/month=12/a_0.parquet", 3), (f"{FOLDER}/year=2013/month=01/a_0.parquet", 2)]
    (dataset,) = reconcile(*files)
    assert (dataset["rows"], len(dataset["files"])) == (5, 2)
    assert dataset["location"] == f"{FOLDER}/"
    assert dataset["partitions"] == [
        {"name": "year", "min": "2012", "max": "2013"},
        {"name": "month", "min": "01", "max": "12"},
    ]


def test_a_row_that_did_not_reach_a_file_stops_the_edition(reconcile):
    with pytest.raises(ExportError, match="4 rows were exported, the mart has 5"):
        reconcile((f"{FOLDER}/year=2012/month=12/a_0.parquet", 4))


def test_files_of_another_schema_version_are_not_counted(reconcile):
    other = FOLDER.replace("version=1", "version=2")
    files = [(f"{FOLDER}/year=2012/month=12/a_0.parquet", 5), (f"{other}/year=2012/month=12/a_0.parquet", 4)]
    (dataset,) = reconcile(*files)
    assert (dataset["rows"], [file["rows"] for file in dataset["files"]]) == (5, [5])


def test_a_model_that_is_stored_is_counted_and_a_view_is_not_computed():
    kinds = {"orders": "incremental", "lines": "view"}
    nodes = {
        f"model.lake.{name}": SimpleNamespace(
            name=name, relation_name=name, config=SimpleNamespace(materialized=kind)
        )
        for name, kind in kinds.items()
    }
    models = [{"model": name, "rows": None} for name in kinds]
    with duckdb.connect() as connection:
        connection.execute("create table orders as from range(3)")
        connection.execute("create view lines as select error('computed') from orders")
        count_models(connection, SimpleNamespace(nodes=nodes), models)
    assert [model["rows"] for model in models] == [3, None]
