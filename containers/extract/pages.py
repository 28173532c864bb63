"""What a source gives: pages of records, each with the place at which the next one begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from containers.extract.boundary import Boundary
from containers.extract.plan import Window

# One page stays below this many bytes, or holds one record: it is held in memory and becomes one object.
PAGE_BYTES_MAX = 8 * 1024 * 1024
PAGE_ROWS = 5_000


class Row(NamedTuple):
    """One record: its JSON on one line without the newline, and its value of the cursor field, if any."""

    line: bytes
    cursor: Any


@dataclass(frozen=True)
class Page:
    """Records that become one object. `position` (JSON) is where the next page begins, None after the last.

    `part` names which of several walks through one entity the page belongs to, such as a symbol.
    """

    rows: list[Row]
    position: Any
    part: str = ""


class Source(Protocol):
    """One engine. `requests` counts what was asked of the source so far, repeats included."""

    requests: int

    def pages(
        self, entity: dict, starts: dict[str, Boundary], position: Any, window: Window | None
    ) -> Iterator[Page]:
        """The pages of an entity after `starts` (per part), from `position` on; None is the beginning."""
        ...

    def boundary(self) -> Boundary:
        """An empty boundary that compares cursor values as this engine sends them."""
        ...

    def close(self) -> None:
        """Ends connections."""
        ...
