"""One local AWS for a test module."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from local_aws import LocalAws, start, stop


@pytest.fixture(scope="module")
def launch(tmp_path_factory) -> Iterator[Callable[..., LocalAws]]:
    """Start launchers with options; all are stopped when the module is over."""
    started: list[LocalAws] = []

    def start_one(*options: str) -> LocalAws:
        started.append(start(tmp_path_factory.mktemp("state"), *options))
        return started[-1]

    yield start_one
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            stop(one.process)


@pytest.fixture(scope="module")
def aws(launch) -> LocalAws:
    """A plain local AWS."""
    return launch()
