"""Extracts one entity: goes on behind what landed, and moves its boundaries with every page that lands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dlt
from dlt.common.configuration.container import Container
from dlt.common.pipeline import StateInjectableContext

from containers.extract.boundary import Boundary
from containers.extract.bronze import Folder, Landed
from containers.extract.pages import Page, Source
from containers.extract.plan import ExtractPlan
from jobs.task.log import log


@dataclass
class Extracted:
    """What became of one entity: its objects, and per part how far it got (JSON)."""

    entity: str
    landed: list[Landed] = field(default_factory=list)
    parts: dict[str, dict] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Records in all objects."""
        return sum(one.rows for one in self.landed)


class EntityExtraction:
    """One entity of one attempt. `document` is dlt's state: the run starts from it, and ends in it."""

    def __init__(
        self, plan: ExtractPlan, entity: dict, source: Source, folder: Folder, document: dict
    ) -> None:
        self._plan, self._entity, self._source, self._folder = plan, entity, source, folder
        self._document = document
        self.result = Extracted(entity["entity"])
        self._kept: dict[str, Any] = {}
        self._starts: dict[str, Boundary] = {}
        self._newest: dict[str, Boundary] = {}

    def run(self) -> Extracted:
        """Writes all pages that are not there yet. On an error, `result` holds what landed so far."""
        resource = dlt.resource(self._pages(), name=self.result.entity, section=self._plan.source)
        with Container().injectable_context(StateInjectableContext(state=self._document)):
            for page in resource:
                self._land(page)
        if self._plan.window is None:
            # Only now: what stands in dlt's state is what the next run starts from.
            self._kept["parts"] = self.result.parts
        return self.result

    def _pages(self) -> Iterator[Page]:
        """A dlt resource: its state holds the boundaries of the parts under `parts`."""
        self._kept = dlt.current.resource_state()
        before = self._kept.get("parts", {}) if self._plan.window is None else {}
        self._starts = {part: self._source.boundary().load(state) for part, state in before.items()}
        self.result.parts = dict(before)
        self.result.landed = self._folder.landed()
        token = (self.result.landed[-1].token if self.result.landed else None) or {}
        if self.result.landed:
            log("went_on", entity=self.result.entity, objects=len(self.result.landed), rows=self.result.rows)
        self.result.parts |= token.get("parts", {})
        if not token.get("done"):
            yield from self._source.pages(
                self._entity, self._starts, token.get("position"), self._plan.window
            )

    def _land(self, page: Page) -> None:
        start = self._starts.get(page.part)
        rows = start.fresh(page.rows) if start else page.rows
        self._advance(page)
        if not rows:
            return
        batch = len(self.result.landed) + 1
        token = {"position": page.position, "done": page.position is None, "parts": self._token_parts()}
        self.result.landed.append(self._folder.put(batch, [row.line for row in rows], token))
        log("page_landed", level="debug", entity=self.result.entity, batch=batch, rows=len(rows))

    def _advance(self, page: Page) -> None:
        """Moves the part's boundary past all rows of the page, those known before included."""
        if self._plan.window is not None:
            return
        newest = self._newest.get(page.part)
        if newest is None:
            newest = self._newest[page.part] = self._source.boundary().load(self.result.parts.get(page.part))
        newest.advance(page.rows)
        if state := newest.state():
            self.result.parts[page.part] = state

    def _token_parts(self) -> dict[str, Any]:
        return self.result.parts if self._plan.window is None else {}
