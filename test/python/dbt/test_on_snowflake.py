"""Snowflake: the container builds marketing and commerce on an emulator, and each mart is the truth."""

from collections.abc import Iterator

import pytest
import test_commerce
import test_marketing
from snowflake_lake import SnowflakeLake
from snowflake_server import Snowflake, serving

SYSTEMS = {"marketing": test_marketing.Story, "commerce": test_commerce.Story}

# Two environments are made, and five builds by dbt in processes of their own.
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Snowflake]:
    with serving(tmp_path_factory.mktemp("snowflake")) as running:
        yield running


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_mart_equals_the_truth_on_snowflake(system, server, aws_endpoint, parse_state, tmp_path):
    """The system's life that DuckDB lives in its own test: first, after late and corrected rows, and anew."""
    story = SYSTEMS[system](SnowflakeLake(aws_endpoint, tmp_path, server=server, parse_state=parse_state))
    wrong = {(build, dataset): story.wrong(build, dataset) for build in story.tasks for dataset in story.keys}
    assert wrong == {(build, dataset): [] for build in story.builds for dataset in story.keys}
