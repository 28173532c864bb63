"""The source's secret: read from Secrets Manager by the task's own role, and kept out of every text."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

import boto3
from botocore.exceptions import ClientError

from containers.extract.errors import ExtractError

# Shorter values would blot out parts of ordinary words.
SCRUB_CHARACTERS_MIN = 4
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Secret:
    """A key or a connection string in `value`; `url` where the secret itself says which address to use."""

    value: str | None = None
    url: str | None = None

    def __repr__(self) -> str:
        return "Secret(...)"


def read_secret(name: str | None, client: Any = None) -> Secret:
    """The secret of this name; an empty one without a name.

    Raises `ExtractError` with the name where there is none or it may not be read; other errors pass.
    """
    if name is None:
        return Secret()
    manager = client or boto3.client("secretsmanager", region_name=os.environ.get("AWS_REGION"))
    try:
        return parse_secret(manager.get_secret_value(SecretId=name)["SecretString"])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in ("ResourceNotFoundException", "AccessDeniedException"):
            raise
        raise ExtractError(
            f"no secret {name} that this task may read: store it, then retry ({code})"
        ) from None


def parse_secret(text: str) -> Secret:
    """A bare value, or JSON {"value", "url"}; a bare address of a database is a `url`."""
    try:
        document = json.loads(text)
    except ValueError:
        document = text
    if isinstance(document, dict):
        value, url = document.get("value"), document.get("url")
        return Secret(None if value is None else str(value), None if url is None else str(url))
    return Secret(url=text) if "://" in text else Secret(value=text)


def scrubber(secret: Secret) -> Callable[[str], str]:
    """A function that takes the secret out of a text, in every spelling in which a library may print it."""
    known = [secret.value]
    if secret.url:
        parts = urlsplit(secret.url)
        known += [secret.url, parts.password, parts.query if "=" in parts.query else None]
    spellings = {spelling for one in known if one for spelling in _spellings(one)}
    ordered = sorted(spellings, key=len, reverse=True)

    def scrub(text: str) -> str:
        for spelling in ordered:
            text = text.replace(spelling, "***")
        return text

    return scrub


def _spellings(value: str) -> list[str]:
    plain = unquote(value)
    found = [value, plain, quote(plain, safe=""), quote(plain), quote_plus(plain)]
    found += [json.dumps(value)[1:-1], repr(value)[1:-1]]
    return [spelling for spelling in found if len(spelling) >= SCRUB_CHARACTERS_MIN]


def is_loopback(host: str | None) -> bool:
    """Whether an address never leaves this machine, so that it needs no TLS."""
    return host in LOOPBACK
