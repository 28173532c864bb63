"""What a build of the tests works on: the parse state of an image, and a lake in the session's MiniStack."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest
from lake import Lake
from task import stop_server

from containers.dbt.project import keep_parse_state, load_manifest


@pytest.fixture(scope="session")
def parse_state() -> Iterator[Path]:
    """The state that an image brings along, made once for all tasks; no server of theirs is left."""
    yield keep_parse_state("duckdb")
    stop_server()


@pytest.fixture(scope="session")
def manifest(parse_state) -> Manifest:
    """The manifest of that state, to read and never to change."""
    return load_manifest("duckdb", parse_state)[0]


@pytest.fixture(scope="module")
def lake(aws_endpoint, parse_state, tmp_path_factory) -> Lake:
    """Buckets of its own for each test module."""
    return Lake(aws_endpoint, tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def story(lake, request):
    """The life of the module's lane, told once for all its tests."""
    return request.module.Story(lake)
