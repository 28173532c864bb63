"""What a build starts from, fetched while dbt is still being imported: so nothing here imports dbt."""

from __future__ import annotations

from pathlib import Path

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from containers.dbt.plan import BuildPlan
from jobs.failures import failure_of
from jobs.task.log import log
from jobs.task.storage import Storage

# What a failed attempt leaves below its artifacts prefix, for the attempt that goes on from it.
PARTIAL, RESULTS = "partial.duckdb", "run_results.json"
STORAGE_ERRORS = (OSError, ClientError, BotoCoreError, Boto3Error)


def fetch_state(plan: BuildPlan, storage: Storage, path: Path) -> Path | None:
    """Brings a database to `path`; answers its run results when an earlier attempt left it."""
    if plan.retry_of is not None:
        results = path.with_name("earlier_results.json")
        try:
            storage.download(plan.retry_of + RESULTS, results)
            size_bytes = storage.download(plan.retry_of + PARTIAL, path)
            log("database_fetched", uri=plan.retry_of + PARTIAL, bytes=size_bytes)
            return results
        except STORAGE_ERRORS as error:
            log("partial_database_missing", of=plan.retry_of, error=failure_of(error)["message"])
    fetch_database(plan, storage, path)
    return None


def fetch_database(plan: BuildPlan, storage: Storage, path: Path) -> None:
    """Brings the database of the last good build to `path`, or makes an empty one. S3 errors pass through."""
    if plan.database_uri is None:
        from containers.dbt.database import create_database

        create_database(path)
        return
    size_bytes = storage.download(plan.database_uri, path)
    log("database_fetched", uri=plan.database_uri, bytes=size_bytes)


def fetch_promoted(plan: BuildPlan, storage: Storage, folder: Path) -> Path | None:
    """Brings the manifest that `ci` compares with into a folder; None without one. S3 errors pass through."""
    if plan.state_uri is None:
        return None
    folder.mkdir(exist_ok=True)
    storage.download(plan.state_uri + "manifest.json", folder / "manifest.json")
    return folder
