"""A REST source: the pages of a path, walked once per declared value, after a cursor value or for days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from dlt.sources.helpers.rest_client.client import PageData

from containers.extract.boundary import Boundary, digest
from containers.extract.errors import ExtractError
from containers.extract.json_spans import records
from containers.extract.pages import Page, Row
from containers.extract.plan import Window
from containers.extract.rate import Pace
from containers.extract.rest_client import check, json_path, make_client, make_paginator, place_after
from containers.extract.secret import Secret

PAGES_MAX = 100_000


class RestSource:
    """See Source. Records are cut out of the body as they were sent."""

    def __init__(
        self, block: dict, secret: Secret, is_window: bool = False, backoff_seconds: float = 1.0
    ) -> None:
        limits = block.get("limits") or {}
        per_minute = limits.get("requestsPerMinute")
        if per_minute and is_window:
            # Chunks of a backfill run side by side and share what the source allows.
            per_minute = per_minute / limits.get("parallel", 1)
        self._key = block.get("key")
        self._base_url = secret.url or block["url"]
        pace = Pace(per_minute)
        self._client, self._adapter = make_client(self._base_url, self._key, secret, pace, backoff_seconds)

    @property
    def requests(self) -> int:
        """Requests sent so far, repeats included."""
        return self._adapter.requests

    def boundary(self) -> Boundary:
        """Pages come in any order, so values are compared: texts with texts, numbers with numbers."""
        return Boundary(sorted_rows=False)

    def close(self) -> None:
        """See Source."""
        self._client.session.close()

    def pages(
        self, entity: dict, starts: dict[str, Boundary], position: Any, window: Window | None
    ) -> Iterator[Page]:
        """See Source. `position` is {"part", "at"}: a declared value, and a page within its walk."""
        parts = (entity.get("each") or {}).get("values") or [""]
        first, at = 0, None
        if position is not None:
            if position["part"] not in parts:
                raise ExtractError(f"{position['part']!r} is not declared any more, so the run cannot go on")
            first, at = parts.index(position["part"]), position["at"]
        for index in range(first, len(parts)):
            start = starts.get(parts[index])
            following = parts[index + 1] if index + 1 < len(parts) else None
            for rows, after in self._walk(entity, parts[index], start, at, window):
                place = {"part": parts[index], "at": after}
                if after is None:
                    place = None if following is None else {"part": following, "at": None}
                yield Page(rows, place, parts[index])
            at = None

    def _walk(
        self, entity: dict, part: str, start: Boundary | None, at: Any, window: Window | None
    ) -> Iterator[tuple[list[Row], Any]]:
        """Pages of one part: rows, and where the next one begins or None."""
        paging = entity.get("paging") or {}
        pointer = entity.get("records", "")
        path, params = self._asked(entity, part, start, window)
        if paging.get("style") == "link" and at is not None:
            path, params = at, {}
        paginator = make_paginator(paging, at, self._base_url, self._key)
        asked = self._client.paginate(
            path,
            params=params,
            paginator=paginator,
            data_selector=json_path(pointer),
            hooks={"response": [check]},
            allow_redirects=False,
        )
        before = None
        for count, page in enumerate(asked):
            rows = _rows(page, pointer, entity.get("cursor"))
            after = _after_page(place_after(paginator), len(rows), paging)
            same = digest(page.response.content)
            if rows and same == before:
                raise ExtractError(f"{entity['entity']}: two pages in a row are the same; is `paging` right?")
            if count >= PAGES_MAX:
                raise ExtractError(f"{entity['entity']}: more than {PAGES_MAX} pages")
            before = same
            yield rows, after
            if after is None:
                return

    def _asked(
        self, entity: dict, part: str, start: Boundary | None, window: Window | None
    ) -> tuple[str, dict[str, Any]]:
        """Path and query of the first page."""
        path, params = entity["path"], dict(entity.get("params") or {})
        if each := entity.get("each"):
            hole = "{" + each["name"] + "}"
            if hole in path:
                path = path.replace(hole, part)
            else:
                params[each["name"]] = part
        paging = entity.get("paging") or {}
        if paging.get("size") and paging.get("style") != "offset":
            params[paging.get("sizeParam", "limit")] = paging["size"]
        if window is not None:
            params |= _window_params(entity, window)
        elif start is not None and start.cursor is not None and entity.get("cursorParam"):
            params[entity["cursorParam"]] = start.cursor
        return path, params


def _rows(page: PageData, pointer: str, cursor: str | None) -> list[Row]:
    found = records(page.response.content.decode("utf-8", "replace"), pointer)
    return [Row(line, _cursor_value(value, cursor)) for value, line in found]


def _cursor_value(value: Any, cursor: str | None) -> str | int | float | None:
    if cursor is None or not isinstance(value, dict):
        return None
    found = value.get(cursor)
    if found is None or (isinstance(found, str | int | float) and not isinstance(found, bool)):
        return found
    raise ExtractError(f"the cursor field {cursor} holds {type(found).__name__}, which has no order")


def _after_page(after: Any, rows: int, paging: dict) -> Any:
    """None also behind a page that is not full, where pages are numbered and their size is declared."""
    numbered = paging.get("style") in ("page", "offset")
    return None if numbered and paging.get("size") and rows < paging["size"] else after


def _window_params(entity: dict, window: Window) -> dict[str, str]:
    names = entity.get("window")
    if not names:
        raise ExtractError(f"{entity['entity']} declares no window, so it cannot be asked for days")
    last = window.until - timedelta(days=1) if names.get("inclusive", True) else window.until
    return {names["from"]: window.first.isoformat(), names["to"]: last.isoformat()}
