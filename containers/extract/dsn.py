"""A PostgreSQL connection string (URI form, as libpq documents it) as arguments of pg8000."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from containers.extract.errors import ExtractError
from containers.extract.secret import is_loopback

SCHEMES = ("postgresql", "postgres")
CONNECT_SECONDS = 20
MODES = ("disable", "require", "verify-ca", "verify-full")


def connection_arguments(address: str) -> dict[str, Any]:
    """Arguments of pg8000's Connection. Raises ExtractError without repeating the address.

    TLS is asked for and the server's certificate checked, unless `sslmode=require` leaves the check out;
    `sslmode=disable`, and no mode at all, go without TLS on this machine only. `sslrootcert` names a file.
    """
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or not parts.hostname or not parts.username:
        raise ExtractError("the connection string must be postgresql://user:password@host:port/database")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "user": unquote(parts.username),
        "password": unquote(parts.password) if parts.password is not None else None,
        "host": parts.hostname,
        "port": parts.port or 5432,
        "database": unquote(parts.path.lstrip("/")) or unquote(parts.username),
        "timeout": CONNECT_SECONDS,
        "application_name": "sluice",
        "ssl_context": _tls(query, is_loopback(parts.hostname)),
    }


def _tls(query: dict[str, str], local: bool) -> ssl.SSLContext | None:
    mode = query.get("sslmode", "disable" if local else "verify-full")
    if mode not in MODES:
        raise ExtractError(f"sslmode must be one of {', '.join(MODES)}")
    if mode == "disable":
        if not local:
            raise ExtractError("a database on another machine is asked over TLS only")
        return None
    context = ssl.create_default_context(cafile=query.get("sslrootcert"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context
