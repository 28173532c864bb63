"""dlt's REST client, made safe: paced, without redirects, and with errors that name no query."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import APIKeyAuth
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
    SinglePagePaginator,
)
from requests.adapters import HTTPAdapter

from containers.extract.errors import ExtractError, RefusedError
from containers.extract.rate import Pace
from containers.extract.secret import Secret, is_loopback

ATTEMPTS = 7
# Between attempts 1, 2, 4, ... seconds, or what Retry-After says, up to this.
DELAY_SECONDS_MAX = 300
TIMEOUT_SECONDS = (10, 120)
BODY_BYTES_MAX = 32 * 1024 * 1024


class PacedAdapter(HTTPAdapter):
    """Sends each request, repeats included, when its turn has come, and counts it."""

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self.requests = 0
        self._pace = pace

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """See HTTPAdapter."""
        self._pace.wait()
        self.requests += 1
        return super().send(request, *args, **kwargs)


def check(response: requests.Response, *_: Any, **__: Any) -> None:
    """Raises RefusedError for a status above 299; dlt's retries look at its `response`.

    A redirect counts too: the library would carry the key's header along to another host.
    """
    if response.status_code >= 300:
        path = urlsplit(response.url).path
        raise RefusedError(f"the source answered {response.status_code} for {path}", response=response)
    if len(response.content) > BODY_BYTES_MAX:
        raise ExtractError(f"a page is larger than {BODY_BYTES_MAX} bytes: declare smaller pages")


def make_client(
    base_url: str, key: dict | None, secret: Secret, pace: Pace, backoff_seconds: float = 1.0
) -> tuple[RESTClient, PacedAdapter]:
    """A client for the address, and the adapter that counts its requests."""
    address = urlsplit(base_url)
    if address.scheme != "https" and not is_loopback(address.hostname):
        raise ExtractError("the address of the source must begin with https://")
    # urllib3 writes whole addresses to its debug log, and dlt parameters, whatever level is asked for.
    for name in ("urllib3", "urllib3.connectionpool", "dlt"):
        logging.getLogger(name).disabled = True
    client = Client(
        request_timeout=TIMEOUT_SECONDS,
        raise_for_status=False,
        request_max_attempts=ATTEMPTS,
        request_backoff_factor=backoff_seconds,
        request_max_retry_delay=DELAY_SECONDS_MAX,
    )
    adapter = PacedAdapter(pace)
    client.session.mount("https://", adapter)
    client.session.mount("http://", adapter)
    # A proxy or a .netrc of the machine has no say in where a key goes.
    client.session.trust_env = False
    return RESTClient(base_url=base_url, auth=_auth(key, secret), session=client.session), adapter


def _auth(key: dict | None, secret: Secret) -> APIKeyAuth | None:
    if secret.value is None:
        return None
    if key is None:
        raise ExtractError("the source has a secret, but no `key` says how it is sent")
    return APIKeyAuth(name=key["name"], api_key=secret.value, location=key["place"])


class LinkPaginator(JSONLinkPaginator):
    """Follows an address in the body, but only to the same host, and forgets a key that stands in it."""

    def __init__(self, path: str, base_url: str, key: dict | None) -> None:
        super().__init__(path)
        self._origin = _origin(base_url)
        self._key = key["name"] if key and key["place"] == "query" else None

    def update_state(self, response: requests.Response, data: list | None = None) -> None:
        """See JSONLinkPaginator."""
        super().update_state(response, data)
        link = self._next_reference
        if not link:
            self._next_reference = None
            return
        parts = urlsplit(requests.compat.urljoin(response.url, link))
        if _origin(parts.geturl()) != self._origin:
            raise ExtractError("the source names a next page on another host")
        query = [(name, value) for name, value in parse_qsl(parts.query, True) if name != self._key]
        self._next_reference = urlunsplit(parts._replace(query=urlencode(query), fragment=""))


class CursorPaginator(JSONResponseCursorPaginator):
    """Begins at a token where one is given."""

    def __init__(self, path: str, param: str, at: str | None) -> None:
        super().__init__(cursor_path=path, cursor_param=param)
        self._at = at

    def init_request(self, request: requests.Request) -> None:
        """See BasePaginator."""
        if self._at is not None:
            request.params = {**(request.params or {}), self.cursor_param: self._at}


def make_paginator(paging: dict, at: Any, base_url: str, key: dict | None) -> BasePaginator:
    """The paginator of a declared style, which begins at `at` (None: the beginning)."""
    style, size = paging.get("style", "none"), paging.get("size")
    path = json_path(paging.get("next", ""))
    if style == "page":
        first = paging.get("first", 0)
        param = paging.get("param", "page")
        return PageNumberPaginator(base_page=first, page=at, page_param=param, total_path=None)
    if style == "offset":
        names = {
            "offset_param": paging.get("param", "offset"),
            "limit_param": paging.get("sizeParam", "limit"),
        }
        return OffsetPaginator(limit=size or 1_000, offset=at or 0, total_path=None, **names)
    if style == "cursor":
        return CursorPaginator(path, paging.get("param", "cursor"), at)
    if style == "link":
        return LinkPaginator(path, base_url, key)
    return SinglePagePaginator()


def place_after(paginator: BasePaginator) -> Any:
    """Where the page after the one just read begins, None when it was the last."""
    if not paginator.has_next_page:
        return None
    if isinstance(paginator, PageNumberPaginator | OffsetPaginator):
        return paginator.current_value
    return paginator._next_reference


def json_path(pointer: str) -> str:
    """A JSON Pointer as the JSONPath that dlt takes."""
    names = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return "$" + "".join(f"['{name}']" for name in names)


def _origin(url: str) -> tuple:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
