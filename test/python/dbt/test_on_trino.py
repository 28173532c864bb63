"""Athena's engine: the models and tests of each system run on a Trino, and each mart equals the truth."""

from collections.abc import Iterator

import pytest
import test_commerce
import test_finance
import test_households
import test_marketing
from trino.exceptions import Error
from trino_lake import TrinoLake

from samples.servers.trino import Trino, serving

SYSTEMS = {
    "finance": test_finance.Story,
    "marketing": test_marketing.Story,
    "commerce": test_commerce.Story,
    "households": test_households.Story,
}


# Hundreds of statements a build, each of them slower than DuckDB's.
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def trino(tmp_path_factory) -> Iterator[Trino]:
    """One server for all systems: it takes a while to start."""
    with serving(tmp_path_factory.mktemp("trino")) as running:
        yield running


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_mart_equals_the_truth_on_athena_s_engine(system, trino, parse_state, tmp_path):
    """The system's life that DuckDB lives in its own test: first, after late and corrected rows, and anew."""
    nobody = "http://127.0.0.1:1"
    story = SYSTEMS[system](TrinoLake(nobody, tmp_path, trino=trino, parse_state=parse_state))
    wrong = {(build, dataset): story.wrong(build, dataset) for build in story.tasks for dataset in story.keys}
    assert wrong == {(build, dataset): [] for build in story.builds for dataset in story.keys}


@pytest.mark.parametrize(
    ("catalog", "property"), [("awsdatacatalog", "partitioning"), ("hive", "partitioned_by")]
)
def test_a_statement_that_writes_over_100_partitions_is_refused(catalog, property, trino):
    """Else the builds above would not show that none does."""
    trino.run("create schema if not exists probe")
    statement = (
        f"create table {catalog}.probe.{catalog}_{{0}} with ({property} = array['day'])"
        " as select 1 as amount, day from unnest(sequence(1, {0})) as listed(day)"
    )
    trino.run(statement.format(100))
    with pytest.raises(Error, match="100"):
        trino.run(statement.format(101))
