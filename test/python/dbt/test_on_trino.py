"""Athena's engine: the models and tests of each system run on a Trino, and each mart equals the truth."""

from collections.abc import Iterator
from types import ModuleType

import pytest
import test_marketing
from trino_lake import TrinoLake

from samples.servers.trino import Trino, serving
from test.oracle.exact import differences

SYSTEMS = {"marketing": test_marketing}

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
    module: ModuleType = SYSTEMS[system]
    nobody = "http://127.0.0.1:1"
    story = module.Story(TrinoLake(nobody, tmp_path, trino=trino, parse_state=parse_state))
    for build, task in story.tasks.items():
        for dataset, key in module.KEYS.items():
            found = story.lake.gold(task, dataset)
            wrong = differences(found, story.truth[build][dataset], key, getattr(module, "WITHIN", None))
            assert wrong == [], (build, dataset, wrong)
