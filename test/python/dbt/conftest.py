"""What a build of the tests works on: the parse state of an image, and a lake in the session's MiniStack."""

from pathlib import Path

import pytest
from lake import Lake

from containers.dbt.project import keep_parse_state


@pytest.fixture(scope="session")
def parse_state() -> Path:
    """The state that an image brings along, made once for all tasks."""
    return keep_parse_state("duckdb")


@pytest.fixture(scope="module")
def lake(aws_endpoint, parse_state, tmp_path_factory) -> Lake:
    """Buckets of its own for each test module."""
    return Lake(aws_endpoint, tmp_path_factory.mktemp("lake"))
