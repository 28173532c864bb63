"""What may go wrong while a source is asked: worth another attempt, or not."""

from __future__ import annotations

import pymongo.errors
import requests
from pg8000.exceptions import DatabaseError, InterfaceError

from jobs.failures import failure_of, shortened

# SQLSTATE classes that pass: connection, resources, operator, rollback (PostgreSQL manual, appendix A).
PASSING_STATES = ("08", "53", "57", "40")


class ExtractError(Exception):
    """The source or what is declared of it stands in the way; `transient` says whether that may pass."""

    def __init__(self, message: str, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class RefusedError(requests.HTTPError):
    """The API answered with a status of 400 and above, or sent us elsewhere. Its text never holds a query."""


def failure(error: BaseException) -> dict:
    """`failure` of a report: {"transient": bool, "message": text}; the text may still hold a secret."""
    # dlt wraps what a resource raises in a sentence about itself.
    while type(error).__module__.startswith("dlt.") and error.__cause__ is not None:
        error = error.__cause__
    message = f"{type(error).__name__}: {shortened(str(error))}"
    passing = _may_pass(error)
    return failure_of(error) if passing is None else {"transient": passing, "message": message}


def _may_pass(error: BaseException) -> bool | None:
    """Whether another attempt may get further, or None where this container knows nothing special."""
    if isinstance(error, ExtractError):
        return error.transient
    if isinstance(error, RefusedError):
        status = error.response.status_code
        return status in (408, 429) or status >= 500
    if isinstance(
        error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError
    ):
        return True
    if isinstance(error, pymongo.errors.ConnectionFailure | pymongo.errors.CursorNotFound):
        return True
    if isinstance(error, pymongo.errors.PyMongoError):
        return error.has_error_label("RetryableError") or error.timeout
    if isinstance(error, InterfaceError):
        return True
    if isinstance(error, DatabaseError):
        known = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        return str(known.get("C", "")).startswith(PASSING_STATES)
    return None
