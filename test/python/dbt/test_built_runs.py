"""The database remembers the runs that it has merged, and their files: a plan names only what came after."""

from pathlib import Path

import duckdb
import pytest
from test_plan import plan

from containers.dbt.database import built_runs, create_database, open_database, record_build
from containers.dbt.plan import SilverRun, parse_plan
from containers.dbt.silver import FilesUnknown, runs_to_read

OLD_SHAPE = """
create schema sluice;
create table sluice.built_runs (entity varchar, run_id varchar, primary key (entity, run_id));
insert into sluice.built_runs values ('market_data', 'm1');
"""


def silver(*names: str) -> tuple[SilverRun, ...]:
    return tuple(SilverRun(name, (f"s3://silver-1/{name}-0.parquet",)) for name in names)


def planned(*names: str):
    listed = [{"run_id": run.run_id, "files": list(run.files)} for run in silver(*names)]
    return parse_plan(plan(silver={"market_data": listed}))


@pytest.fixture
def database(tmp_path) -> Path:
    create_database(tmp_path / "lake.duckdb")
    return tmp_path / "lake.duckdb"


def remembered(path: Path) -> dict:
    with open_database(path, with_s3=False) as connection:
        return built_runs(connection)


def remember(path: Path, *runs: SilverRun) -> None:
    with open_database(path, with_s3=False) as connection:
        record_build(connection, "project", {"market_data": runs})


def test_a_build_adds_its_runs_and_their_files(database):
    remember(database, *silver("m2", "m1"))
    remember(database, *silver("m3"), SilverRun("empty", ()), *silver("m3"))
    runs = remembered(database)["market_data"]
    assert runs == {run.run_id: run for run in (*silver("m1", "m2", "m3"), SilverRun("empty", ()))}


def test_only_runs_that_are_not_merged_are_read(database):
    remember(database, *silver("m1", "m2"))
    reading = runs_to_read(planned("m2", "m3"), remembered(database), read_everything=False)
    assert reading == {"market_data": list(silver("m3"))}


def test_building_anew_reads_what_was_merged_and_what_is_planned(database):
    remember(database, *silver("m1", "m2"))
    reading = runs_to_read(planned("m3", "m2"), remembered(database), read_everything=True)
    assert sorted(run.run_id for run in reading["market_data"]) == ["m1", "m2", "m3"]
    assert sorted(reading["market_data"], key=lambda run: run.run_id) == list(silver("m1", "m2", "m3"))


def test_a_database_of_the_old_shape_opens_and_goes_on(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute(OLD_SHAPE)
    assert remembered(database) == {"market_data": {"m1": None}}
    reading = runs_to_read(planned("m2"), remembered(database), read_everything=False)
    assert reading == {"market_data": list(silver("m2"))}


def test_a_database_of_the_old_shape_is_built_anew_only_from_a_full_list(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute(OLD_SHAPE)
    with pytest.raises(FilesUnknown, match=r"1 runs of market_data \(m1\): give a plan that lists every run"):
        runs_to_read(planned("m2"), remembered(database), read_everything=True)
    reading = runs_to_read(planned("m1", "m2"), remembered(database), read_everything=True)
    assert reading == {"market_data": list(silver("m1", "m2"))}


def test_a_full_list_teaches_an_old_database_its_files(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute(OLD_SHAPE)
    remember(database, *silver("m1", "m2"))
    assert remembered(database) == {"market_data": {run.run_id: run for run in silver("m1", "m2")}}
