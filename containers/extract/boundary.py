"""How far an extraction got: the newest cursor value, and which records with that value were taken.

The next run asks for this value again (`>=`), because records with it may still come, and leaves out what
it remembers. dlt's own `incremental` does the same, but keeps each record of the newest value in memory and
hashes all of them again at each page: after a migration that gives a million rows one time, that has no
bound. Here the memory is SEEN_MAX digests; what is beyond is delivered again, and silver keeps one version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import Any

from containers.extract.errors import ExtractError

SEEN_MAX = 20_000
DIGEST_BYTES = 12


def digest(line: bytes) -> str:
    """Tells a record from every other by all of its content, so that a changed one counts as new."""
    return hashlib.blake2b(line, digest_size=DIGEST_BYTES).hexdigest()


class Boundary:
    """One part's boundary.

    `sorted_rows`: the source sends rows in ascending order, so the last one is the newest, whatever order its
    types have; else values are compared here, and older ones than the start are left out.
    """

    def __init__(
        self,
        sorted_rows: bool,
        encode: Callable[[Any], Any] = lambda value: value,
        decode: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        self.cursor: Any = None
        self.seen: set[str] = set()
        self._sorted = sorted_rows
        self._encode, self._decode = encode, decode

    def load(self, state: dict | None) -> Boundary:
        """Takes over what `state` says, of an earlier run or page; returns itself."""
        if state:
            self.cursor, self.seen = self._decode(state["cursor"]), set(state["seen"])
        return self

    def state(self) -> dict | None:
        """The boundary as JSON, None while there is none."""
        if self.cursor is None:
            return None
        return {"cursor": self._encode(self.cursor), "seen": sorted(self.seen)}

    def fresh(self, rows: Iterable) -> list:
        """The rows that the run before this boundary did not take."""
        return [row for row in rows if self._is_fresh(row)]

    def _is_fresh(self, row: Any) -> bool:
        if self.cursor is None or row.cursor is None:
            return True
        if row.cursor == self.cursor:
            return digest(row.line) not in self.seen
        return self._sorted or self._is_newer(row.cursor)

    def advance(self, rows: list) -> None:
        """Moves the boundary past rows that are about to land."""
        having = [row for row in rows if row.cursor is not None]
        if not having:
            return
        newest = having[-1].cursor if self._sorted else self._newest(having)
        if newest != self.cursor:
            if not self._sorted and self.cursor is not None and not self._is_newer(newest):
                return
            self.cursor, self.seen = newest, set()
        tied = (
            takewhile(lambda row: row.cursor == newest, reversed(having))
            if self._sorted
            else (row for row in having if row.cursor == newest)
        )
        for row in tied:
            if len(self.seen) >= SEEN_MAX:
                break
            self.seen.add(digest(row.line))

    def _newest(self, rows: list) -> Any:
        newest = rows[0].cursor
        for row in rows[1:]:
            newest = row.cursor if _after(row.cursor, newest) else newest
        return newest

    def _is_newer(self, value: Any) -> bool:
        return _after(value, self.cursor)


def _after(value: Any, other: Any) -> bool:
    try:
        return value > other
    except TypeError as error:
        raise ExtractError(
            f"the cursor field holds {type(value).__name__} and {type(other).__name__}, which have no order"
        ) from error
