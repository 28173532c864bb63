"""DuckDB's S3 secret comes from boto3, and never shows in what it says."""

import duckdb
import pytest

from containers.dbt.s3_access import load_s3, refresh_secret


@pytest.fixture
def secret(monkeypatch):
    def make(**environment) -> dict[str, str]:
        for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        defaults = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "it's-secret"}
        for name, value in {**defaults, **environment}.items():
            monkeypatch.setenv(name, value)
        with duckdb.connect() as connection:
            load_s3(connection)
            text = connection.execute("select secret_string from duckdb_secrets()").fetchone()[0]
        return dict(part.split("=", 1) for part in text.split(";"))

    return make


def test_on_aws_the_bucket_stands_in_the_host_of_the_region(secret):
    found = secret(AWS_REGION="eu-central-1", AWS_SESSION_TOKEN="token")
    assert (found["region"], found["url_style"], found["use_ssl"]) == ("eu-central-1", "vhost", "true")
    assert found["endpoint"] == "s3.eu-central-1.amazonaws.com"


def test_elsewhere_the_bucket_stands_in_the_path(secret):
    found = secret(AWS_REGION="eu-central-1", AWS_ENDPOINT_URL="http://127.0.0.1:4566")
    assert (found["endpoint"], found["url_style"], found["use_ssl"]) == ("127.0.0.1:4566", "path", "false")


def test_renewed_credentials_replace_the_secret(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with duckdb.connect() as connection:
        for key in ("AKIA1", "AKIA2"):
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
            load_s3(connection) if key == "AKIA1" else refresh_secret(connection)
        rows = connection.execute("select secret_string from duckdb_secrets()").fetchall()
    assert len(rows) == 1 and "AKIA2" in rows[0][0]


def test_a_refused_secret_does_not_show_itself(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    with duckdb.connect() as connection:
        load_s3(connection)
        connection.execute("set lock_configuration = true")
        closed = connection.cursor()
        closed.close()
        with pytest.raises(PermissionError) as refused:
            refresh_secret(closed)
    assert "very-secret" not in str(refused.value)
    assert refused.value.__cause__ is None and refused.value.__suppress_context__
