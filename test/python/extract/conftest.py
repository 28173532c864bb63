"""What an extraction asks and writes to: servers of the tests' own, and the session's MiniStack."""

import functools
from collections.abc import Iterator

import boto3
import pytest
from databases import database
from extraction import BUCKETS, Extraction
from servers import RestServer

from samples.servers import mongodb, postgres


@pytest.fixture(scope="session")
def aws(aws_environment) -> dict[str, str]:
    """The variables with which an AWS SDK reaches the endpoint; its buckets are there."""
    s3 = boto3.client("s3", endpoint_url=aws_environment["AWS_ENDPOINT_URL"], **credentials())
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
    return aws_environment


def credentials() -> dict[str, str]:
    return {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}


@pytest.fixture(scope="session")
def clients(aws):
    """boto3.client for the endpoint, each client made once: that takes longer than most runs here."""
    session = boto3.Session(**credentials())

    @functools.cache
    def client(service: str):
        return session.client(service, endpoint_url=aws["AWS_ENDPOINT_URL"])

    return lambda service, **_: client(service)


@pytest.fixture
def extraction(aws, clients, tmp_path, monkeypatch) -> Extraction:
    """Runs extractions of a source of its own, in this process or as a task."""
    monkeypatch.setattr(boto3, "client", clients)
    return Extraction(aws, tmp_path)


@pytest.fixture
def rest() -> Iterator[RestServer]:
    """The REST server of daily prices, with a key."""
    with RestServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The connection string of a PostgreSQL for this test run."""
    with database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def mongodb_url() -> Iterator[str]:
    """The connection string of a MongoDB server for this test run."""
    with database(mongodb) as url:
        yield url
