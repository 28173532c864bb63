"""Lets DuckDB read and write S3 with the credentials and the endpoint that boto3 finds."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import duckdb
import duckdb_extension_httpfs
from dbt.adapters.duckdb.plugins import BasePlugin

from jobs.task.storage import s3_client

REFRESH_SECONDS = 300


def httpfs_path() -> Path:
    """The extension file inside its PyPI package, so that nothing is downloaded or installed per user."""
    folder = Path(duckdb_extension_httpfs.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    return folder / "httpfs.duckdb_extension"


def load_s3(connection: duckdb.DuckDBPyConnection) -> None:
    """Loads httpfs and gives the connection its S3 secret, where there are credentials to make one from."""
    connection.execute(f"load {_quoted(str(httpfs_path()))}")
    refresh_secret(connection)


def refresh_secret(connection: duckdb.DuckDBPyConnection) -> None:
    """Replaces the S3 secret by boto3's present credentials. Raises PermissionError when DuckDB refuses them.

    Without credentials there is no secret, and S3 answers when it is asked: compiling needs neither.
    """
    credentials = boto3.Session().get_credentials()
    if credentials is None:
        return
    frozen = credentials.get_frozen_credentials()
    # Of the common session, which has S3's description read already: a new one takes longer than the secret.
    client = s3_client()
    settings = {
        "key_id": frozen.access_key,
        "secret": frozen.secret_key,
        "session_token": frozen.token or "",
        "region": client.meta.region_name,
        **_endpoint_settings(client.meta.endpoint_url),
    }
    pairs = ", ".join(f"{name} {_quoted(value)}" for name, value in settings.items())
    try:
        connection.execute(f"create or replace secret lake (type s3, {pairs})")
    except duckdb.Error:
        # The engine's message repeats the statement, and with it the secret.
        raise PermissionError("DuckDB refused the S3 secret made from boto3's credentials") from None


def _endpoint_settings(endpoint_url: str) -> dict[str, str]:
    """What DuckDB must know of an endpoint: AWS's own names buckets in the host, any other in the path."""
    parts = urlsplit(endpoint_url)
    style = "vhost" if (parts.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")) else "path"
    return {
        "endpoint": parts.netloc,
        "url_style": style,
        "use_ssl": "true" if parts.scheme == "https" else "false",
    }


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


class Plugin(BasePlugin):
    """dbt-duckdb's hook: every connection gets S3, and a long run gets fresh credentials."""

    refreshed_at = 0.0

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Called once when dbt opens the database."""
        load_s3(conn)
        self.refreshed_at = time.monotonic()

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Called for each node; the secret lives in the instance, so one cursor renews it for all."""
        if time.monotonic() - self.refreshed_at > REFRESH_SECONDS:
            refresh_secret(cursor)
            self.refreshed_at = time.monotonic()
