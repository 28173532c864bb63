"""Whether a failure may pass by itself, or would meet the same plan again: what a report says of an error.

It is told by text, because S3's refusals come through four libraries (boto3, DuckDB, dbt and Hadoop) that
share no type. Doubt counts as terminal: a wrong "transient" only costs further attempts, but each of them.
"""

import errno
import re

MESSAGE_CHARACTERS = 500
# An engine that names one of these has understood the work and refused it.
REFUSED = re.compile(
    r"\b(Compilation|Parsing|Parser|Binder|Catalog|Syntax|Conversion|Constraint|Invalid Input|Out of Range"
    r"|Mismatch Type|Not implemented|Out of Memory|Dependency) Error\b|AnalysisException|ParseException"
    r"|enforced contract|\bAccessDenied|NoSuchKey|NoSuchBucket|\bHTTP (code )?(400|401|403|404)\b"
    r"|No space left|No files found|Permission denied|No such file|FileNotFoundException|OutOfMemoryError"
)
# S3's words for "later" (API reference, "Error responses"), an HTTP status above 499, a broken connection.
PASSING = re.compile(
    r"\bHTTP (code )?(408|429|5[0-9]{2})\b|\b[Ss]tatus [Cc]ode: (408|429|5[0-9]{2})\b|\bIO Error\b"
    r"|SlowDown|ServiceUnavailable|InternalError|RequestTimeout|Throttl|TooManyRequests|RequestLimitExceeded"
    r"|[Cc]ould not connect|[Cc]onnection (was )?(reset|refused|aborted|closed)|[Tt]imed? ?out"
    r"|[Cc]ould not resolve|name resolution|Broken pipe|IncompleteRead|[Ss]erver returned nothing"
    r"|java\.net\.(Socket|Connect|UnknownHost)\w*Exception|ExecutorLostFailure|FetchFailed"
)
LASTING_ERRNO = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EISDIR}


def failure_of(error: BaseException) -> dict:
    """`failure` of a report for an exception: {"transient": bool, "message": text of bounded length}."""
    message = f"{type(error).__name__}: {shortened(str(error))}"
    if isinstance(error, OSError) and error.errno is not None:
        return {"transient": error.errno not in LASTING_ERRNO, "message": message}
    passing = isinstance(error, ConnectionError | TimeoutError) or may_pass(
        f"{type(error).__name__}: {error}"
    )
    return {"transient": passing, "message": message}


def may_pass(message: str) -> bool:
    """Whether another attempt with the same plan may get further than the one that ended with this text."""
    return not REFUSED.search(message) and bool(PASSING.search(message))


def shortened(text: str) -> str:
    """The text on one line, cut to MESSAGE_CHARACTERS."""
    return " ".join(text.split())[:MESSAGE_CHARACTERS]
