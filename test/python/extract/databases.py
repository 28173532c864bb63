"""The databases of the samples, empty; the tests are skipped and say so where there is no such server."""

import contextlib
import os
from collections.abc import Iterator
from types import ModuleType

import pytest

from samples.servers import process

# With this in the environment a missing server is a failure: where the machine is known to have them all.
REQUIRED = os.environ.get("SLUICE_SERVERS") == "required"


@contextlib.contextmanager
def database(server: ModuleType) -> Iterator[str]:
    """The connection string of a new server of `samples.servers`."""
    with contextlib.ExitStack() as until_the_end:
        try:
            url = until_the_end.enter_context(server.serving())
        except process.NoServer as missing:
            if REQUIRED:
                pytest.fail(f"SLUICE_SERVERS=required, but {missing}")
            pytest.skip(str(missing))
        yield url
