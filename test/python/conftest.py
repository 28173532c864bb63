"""The tests' AWS: one MiniStack on a free port of 127.0.0.1 for a session, started when first needed."""

from collections.abc import Iterator

import pytest

from samples.servers.ministack import ACCESS, ministack

SERVICES = "s3,secretsmanager,athena,glue,sts,ecr"


@pytest.fixture(scope="session")
def aws_endpoint(tmp_path_factory) -> Iterator[str]:
    """The address of a running MiniStack."""
    with ministack(tmp_path_factory.mktemp("ministack"), SERVICES) as url:
        yield url


@pytest.fixture(scope="session")
def aws_environment(aws_endpoint) -> dict[str, str]:
    """The variables with which an AWS SDK reaches the endpoint."""
    return {"AWS_ENDPOINT_URL": aws_endpoint, **ACCESS}
